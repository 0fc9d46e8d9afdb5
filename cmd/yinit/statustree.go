package main

import (
	"fmt"
	"slices"

	"yinit/procfs"
	"yinit/procfs/snapshot"
	"yinit/tui/text"
)

// statusTree returns the processes as a tree of at most so many lines. Where that is not
// enough for all, those in trouble come first, with their ancestors.
func (p *report) statusTree(e *examination, most int) []string {
	if most = max(most, leastTree); p.width > 0 && p.width < columnsFrom {
		most = max(most, narrowTree)
	}
	snap := e.snap
	snap.Procs = slices.Clone(snap.Procs) // without this one
	l := listProcesses(&snap, psOptions{tree: true})
	l.rows = slices.DeleteFunc(l.rows, func(r procfs.Row) bool { return l.family.Procs[r.Index].KernelThread() })
	cut := 0
	if all := len(l.rows); all > most-1 { // the titles take a line
		l.matched = chooseRows(l.family, l.rows, inTrouble(e), most-2)
		l.rows = l.family.Tree(l.matched)
		cut = all - len(l.rows)
	}
	cells := make([][]text.Cell, 0, len(l.rows))
	for _, r := range l.rows {
		cells = append(cells, l.cells(r, p.paper))
	}
	lines := text.Table(psColumns, cells, p.width, p.more())
	if cut > 0 {
		lines = append(lines, p.in(text.Faint, fmt.Sprintf("%s and %d more; %s shows all", p.more(), cut, e.facts.Place.In("yinit ps --tree"))))
	}
	return lines
}

// inTrouble returns the processes that a finding is about or that a stop would kill, the worst
// first: one of each finding before a second one of any.
func inTrouble(e *examination) (all []procfs.ID) {
	var lists [][]procfs.ID
	for i := range e.found {
		lists = append(lists, e.found[i].Procs)
	}
	var hard, dead []procfs.ID
	for i := range e.stop.Steps {
		if step := &e.stop.Steps[i]; step.Hard() {
			hard = append(hard, step.Process.ID)
		}
	}
	for i := range e.snap.Procs {
		if p := &e.snap.Procs[i]; p.Dead() {
			dead = append(dead, p.ID)
		}
	}
	lists = append(lists, hard, dead)
	for n, more := 0, true; more; n++ {
		more = false
		for _, list := range lists {
			if n < len(list) {
				all, more = append(all, list[n]), true
			}
		}
	}
	return all
}

// chooseRows returns which processes of a tree are shown in so many lines, by their index:
// the first row, those in trouble with their ancestors as long as there is room, and then the
// others from the top.
func chooseRows(f *snapshot.Family, rows []procfs.Row, trouble []procfs.ID, most int) []bool {
	chosen, left := make([]bool, len(f.Procs)), most
	at := make(map[procfs.ID]int, len(rows))
	take := func(i int) {
		var line []int // the process and those of its ancestors that are not shown yet
		for ; i >= 0 && !chosen[i]; i = f.Parent(i) {
			line = append(line, i)
		}
		if len(line) > left {
			return
		}
		left -= len(line)
		for _, i := range line {
			chosen[i] = true
		}
	}
	for _, r := range rows {
		at[f.Procs[r.Index].ID] = r.Index
	}
	if len(rows) > 0 {
		take(rows[0].Index)
	}
	for _, id := range trouble {
		if i, ok := at[id]; ok {
			take(i)
		}
	}
	for _, r := range rows {
		take(r.Index)
	}
	return chosen
}
