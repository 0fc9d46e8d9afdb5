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
		a.skipped++
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
