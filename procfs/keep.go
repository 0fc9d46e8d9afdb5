package procfs

import (
	"slices"
	"syscall"
	"unsafe"
)

// DefaultKeep is a number of processes for [Scanner.Keep] that is right for most
// viewers. KeptBytes is about what each costs: the kernel memory for its descriptor, with
// a buffer of 4 KiB, which is charged to the container of the viewer.
const (
	DefaultKeep = 1000
	KeptBytes   = 4400
)

// keeper holds the processes that a Scanner found and the descriptors of their stat
// files. A descriptor always refers to the same process: once that has been reaped,
// reading gives ESRCH, even if the kernel has reused the pid. The descriptor stays
// valid when a thread other than the main thread calls execve(2).
type keeper struct {
	limit    int // largest number of descriptors to keep, 0: none
	highest  int // descriptors with this number or a higher one are not kept
	count    int // number of descriptors that are kept
	arrivals arrivals
	slots    []slot // all processes, lowest pid first
	spare    []slot // memory for the next slots
}

// slot is a process that was found.
type slot struct {
	pid, fd int    // fd is -1 if it is not kept
	comm    string // the name at the last scan, to avoid allocating it again
	guess   bool   // the pid was not listed: it may be free, or that of a thread
}

// Keep makes s keep the stat files of up to n processes open from one
// [Scanner.Scan] to the next. Reading such a file takes one system call instead of
// three. A scan then does not list /proc each time, but tries the pids that the
// kernel has allocated since the last scan, where it reports them.
//
// Files beyond n, or beyond half of RLIMIT_NOFILE, are opened for each scan. If the
// process runs out of descriptors, s closes half of those it keeps. With an n of 0,
// as for a new Scanner, nothing is kept. Only files of a real proc filesystem are
// kept.
func (s *Scanner) Keep(n int) {
	s.kept.drop()
	s.kept.limit = max(n, 0)
}

// Kept returns the number of processes whose files s keeps open.
func (s *Scanner) Kept() int { return s.kept.count }

// drop closes all descriptors and forgets the processes.
func (k *keeper) drop() {
	for i := range k.slots {
		k.close(&k.slots[i])
	}
	k.slots = k.slots[:0]
	k.arrivals.close()
	k.highest = 0
}

func (k *keeper) close(p *slot) {
	if p.fd < 0 {
		return
	}
	_ = syscall.Close(p.fd) // Nothing was written, so no data can be lost.
	p.fd = -1
	k.count--
}

// take keeps fd for p unless a limit is reached, and reports whether it did.
func (k *keeper) take(p *slot, fd int) bool {
	if k.count >= k.limit || fd >= k.highest {
		return false
	}
	p.fd = fd
	k.count++
	return true
}

// releaseHalf closes half of the descriptors and halves the limit for good: other
// code of this process needs descriptors.
func (k *keeper) releaseHalf() {
	k.limit = k.count / 2
	for i := len(k.slots) - 1; i >= 0 && k.count > k.limit; i-- {
		k.close(&k.slots[i])
	}
	k.limit = max(k.limit, 1) // A limit of 0 would switch to the other kind of scan.
}

// begin opens the root if necessary, and finds out whether files in it may be kept.
func (s *Scanner) begin() error {
	if s.dir < 0 {
		if err := s.rewind(); err != nil {
			return err
		}
	}
	if s.kept.highest > 0 {
		return nil
	}
	s.kept.highest = 1
	if isProc(s.dir) {
		// The kernel allocates the lowest free descriptor. If it is this number or
		// higher, half of the process's descriptors are in use.
		var r syscall.Rlimit
		if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &r); err == nil {
			s.kept.highest = int(min(r.Cur/2, 1<<20))
		}
		s.openArrivals()
	}
	return nil
}

// procMagic is PROC_SUPER_MAGIC of statfs(2).
const procMagic = 0x9fa0

// isProc reports whether fd is on a proc filesystem, see statfs(2). On another
// filesystem an open file does not show that its process is gone.
func isProc(fd int) bool {
	var st syscall.Statfs_t
	return syscall.Fstatfs(fd, &st) == nil && int64(st.Type) == procMagic
}

// scanKept is Scan with kept descriptors.
func (s *Scanner) scanKept(dst []Stat) ([]Stat, error) {
	if err := s.begin(); err != nil {
		return dst, s.fs.wrap(place{}, err)
	}
	if from, to, ok := s.kept.arrivals.since(s.file[:cap(s.file)], s.kept.guesses()); ok {
		s.kept.guess(from, to)
	} else {
		pids, err := s.PIDs(s.pids[:0])
		if err != nil {
			return dst, err
		}
		s.pids = pids
		s.kept.merge(pids)
	}
	return s.readAllKept(dst)
}

