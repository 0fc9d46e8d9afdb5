package watch

import (
	"fmt"
	"time"

	"yinit/initcore/history"
	"yinit/procfs"
	"yinit/procfs/pacct"
)

// accounting merges the records of process accounting with what the watcher knows. The
// kernel writes the record of a process before it becomes a zombie, so before its pidfd
// is readable and before its parent can reap it. Each process gets one exit record:
//   - from the init, if that reaps it. The watcher then drops the accounting record.
//   - from the watcher, if that holds its pidfd. The accounting record adds the status
//     for kernels that do not report it otherwise.
//   - from its accounting record, if it had been reaped before the watcher found it.
type accounting struct {
	file *pacct.File
	owed []int // the pids of recorded exits whose accounting record was not read yet
	// maybe has a bit for each of owed, and each bit stands for many pids: thousands of records
	// are compared with owed, and few of them are in it.
	maybe [owedWords]uint64
	ahead ahead
	later queue // of pids that exist, but cannot be watched
	// current is the record that is handled; here, because each would take memory of its own.
	current waiting
	// parent is the last one of which startOf has read the start in this call of readAccounting:
	// a process may have had thousands of children that have ended.
	parent procfs.ID
	// scan and watched count the zombies for which mayWatch was asked since the last scan.
	scan    uint64
	watched int
	// recorded counts the exit records made from accounting records since the last scan.
	recorded uint64
	begun    bool          // the file was read
	lastRead time.Time     // when it was last read, or when it began
	readAt   time.Duration // when it was last read, since boot
	newest   time.Time     // the time of the last record: the kernel writes them in order
	// missing counts the processes without an accounting record since the last one with
	// one. gap is when there were several of them; zero: never.
	missing    int
	gap        time.Time
	incomplete bool // there was a gap a short time ago, or there is one
	// A process that starts programs in a loop must not push everything else out of the
	// history. So there are limits for those that failed and for the others.
	failures, successes history.Budget
	skipped             uint64 // exits that exceeded the limits, since the last note about them
	notedSkipped        time.Time
	// dropped counts the zombies whose records found no room to wait, without those that the
	// init has reaped since. reaping says that it has reaped any child since the last scan.
	dropped uint64
	reaping bool
}

const (
	// maxAtOnce is how many zombies are watched because of their records between two scans.
	maxAtOnce = 64
	// maxLater is how many accounting records may wait. Each takes 112 bytes.
	maxLater = 4096
	// reusedAfter is after how many scans a pid that exists, and that belongs to no
	// zombie, was reused, for example by a thread.
	reusedAfter = 2
	// gapAfter is how many processes in a row have no accounting record if the kernel has
	// stopped writing them. One or two may have ended just before it began.
	gapAfter = 3
	// gapFor is how long unseen processes are counted again after accounting has missed
	// some.
	gapFor = time.Minute
	// The limits: a burst, and a rate in the long run.
	failureBurst, failuresPerSecond  = 2000, 20
	successBurst, successesPerSecond = 1000, 5
)

// startAccounting makes the watcher use an accounting file. reaped are the pids of the
// children that the init has reaped, and recorded, since the file exists.
func (w *Watcher) startAccounting(f *pacct.File, reaped []int) {
	a := &accounting{
		file: f, lastRead: f.Began(), owed: make([]int, 0, maxOwed),
		failures: history.NewBudget(failureBurst, failuresPerSecond), successes: history.NewBudget(successBurst, successesPerSecond),
	}
	for _, pid := range reaped {
		a.owe(pid)
	}
	w.accounting = a
}

// stopAccounting goes on without accounting after an error.
func (w *Watcher) stopAccounting(now time.Time, err error) {
	a := w.accounting
	a.file.Stop()
	w.note(now, "process accounting is off: "+err.Error())
	w.recordLater(now, false)
	a.notedSkipped, a.reaping = time.Time{}, false // nothing will be found out about those that were dropped
	w.noteSkipped(now)
	w.accounting = nil
	w.keepStats()
	w.recorder.SetSources(w.Sources())
}

// readAccounting handles the new accounting records. It stops when the init has to reap
// children first, which then calls it again.
func (w *Watcher) readAccounting(now time.Time) {
	a := w.accounting
	if a == nil || a.ahead.full() {
		return
	}
	a.parent = procfs.ID{}
	w.retryLater(now)
	err := a.file.Read(func(r pacct.Record) bool {
		w.account(&r, now)
		return !a.ahead.full()
	})
	if err != nil {
		w.stopAccounting(now, err)
		return
	}
	if a.ahead.full() {
		return
	}
	if a.begun { // otherwise some had ended before there was a file
		a.missing += a.unpaid()
	}
	a.begun, a.lastRead, a.readAt = true, now, procfs.SinceBoot()
	a.owed, a.maybe = a.owed[:0], [owedWords]uint64{}
	if a.missing >= gapAfter {
		w.accountingGap(now, "the file system of "+a.file.Dir()+" is nearly full or frozen, or another process has called acct(2)")
	}
}

