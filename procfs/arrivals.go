package procfs

import (
	"bytes"
	"os"
	"strconv"
	"syscall"
)

// maxSpared is the largest number of scans in a row that do not list /proc. The next
// scan lists it in any case, because a process can also be started without changing
// the last pid: with a pid that its parent chose, see set_tid in clone3(2).
const maxSpared = 10

// arrivals finds out which processes may have been started since /proc was listed,
// from the pid that was allocated last, see [FS.OpenLastPID]. The kernel allocates pids
// in ascending order, so a new process has a pid between the previous and the current
// value. This includes processes that enter the namespace by setns(2) and fork.
type arrivals struct {
	fd     int  // of a file of [FS.OpenLastPID]; -1: there is none
	before int  // the last pid at the scan before the last one
	last   int  // the last pid at the last scan
	spares int  // how many more scans may go without listing /proc
	second bool // the second listing has been scheduled
}

func (a *arrivals) close() {
	if a.fd >= 0 {
		_ = syscall.Close(a.fd)
	}
	*a = arrivals{fd: -1}
}

// since returns the range of pids that new processes may have: above from, up to
// and including to; both may be equal. If ok is false, the caller has to list /proc
// after the call: because a listing is due, because pids have wrapped around, or
// because the range has more than most pids.
//
// The kernel allocates a pid some time before the process can be found in /proc.
// Therefore each pid is in the ranges of two scans. A process that neither of them
// finds took longer to appear than from one scan to the next; the next listing
// finds it.
func (a *arrivals) since(buf []byte, most int) (from, to int, ok bool) {
	if a.fd < 0 {
		return 0, 0, false
	}
	n, err := preadOnce(a.fd, buf)
	if err != nil {
		return 0, 0, false
	}
	last, err := ParseLastPID(buf[:n])
	if err != nil {
		return 0, 0, false
	}
	from, to = a.before, last
	a.before, a.last = a.last, last
	if a.spares > 0 && from <= to && to-from <= most {
		a.spares--
		return from, to, true
	}
	// The scan after the first listing lists again, to find processes that already
	// had a pid but were not in /proc yet.
	if a.spares = maxSpared; !a.second {
		a.spares, a.second = 0, true
	}
	return 0, 0, false
}

// openArrivals opens the file with the last pid. The mount must show the reader's PID namespace,
// because the last pid is always of that namespace.
//   - The mount option hidepid must be off, because with it a process may become
//     visible at any time.
//   - The file must be the kernel's own, see openLastPID.
func (s *Scanner) openArrivals() {
	if s.hides() {
		return
	}
	fd, err := openLastPID(s.dir)
	if err != nil {
		return
	}
	s.kept.arrivals = arrivals{fd: fd}
}

// ownNamespace reports whether the mount shows the reader's own PID namespace: the
// line NSpid, since Linux 4.1, has the pids of a process from the mount's namespace
// down to its own.
func (s *Scanner) ownNamespace() bool {
	b, err := s.readName("self/status")
	if err != nil {
		return false
	}
	self, err := ParseStatus(b)
	return err == nil && len(self.NSpid) == 1 && self.NSpid[0] == os.Getpid()
}

// hides reports whether the mount has the option hidepid, see proc(5), or its
// options cannot be read from proc_pid_mountinfo(5).
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

// mountID returns the mount ID in the content of proc_pid_fdinfo(5).
func mountID(b []byte) ([]byte, bool) {
	_, id, _ := bytes.Cut(b, []byte("mnt_id:"))
	id, _, _ = bytes.Cut(id, []byte{'\n'})
	id = bytes.TrimSpace(id)
	return id, len(id) > 0
}

// mountOptions returns the last fields of the mountinfo line of mount id, which
// include the options of the filesystem.
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
