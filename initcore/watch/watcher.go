package watch

import (
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"yinit/initcore/history"
	"yinit/procfs"
	"yinit/procfs/pacct"
)

// Options configure a [Watcher].
type Options struct {
	// FS is the proc filesystem of the PID namespace to watch.
	FS procfs.FS
	// Self is the pid of the caller, which is not watched.
	Self int
	// Init is the pid of the process that adopts orphans, 0 if there is none. The
	// watcher records when it becomes the parent of a process.
	Init int
	// Every is the time between two scans for new processes.
	Every time.Duration
	// Max is the maximum number of processes to watch at once. 0 means [MaxWatched],
	// or less if RLIMIT_NOFILE is low.
	Max int
	// NamesOnly says that the watcher must not start the goroutine that reads command
	// lines, see [cmdlineReader]. Processes are then known by their names.
	NamesOnly bool
	// Keep returns how many stat files may be kept open, each of which takes some 5 KiB of
	// kernel memory; nil: as many as processes are watched. It is called only if the
	// kernel is older than 6.15.
	Keep func() int
	// From is a pid from which on processes that started and ended unseen are counted,
	// although New is called later; 0: count from now on.
	From int
	// Deaths is how many processes with a pid above From the init has reaped, and
	// recorded.
	Deaths uint64
	// LastRead returns when a process other than the caller last read the history; zero:
	// unknown. nil: it is never known.
	LastRead func() time.Time
	// Accounting is the file of process accounting. The watcher does not stop it.
	// nil: there is none.
	Accounting *pacct.File
	// Reaped are the pids of those that the init has reaped, and recorded, since it has
	// started Accounting.
	Reaped []int
	// AccountedFrom is the last pid that had been allocated when Accounting had begun, 0 if
	// unknown: there is a record of each process with a higher one.
	AccountedFrom int
}

// A Recorder receives what the watcher sees.
type Recorder interface {
	// Add stores a record. The watcher reuses it after Add returns.
	Add(*history.Record)
	// Missed counts n processes and threads that started and ended unseen.
	Missed(n uint64)
	// Unwatched counts n processes that were seen but are not watched, because there
	// are too many.
	Unwatched(n uint64)
	// SetSources says how the watcher learns of the ends of processes from now on. It is
	// called if that changes after New, see [Watcher.Sources].
	SetSources(history.Sources)
}

const (
	// MaxWatched is the default maximum number of watched processes. Each takes a
	// descriptor and some 500 bytes.
	MaxWatched = 2048
	// descriptorShare is the divisor of RLIMIT_NOFILE that gives the descriptors which
	// the watcher may open.
	descriptorShare = 2
	// waitFactor limits the CPU time of scans where thousands of processes start and
	// end: the wait until the next scan is at least this many times as long as the last
	// scan took.
	waitFactor = 20
	// longestWait limits the wait that waitFactor causes.
	longestWait = 10 * time.Second
	// stubInterval is the time between two scans while there is a process of docker exec
	// that has not executed its program: it may end soon afterwards.
	stubInterval = 30 * time.Millisecond
	// usualMost is how many processes w.procs has room for without growing. A map that
	// grows leaves garbage of many sizes, see queue.
	usualMost = 448
)

// A Watcher watches all processes of its PID namespace. Only its owner may use it. The
// owner calls Ready when FD is readable, and Tick at the time that Next returns.
type Watcher struct {
	opt      Options
	recorder Recorder
	scanner  *procfs.Scanner
	ours     ours
	epoll    int
	clock    func() time.Time

	counter    int         // descriptor of the file with the last pid, see [procfs.FS.OpenLastPID]; -1: there is none
	accounting *accounting // nil: there is none

	procs      map[int]*process // by pid
	most       int              // the most procs there have been since Trim last made garbage
	children   map[int]int      // by pid: how many of procs have this parent
	free       *process         // the first of those for reuse
	stubs      bool             // a process is still the container runtime, see stub
	unsure     []int            // new pids that had no process yet in the last scan; negative: not counted if it ended
	last       int              // the last pid allocated before the last scan
	scans      uint64           // number of scans
	lastScan   procfs.Ticks     // when the last scan began, before it read last, since boot
	unfinished bool             // the last scan is to be continued: it has found too many new processes
	gone       int              // pids without a process that an unfinished scan has found so far
	doubtful   uint64           // unseen processes that the next scan may attribute to an inspector
	scanTime   time.Duration    // the CPU time of its parts so far
	maxWalk    int              // [maxWalk], except in tests
	piece      time.Duration    // [pieceTime], except in tests
	reaped     uint64           // new processes that the init reaped before a scan found them
	missed     uint64           // processes missed since the last note about them
	noted      time.Time        // when the last note about missed processes was recorded
	full       bool             // a note about too many processes was recorded
	next       time.Time        // when Tick is due
	dead       int              // watched processes that are zombies
	explained  int              // zombies that readZombie has read since the last scan
	recorded   int              // those of them that a zombie record covers
	holders    map[int]int      // by pid: its zombies at the last zombie record
	stat       procfs.Stat      // buffer
	other      procfs.Stat      // buffer for the names of other processes than that of stat
	status     procfs.Status    // buffer
	rec        history.Record   // buffer

	cmdlines      *cmdlineReader
	serial        uint64            // the last serial that a process got
	noYield       bool              // in this scan the reader of command lines has run without progress
	adopting      map[int]time.Time // by pid: when the init has adopted it, which is not recorded yet
	unread        uint64            // command lines not read in time since the last note about them
	notedUnread   time.Time         // when that note was recorded
	kept, keepMax int               // stat files that are open, and that may be, see keep.go
	lastRead      time.Time         // when the history was last read, at the last scan
	// inspectorEnded says that a command of the inspector has ended since the last scan.
	inspectorEnded bool
	inspectorRan   bool // the last scan has found that one ran
	keepNone       bool // the stat files were closed because other code needs descriptors
	exitInfo       bool // the kernel reports how a process ended after it was reaped, since Linux 6.15
	// ask is [ask], except in tests of older kernels.
	ask func(fd int) (info, error)
}

