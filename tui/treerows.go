package tui

import (
	"cmp"
	"slices"

	"yinit/procfs"
)

// A row is a line of the tree. Rows are small and made for all processes; text is
// made for the visible rows only. Index is the index in world.procs.
type row struct {
	procfs.Row
	hides   int    // how many rows below it are folded away
	zombies int    // how many of these are zombies
	matched bool   // it matches the filter; otherwise it is shown as an ancestor of a match
	group   *group // the like processes that share the row; nil: it is one process
}

// makeRows lists the processes in the order of t, filtered, grouped and folded.
func (t treePage) makeRows(w *world) []row {
	matched := t.matched(w)
	order := t.sorted(w)
	if t.flat {
		order = slices.DeleteFunc(order, func(i int) bool { return matched != nil && !matched[i] })
	} else {
		order = slices.DeleteFunc(order, keepAncestors(w, matched))
	}
	groups := t.groups(w, order, matched != nil)
	order = w.fold(order, groups)
	if t.flat {
		return flatRows(order, groups)
	}
	folded := func(k int) bool { return matched == nil && t.folded[w.procs[order[k]].ID] }
	zombies := t.foldedZombies(w)
	rows := make([]row, 0, len(order))
	for line := range procfs.Flatten(len(order), nil, w.parentAmong(order), nil, folded) {
		r := row{Row: line}
		if line.Children && folded(line.Index) {
			r.hides = line.Below
			r.zombies = zombies[order[line.Index]]
		}
		r.Index = order[line.Index]
		r.matched = matched == nil || matched[r.Index]
		r.group = groups[r.Index]
		rows = append(rows, r)
	}
	return rows
}

// parentAmong returns a function that finds the parent of a process as [world.parentIndex]
// does. Both are given as their places in order.
func (w *world) parentAmong(order []int) func(k int) int {
	places := make([]int32, len(w.procs)) // counted from 1; 0: not in order
	for k, i := range order {
		places[i] = int32(k + 1)
	}
	return func(k int) int {
		parent := w.parentIndex(order[k])
		if parent < 0 {
			return -1
		}
		return int(places[parent]) - 1
	}
}

// foldedZombies returns how many zombies are below each folded process.
func (t treePage) foldedZombies(w *world) map[int]int {
	found := map[int]int{}
	for i := range w.living {
		if len(t.folded) == 0 || !w.procs[i].Dead() {
			continue
		}
		for up := w.parentIndex(i); up >= 0; up = w.parentIndex(up) {
			if t.folded[w.procs[up].ID] {
				found[up]++
			}
		}
	}
	return found
}

func flatRows(order []int, groups map[int]*group) []row {
	rows := make([]row, 0, len(order))
	for _, i := range order {
		rows = append(rows, row{Row: procfs.Row{Index: i}, matched: true, group: groups[i]})
	}
	return rows
}

// keepAncestors returns a function that reports whether a process neither matches nor
// is an ancestor of a match.
func keepAncestors(w *world, matched []bool) (drop func(int) bool) {
	if matched == nil {
		return func(int) bool { return false }
	}
	keep := procfs.WithAncestors(matched, w.parentIndex)
	return func(i int) bool { return !keep[i] }
}

// matched reports which processes match the filter; nil means all.
func (t treePage) matched(w *world) []bool {
	if len(t.find) == 0 {
		return nil
	}
	matched := make([]bool, len(w.procs))
	for i := range w.procs {
		matched[i] = w.procs[i].Match(t.find)
	}
	return matched
}

// sorted returns the indices of all processes in the order of t.
func (t treePage) sorted(w *world) []int {
	order := make([]int, len(w.procs))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		p, q := &w.procs[a], &w.procs[b]
		return cmp.Or(t.order(w, p, q), cmp.Compare(p.ID.Start, q.ID.Start), cmp.Compare(p.ID.PID, q.ID.PID))
	})
	return order
}

// parentIndex returns the index of the parent in procs, -1 for a root, see
// [procfs.ID.Before].
func (w *world) parentIndex(i int) int {
	p := &w.procs[i]
	parent, ok := w.byPID[p.PPID]
	if !ok || p.PPID <= 0 || !w.procs[parent].ID.Before(p.ID) {
		return -1
	}
	return parent
}