// accountingGap notes that the kernel has not written the records of some processes, or
// may not have written them.
func (w *Watcher) accountingGap(now time.Time, why string) {
	a := w.accounting
	a.missing, a.gap = 0, now
	if !a.incomplete {
		a.incomplete = true
		w.note(now, "process accounting is incomplete: "+why)
		w.recorder.SetSources(w.Sources())
	}
}

// checkAccounting finds out whether the kernel can write records. It does so before the
// processes of a scan are counted that neither the watcher nor accounting has seen.
func (w *Watcher) checkAccounting(now time.Time) {
	a := w.accounting
	if a == nil || a.file == nil {
		return
	}
	if full, err := a.file.Full(); err == nil && full {
		w.readAccounting(now) // what it has written must not be counted as unseen
		if w.accounting != nil {
			w.accountingGap(now, "the file system of "+a.file.Dir()+" is nearly full")
		}
		return
	}
	if a.incomplete && now.Sub(a.gap) > gapFor {
		a.incomplete = false
		w.recorder.SetSources(w.Sources())
	}
}

// account handles one accounting record.
func (w *Watcher) account(r *pacct.Record, now time.Time) {
	a := w.accounting
	if r.PID <= 0 || r.PID == w.opt.Self || a.paid(r.PID) { // acct(2) writes one of its caller when it is switched off
		return
	}
	a.current = waiting{Record: *r, since: w.scans, tried: w.scans}
	switch {
	case !w.mustWait(&a.current, now):
	case a.later.n == maxLater:
		a.dropped++
	default:
		w.describe(&a.current, now)
		w.waitLater(&a.current)
	}
}

// mustWait handles the accounting record of a process whose exit is not recorded. It
// reports whether the record must wait.
func (w *Watcher) mustWait(r *waiting, now time.Time) bool {
	a := w.accounting
	p := w.procs[r.PID]
	if p == nil {
		if w.leftToInit(r) {
			a.ahead.add(&r.Record, false)
			a.missing = 0
			return false
		}
		if a.mayWatch(w.scans, r) && len(w.procs) < w.opt.Max {
			w.watch(r.PID, now)
			p = w.procs[r.PID]
		}
	}
	switch {
	case p != nil && p.matches(&r.Record):
		p.accounted, p.accountKnown, p.accountStatus = true, r.Known, r.Status
		p.cpu = max(p.cpu, r.CPU) // its parent may reap it before the watcher can read that
		if r.Comm != "" && r.Comm != p.Comm {
			w.lastProgram(p, r.Comm)
		}
		if w.leftToInit(r) {
			a.ahead.add(&r.Record, true)
		}
	case p != nil || !exists(r.PID) || w.scans-r.since >= reusedAfter && !w.isZombie(r.PID): // the pid was reused, or is free
		w.recordAccounted(r, now)
	default:
		return true
	}
	return false
}

// isZombie reports whether there is a zombie with this pid.
func (w *Watcher) isZombie(pid int) bool {
	return w.scanner.Stat(pid, &w.stat) == nil && w.stat.Zombie()
}

// matches reports whether the record is that of p, and not of an earlier or a later
// process with the same pid. The times are too coarse to tell alone: the clock may have
// been set, or the machine may have slept.
func (p *process) matches(r *pacct.Record) bool {
	if p.accounted {
		return false
	}
	const inexact = 3 * time.Second
	start := r.End.Add(-r.Elapsed)
	from := time.Now().Add(p.ID.Start.Duration() - sinceBoot().Duration()) // its start by the wall clock
	return p.ID.Start == 0 || p.Comm == r.Comm || start.Sub(from).Abs() < inexact
}

// recordAccounted records the exit of a process that only accounting has seen.
func (w *Watcher) recordAccounted(r *waiting, now time.Time) {
	a := w.accounting
	w.describe(r, now)
	a.recorded++
	within := &a.successes
	if !r.Known || r.Status != 0 {
		within = &a.failures
	}
	if !within.Take(now) {
		a.skipped++
		return
	}
	w.rec = history.Record{
		Kind: history.KindExit, Time: r.at, PID: r.PID, UID: r.UID, Comm: r.Comm, PPID: r.PPID, OriginPPID: r.PPID,
		Parent: r.parent, Known: r.Known, Status: r.Status, Runtime: r.Elapsed, CPU: r.CPU, Accounted: true,
		Inspector: r.Comm == w.ours.comm || r.Comm == usualComm,
	}
	if parent := w.procs[r.PPID]; parent != nil {
		w.rec.Foreign = parent.Foreign
	}
	w.recorder.Add(&w.rec)
}

