package watch

import (
	"time"

	"yinit/procfs/pacct"
)

// A waiting accounting record is that of a zombie that the watcher has no room for, or of
// a pid that was reused. The init may reap the zombie, and record its end.
type waiting struct {
	pacct.Record
	at     time.Time // when the process ended; zero: describe was not called yet
	parent string    // the command name of its parent then, "" if that is unknown
	since  uint64    // the number of the scan after which it was read
	tried  uint64    // the number of the scan after which it was last tried
	next   *waiting  // in a queue
}

// A queue holds records, the oldest first. It is a list, because a slice that grows leaves
// garbage of many sizes: for each size the runtime keeps more than 20 KiB for ever.
type queue struct {
	first, last *waiting
	n           int
}

func (q *queue) push(r *waiting) {
	r.next = nil
	if q.first == nil {
		q.first = r
	} else {
		q.last.next = r
	}
	q.last = r
	q.n++
}

// take empties the queue, and returns its first record.
func (q *queue) take() *waiting {
	first := q.first
	*q = queue{}
	return first
}

// retryLater handles the records that wait: each once after a scan, and at once if its
// process was recorded otherwise.
func (w *Watcher) retryLater(now time.Time) {
	a := w.accounting
	for r := a.later.take(); r != nil; {
		next, tried := r.next, r.tried == w.scans
		r.tried = w.scans
		if !a.paid(r.PID) && (tried || w.mustWait(r, now)) {
			a.later.push(r)
		}
		r = next
	}
}

// recordLater records the ends of the processes whose records wait, except for zombies
// if the init may still reap these.
func (w *Watcher) recordLater(now time.Time, zombies bool) {
	a := w.accounting
	for r := a.later.take(); r != nil; r = r.next {
		if zombies || !w.isZombie(r.PID) {
			w.recordAccounted(r, now)
		}
	}
}

// leftToInit reports whether the record is that of a child of the init, which will reap
// and record it. To watch it until then would cost as much as to reap it.
func (w *Watcher) leftToInit(r *waiting) bool {
	return r.PPID == w.opt.Self && r.PPID == w.opt.Init && !w.accounting.ahead.full()
}

// mayWatch reports whether a zombie that is not watched yet may be watched now. Most of
// those that end in a burst are soon reaped by the init; to watch one of them costs more
// than to reap it. So the others wait for the next scan, while there is room.
func (a *accounting) mayWatch(scan uint64) bool {
	if a.scan != scan {
		a.scan, a.watched = scan, 0
	}
	a.watched++
	return a.watched <= maxAtOnce || a.later.n >= maxLater
}