// readAllKept appends the stat of each slot, and removes slots of processes that are
// gone.
func (s *Scanner) readAllKept(dst []Stat) ([]Stat, error) {
	start, gone := len(dst), false
	dst = slices.Grow(dst, len(s.kept.slots))
	var failed error
	for i := 0; i < len(s.kept.slots) && failed == nil; i++ {
		p := &s.kept.slots[i]
		dst = dst[:len(dst)+1]
		err := s.statKept(p, &dst[len(dst)-1])
		if err == nil {
			continue
		}
		dst = dst[:len(dst)-1]
		if err == ErrGone {
			p.pid, gone = 0, true
		}
		failed = s.leaveOut(err)
	}
	if gone {
		s.kept.slots = slices.DeleteFunc(s.kept.slots, func(p slot) bool { return p.pid == 0 })
	}
	if failed != nil {
		return dst[:start], failed
	}
	return dst, s.allBad(len(dst) - start)
}

// guesses returns the largest number of pids to try instead of listing /proc. Trying
// a pid without a process costs about as much as listing two processes.
func (k *keeper) guesses() int { return max(len(k.slots)/4, 16) }

// guess adds a slot for each pid above from, up to and including to, that has none.
func (k *keeper) guess(from, to int) {
	if from == to {
		return
	}
	at, _ := slices.BinarySearchFunc(k.slots, from+1, func(p slot, pid int) int { return p.pid - pid })
	rest := k.slots[at:]
	merged := append(k.spare[:0], k.slots[:at]...)
	for pid := from + 1; pid <= to; pid++ {
		if len(rest) > 0 && rest[0].pid == pid {
			merged = append(merged, rest[0])
			rest = rest[1:]
			continue
		}
		merged = append(merged, slot{pid: pid, fd: -1, guess: true})
	}
	k.slots, k.spare = append(merged, rest...), k.slots
}

// merge makes the slots those of pids, lowest first, and keeps what it can.
func (k *keeper) merge(pids []int) {
	old, merged := k.slots, k.spare[:0]
	for _, pid := range pids {
		for len(old) > 0 && old[0].pid < pid {
			k.close(&old[0])
			old = old[1:]
		}
		if len(old) > 0 && old[0].pid == pid {
			old[0].guess = false
			merged = append(merged, old[0])
			old = old[1:]
			continue
		}
		merged = append(merged, slot{pid: pid, fd: -1})
	}
	for i := range old {
		k.close(&old[i])
	}
	k.slots, k.spare = merged, k.slots
}

// ofThread is the exit signal of a thread other than the main thread. Such a thread
// can be opened by its number, too, although /proc does not list it.
const ofThread = -1

// statKept reads the stat of one process from the kept descriptor, or opens the file.
// The errors are those of [Scanner.stat].
func (s *Scanner) statKept(p *slot, st *Stat) error {
	b, err := s.readKept(p)
	if err != nil && p.guess {
		return ErrGone
	}
	if err != nil {
		return s.bareError(p.pid, err)
	}
	comm, err := st.parseOf(p.pid, b)
	if err != nil {
		return s.fs.wrap(place{pid: p.pid, name: "stat"}, err)
	}
	if p.guess && st.ExitSignal == ofThread {
		s.kept.close(p)
		return ErrGone
	}
	p.guess = false
	if p.comm != string(comm) {
		p.comm = s.name(comm)
	}
	st.Comm = p.comm
	return nil
}

func (s *Scanner) readKept(p *slot) ([]byte, error) {
	if p.fd >= 0 {
		n, errno := preadRaw(p.fd, s.file[:cap(s.file)])
		if errno == 0 {
			return s.file[:n], nil
		}
		// It is gone. Another process may have its pid already.
		s.kept.close(p)
	}
	at := place{pid: p.pid, name: "stat"}
	if s.kept.count >= s.kept.limit {
		return s.read(at)
	}
	s.path = append(at.appendTo(s.path[:0]), 0)
	fd, err := openAt(s.dir, s.path, syscall.O_RDONLY)
	if err == syscall.EMFILE || err == syscall.ENFILE {
		s.kept.releaseHalf()
		return s.read(at)
	}
	if err != nil {
		return nil, err
	}
	n, err := preadOnce(fd, s.file[:cap(s.file)])
	if err != nil || !s.kept.take(p, fd) {
		_ = syscall.Close(fd)
	}
	return s.file[:n], err
}

// preadRaw is pread(2) from offset 0 that the Go scheduler does not know of: with
// thousands of calls it would look after each, which costs as much as a fifth of the
// call. It is for files of proc that never make the reader wait.
func preadRaw(fd int, b []byte) (int, syscall.Errno) {
	n, _, errno := syscall.RawSyscall6(syscall.SYS_PREAD64, uintptr(fd), uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)), 0, 0, 0)
	return int(n), errno
}

// preadOnce is pread(2) from offset 0, retried if a signal interrupts it.
func preadOnce(fd int, b []byte) (int, error) {
	for tries := 0; ; tries++ {
		n, err := syscall.Pread(fd, b, 0)
		if err != syscall.EINTR || tries == maxInterrupts {
			return max(n, 0), err
		}
	}
}
