package procfs

import (
	"bytes"
	"fmt"
	"strings"
)

// NoID stands for a uid or gid that is not known. No user and no group can have this
// number.
const NoID = ^uint32(0)

// The indices of [Status.UID] and [Status.GID].
const (
	Real = iota
	Effective
	Saved
	Filesystem
)

// Status is the content of /proc/[pid]/status of a process or a thread, see
// proc_pid_status(5). A field that the kernel does not report is zero, unless stated
// otherwise below.
type Status struct {
	Name      string    // like [Stat.Comm]
	State     State     // of the main thread or of this thread
	Tgid      int       // process that the thread belongs to
	PID       int       // process ID or thread ID
	PPID      int       // pid of the parent, 0 if it is outside the PID namespace
	TracerPID int       // thread that traces it, 0: none
	UID, GID  [4]uint32 // real, effective, saved, filesystem; NoID: unknown
	Groups    []uint32  // supplementary groups
	// NSpid has the pid in the PID namespace of the mount and in each namespace
	// below it that the process is in, outermost first. For PID 1 of a container the
	// last one is 1.
	NSpid   []int
	Threads int // number of threads of the process

	RSS  Bytes // VmRSS, resident memory; 0 for zombies and kernel threads
	Peak Bytes // VmHWM, the largest RSS so far
	Swap Bytes // VmSwap, memory that is swapped out

	CapPrm, CapEff uint64 // permitted and effective capabilities, see capabilities(7)
	NoNewPrivs     bool   // exec grants no privileges, see PR_SET_NO_NEW_PRIVS(2const)
	CoreDumping    bool   // it is writing a core dump, Linux 4.15
	Seccomp        int    // 0: off, 1: strict, 2: filter; -1: unknown

	// Switches counts how often this thread has stopped running, of its own accord or
	// not. While it sleeps the number stays the same; 0: unknown.
	Switches uint64

	// Sigs has the Blocked and Pending sets of this thread. See [FS.Signals] for
	// those of the process, which are the same if it has one thread.
	Sigs Signals
}

// Status reads /proc/[pid]/status. The error matches [ErrGone] if pid ended
// before or during the read, and [io/fs.ErrPermission] if the mount option
// hidepid hides it, see proc(5).
func (f FS) Status(pid int) (Status, error) {
	var s Status
	if err := f.status(place{pid: pid, name: "status"}, &s); err != nil {
		return Status{}, err
	}
	return s, nil
}

// ThreadStatus reads /proc/[pid]/task/[tid]/status into s, whose memory it reuses. The errors are
// those of [FS.Status]; after an error s must not be used.
func (f FS) ThreadStatus(pid, tid int, s *Status) error {
	return f.status(place{pid: pid, tid: tid, name: "status"}, s)
}

// status reads the file at p into s.
func (f FS) status(p place, s *Status) error {
	buf := buffers.Get().(*buffer)
	defer buffers.Put(buf)
	b, err := f.read(p, buf[:0], maxFile)
	if err != nil {
		return err
	}
	err = s.Parse(b)
	if err == nil && f.space != nil {
		err = f.space.translateStatus(p, s)
	}
	if err != nil {
		return f.wrap(p, err)
	}
	return nil
}

// ParseStatus parses the content of /proc/[pid]/status. Missing lines are not an
// error, because gVisor and older kernels have fewer. The error matches [ErrFormat]
// if a line is malformed, or if no line is known.
func ParseStatus(b []byte) (Status, error) {
	var s Status
	if err := s.Parse(b); err != nil {
		return Status{}, err
	}
	return s, nil
}

// Parse is [ParseStatus] into s. It reuses the memory of s, and allocates nothing
// unless the name differs or a list grows. After an error s must not be used.
func (s *Status) Parse(b []byte) error {
	*s = Status{
		Name: s.Name, Groups: s.Groups[:0], NSpid: s.NSpid[:0],
		UID: [4]uint32{NoID, NoID, NoID, NoID}, GID: [4]uint32{NoID, NoID, NoID, NoID},
		Seccomp: -1,
	}
	var seen statusSeen
	next := 0 // The lines and the table have the same order, so try this entry first.
	for len(b) > 0 {
		var line []byte
		line, b, _ = bytes.Cut(b, []byte{'\n'})
		key, value, _ := bytes.Cut(line, []byte{':'})
		at := findStatusField(key, next)
		if at < 0 {
			continue
		}
		value, _ = bytes.CutPrefix(value, []byte{'\t'}) // Further tabs may be part of a name.
		if !statusFields[at].set(s, value) {
			return fmt.Errorf("status: %s: %w", key, ErrFormat)
		}
		next = at + 1
		seen |= 1 << at
	}
	return seen.finish(s)
}

// statusSeen has a bit for each entry of statusFields: bit i is set if its line was
// found.
type statusSeen uint32

// finish sets the fields that depend on which lines were found.
func (seen statusSeen) finish(s *Status) error {
	if seen == 0 {
		return fmt.Errorf("status: no known line: %w", ErrFormat)
	}
	if seen&1 == 0 {
		s.Name = ""
	}
	s.Sigs.Known = seen&signalFields == signalFields
	if !s.Sigs.Known {
		s.Sigs = Signals{} // Some of the sets alone would be misleading.
	}
	return nil
}

// signalFields are the bits of SigPnd to SigCgt in statusSeen.
const signalFields statusSeen = 0b11111 << 14

// statusFields has the lines to parse, in the kernel's order.
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
	{"CoreDumping", func(s *Status, v []byte) bool { return setBool(&s.CoreDumping, v) }},
	{"voluntary_ctxt_switches", addSwitches},
	{"nonvoluntary_ctxt_switches", addSwitches},
}

// statusByLength has the indices in statusFields of the keys of each length: most lines of the
// file are not in the table, and few of its keys are as long as theirs.
var statusByLength = func() (byLength [32][]uint8) {
	for i := range statusFields {
		n := len(statusFields[i].key)
		byLength[n] = append(byLength[n], uint8(i))
	}
	return byLength
}()

// findStatusField returns the index of key in statusFields, or -1. It tries guess
// first.
func findStatusField(key []byte, guess int) int {
	if guess < len(statusFields) && statusFields[guess].key == string(key) {
		return guess
	}
	if len(key) >= len(statusByLength) {
		return -1
	}
	for _, i := range statusByLength[len(key)] {
		if statusFields[i].key == string(key) {
			return int(i)
		}
	}
	return -1
}

// setName undoes the escaping of names, which the kernel does in this file only: \n
// is a newline, \\ a backslash.
func setName(s *Status, v []byte) bool {
	if s.Name == string(v) && bytes.IndexByte(v, '\\') < 0 {
		return true
	}
	s.Name = unescapeName.Replace(string(v))
	return true
}

var unescapeName = strings.NewReplacer(`\n`, "\n", `\\`, `\`)
