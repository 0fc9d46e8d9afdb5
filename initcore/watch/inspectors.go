package watch

// maxInspected is how many processes and threads are attributed to commands of the
// inspector between two scans. One takes a dozen pids or more: for itself, for the threads
// of the container runtime that it was before, and for its own. A machine starts up to ten
// of them in a second.
const maxInspected = 160

// uninspected returns how many of the processes and threads that were gone at a scan are
// not attributed to yinit's own commands, which often start and end between two scans.
// That one ran shows in the time at which the history was read, or in the end of one that
// was seen. One that still runs, such as yinit top, reads the history all the time; its
// threads may end while it starts.
func (w *Watcher) uninspected(gone uint64) uint64 {
	runs, starts := w.inspectors()
	ran := w.inspectorEnded
	if w.opt.LastRead != nil {
		at := w.opt.LastRead()
		ran = ran || !at.Equal(w.lastRead) && !runs
		w.lastRead = at
	}
	before := w.inspectorRan // the newest pids of the last scan are counted in this one
	w.inspectorEnded, w.inspectorRan = false, ran
	held := w.doubtful
	w.doubtful = 0
	switch {
	case ran || before:
		return gone + held - min(gone+held, maxInspected)
	case starts:
		return gone + held - min(gone+held, maxStub)
	}
	if w.opt.LastRead != nil { // They may be of a command that is about to start: the next scan knows.
		w.doubtful = min(gone, maxStub)
	}
	return gone + held - w.doubtful
}

// inspectors reports whether a command of the inspector has been running for a while, and
// whether a process that is one, or may become one, has just been started.
func (w *Watcher) inspectors() (runs, starts bool) {
	for _, p := range w.procs {
		switch {
		case isStub(p.Comm):
			starts = starts || p.fresh
		case p.yinit && p.inspects():
			runs, starts = runs || !p.fresh, starts || p.fresh
		}
	}
	return runs, starts
}
