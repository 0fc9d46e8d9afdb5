package tui

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"yinit/procfs"
	"yinit/procfs/zombie"
)

// addBlame returns the world after a report about zombies; nil: none was read.
func (w world) addBlame(r *zombie.Report) world {
	if r == nil {
		return w
	}
	w.blame = r
	w.blamed = make(map[procfs.ID]*zombie.Culprit, r.Count())
	w.deadAt = maps.Clone(w.deadAt)
	for _, c := range r.Culprits {
		for i := range c.Zombies {
			z := &c.Zombies[i]
			id := z.Stat.ID()
			w.blamed[id] = c
			seen, here := w.deadAt[id]
			if at := w.snap.Time.Add(-z.Dead); here && (z.Exact || at.Before(seen)) {
				w.deadAt[id] = at
			}
		}
	}
	return w
}

// Samples of held are kept for heldFor, and one every heldStep: enough for the growth in
// the last minute, and little even if each zombie has a culprit of its own.
const (
	heldFor  = time.Minute
	heldStep = 5 * time.Second
)

// A heldSample has the numbers of zombies that processes had not reaped at one time.
type heldSample struct {
	time time.Time
	held map[int]int // by pid
}

// logHeld returns the samples of the last minute, after held was set.
func (w *world) logHeld() []heldSample {
	now, all := w.snap.Time, w.heldLog
	if n := len(all); n > 0 && now.Sub(all[n-1].time) < heldStep {
		return all
	}
	for len(all) > 1 && now.Sub(all[1].time) >= heldFor {
		all = all[1:]
	}
	return append(slices.Clip(all), heldSample{now, w.held})
}

// heldGrowth returns by how much the number of zombies has grown in the last minute that
// the process has not reaped.
func (w *world) heldGrowth(pid int) int {
	if len(w.heldLog) == 0 {
		return 0
	}
	return w.held[pid] - w.heldLog[0].held[pid]
}

// A culpritKey names a process that has not reaped zombies. The zombies that it adopted
// are apart from those that it started, because other advice applies to them.
type culpritKey struct {
	id      procfs.ID // zero: a process outside the PID namespace
	orphans bool
}

// A holding is a culprit and the zombies that it has not reaped.
type holding struct {
	key     culpritKey
	index   int             // of the culprit in world.procs; -1: it is not there
	why     *zombie.Culprit // nil: not known yet
	zombies []int           // indices in world.procs, longest dead first
	oldest  time.Duration
	growth  int // in the last minute
}

// holdings returns the culprits of all zombies of the last snapshot, in no order.
func (w *world) holdings() []*holding {
	var all []*holding
	byKey := map[culpritKey]*holding{}
	for i := range w.living {
		p := &w.procs[i]
		if !p.Dead() {
			continue
		}
		c := w.blamed[p.ID]
		if c == nil || c.Culprit != p.Culprit {
			c = w.culpritIn(p.Culprit)
		}
		key := culpritKey{id: procfs.ID{PID: p.Culprit}, orphans: c != nil && c.Origin == zombie.OriginOrphan}
		index, ok := w.byPID[p.Culprit]
		if ok && !w.ended(index) {
			key.id = w.procs[index].ID
		} else {
			index = -1
		}
		h := byKey[key]
		if h == nil {
			h = &holding{key: key, index: index, why: c, growth: w.heldGrowth(p.Culprit)}
			byKey[key] = h
			all = append(all, h)
		}
		h.zombies = append(h.zombies, i)
		h.oldest = max(h.oldest, w.deadFor(p))
	}
	parts := map[int]int{} // in how many holdings a culprit is
	for _, h := range all {
		parts[h.key.id.PID]++
	}
	for _, h := range all {
		if parts[h.key.id.PID] > 1 { // The samples do not tell them apart.
			h.growth = w.diedLately(h.zombies)
		}
		slices.SortFunc(h.zombies, func(a, b int) int {
			p, q := &w.procs[a], &w.procs[b]
			return cmp.Or(w.deadAt[p.ID].Round(time.Second).Compare(w.deadAt[q.ID].Round(time.Second)), cmp.Compare(p.ID.PID, q.ID.PID))
		})
	}
	return all
}

// diedLately returns how many zombies ended in the last minute.
func (w *world) diedLately(zombies []int) (n int) {
	for _, i := range zombies {
		if w.deadFor(&w.procs[i]) < heldFor {
			n++
		}
	}
	return n
}

// outside reports whether the culprit is outside the PID namespace.
func (h *holding) outside() bool { return h.key.id.PID == 0 }
