package watch

import (
	"golang.org/x/sys/unix"

	"yinit/procfs"
)

// Before Linux 6.15 the kernel does not report how a process ended after its parent has
// reaped it. But as long as the parent has not, /proc/[pid]/stat shows it. So the
// watcher keeps that file of each process open, and reads it as soon as the pidfd is
// readable, in a race with the parent. Against a parent that is blocked in waitpid(2)
// it reads about a third of the statuses in time; one that handles SIGCHLD is slower.

// keepShare is the divisor of RLIMIT_NOFILE that gives how many stat files are kept.
const keepShare = 4

// keepLimit returns how many stat files the watcher may keep open. It needs none if the
// kernel reports how processes ended.
func (w *Watcher) keepLimit() int {
	if w.exitInfo || w.accounting != nil || w.keepNone {
		return 0
	}
	var limit unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &limit) != nil {
		return 0
	}
	most := int(min(MaxWatched, limit.Cur/keepShare))
	if w.opt.Keep != nil {
		most = min(most, w.opt.Keep())
	}
	return most
}

// keepStats opens the stat files of the processes that are watched, up to the limit.
func (w *Watcher) keepStats() {
	w.keepMax = w.keepLimit()
	for _, p := range w.procs {
		if p.statFD < 0 && p.Dead.IsZero() {
			w.keepStat(p)
		}
	}
}

// keepStat opens the stat file of p, which is watched.
func (w *Watcher) keepStat(p *process) {
	if w.kept >= w.keepMax {
		return
	}
	fd, err := w.scanner.OpenStat(p.ID.PID)
	if err != nil {
		return
	}
	p.statFD = int32(fd)
	w.kept++
}

// dropStat closes the stat file of p.
func (w *Watcher) dropStat(p *process) {
	if p.statFD >= 0 {
		_ = unix.Close(int(p.statFD))
		p.statFD = -1
		w.kept--
	}
}

// releaseStats closes all stat files for good, and reports whether there were any: other
// code needs descriptors.
func (w *Watcher) releaseStats() bool {
	some := w.kept > 0
	w.keepMax, w.keepNone = 0, true
	for _, p := range w.procs {
		w.dropStat(p)
	}
	return some
}

// readStat reads the stat of a process that has just ended into w.stat, and reports
// whether it could. It also learns how the process ended, if the kernel shows that.
func (w *Watcher) readStat(p *process) bool {
	var err error
	if p.statFD >= 0 {
		err = w.scanner.ReadStat(int(p.statFD), p.ID.PID, &w.stat)
		w.dropStat(p)
	} else {
		err = w.scanner.Stat(p.ID.PID, &w.stat)
	}
	if err != nil || w.stat.ID() != p.ID {
		return false
	}
	if w.shows(p, &w.stat) {
		p.shown, p.shownStatus = true, w.stat.ExitCode
	}
	return true
}

// shows reports whether the kernel has told in st how p ended. It shows 0 to readers
// without permission. Whether there is permission can be asked only until p is reaped,
// and an earlier answer does not count: a process may change its user before it ends.
func (w *Watcher) shows(p *process, st *procfs.Stat) bool {
	switch {
	case w.exitInfo || !st.Dead() || st.Threads != 1:
		return false // there is a better source, or it is not over
	case st.ExitCode != 0:
		return true
	default:
		return w.opt.FS.MayTrace(p.ID.PID) && !reaped(int(p.fd))
	}
}
