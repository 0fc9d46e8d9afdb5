package watch

import (
	"fmt"
	"time"
)

// countUnwatched counts a process that is not watched because there are too many. It
// records a note the first time.
func (w *Watcher) countUnwatched(now time.Time) {
	w.recorder.Unwatched(1)
	if !w.full {
		w.full = true
		w.note(now, fmt.Sprintf("there are more processes than the %d that can be watched: new ones replace others, zombies first; the end of a replaced process is recorded only if the init reaps it", w.opt.Max))
	}
}

// makeRoom evicts processes until there is room for one more, and reports whether
// there is.
func (w *Watcher) makeRoom(forZombie bool) bool {
	for len(w.procs) >= w.opt.Max {
		if !w.evict(w.evictable(forZombie)) {
			return false
		}
	}
	return true
}

// evictable returns a condition for the processes that may be evicted for another.
// Zombies with a zombie record are evicted first, because the history already has all
// about them, then other zombies, then living processes, because a new process matters
// more than an old one. But a zombie never replaces a living process.
func (w *Watcher) evictable(forZombie bool) func(*process) bool {
	switch {
	case w.recorded > 0:
		return func(p *process) bool { return p.recorded }
	case w.dead > 0:
		return func(p *process) bool { return !p.Dead.IsZero() }
	default:
		return func(*process) bool { return !forZombie }
	}
}

// evict stops watching one evictable process, and reports whether there was one.
func (w *Watcher) evict(evictable func(*process) bool) bool {
	for pid, p := range w.procs { // map order: a different one each time
		if evictable(p) {
			w.recordAdoption(p)
			w.forget(pid)
			return true
		}
	}
	return false
}

// descriptorsForOthers is how many descriptors the watcher releases if the process has
// run out of them: reading the files of a process takes one, too.
const descriptorsForOthers = 4

// releaseDescriptors lowers the maximum number of watched processes for good.
func (w *Watcher) releaseDescriptors(now time.Time) {
	if w.releaseStats() {
		return
	}
	before := len(w.procs)
	w.opt.Max = max(before-descriptorsForOthers+1, 1)
	w.makeRoom(false)
	for range before - len(w.procs) {
		w.countUnwatched(now)
	}
}