// describe finds out what only the time of reading tells about a record. It reads /proc,
// so it is left out for a record that is dropped or belongs to a watched process.
func (w *Watcher) describe(r *waiting, now time.Time) {
	if r.at.IsZero() {
		r.at, r.parent = w.timeOf(&r.Record, now), w.parentOf(&r.Record)
		w.accounting.newest = r.at
	}
}

// timeOf returns when a process ended. The record tells the second. It was written after
// the file was last read and after the record before it, and the process was younger than
// its parent. timeOf returns the middle of what is left.
func (w *Watcher) timeOf(r *pacct.Record, now time.Time) time.Time {
	a := w.accounting
	from, to := r.End, r.End.Add(time.Second)
	if now.Before(to) {
		to = now
	}
	for _, earliest := range [...]time.Time{a.lastRead, a.newest, w.startOf(r.PPID, now).Add(r.Elapsed)} {
		if earliest.After(from) && !earliest.After(to) {
			from = earliest
		}
	}
	return from.Add(max(to.Sub(from), 0) / 2)
}

// startOf returns when a process was started, the zero time if that is unknown. A process
// that got the pid later does no harm: what it would exclude is in the future.
func (w *Watcher) startOf(pid int, now time.Time) time.Time {
	var start procfs.Ticks
	if p := w.procs[pid]; p != nil {
		start = p.ID.Start
	} else if a := w.accounting; a.parent.PID == pid {
		start = a.parent.Start
	} else if w.scanner.Stat(pid, &w.other) == nil {
		start = w.other.Start
		a.parent = w.other.ID()
	}
	if start == 0 {
		return time.Time{}
	}
	return now.Add(start.Duration() - sinceBoot().Duration())
}

// parentOf returns the command name that the parent had when the process ended, "" if that
// is unknown: a shell often executes another program soon after the death of a child. It
// is known if the parent had the same name before the file was last read, and still has it.
func (w *Watcher) parentOf(r *pacct.Record) string {
	if r.PPID == w.opt.Self {
		return w.nameNow(r.PPID, "")
	}
	p := w.procs[r.PPID]
	if p == nil || p.named >= w.accounting.readAt || isStub(p.Comm) {
		return ""
	}
	if name := w.nameNow(r.PPID, ""); name == p.Comm {
		return name
	}
	return ""
}

// noteSkipped records how many exits exceeded the limits.
func (w *Watcher) noteSkipped(now time.Time) {
	a := w.accounting
	if a == nil {
		return
	}
	a.giveUpDropped()
	if a.skipped == 0 || now.Sub(a.notedSkipped) < noteInterval {
		return
	}
	w.note(now, fmt.Sprintf("%d more processes that ended soon after their start are not recorded: there are too many", a.skipped))
	a.skipped, a.notedSkipped = 0, now
}

// Reaping notifies the watcher that the init has reaped a child, and is about to record
// that. first is true for the first of several: then the watcher records the processes
// that have ended before, so that the history has them in order.
func (w *Watcher) Reaping(id procfs.ID, first bool) {
	w.expectAccounting(id.PID, w.procs[id.PID])
	if first {
		w.readAccounting(w.clock())
		w.recordReaped(id.PID, w.clock())
	}
}

// unaccounted returns how many of the processes that were gone at a scan are unknown:
// none while accounting is complete. Threads may be among them, which it does not see.
func (w *Watcher) unaccounted(gone uint64, now time.Time) uint64 {
	a := w.accounting
	if a == nil {
		return gone
	}
	known := min(gone, a.recorded)
	a.recorded -= known
	a.recorded = 0 // it is an estimate, and starts anew with each scan
	if !a.incomplete {
		return 0
	}
	return gone - known
}

// Sources returns how the watcher learns of the ends of processes.
func (w *Watcher) Sources() history.Sources {
	s := history.SourceWatch
	if w.accounting != nil && !w.accounting.incomplete {
		s |= history.SourceAccounting
	}
	if w.exitInfo {
		s |= history.SourceStatus
	}
	if w.keepMax > 0 {
		s |= history.SourceStat
	}
	return s
}

// busy reports whether the next scan has to do something about accounting records.
func (a *accounting) busy() bool {
	return a != nil && (a.later.mem != nil || a.dropped > 0 || a.skipped > 0)
}
