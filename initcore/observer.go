package initcore

import (
	"fmt"
	"log/slog"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"yinit/initcore/history"
	"yinit/initcore/watch"
	"yinit/procfs"
	"yinit/procfs/pacct"
)

// An observer shields the loop from failures of the watcher of other processes. The
// watcher serves the history only, so an error or a panic in it ends the watcher and
// nothing else.
type observer struct {
	w       *watch.Watcher  // nil: not started yet, or failed
	ticked  func(time.Time) // called after each scan
	scanned time.Time       // when the watcher last scanned
	epoll   int             // epoll descriptor on which the loop waits
	log     *slog.Logger
	hist    *history.Writer

	from          int         // pid of the first program; 0: none was started
	deaths        uint64      // children with another pid that the init reaped before the watcher was started
	accounting    *pacct.File // set before startWatching is called; nil: there is none
	accountedFrom int         // see [watch.Options]
	reaped        []int       // pids of the children that the init reaped between the starts of the two
	started       bool        // startWatching was called
}

// watchAfter is the time from the start of the programs to that of the watcher, which
// therefore does not delay them.
const watchAfter = 50 * time.Millisecond

// rareScans is the time between two parts of a scan while signals or dead children wait.
const rareScans = 50 * time.Millisecond

// startWatching starts the watcher.
func (o *observer) startWatching(m *machine, k *kernel) {
	if k.noProc || k.forbidden&featurePidfd != 0 {
		return
	}
	o.log, o.hist, o.ticked = m.log, m.hist, m.ticked
	o.started = true
	w, err := watch.New(watch.Options{
		FS: k.fs, Self: k.pid, Init: k.pid, Every: m.cfg.Watch, NamesOnly: k.helper.inline,
		Keep: k.keepStats, From: o.from, Deaths: o.deaths, Accounting: o.accounting, Reaped: o.reaped, AccountedFrom: o.accountedFrom,
		LastRead: m.hist.LastRead,
	}, &ledger{m})
	o.reaped = nil
	if err == nil {
		event := unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(w.FD())}
		if err = unix.EpollCtl(o.epoll, unix.EPOLL_CTL_ADD, w.FD(), &event); err != nil {
			w.Close()
		}
	}
	if err != nil {
		if o.accounting != nil { // nobody would read its file
			o.stopAccounting()
			m.log.Info("process accounting is off again: it needs the watcher of other processes")
		}
		m.log.Info("exits of processes that the init does not reap are not recorded", "error", err)
		m.note(history.KindNote, "exits of processes that the init does not reap are not recorded: "+err.Error())
		return
	}
	o.w = w
	if o.accounting != nil {
		k.dead = o
	}
	m.hist.SetSources(w.Sources())
}

// try calls do with the watcher, if there is one. A panic in do ends the watcher.
func (o *observer) try(do func(*watch.Watcher)) {
	if o.w == nil {
		return
	}
	defer func() {
		if r := recover(); r != nil {
			w := o.w
			o.w = nil
			defer func() { _ = recover() }()
			o.log.Error("internal error, please report it: other processes are no longer watched", "panic", fmt.Sprint(r))
			o.stopAccounting()
			o.hist.SetSources(0)
			w.Close()
		}
	}()
	do(o.w)
}

// observe lets the watcher handle its events, and reports whether there were any. While
// signals or dead children wait, the watcher rarely scans: they come first.
func (o *observer) observe(now time.Time, othersWait bool) (some bool) {
	o.try(func(w *watch.Watcher) {
		some = w.Ready(now)
		if !now.Before(w.Next()) && (!othersWait || now.Sub(o.scanned) >= rareScans) {
			if w.Tick(now) {
				o.ticked(now)
			}
			o.scanned = now
			some = true
		}
	})
	return some
}

// trim releases the memory that a burst of processes needed, see [watch.Watcher.Trim].
func (o *observer) trim(garbage bool) { o.try(func(w *watch.Watcher) { w.Trim(garbage) }) }

// next returns the time of the next scan; zero: never.
func (o *observer) next() (t time.Time) {
	o.try(func(w *watch.Watcher) { t = w.Next() })
	return t
}