// New starts watching all existing and all future processes. The error reports which
// feature the kernel lacks, or that there are no descriptors.
func New(opt Options, r Recorder) (*Watcher, error) {
	w := &Watcher{
		opt: opt, recorder: r, scanner: procfs.NewScanner(opt.FS), ours: readOurs(opt.FS, opt.Self), clock: time.Now,
		epoll: -1, counter: -1, maxWalk: maxWalk, piece: pieceTime, ask: ask,
		procs: make(map[int]*process, usualMost), children: map[int]int{}, holders: map[int]int{}, adopting: map[int]time.Time{},
	}
	if w.opt.Max == 0 {
		w.opt.Max = maxDescriptors()
	}
	if err := w.begin(); err != nil {
		w.Close()
		return nil, err
	}
	return w, nil
}

// begin opens the descriptors of the watcher, and watches the existing processes.
func (w *Watcher) begin() (err error) {
	w.scans++
	self, err := unix.PidfdOpen(w.opt.Self, 0)
	if err != nil {
		return fmt.Errorf("cannot watch processes: pidfd_open (needs Linux 5.3): %w", err)
	}
	w.exitInfo = w.reportsExits(self)
	_ = unix.Close(self)
	if w.epoll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return fmt.Errorf("epoll_create1: %w", err)
	}
	most := min(maxCmdlines, 1+w.opt.Max/maxCmdlines)
	if w.opt.NamesOnly {
		most = 0
	}
	w.startCmdlines(most, procfs.ReadCommandLine)
	w.lastScan = sinceBoot()
	counterErr := w.openCounter()
	if opt := &w.opt; opt.LastRead != nil {
		w.lastRead = opt.LastRead()
	}
	pids, err := w.scanner.PIDs(nil)
	if err != nil {
		return err
	}
	now := w.clock()
	for _, pid := range pids {
		w.watch(pid, now)
	}
	for _, p := range w.procs { // for parents that were listed after their children
		w.nameParent(p)
	}
	if w.opt.Accounting != nil {
		w.startAccounting(w.opt.Accounting, w.opt.Reaped)
	}
	w.keepStats()
	if counterErr != nil {
		w.note(now, "processes that start and end between two scans are not counted: "+errNoCounter(counterErr))
	}
	w.countSince(now)
	w.next = now.Add(w.opt.Every)
	return nil
}

// maxDescriptors returns how many pidfds the watcher may open.
func maxDescriptors() int {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return MaxWatched / descriptorShare
	}
	return int(min(MaxWatched, limit.Cur/descriptorShare))
}

// FD returns a descriptor that is readable when Ready has something to do.
func (w *Watcher) FD() int { return w.epoll }

// Next returns when Tick is due.
func (w *Watcher) Next() time.Time { return w.next }

// Close closes all descriptors, and may be called more than once.
func (w *Watcher) Close() {
	for pid := range w.procs {
		w.forget(pid)
	}
	if w.cmdlines != nil {
		w.cmdlines.close()
		w.cmdlines = nil
	}
	if w.accounting != nil {
		w.accounting.later.clear()
	}
	for _, fd := range []*int{&w.epoll, &w.counter} {
		if *fd >= 0 {
			_ = unix.Close(*fd)
		}
		*fd = -1
	}
	_ = w.scanner.Close()
}

