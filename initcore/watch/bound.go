package watch

import (
	"fmt"
	"time"
)

// countUnwatched counts a process that is not watched for want of room.
func (w *Watcher) countUnwatched(now time.Time) {
	w.book.Unwatched(1)
	if !w.full {
		w.full = true
		w.note(now, fmt.Sprintf("%d processes are watched, and there are more: new ones take the places of others, zombies first, whose deaths are not seen unless the init reaps them", w.opt.Most))
	}
}

// makeRoom makes room for one more process, and reports whether there is any. The
// bound holds whatever is watched.
func (w *Watcher) makeRoom(forZombie bool) bool {
	for len(w.procs) >= w.opt.Most {
		if !w.evict(w.mayGo(forZombie)) {
			return false
		}
	}
	return true
}

// mayGo says which processes make room for another. Zombies go first, those whose
// zombie record is written before the others: the history has all there is to say of
// them. Then goes some living process, because a process that starts is worth more
// than one that stays. But a zombie takes no living process's place.
func (w *Watcher) mayGo(forZombie bool) func(*process) bool {
	switch {
	case w.recorded > 0:
		return func(p *process) bool { return p.recorded }
	case w.dead > 0:
		return func(p *process) bool { return !p.deadAt.IsZero() }
	default:
		return func(*process) bool { return !forZombie }
	}
}

// evict stops watching a process that may go, and reports whether there was one.
func (w *Watcher) evict(mayGo func(*process) bool) bool {
	for pid, p := range w.procs { // in no order, so a different one each time
		if mayGo(p) {
			w.recordAdoption(p)
			w.forget(pid)
			return true
		}
	}
	return false
}

// descriptorsForOthers is how many descriptors are given back where there are no more:
// to read the files of a process takes one, too.
const descriptorsForOthers = 4

// giveBackDescriptors watches fewer processes from now on.
func (w *Watcher) giveBackDescriptors(now time.Time) {
	before := len(w.procs)
	w.opt.Most = max(before-descriptorsForOthers+1, 1)
	w.makeRoom(false)
	for range before - len(w.procs) {
		w.countUnwatched(now)
	}
}