// calm returns the values of Calm and LastPID in [early.Wait] for which a scan would
// find nothing new. fd is -1 if they are unknown.
func (o *observer) calm() (fd, lastPID int) {
	fd = -1
	o.try(func(w *watch.Watcher) { fd, lastPID = w.Calm() })
	return fd, lastPID
}

// recall returns what the watcher saw of a process while it lived.
func (o *observer) recall(id procfs.ID) (seen watch.Seen, ok bool) {
	o.try(func(w *watch.Watcher) { seen, ok = w.Recall(id) })
	return seen, ok
}

// nameOfDead returns the command name of a process that is no longer in /proc, if the
// watcher has not recorded its end yet; otherwise "".
func (o *observer) nameOfDead(pid int, now time.Time) (name string) {
	o.try(func(w *watch.Watcher) { name = w.NameOfDead(pid, now) })
	return name
}

// nextDead implements deadChildren.
func (o *observer) nextDead() (said watch.Accounted, ok bool) {
	o.try(func(w *watch.Watcher) { said, ok = w.NextDead() })
	return said, ok
}

// notDead implements deadChildren.
func (o *observer) notDead(err error) { o.try(func(w *watch.Watcher) { w.NotDead(err) }) }

// reapsNext implements deadChildren.
func (o *observer) reapsNext() { o.try((*watch.Watcher).ReapsNext) }

// noteDeath notifies the watcher that the init has reaped a child, before the machine
// handles that.
func (o *observer) noteDeath(id procfs.ID, first bool) {
	if first || o.accounting != nil {
		o.try(func(w *watch.Watcher) { w.Reaping(id, first) })
	}
}

// noteReaped notifies the watcher that the init has reaped a child,
// and has recorded that.
func (o *observer) noteReaped(id procfs.ID) {
	if o.started {
		o.try(func(w *watch.Watcher) { w.Reaped(id) })
		return
	}
	if id.PID != o.from {
		o.deaths++
	}
	if o.accounting != nil {
		o.reaped = append(o.reaped, id.PID)
	}
}

// noteStart notes the pid of a program that was started.
func (o *observer) noteStart(pid int) {
	if o.from == 0 {
		o.from = pid
	}
}

// finish records what has happened since the last scan. It also counts the processes
// that no scan has seen, if the programs ended before the first one.
func (o *observer) finish(m *machine, k *kernel, now time.Time) {
	if m.cfg.Watch == 0 || k.noProc {
		return
	}
	if !o.started && o.accounting != nil && o.unknownEnds() {
		o.startWatching(m, k)
	}
	switch {
	case o.w != nil:
		o.try(func(w *watch.Watcher) { w.Finish(now) })
	case !o.started && o.from > 0:
		m.hist.Missed(watch.Unseen(k.fs, o.from, o.deaths))
	}
	o.stopAccounting()
}

// unknownEnds reports whether accounting has seen a process that the init has not reaped.
func (o *observer) unknownEnds() (some bool) {
	_ = o.accounting.Read(func(r pacct.Record) bool {
		some = !slices.Contains(o.reaped, r.PID)
		return !some
	})
	o.accounting.Rewind()
	return some
}

// stopAccounting switches accounting off, if it is on.
func (o *observer) stopAccounting() {
	if o.accounting != nil {
		o.accounting.Stop()
		o.accounting = nil
	}
}

// A ledger writes what the watcher sees into the history.
type ledger struct{ m *machine }

// Add implements watch.Recorder.
func (l *ledger) Add(r *history.Record) {
	if r.Kind == history.KindAdopt && l.m.find(r.PID) != nil {
		return // a program of ours is no orphan
	}
	if r.Kind == history.KindExit && r.Known {
		l.m.now = r.Time
		if oom := l.m.outOfMemory(r.ID(), r.Comm, r.Status); oom != "" {
			r.Text = r.Status.String() + ": " + oom
		}
	}
	l.m.hist.Add(r)
}

// Missed implements watch.Recorder.
func (l *ledger) Missed(n uint64) { l.m.hist.Missed(n) }

// SetSources implements watch.Recorder.
func (l *ledger) SetSources(s history.Sources) {
	l.m.log.Info("the history now has these sources: " + s.String())
	l.m.hist.SetSources(s)
}

// Unwatched implements watch.Recorder.
func (l *ledger) Unwatched(n uint64) { l.m.hist.Unwatched(n) }
