package watch

import (
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"yinit/initcore/history"
	"yinit/procfs"
)

// Options say how to watch.
type Options struct {
	// FS is the proc filesystem of the namespace that is watched.
	FS procfs.FS
	// Self is our own pid. We do not watch ourselves.
	Self int
	// Init is the pid of the process that adopts orphans, 0 if there is none. That it
	// has become the parent of a process is recorded.
	Init int
	// Every is the time between two looks for new processes.
	Every time.Duration
	// Most is how many processes are watched at once. 0 is [MostWatched], or less where
	// the limit of descriptors is low.
	Most int
	// NamesOnly says that no thread may be used for reading command lines, see
	// [cmdlineReader]: processes are known by their names.
	NamesOnly bool
}

// A Book takes what the watcher sees.
type Book interface {
	// Add takes a record, which is used again after.
	Add(*history.Record)
	// Missed counts processes and threads that came and went unseen.
	Missed(n uint64)
	// Unwatched counts processes that were seen and for which there is no room.
	Unwatched(n uint64)
}

const (
	// MostWatched is how many processes are watched at once. Each takes a
	// descriptor, and some 500 bytes.
	MostWatched = 2048
	// descriptorShare is the part of the descriptors that may be open which is left to others.
	descriptorShare = 2
	// waitFactor bounds how much of the time is taken by looks where thousands of
	// processes come and go: the next one waits so many times as long as the last
	// one took.
	waitFactor = 20
	// freeMost is how many are kept to be used again.
	freeMost = 64
	// longestWait bounds that.
	longestWait = 10 * time.Second
)

// A Watcher watches all processes of its PID namespace. It has one owner, who
// calls Ready when FD is readable, and Tick when it is time.
type Watcher struct {
	opt     Options
	book    Book
	scanner *procfs.Scanner
	epoll   int
	clock   func() time.Time

	loadavg int // descriptor of /proc/loadavg, -1: not open

	procs    map[int]*process // by pid
	children map[int]int      // by pid: how many of procs have this parent
	free     []*process       // to be used again
	unsure   []int            // numbers that had no process yet when they were looked for
	last     int              // the last pid that was given out before the last look
	looked   procfs.Ticks     // when that was, since boot
	walkMost int              // [walkMost], but for tests
	reaped   uint64           // processes that the init reaped before anybody saw them
	missed   uint64           // since the last note of it
	noted    time.Time        // when that was
	full     bool             // it was noted that there are too many
	next     time.Time        // when Tick is due
	dead     int              // zombies that are watched
	recorded int              // those of them whose zombie record was written
	holders  map[int]int      // by pid: how many zombies of it were recorded
	stat     procfs.Stat
	other    procfs.Stat // of somebody else than stat is about
	status   procfs.Status
	rec      history.Record

	cmdlines    *cmdlineReader
	serial      uint64    // the last one that was given to a process
	noYield     bool      // in this look the reader of command lines got the CPU and made no room
	adopting    int       // adoptions that are not recorded yet
	unread      uint64    // command lines that were not read in time, since the last note of it
	notedUnread time.Time // when that was
	// ask is [info.ask], but for the tests of older kernels.
	ask func(*info, int) error
}

// process is one that is watched.
type process struct {
	Seen
	fd     int    // its pidfd
	serial uint64 // differs from that of all other processes, and programs, of the watcher
	fresh  bool   // it may not have become its program yet
	unread bool   // its command line is wanted, and could not be asked for

	// It has come to the init at adoptedAt, which is not recorded yet.
	adopting  bool
	adoptedAt time.Time

	deadAt   time.Time     // when it was seen to be a zombie; zero: it lives
	recorded bool          // its zombie record was written, or that of another zombie of its culprit
	asked    bool          // tracer is known
	tracer   int           // who traces it, asked for once it has been a zombie for long; 0: nobody
	cpu      time.Duration // what it has used, known once it is a zombie
	ended    procfs.Ticks  // deadAt, since boot
}

// Seen is what was learnt of a process while it lived.
type Seen struct {
	// ID is its pid and start time, which is 0 if its stat could not be read.
	ID procfs.ID
	// PPID is its parent now, 0 if that is outside the namespace.
	PPID int
	// Parent is the parent's command name.
	Parent string
	// Origin is the first parent that we know of.
	Origin int
	// Adopted says that its coming to the init was recorded.
	Adopted bool
	// UID is its real user id.
	UID uint32
	// Comm is its command name.
	Comm string
	// Cmdline is its command line, joined by spaces; "" if it was not read in time.
	Cmdline string
	// Dead is when it became a zombie, zero if nobody saw that.
	Dead time.Time
}

// New begins to watch: all that is there, and what will come. An error says what
// the kernel lacks.
func New(opt Options, book Book) (*Watcher, error) {
	w := &Watcher{
		opt: opt, book: book, scanner: procfs.NewScanner(opt.FS), clock: time.Now,
		epoll: -1, loadavg: -1, walkMost: walkMost, ask: (*info).ask,
		procs: map[int]*process{}, children: map[int]int{}, holders: map[int]int{},
	}
	if w.opt.Most == 0 {
		w.opt.Most = mostDescriptors()
	}
	if err := w.begin(); err != nil {
		w.Close()
		return nil, err
	}
	return w, nil
}

