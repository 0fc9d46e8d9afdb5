package watch

import (
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"yinit/procfs"
	"yinit/procfs/pacct"
)

// ahead holds children of the init whose accounting records were read, but which the init has
// not reaped yet. It asks for them one after the other: otherwise waitid(2) would look for
// each among thousands that may live. It will record their ends, and what the records say
// saves it from reading /proc.
type ahead struct {
	all   []aheadRecord // in the order in which the kernel wrote them
	taken int           // the pid of the last record that [Watcher.ReapsNext] has taken; 0: none
	none  time.Time     // when there was no record for [Watcher.NextDead] last
}

// An aheadRecord is the record of a child of the init.
type aheadRecord struct {
	pacct.Record
	watched bool      // the watcher watches it, and knows more
	tried   time.Time // when the init first found that it had not ended; zero: never
}

// Accounted is what process accounting says about a process that has ended.
type Accounted struct {
	// ID is its pid and its start time, which is 0 if the watcher does not know it.
	ID procfs.ID
	// Signaled is true if a signal has ended it.
	Signaled bool
	// Comm is its command name.
	Comm string
	// Elapsed is the time from its start to its end, in 10 ms.
	Elapsed time.Duration
	// CPU is its user and system time, in 10 ms, without that of its children.
	CPU time.Duration
	// MinorFaults is how many page faults it had, see [pacct.Record].
	MinorFaults uint64
}

const (
	// maxAhead is how many records of children of the init are read before it reaps them.
	maxAhead = 32
	// tryFor is how long the init tries to reap a child whose record was read. The kernel
	// writes the record a moment before the child has ended; but the child may be traced, and
	// then its tracer has to wait for it first.
	tryFor = 100 * time.Millisecond
	// readAgain is after which time NextDead reads again, if there was nothing.
	readAgain = time.Millisecond
)

func (a *ahead) full() bool { return len(a.all) >= maxAhead }

// add keeps the record of a child of the init.
func (a *ahead) add(r *pacct.Record, watched bool) {
	if a.all == nil {
		a.all = make([]aheadRecord, 0, maxAhead)
	}
	a.all = append(a.all, aheadRecord{Record: *r, watched: watched})
}

// take removes the record of a process, and reports whether there was one.
func (a *ahead) take(pid int) (r aheadRecord, ok bool) {
	i := slices.IndexFunc(a.all, func(r aheadRecord) bool { return r.PID == pid })
	if i < 0 {
		return r, false
	}
	r = a.all[i]
	a.all = slices.Delete(a.all, i, i+1)
	return r, true
}

// NextDead returns a child of the init that has ended, or is about to end. ok is false if
// none is known.
func (w *Watcher) NextDead() (said Accounted, ok bool) {
	a := w.accounting
	if a == nil {
		return said, false
	}
	if len(a.ahead.all) == 0 && !w.readAhead(a) {
		return said, false
	}
	r := &a.ahead.all[0]
	said = Accounted{
		ID: procfs.ID{PID: r.PID}, Signaled: r.Known && r.Status.Signaled(),
		Comm: r.Comm, Elapsed: r.Elapsed, CPU: r.CPU, MinorFaults: r.MinorFaults,
	}
	if p := w.procs[r.PID]; p != nil {
		said.ID.Start = p.ID.Start
	}
	return said, true
}

// readAhead reads accounting records, and reports whether one is that of a child of the init.
// If there was none it does not look again at once. Those that had another parent when they
// died wait for the init to reap them, and to look through thousands of them for each child
// would take longer than to reap it.
func (w *Watcher) readAhead(a *accounting) bool {
	if w.clock().Sub(a.ahead.none) < readAgain {
		return false
	}
	if w.readAccounting(w.clock()); w.accounting == nil {
		return false
	}
	if len(a.ahead.all) == 0 {
		a.ahead.none = w.clock()
	}
	return len(a.ahead.all) > 0
}

// NotDead notifies the watcher that waitid(2) has not found the child that NextDead has
// returned, and with which error; nil: it has not ended yet.
func (w *Watcher) NotDead(err error) {
	a := w.accounting
	if a == nil || len(a.ahead.all) == 0 {
		return
	}
	first, now := a.ahead.all[0], w.clock()
	a.ahead.all = slices.Delete(a.ahead.all, 0, 1)
	if first.tried.IsZero() {
		first.tried = now
	}
	switch {
	case err == unix.ECHILD: // the init has reaped it
	case now.Sub(first.tried) < tryFor:
		a.ahead.all = append(a.ahead.all, first)
	case first.watched:
	default:
		w.waitLater(&waiting{Record: first.Record, since: w.scans, tried: w.scans})
	}
}

// ReapsNext notifies the watcher that the init has reaped the child that NextDead has
// returned, and is about to record what that said.
func (w *Watcher) ReapsNext() {
	if a := w.accounting; a != nil && len(a.ahead.all) > 0 {
		a.ahead.taken = a.ahead.all[0].PID
		a.ahead.all = slices.Delete(a.ahead.all, 0, 1)
	}
}
