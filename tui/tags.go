package tui

import (
	"slices"

	"yinit/procfs"
)

// tagged returns the indices in procs of the living processes that the user has
// tagged, by pid.
func (w *world) tagged() []int {
	var found []int
	for id := range w.tags {
		if i, ok := w.find(id); ok && !w.ended(i) {
			found = append(found, i)
		}
	}
	slices.SortFunc(found, func(a, b int) int { return w.procs[a].ID.PID - w.procs[b].ID.PID })
	return found
}

// tag tags the processes with these indices or, if all of them are tagged, removes
// their tags.
func (w *world) tag(indices []int) {
	tags := make(map[procfs.ID]bool, len(w.tags)+len(indices))
	for id := range w.tags {
		tags[id] = true
	}
	missing := slices.ContainsFunc(indices, func(i int) bool { return !w.tags[w.procs[i].ID] })
	for _, i := range indices {
		if missing {
			tags[w.procs[i].ID] = true
		} else {
			delete(tags, w.procs[i].ID)
		}
	}
	w.tags = tags
}

// untag removes all tags.
func (w *world) untag() { w.tags = nil }

// keepTags returns the world without the tags of processes that are no longer there.
func (w world) keepTags() world {
	for id := range w.tags {
		if _, ok := w.find(id); !ok {
			tags := make(map[procfs.ID]bool, len(w.tags))
			for id := range w.tags {
				if _, ok := w.find(id); ok {
					tags[id] = true
				}
			}
			w.tags = tags
			return w
		}
	}
	return w
}

// below returns the index i and those of all descendants of that process.
func (w *world) below(i int) []int {
	return append([]int{i}, procfs.Descendants(w.living, nil, w.parentIndex, i)...)
}