// begin opens what the watcher needs, and finds the processes that are there.
func (w *Watcher) begin() (err error) {
	if w.last, err = w.lastPID(); err != nil {
		return fmt.Errorf("new processes cannot be found: %w", err)
	}
	self, err := unix.PidfdOpen(w.opt.Self, 0)
	if err != nil {
		return fmt.Errorf("processes cannot be watched (pidfd_open, Linux 5.3): %w", err)
	}
	_ = unix.Close(self)
	if w.epoll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return fmt.Errorf("epoll_create1: %w", err)
	}
	most := min(cmdlinesMost, 1+w.opt.Most/cmdlinesMost)
	if w.opt.NamesOnly {
		most = 0
	}
	w.startCmdlines(most, procfs.ReadCommandLine)
	w.looked = sinceBoot()
	pids, err := w.scanner.PIDs(nil)
	if err != nil {
		return err
	}
	now := w.clock()
	for _, pid := range pids {
		w.watch(pid, now)
	}
	for _, p := range w.procs { // those that were listed after their children
		w.nameParent(p)
	}
	w.next = now.Add(w.opt.Every)
	return nil
}

// mostDescriptors is how many the watcher may open.
func mostDescriptors() int {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return MostWatched / descriptorShare
	}
	return int(min(MostWatched, limit.Cur/descriptorShare))
}

// FD is readable when Ready has something to do.
func (w *Watcher) FD() int { return w.epoll }

// Next is when Tick is due.
func (w *Watcher) Next() time.Time { return w.next }

// Close gives up all descriptors.
func (w *Watcher) Close() {
	for pid := range w.procs {
		w.forget(pid)
	}
	if w.cmdlines != nil {
		w.cmdlines.close()
		w.cmdlines = nil
	}
	for _, fd := range []*int{&w.epoll, &w.loadavg} {
		if *fd >= 0 {
			_ = unix.Close(*fd)
		}
		*fd = -1
	}
	_ = w.scanner.Close()
}

// Tick looks for new processes, and at the zombies.
func (w *Watcher) Tick(now time.Time) {
	began, used := w.clock(), processorTime()
	w.noYield = false
	w.takeCmdlines()
	w.recordLateAdoptions(now)
	w.findNew(now)
	w.letReaderRun() // at once: what is new may not live for long
	if w.dead > 0 {
		w.checkZombies(now)
	}
	w.noteMissed(now)
	w.noteUnread(now)
	// On a busy machine most of the time is that of others. The owner may have gone
	// to another thread meanwhile, so neither clock is trusted alone.
	took := min(w.clock().Sub(began), max(processorTime()-used, 0))
	w.next = now.Add(max(w.opt.Every, min(took*waitFactor, longestWait)))
}

// forget stops watching a process.
func (w *Watcher) forget(pid int) {
	p := w.procs[pid]
	if p == nil {
		return
	}
	if !p.deadAt.IsZero() {
		w.dead--
	}
	if p.recorded {
		w.recorded--
	}
	if p.unread && p.Cmdline == "" {
		w.unread++
	}
	w.forgetAdoption(p)
	_ = unix.Close(p.fd) // this takes it out of the epoll set, too: nobody else has it
	delete(w.procs, pid)
	w.countChild(p.PPID, -1)
	w.reuse(p)
}

// countChild keeps the number of the watched children of a process.
func (w *Watcher) countChild(parent, by int) {
	if w.children[parent] += by; w.children[parent] == 0 {
		delete(w.children, parent)
	}
}

// Recall returns what was seen of a process while it lived. The start time may be
// 0, if it is not known; to the watcher it may be unknown, too.
func (w *Watcher) Recall(id procfs.ID) (Seen, bool) {
	p := w.procs[id.PID]
	if p == nil || id.Start != 0 && p.ID.Start != 0 && p.ID != id {
		return Seen{}, false
	}
	w.takeCmdlines()
	w.recordAdoption(p)
	return p.Seen, true
}

// Reaped tells that the init has reaped its child, and recorded that.
func (w *Watcher) Reaped(id procfs.ID) {
	switch p := w.procs[id.PID]; {
	case p != nil:
		w.updateChildren(id.PID)
		w.forget(id.PID)
	case id.Start >= w.looked, id.Start == 0 && id.PID > w.last:
		w.reaped++ // its number will turn out to have no process
	}
	delete(w.holders, id.PID)
}

// name is the command name of a process, "" if nobody knows.
func (w *Watcher) name(pid int) string {
	if p := w.procs[pid]; p != nil {
		return p.Comm
	}
	return w.nameNow(pid, "")
}

// nameNow is the command name of a process, which may have become another program.
func (w *Watcher) nameNow(pid int, otherwise string) string {
	if pid == 0 {
		return ""
	}
	if w.scanner.Stat(pid, &w.other) == nil {
		return w.other.Comm // the scanner keeps names
	}
	if p := w.procs[pid]; p != nil {
		return p.Comm
	}
	return otherwise
}

// record makes the reused record one of this kind, about p.
func (w *Watcher) record(kind history.Kind, p *process, now time.Time) *history.Record {
	w.rec = history.Record{
		Kind: kind, Time: now, PID: p.ID.PID, Start: p.ID.Start, UID: p.UID, Comm: p.Comm, Cmdline: p.Cmdline,
		PPID: p.PPID, Parent: p.Parent, OriginPPID: p.Origin,
	}
	return &w.rec
}

// note records a text.
func (w *Watcher) note(now time.Time, text string) {
	w.rec = history.Record{Kind: history.KindNote, Time: now, Text: text}
	w.book.Add(&w.rec)
}

// processorTime is what this thread has used.
func processorTime() time.Duration {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &ts); err != nil {
		return 0
	}
	return time.Duration(ts.Nano())
}

// sinceBoot is the clock of the start times of processes.
func sinceBoot() procfs.Ticks {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &ts); err != nil {
		return 0
	}
	return procfs.Ticks(time.Duration(ts.Nano()) / (time.Second / procfs.TicksPerSecond))
}

// outOfDescriptors reports whether the error says that there are no more descriptors.
func outOfDescriptors(err error) bool {
	return errors.Is(err, unix.EMFILE) || errors.Is(err, unix.ENFILE) || errors.Is(err, unix.ENOMEM)
}
