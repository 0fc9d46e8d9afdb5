package watch

import (
	"time"

	"golang.org/x/sys/unix"

	"yinit/procfs"
)

// countSince handles the accounting records, and counts the processes that started
// after [Options.From] and ended before the watcher existed.
func (w *Watcher) countSince(now time.Time) {
	if a := w.accounting; a != nil {
		w.readAccounting(now)
		w.reaped, a.recorded = a.recorded, 0
	}
	if w.opt.From == 0 || w.counter < 0 {
		return
	}
	w.last, w.reaped = w.opt.From, w.reaped+w.opt.Deaths
	a := w.accounting
	w.accounting = nil // it has not seen all of them
	w.findNew(now)
	w.accounting = a
}

// Finish handles what has happened since the last scan. The owner calls it once, before
// it ends.
func (w *Watcher) Finish(now time.Time) {
	w.Ready(now)
	w.recordUnnoticed(0, now)
	w.findNew(now)
	for w.accounting != nil {
		w.accounting.ahead.all = w.accounting.ahead.all[:0] // the init does not wait for more
		if w.readAccounting(now); w.accounting != nil && !w.accounting.ahead.full() {
			break
		}
	}
	if w.accounting != nil {
		w.recordLater(now, true)
	}
	gone := uint64(0)
	for _, pid := range w.unsure {
		if pid > 0 && !exists(pid) {
			gone++
		}
	}
	w.unsure = nil
	w.countMissed(w.unaccounted(gone, now))
	if w.accounting != nil {
		w.accounting.notedSkipped = time.Time{}
		w.noteSkipped(now)
	}
}

// Unseen returns how many processes and threads with a pid above from started and have
// ended. known is how many of them the caller knows. It returns 0 if it cannot find out.
func Unseen(fs procfs.FS, from int, known uint64) uint64 {
	fd, err := fs.OpenLastPID()
	if err != nil {
		return 0
	}
	last, err := procfs.ReadLastPID(fd)
	_ = unix.Close(fd)
	if err != nil || last <= from || last-from > maxWalk { // it was set back, or has wrapped around
		return 0
	}
	gone := uint64(0)
	for pid := from + 1; pid <= last; pid++ {
		if !exists(pid) {
			gone++
		}
	}
	return gone - min(gone, known)
}
