package tui

import (
	"cmp"
	"slices"
	"strings"

	"yinit/procfs"
	"yinit/procfs/snapshot"
	"yinit/procfs/verdict"
)

// A row is a line of the tree. Rows are small and made for all processes; text is
// made for the visible rows only. Index is the index in world.procs.
type row struct {
	procfs.Row
	hides   int  // how many rows below it are folded away
	matched bool // it matches the filter; otherwise it is shown as an ancestor of a match
}

// makeRows lists the processes in the order of t, filtered and folded.
func (t treePage) makeRows(w *world) []row {
	matched := t.matched(w)
	order := t.sorted(w)
	if t.flat {
		return flatRows(order, matched)
	}
	order = slices.DeleteFunc(order, keepAncestors(w, matched))
	folded := func(k int) bool { return matched == nil && t.folded[w.procs[order[k]].ID] }
	lines := procfs.Flatten(len(order),
		func(k int) int { return order[k] },
		func(k int) int { return w.parentIndex(order[k]) },
		nil, folded)
	rows := make([]row, len(lines))
	for i, line := range lines {
		r := row{Row: line}
		if line.Children && folded(line.Index) {
			r.hides = line.Below
		}
		r.Index = order[line.Index]
		r.matched = matched == nil || matched[r.Index]
		rows[i] = r
	}
	return rows
}

func flatRows(order []int, matched []bool) []row {
	rows := make([]row, 0, len(order))
	for _, i := range order {
		if matched == nil || matched[i] {
			rows = append(rows, row{Row: procfs.Row{Index: i}, matched: true})
		}
	}
	return rows
}

// keepAncestors returns a function that reports whether a process neither matches nor
// is an ancestor of a match.
func keepAncestors(w *world, matched []bool) (drop func(int) bool) {
	if matched == nil {
		return func(int) bool { return false }
	}
	keep := make([]bool, len(matched))
	for i, yes := range matched {
		for j := i; yes && j >= 0 && !keep[j]; j = w.parentIndex(j) {
			keep[j] = true
		}
	}
	return func(i int) bool { return !keep[i] }
}

// matched reports which processes match the filter; nil means all.
func (t treePage) matched(w *world) []bool {
	if len(t.find) == 0 {
		return nil
	}
	matched := make([]bool, len(w.procs))
	for i := range w.procs {
		matched[i] = t.find.Match(&w.procs[i])
	}
	return matched
}

// sorted returns the indices of all processes in the order of t.
func (t treePage) sorted(w *world) []int {
	order := make([]int, len(w.procs))
	for i := range order {
		order[i] = i
	}
	less := sortKeys[t.sort].compare
	slices.SortFunc(order, func(a, b int) int {
		p, q := &w.procs[a], &w.procs[b]
		if less != nil {
			if c := less(w, p, q); c != 0 {
				return c
			}
		}
		return cmp.Or(cmp.Compare(p.ID.Start, q.ID.Start), cmp.Compare(p.ID.PID, q.ID.PID))
	})
	return order
}

// parentIndex returns the index of the parent in procs, -1 for a root. A parent that
// started later than its child is another process with the same pid. Therefore no
// process is its own ancestor: from child to parent the start time decreases, or it
// stays the same and the pid decreases.
func (w *world) parentIndex(i int) int {
	p := &w.procs[i]
	parent, ok := w.byPID[p.PPID]
	if !ok || p.PPID <= 0 {
		return -1
	}
	q := w.procs[parent].ID
	if q.Start > p.ID.Start || q.Start == p.ID.Start && q.PID >= p.ID.PID {
		return -1
	}
	return parent
}

// A sortKey is an order of rows. Its title is that of the column it sorts by.
type sortKey struct {
	title   string
	down    bool // the largest value comes first
	compare func(w *world, p, q *snapshot.Process) int
}

// sortKeys are in the order in which the user steps through them. The first one is
// stable: nothing that a process does changes its place.
var sortKeys = [...]sortKey{
	{"AGE", true, nil},
	{"PID", false, func(_ *world, p, q *snapshot.Process) int { return cmp.Compare(p.ID.PID, q.ID.PID) }},
	{"USER", false, func(_ *world, p, q *snapshot.Process) int { return strings.Compare(p.User, q.User) }},
	{"S", true, func(_ *world, p, q *snapshot.Process) int { return cmp.Compare(urgency(q), urgency(p)) }},
	{"CPU", true, func(_ *world, p, q *snapshot.Process) int { return cmp.Compare(q.CPU, p.CPU) }},
	{"MEM", true, func(_ *world, p, q *snapshot.Process) int { return cmp.Compare(q.RSS, p.RSS) }},
	{"TERM", false, func(w *world, p, q *snapshot.Process) int { return cmp.Compare(w.termRank(p), w.termRank(q)) }},
	{"COMMAND", false, func(_ *world, p, q *snapshot.Process) int { return strings.Compare(p.Comm, q.Comm) }},
}

// urgency ranks a process for sorting by state: zombies first, then stopped processes,
// those in uninterruptible sleep, and running ones.
func urgency(p *snapshot.Process) int {
	switch {
	case p.Dead():
		return 4
	case p.State.Stopped():
		return 3
	case p.State == procfs.StateDisk:
		return 2
	case p.State == procfs.StateRunning:
		return 1
	}
	return 0
}

// termRank ranks processes that SIGTERM does not end first.
func (w *world) termRank(p *snapshot.Process) int {
	f := w.term(p)
	if f.forward != 0 {
		return 6
	}
	if f.drop {
		return 0
	}
	switch f.outcome {
	case verdict.OutcomeIgnore:
		return 0
	case verdict.OutcomeShielded:
		return 1
	case verdict.OutcomePending:
		return 2
	case verdict.OutcomeUnknown:
		return 3
	case verdict.OutcomeHandler:
		return 4
	case verdict.OutcomeRead:
		return 5
	case verdict.OutcomeTerminate, verdict.OutcomeCore:
		return 7
	default:
		return 8
	}
}
