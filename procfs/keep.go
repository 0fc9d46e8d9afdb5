package procfs

import (
	"slices"
	"syscall"
	"time"
	"unsafe"
)

// DefaultKeep is a number of files for [Scanner.Keep] that is right for most
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
	clocks   bool   // cpuTime tells whether a process has run
	slots    []slot // all processes, lowest pid first
	scans    int    // how many there have been
	ended    []int  // pids of the processes that the last scan found to have ended since the one before
	same     []bool // for each process that it found: it had not run since the one before
	stat     Stat   // buffer
}

// slot is a process that was found.
type slot struct {
	pid   int
	stat  *Stat         // at the last scan
	shown *Stat         // the same as it is inside a PID namespace, if that is shown
	used  time.Duration // CPU time before its stat was last read, if that is known
	fd    int32         // of its stat; -1 if it is not kept
	at    int32         // its place among those that the last scan has found, -1: none
	idle  uint8         // in how many scans in a row it has not run, up to a limit
	guess bool          // the pid was not listed: it may be free, or that of a thread
}

// Keep makes s keep up to n files of processes open from one [Scanner.Scan] to the next.
// Reading such a file takes one system call instead of three. A scan then does not list
// /proc each time, but tries the pids that the kernel has allocated since the last scan,
// where it reports them. It also does not read the stat of each process that has not run:
// of such a process [Stat.Nice], [Stat.TPGID] and a small [Stat.RSS] may be some scans old.
// So may the state of a process that was woken and still waits for a CPU, or that a control group
// of version 1 has frozen.
//
// Files beyond n, or beyond half of RLIMIT_NOFILE, are opened for each scan. If the
// process runs out of descriptors, s closes half of those it keeps. With an n of 0,
// as for a new Scanner, nothing is kept. Only files of a real proc filesystem are
// kept.
func (s *Scanner) Keep(n int) {
	s.kept.drop()
	s.kept.limit = max(n, 0)
}

// Kept returns the number of files that s keeps open.
func (s *Scanner) Kept() int { return s.kept.count }

// Same reports whether the i-th process that the last [Scanner.Scan] has found has not run
// since the scan before. It may be false although it has not.
func (s *Scanner) Same(i int) bool { return i < len(s.kept.same) && s.kept.same[i] }

// drop closes all descriptors and forgets the processes.
func (k *keeper) drop() {
	for i := range k.slots {
		k.forget(&k.slots[i])
	}
	k.slots = k.slots[:0]
	k.arrivals.close()
	k.highest, k.clocks = 0, false
}

// forget closes the descriptor of p.
func (k *keeper) forget(p *slot) {
	if p.fd < 0 {
		return
	}
	_ = syscall.Close(int(p.fd)) // Nothing was written, so no data can be lost.
	p.fd = -1
	k.count--
}

// take keeps fd for p unless a limit is reached, and reports whether it did.
func (k *keeper) take(p *slot, fd int) bool {
	if k.count >= k.limit || fd >= k.highest {
		return false
	}
	p.fd = int32(fd)
	k.count++
	return true
}

