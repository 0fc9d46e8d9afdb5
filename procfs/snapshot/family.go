package snapshot

import (
	"cmp"
	"sort"

	"yinit/procfs"
)

// A Family finds processes of a snapshot by their pids, and their parents.
type Family struct {
	Procs []Process
	byPID map[int]int
}

// NewFamily returns the Family of procs, which it sorts by age, the oldest first.
func NewFamily(procs []Process) *Family {
	sort.Slice(procs, func(i, j int) bool {
		a, b := procs[i].ID, procs[j].ID
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.PID, b.PID)) < 0
	})
	f := &Family{Procs: procs, byPID: make(map[int]int, len(procs))}
	for i := range procs {
		f.byPID[procs[i].ID.PID] = i
	}
	return f
}

// Find returns the process pid; nil: there is none.
func (f *Family) Find(pid int) *Process {
	if i, ok := f.byPID[pid]; ok {
		return &f.Procs[i]
	}
	return nil
}

// Parent returns the index of the parent of the process with index i, -1 if it is not
// among them, see [procfs.ID.Before].
func (f *Family) Parent(i int) int {
	p := &f.Procs[i]
	parent, ok := f.byPID[p.PPID]
	if !ok || p.PPID <= 0 || !f.Procs[parent].ID.Before(p.ID) {
		return -1
	}
	return parent
}

// Tree returns the rows of the processes in keep and their ancestors, as a tree; keep nil:
// all.
func (f *Family) Tree(keep []bool) []procfs.Row {
	var order []int
	if keep != nil {
		keep = procfs.WithAncestors(keep, f.Parent)
	}
	for i := range f.Procs {
		if keep == nil || keep[i] {
			order = append(order, i)
		}
	}
	rows := make([]procfs.Row, 0, len(order))
	for row := range procfs.Flatten(len(order),
		func(k int) int { return order[k] },
		func(k int) int { return f.Parent(order[k]) }, nil, nil) {
		row.Index = order[row.Index]
		rows = append(rows, row)
	}
	return rows
}
