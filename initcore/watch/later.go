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
}

// retryLater handles the records that wait: each once after a scan, and at once if its
// process was recorded otherwise.
func (w *Watcher) retryLater(now time.Time) {
	a := w.accounting
	a.later.filter(func(p *packed) (waits bool) {
		if a.paid(int(p.pid)) {
			return false
		}
		if p.tried == w.scans {
			return true
		}
		r := a.later.unpack(p)
		r.tried = w.scans
		waits = w.mustWait(&r, now)
		p.pack(&r)
		return waits
	})
}

// recordLater records the ends of the processes whose records wait, except for zombies
// if the init may still reap these.
func (w *Watcher) recordLater(now time.Time, zombies bool) {
	a := w.accounting
	a.later.filter(func(p *packed) bool {
		if zombies || !w.isZombie(int(p.pid)) {
			r := a.later.unpack(p)
			w.recordAccounted(&r, now)
		}
		return false
	})
	a.later.clear()
}

// waitLater lets a record wait, if there is room.
func (w *Watcher) waitLater(r *waiting) {
	if a := w.accounting; !a.later.push(r) {
		a.dropped++
	}
}

// leftToInit reports whether the record is that of a child of the init, which will reap
// and record it. To watch it until then would cost as much as to reap it.
func (w *Watcher) leftToInit(r *waiting) bool {
	return r.PPID == w.opt.Self && r.PPID == w.opt.Init && !w.accounting.ahead.full()
}

// mayWatch reports whether the zombie of a record, which is not watched yet, may be watched
// now. Most of those that end in a burst are soon reaped by the init; to watch one of them
// costs more than to reap it. So the others wait for the next scan. If there is no room for
// more that wait, those that failed are watched.
func (a *accounting) mayWatch(scan uint64, r *waiting) bool {
	if a.scan != scan {
		a.scan, a.watched = scan, 0
	}
	a.watched++
	return a.watched <= maxAtOnce || a.later.n >= maxLater && (!r.Known || r.Status != 0)
}

// unpaid returns how many processes the init has reaped whose records were not in the file.
// It leaves out as many as there were dropped records.
func (a *accounting) unpaid() int {
	dropped := min(uint64(len(a.owed)), a.dropped)
	a.dropped -= dropped
	return len(a.owed) - int(dropped)
}

// giveUpDropped counts the processes whose records were dropped as skipped. It waits until
// no record waits and the init reaps no more: before, the init may still reap them.
func (a *accounting) giveUpDropped() {
	if a.later.n == 0 && !a.reaping {
		a.skipped += a.dropped
		a.dropped = 0
	}
	a.reaping = false
}

// releaseLater returns the memory of the records that waited for the end of a burst.
func (w *Watcher) releaseLater(now time.Time) {
	w.readAccounting(now) // after it those that the init has reaped wait no longer
	if w.accounting != nil {
		w.accounting.later.release()
	}
}
