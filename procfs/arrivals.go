package procfs

import (
	"bytes"
	"os"
	"strconv"
	"syscall"
)

// maxSpared is how often the listing of /proc may be spared in a row. One comes
// after that in any case, because a process can also be started without moving
// LastPID: with a pid that its parent chose, see set_tid in clone3(2).
const maxSpared = 10

// arrivals tells which processes may have been started since /proc was listed,
// from the last field of proc_loadavg(5): the pid that was given out last. Pids
// are given out upwards, so what is new is between what the field said before and
// what it says now. Processes that enter the namespace by setns(2) and fork get
// such a pid, too.
type arrivals struct {
	fd     int // of loadavg, -1: it does not tell
	before int // LastPID at the scan before the last one
	last   int // LastPID at the last scan
	spares int // how often the listing may still be spared
	second bool
}

func (a *arrivals) close() {
	if a.fd >= 0 {
		_ = syscall.Close(a.fd)
	}
	*a = arrivals{fd: -1}
}

// since says that what is new has a pid above from and up to to, which may be
// the same. If ok is false then /proc has to be listed, after the call: from time
// to time, if the pids began anew, or if there are more of them than most.
//
// A pid is given out some time before its process can be found. So each one is in
// the answers of two scans: what the second does not find either took longer to
// be born than from one scan to the next, and the listing after maxSpared has it.
func (a *arrivals) since(buf []byte, most int) (from, to int, ok bool) {
	if a.fd < 0 {
		return 0, 0, false
	}
	n, err := preadOnce(a.fd, buf)
	if err != nil {
		return 0, 0, false
	}
	l, err := ParseLoadavg(buf[:n])
	if err != nil {
		return 0, 0, false
	}
	from, to = a.before, l.LastPID
	a.before, a.last = a.last, l.LastPID
	if a.spares > 0 && from <= to && to-from <= most {
		a.spares--
		return from, to, true
	}
	// The first listing is followed by a second one, for those that were about
	// to be born.
	if a.spares = maxSpared; !a.second {
		a.spares, a.second = 0, true
	}
	return 0, 0, false
}

// openArrivals opens loadavg, if it tells about the processes that are listed:
//   - The kernel gives LastPID of the reader's PID namespace, whatever the mount's
//     is. In the mount of another one we have another pid, or several, or none.
//   - With the mount option hidepid a process may come into sight at any time.
//   - The file must be the kernel's: lxcfs mounts one over it that lags behind.
func (s *Scanner) openArrivals() {
	if !s.ownNamespace() || s.hides() {
		return
	}
	fd, err := openAt(s.dir, []byte("loadavg\x00"), syscall.O_RDONLY)
	if err != nil {
		return
	}
	if !isProc(fd) {
		_ = syscall.Close(fd)
		return
	}
	s.kept.arrivals = arrivals{fd: fd}
}

// ownNamespace reports whether the mount is that of our own PID namespace: the
// line NSpid, since Linux 4.1, has the pids from the mount's namespace down to
// the process's own.
func (s *Scanner) ownNamespace() bool {
	b, err := s.readName("self/status")
	if err != nil {
		return false
	}
	self, err := ParseStatus(b)
	return err == nil && len(self.NSpid) == 1 && self.NSpid[0] == os.Getpid()
}

// hides reports whether the mount has the option hidepid, see proc(5), or cannot
// be found in proc_pid_mountinfo(5).
func (s *Scanner) hides() bool {
	b, err := s.readName("thread-self/fdinfo/" + strconv.Itoa(s.dir))
	if err != nil {
		return true
	}
	id, ok := mountID(b)
	if !ok {
		return true
	}
	id = bytes.Clone(id)
	mounts, err := s.readName("thread-self/mountinfo")
	if err != nil {
		return true
	}
	options, ok := mountOptions(mounts, id)
	return !ok || bytes.Contains(options, []byte("hidepid="))
}

// readName reads a file below the root into the buffer of s.
func (s *Scanner) readName(name string) ([]byte, error) {
	b, err := readFileAt(s.dir, append([]byte(name), 0), s.file, maxFile)
	if err == nil {
		s.file = b[:0]
	}
	return b, err
}

// mountID finds the mount in the content of proc_pid_fdinfo(5).
func mountID(b []byte) ([]byte, bool) {
	for line := range bytes.Lines(b) {
		if v, ok := bytes.CutPrefix(line, []byte("mnt_id:")); ok {
			id := bytes.TrimSpace(v)
			return id, len(id) > 0
		}
	}
	return nil, false
}

// mountOptions finds the options of the file system of mount id: the last field.
func mountOptions(mounts, id []byte) ([]byte, bool) {
	for line := range bytes.Lines(mounts) {
		first, rest, ok := bytes.Cut(line, []byte{' '})
		if !ok || !bytes.Equal(first, id) {
			continue
		}
		_, fs, ok := bytes.Cut(rest, []byte(" - "))
		return fs, ok
	}
	return nil, false
}
