package container

import (
	"cmp"
	"slices"
)

// An Index finds the index of a process by its pid. It takes a fraction of the memory of a map.
type Index struct {
	entries []entry // by pid
	last    entry   // the one found last: many processes have the same parent
}

type entry struct{ pid, at int32 }

// NewIndex returns an Index of procs. If two have the same pid, it finds one of them.
func NewIndex(procs []Process) *Index {
	x := &Index{entries: make([]entry, len(procs)), last: entry{pid: -1}}
	for i := range procs {
		x.entries[i] = entry{int32(procs[i].ID.PID), int32(i)}
	}
	slices.SortFunc(x.entries, func(a, b entry) int { return cmp.Compare(a.pid, b.pid) })
	return x
}

// Find returns the index of the process pid, and whether there is one.
func (x *Index) Find(pid int) (at int, ok bool) {
	if int32(pid) != x.last.pid {
		i, ok := slices.BinarySearchFunc(x.entries, int32(pid), func(e entry, pid int32) int { return cmp.Compare(e.pid, pid) })
		if !ok {
			return 0, false
		}
		x.last = x.entries[i]
	}
	return int(x.last.at), true
}
