package procfs

import (
	"bytes"
	"fmt"
	"strings"
)

// NoID stands for a uid or gid that the kernel did not tell. It is the one
// number that no user and no group can have.
const NoID = ^uint32(0)

// Places in [Status.UID] and [Status.GID].
const (
	Real = iota
	Effective
	Saved
	Filesystem
)

// Status is what /proc/[pid]/status tells of a process or a thread, see
// proc_pid_status(5). What a kernel does not tell is zero, unless it says
// otherwise below.
type Status struct {
	Name      string // like [Stat.Comm]
	State     State  // of the main thread or of this thread
	Tgid      int    // the process that a thread belongs to
	PID       int    // of the process or of the thread
	PPID      int    // 0 if the parent is outside the PID namespace
	TracerPID int    // who debugs it, 0: nobody
	UID, GID  [4]uint32
	Groups    []uint32
	// NSpid is the pid in the reader's PID namespace and in each one below it,
	// outermost first. PID 1 of a container ends with 1.
	NSpid   []int
	Threads int

	RSS  Bytes // VmRSS; 0 for zombies and kernel threads
	Peak Bytes // VmHWM, the largest RSS that it ever had
	Swap Bytes // VmSwap

	CapPrm, CapEff uint64
	NoNewPrivs     bool
	Seccomp        int // 0 off, 1 strict, 2 filter; -1: unknown

	// Sigs has the Blocked and Pending of this thread, see [FS.Signals] for
	// those of the process. With one thread they are the same.
	Sigs Signals
}

// Status reads /proc/[pid]/status. The error matches [ErrGone] if pid ended
// before or during the read, and [io/fs.ErrPermission] if the mount option
// hidepid hides it, see proc(5).
func (f FS) Status(pid int) (Status, error) {
	var s Status
	_, err := f.status(place{pid: pid, name: "status"}, &s, make([]byte, 0, smallFile))
	if err != nil {
		return Status{}, err
	}
	return s, nil
}

// ThreadStatus reads /proc/[pid]/task/[tid]/status into s, which it reuses, with
// the buffer buf, and returns the buffer for the next call. The errors are those
// of [FS.Status]; after one s is not to be used.
func (f FS) ThreadStatus(pid, tid int, s *Status, buf []byte) ([]byte, error) {
	return f.status(place{pid: pid, tid: tid, name: "status"}, s, buf)
}

// status reads the file at p into s and returns the buffer for the next call.
func (f FS) status(p place, s *Status, buf []byte) ([]byte, error) {
	b, err := f.read(p, buf, maxFile)
	if err != nil {
		return buf, err
	}
	if err := s.Parse(b); err != nil {
		return b, f.wrap(p, err)
	}
	return b, nil
}

// ParseStatus parses the content of /proc/[pid]/status. Missing lines are no
// error, because gVisor and older kernels have fewer; the error matches
// [ErrFormat] if a line has not the form that it should have, or if there is
// none that is known.
func ParseStatus(b []byte) (Status, error) {
	var s Status
	if err := s.Parse(b); err != nil {
		return Status{}, err
	}
	return s, nil
}

// Parse is [ParseStatus] into s. It reuses what s has, and allocates nothing
// unless the name changed or a list grew. After an error s is not to be used.
func (s *Status) Parse(b []byte) error {
	*s = Status{
		Name: s.Name, Groups: s.Groups[:0], NSpid: s.NSpid[:0],
		UID: [4]uint32{NoID, NoID, NoID, NoID}, GID: [4]uint32{NoID, NoID, NoID, NoID},
		Seccomp: -1,
	}
	var seen statusSeen
	next := 0 // The kernel's order is the table's, so look there first.
	for len(b) > 0 {
		var line []byte
		line, b, _ = bytes.Cut(b, []byte{'\n'})
		key, value, _ := bytes.Cut(line, []byte{':'})
		at := findStatusField(key, next)
		if at < 0 {
			continue
		}
		value, _ = bytes.CutPrefix(value, []byte{'\t'}) // More of it may be a name's.
		if !statusFields[at].set(s, value) {
			return fmt.Errorf("status: %s: %w", key, ErrFormat)
		}
		next = at + 1
		seen |= 1 << at
	}
	return seen.finish(s)
}

