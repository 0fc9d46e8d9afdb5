package watch

import (
	"errors"
	"time"

	"golang.org/x/sys/unix"

	"yinit/procfs"
	"yinit/procfs/pacct"
)

// countSince handles the accounting records, and counts the processes that started
// after [Options.From] and ended before the watcher existed.
func (w *Watcher) countSince(now time.Time) {
	a, counts := w.accounting, w.opt.From > 0 && w.counter >= 0
	switch {
	case a != nil && counts && w.opt.AccountedFrom >= w.opt.From:
		w.countUnaccounted()
		w.readAccounting(now)
		w.last = w.opt.AccountedFrom
		w.findNew(now)
	case a != nil:
		w.readAccounting(now)
	case counts:
		w.last, w.reaped = w.opt.From, w.opt.Deaths
		w.findNew(now)
	}
}

// countUnaccounted counts the processes that ended before process accounting began, less
// those that the init has reaped.
func (w *Watcher) countUnaccounted() {
	known := make(map[int]bool)
	for _, pid := range w.opt.Reaped {
		if pid != w.opt.From {
			known[pid] = true
		}
	}
	w.reaped = w.opt.Deaths - min(w.opt.Deaths, uint64(len(known))) // reaped before it began
	_ = w.accounting.file.Read(func(r pacct.Record) bool {
		known[r.PID] = true
		return true
	})
	w.accounting.file.Rewind() // readAccounting tells the error
	gone := uint64(0)
	for pid := w.opt.From + 1; pid <= w.opt.AccountedFrom; pid++ {
		if !known[pid] && !exists(pid) {
			gone++
		}
	}
	w.addMissed(w.unreaped(gone))
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
	w.addMissed(w.unreaped(w.unaccounted(gone, now)) + w.doubtful)
	w.doubtful = 0
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

// errNoCounter reports why the processes that were missed cannot be counted.
func errNoCounter(err error) string {
	if errors.Is(err, procfs.ErrCovered) {
		return "/proc/loadavg is not the kernel's: another file system is mounted over it, such as lxcfs"
	}
	return err.Error()
}