// releaseHalf closes half of the descriptors and halves the limit for good: other
// code of this process needs descriptors.
func (k *keeper) releaseHalf() {
	k.limit = k.count / 2
	for i := len(k.slots) - 1; i >= 0 && k.count > k.limit; i-- {
		k.forget(&k.slots[i])
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
		if s.ownNamespace() {
			s.kept.clocks = exactClocks()
			s.openArrivals()
		}
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

// scanKept is a scan with kept descriptors. What it has found is in the slots.
func (s *Scanner) scanKept() error {
	if err := s.begin(); err != nil {
		return s.fs.wrap(place{}, err)
	}
	s.kept.ended = s.kept.ended[:0]
	if from, to, ok := s.kept.arrivals.since(s.file[:cap(s.file)], s.kept.guesses()); ok {
		s.kept.guess(from, to)
	} else {
		pids, err := s.members()
		if err != nil {
			return err
		}
		s.kept.merge(pids)
	}
	return s.readAllKept()
}

// readAllKept reads the stat of each slot, and removes slots of processes that are gone.
func (s *Scanner) readAllKept() error {
	gone := false
	s.kept.scans++
	s.kept.same = s.kept.same[:0]
	var failed error
	for i := 0; i < len(s.kept.slots) && failed == nil; i++ {
		p := &s.kept.slots[i]
		same, err := s.statKept(p)
		if err == nil {
			p.at = int32(len(s.kept.same))
			s.kept.same = append(s.kept.same, same)
			continue
		}
		p.at = -1
		if err == ErrGone {
			s.kept.end(p)
			p.pid, gone = 0, true
		}
		failed = s.leaveOut(err)
	}
	s.rereadOrphans()
	if gone {
		s.kept.slots = slices.DeleteFunc(s.kept.slots, func(p slot) bool { return p.pid == 0 })
	}
	if failed != nil {
		return failed
	}
	return s.allBad(len(s.kept.same))
}

// found yields the stat of each process that the last scan has found.
func (s *Scanner) found(yield func(*Stat) bool) {
	for i := range s.kept.slots {
		if p := &s.kept.slots[i]; p.at >= 0 && !yield(s.show(p)) {
			return
		}
	}
}

// show returns the stat of a process as it is shown.
func (s *Scanner) show(p *slot) *Stat {
	if s.fs.space == nil {
		return p.stat
	}
	if p.shown == nil {
		p.shown = new(Stat)
	}
	stat := *p.stat
	if s.fs.space.translate(&stat) { // else it has just ended: it stays as it was
		*p.shown = stat
	}
	return p.shown
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
	rest, all := k.slots[at:], k.slots[:at]
	if len(rest) > 0 { // the pids have begun anew
		all = append(make([]slot, 0, len(k.slots)+to-from), all...)
	}
	for pid := from + 1; pid <= to; pid++ {
		if len(rest) > 0 && rest[0].pid == pid {
			all = append(all, rest[0])
			rest = rest[1:]
			continue
		}
		all = append(all, newSlot(pid, true))
	}
	k.slots = append(all, rest...)
}

func newSlot(pid int, guess bool) slot {
	return slot{pid: pid, fd: -1, at: -1, guess: guess}
}

// merge makes the slots those of pids, lowest first, and keeps what it can.
func (k *keeper) merge(pids []int) {
	if k.are(pids) {
		return
	}
	old, merged := k.slots, make([]slot, 0, len(pids))
	for _, pid := range pids {
		for len(old) > 0 && old[0].pid < pid {
			k.end(&old[0])
			old = old[1:]
		}
		if len(old) > 0 && old[0].pid == pid {
			old[0].guess = false
			merged = append(merged, old[0])
			old = old[1:]
			continue
		}
		merged = append(merged, newSlot(pid, false))
	}
	for i := range old {
		k.end(&old[i])
	}
	k.slots = merged
}

// end forgets a process that has ended.
func (k *keeper) end(p *slot) {
	if p.stat != nil {
		k.ended = append(k.ended, p.pid)
	}
	k.forget(p)
}

// are reports whether the slots are those of pids.
func (k *keeper) are(pids []int) bool {
	return slices.EqualFunc(k.slots, pids, func(p slot, pid int) bool { return p.pid == pid && !p.guess })
}

// ofThread is the exit signal of a thread other than the main thread. Such a thread
// can be opened by its number, too, although /proc does not list it.
const ofThread = -1

// statKept brings the stat of one process up to date, and reports whether that has not run
// since the last scan. The errors are those of [Scanner.stat].
func (s *Scanner) statKept(p *slot) (same bool, err error) {
	same, holds := s.quiet(p)
	if holds {
		return true, nil
	}
	st := &s.kept.stat
	if err := s.statOf(p, st); err != nil {
		return false, err
	}
	if p.stat == nil {
		p.stat = new(Stat)
	} else if st.State.Ended() && !p.stat.State.Ended() || st.Start != p.stat.Start {
		s.kept.ended = append(s.kept.ended, p.pid)
	}
	*p.stat = *st
	return same, nil
}

// statOf reads the stat of one process from the kept descriptor, or opens the file. The
// errors are those of [Scanner.stat].
func (s *Scanner) statOf(p *slot, st *Stat) error {
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
		return ErrGone
	}
	if s.fs.space != nil && (p.stat == nil || p.stat.Start != st.Start) && !s.fs.space.has(p.pid, st.Start) {
		return ErrGone
	}
	p.guess = false
	if p.stat != nil && p.stat.Comm == string(comm) {
		st.Comm = p.stat.Comm // to avoid allocating it again
	} else {
		st.Comm = s.name(comm)
	}
	return nil
}

func (s *Scanner) readKept(p *slot) ([]byte, error) {
	if p.fd >= 0 {
		n, errno := preadRaw(int(p.fd), s.file[:cap(s.file)])
		if errno == 0 {
			return s.file[:n], nil
		}
		// It is gone. Another process may have its pid already.
		s.kept.forget(p)
	}
	at := place{pid: p.pid, name: "stat"}
	if s.kept.count >= s.kept.limit || p.idle == idleScans && p.stat.RSS < muchRSS {
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