// Tick scans for new processes, and checks the zombies. If there are many new processes it
// does a part of that, and is due again at once. It reports whether it has finished.
func (w *Watcher) Tick(now time.Time) (finished bool) {
	began, used := w.clock(), threadCPUTime()
	w.noYield, w.explained = false, 0
	w.takeCmdlines()
	w.recordLateAdoptions(now)
	w.findSome(now)
	w.releaseLater(now)
	w.yieldToReader() // at once: new processes may end soon
	if finished = !w.unfinished; finished {
		if w.dead > 0 {
			w.checkZombies(now)
		}
		w.noteMissed(now)
		w.noteUnread(now)
		w.noteSkipped(now)
	}
	// On a busy machine most of the elapsed time belongs to other processes, and the
	// goroutine may have moved to another thread. So take the smaller of both clocks.
	w.scanTime += min(w.clock().Sub(began), max(threadCPUTime()-used, 0))
	if !finished {
		w.next = now
		return false
	}
	every := w.opt.Every
	if w.stubs {
		every = min(every, stubInterval)
	}
	w.next = now.Add(max(every, min(w.scanTime*waitFactor, longestWait)))
	w.scanTime = 0
	return true
}

// forget stops watching a process.
func (w *Watcher) forget(pid int) {
	p := w.procs[pid]
	if p == nil {
		return
	}
	if !p.Dead.IsZero() {
		w.dead--
	}
	if p.recorded {
		w.recorded--
	}
	if p.unread && p.Cmdline == "" {
		w.unread++
	}
	w.forgetAdoption(p)
	w.dropStat(p)
	_ = unix.Close(int(p.fd)) // removes it from the epoll set, too: it has no duplicate
	delete(w.procs, pid)
	w.countChild(p.PPID, -1)
	w.reuse(p)
}

// countChild adds by to the number of watched children of a process.
func (w *Watcher) countChild(parent, by int) {
	if w.children[parent] += by; w.children[parent] == 0 {
		delete(w.children, parent)
	}
}

// Recall returns what the watcher knows about a process, and reports whether it watches
// it. A start time of 0, in id or in the watcher, means unknown and matches any.
func (w *Watcher) Recall(id procfs.ID) (Seen, bool) {
	p := w.procs[id.PID]
	if p == nil || id.Start != 0 && p.ID.Start != 0 && p.ID != id {
		return Seen{}, false
	}
	w.takeCmdlines()
	w.recordAdoption(p)
	p.Inspector = p.inspects()
	return p.Seen, true
}

// NameOfDead returns the command name of a process that is no longer in /proc, if its end
// is not recorded yet; otherwise "". It records the ends that only accounting has seen.
func (w *Watcher) NameOfDead(pid int, now time.Time) string {
	p := w.procs[pid]
	if p == nil {
		w.readAccounting(now)
		return ""
	}
	last, err := w.lastPID()
	if ahead := w.distance(w.last, pid); err != nil || ahead > 0 && ahead <= w.distance(w.last, last) {
		return "" // the pid was allocated again since the last scan
	}
	return p.Comm
}

// Reaped notifies the watcher that the init has reaped a child, and has recorded that.
// The init has called Reaping before.
func (w *Watcher) Reaped(id procfs.ID) {
	p := w.procs[id.PID]
	switch {
	case p != nil:
		w.updateChildren(id.PID)
		w.forget(id.PID)
	case w.removeUnsure(id.PID):
	case w.isNew(id):
		w.reaped++ // the next scan will find no process with its pid
	}
	delete(w.holders, id.PID)
}

// record fills the buffer w.rec with a record of this kind about p.
func (w *Watcher) record(kind history.Kind, p *process, now time.Time) *history.Record {
	w.rec = history.Record{
		Kind: kind, Time: now, PID: p.ID.PID, Start: p.ID.Start, UID: p.UID, Comm: p.Comm, Cmdline: p.Cmdline,
		PPID: p.PPID, Parent: p.Parent, OriginPPID: p.Origin, Renamed: p.Renamed,
		Inspector: p.inspects(), Foreign: p.Foreign,
	}
	hideStub(&w.rec)
	return &w.rec
}

// note records a note.
func (w *Watcher) note(now time.Time, text string) {
	w.rec = history.Record{Kind: history.KindNote, Time: now, Text: text}
	w.recorder.Add(&w.rec)
}

// outOfDescriptors reports whether the error means that no descriptor can be opened.
func outOfDescriptors(err error) bool {
	return errors.Is(err, unix.EMFILE) || errors.Is(err, unix.ENFILE) || errors.Is(err, unix.ENOMEM)
}