// statusSeen has a bit for each entry of statusFields that was met.
type statusSeen uint32

// finish sets what follows from the presence or absence of lines.
func (seen statusSeen) finish(s *Status) error {
	if seen == 0 {
		return fmt.Errorf("status: no line is known: %w", ErrFormat)
	}
	if seen&1 == 0 {
		s.Name = ""
	}
	s.Sigs.Known = seen&signalFields == signalFields
	if !s.Sigs.Known {
		s.Sigs = Signals{} // Half of the truth would be taken for the whole.
	}
	return nil
}

// signalFields are the bits of SigPnd to SigCgt in statusSeen.
const signalFields statusSeen = 0b11111 << 14

// statusFields has the lines that are read, in the order of the kernel.
var statusFields = [...]struct {
	key string
	set func(s *Status, value []byte) bool
}{
	{"Name", setName},
	{"State", func(s *Status, v []byte) bool { return setState(&s.State, v) }},
	{"Tgid", func(s *Status, v []byte) bool { return setInt(&s.Tgid, v) }},
	{"Pid", func(s *Status, v []byte) bool { return setInt(&s.PID, v) }},
	{"PPid", func(s *Status, v []byte) bool { return setInt(&s.PPID, v) }},
	{"TracerPid", func(s *Status, v []byte) bool { return setInt(&s.TracerPID, v) }},
	{"Uid", func(s *Status, v []byte) bool { return setIDs(&s.UID, v) }},
	{"Gid", func(s *Status, v []byte) bool { return setIDs(&s.GID, v) }},
	{"Groups", setGroups},
	{"NSpid", setNSpid},
	{"VmHWM", func(s *Status, v []byte) bool { return setKiB(&s.Peak, v) }},
	{"VmRSS", func(s *Status, v []byte) bool { return setKiB(&s.RSS, v) }},
	{"VmSwap", func(s *Status, v []byte) bool { return setKiB(&s.Swap, v) }},
	{"Threads", func(s *Status, v []byte) bool { return setInt(&s.Threads, v) }},
	{"SigPnd", func(s *Status, v []byte) bool { return setSignals(&s.Sigs.Pending, v) }},
	{"ShdPnd", func(s *Status, v []byte) bool { return setSignals(&s.Sigs.SharedPending, v) }},
	{"SigBlk", func(s *Status, v []byte) bool { return setSignals(&s.Sigs.Blocked, v) }},
	{"SigIgn", func(s *Status, v []byte) bool { return setSignals(&s.Sigs.Ignored, v) }},
	{"SigCgt", func(s *Status, v []byte) bool { return setSignals(&s.Sigs.Caught, v) }},
	{"CapPrm", func(s *Status, v []byte) bool { return setHex(&s.CapPrm, v) }},
	{"CapEff", func(s *Status, v []byte) bool { return setHex(&s.CapEff, v) }},
	{"NoNewPrivs", func(s *Status, v []byte) bool { return setBool(&s.NoNewPrivs, v) }},
	{"Seccomp", func(s *Status, v []byte) bool { return setInt(&s.Seccomp, v) }},
}

// findStatusField is the place of key in statusFields, or -1.
func findStatusField(key []byte, guess int) int {
	if guess < len(statusFields) && statusFields[guess].key == string(key) {
		return guess
	}
	for i := range statusFields {
		if statusFields[i].key == string(key) {
			return i
		}
	}
	return -1
}

// setName undoes what the kernel does to names in this file alone: a newline is
// \n there, a backslash \\.
func setName(s *Status, v []byte) bool {
	if s.Name == string(v) && bytes.IndexByte(v, '\\') < 0 {
		return true
	}
	s.Name = unescapeName.Replace(string(v))
	return true
}

var unescapeName = strings.NewReplacer(`\n`, "\n", `\\`, `\`)
