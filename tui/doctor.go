package tui

import (
	"slices"
	"sort"

	"yinit/procfs"
	"yinit/procfs/doctor"
	"yinit/procfs/snapshot"
	"yinit/procfs/snapshot/filter"
)

// doctorPage is the page with what is wrong, and what a stop would do to each process.
type doctorPage struct {
	basic
	table[doctorRow]
	rows   []doctorRow
	chosen doctorID
	opened map[string]bool // the findings that the user has opened or closed
	typed  string          // the filter, as typed
	find   filter.Filter
}

// A doctorRow is a finding, a line that explains it, the titles of the steps, or a step.
type doctorRow struct {
	kind doctorKind
	at   int    // index in world.findings or in the steps of world.stop
	text string // of a line
}

type doctorKind uint8

const (
	rowFinding doctorKind = iota
	rowLine
	rowTitles
	rowStep
)

// A doctorID is what stays the same of a row from one snapshot to the next.
type doctorID struct {
	finding string
	proc    procfs.ID
}

// byStep is the index of the column STEP in doctorColumns: the order of the stop.
const byStep = 0

func newDoctorPage() doctorPage {
	return doctorPage{table: table[doctorRow]{columns: doctorColumns[:], standard: byStep, by: byStep}}
}

var doctorKeys = keyMap{
	{do: doDetails, keys: []string{"enter", "kpenter"}, title: "Enter", does: "why a finding matters and what helps; details of a process", hint: "why"},
	{do: doSignal, keys: []string{"k", "f9"}, title: "k F9", does: "send a signal", hint: "signal", writes: true},
	{do: doExplain, keys: []string{"e"}, title: "e", does: "explain the process, and what helps", hint: "explain"},
	{do: doFold, keys: []string{"space"}, title: "Space", does: "open or close a finding"},
	{do: doRight, keys: []string{"right"}, title: "Right", does: "open a finding"},
	{do: doLeft, keys: []string{"left"}, title: "Left", does: "close it"},
	{do: doFilter, keys: []string{"/", "f4"}, title: "/ F4", does: "filter, see below", hint: "filter"},
	{do: doShow, keys: []string{"t", "f5"}, title: "t F5", does: "show the process in the tree", hint: "tree"},
	{do: doSortNext, keys: []string{"s", ">", "f6"}, title: "s < > F6", does: "sort the processes by another column"},
	{do: doSortPrevious, keys: []string{"<"}},
	{do: doSortPID, keys: []string{"I"}, title: "I", does: "sort by pid"},
	{do: doReverse, keys: []string{"r"}, title: "r", does: "reverse the order"},
}

func (d doctorPage) keys() []keyMap { return []keyMap{doctorKeys} }

func (d doctorPage) name() string { return "Doctor" }

// news returns the number of problems.
func (d doctorPage) news(w *world) int { return doctor.Count(w.findings, doctor.Problem) }

func (d doctorPage) refresh(w *world) page { return d.remake(w) }

// remake makes the rows again, and finds the selected one.
func (d doctorPage) remake(w *world) doctorPage {
	d.rows = d.makeRows(w)
	d = d.resize(w)
	if row := d.rowOf(w, d.chosen); row >= 0 {
		return d.choose(w, row)
	}
	return d.choose(w, d.cursor)
}

// resize adapts the list to the room. The summary takes the first line.
func (d doctorPage) resize(w *world) doctorPage {
	d.list = d.fit(len(d.rows), w.room-1)
	return d
}

func (d doctorPage) makeRows(w *world) []doctorRow {
	var rows []doctorRow
	for i := range w.findings {
		x := &w.findings[i]
		if !d.matchFinding(w, x) {
			continue
		}
		rows = append(rows, doctorRow{rowFinding, i, ""})
		if d.isOpen(w, i) {
			for _, line := range w.findingLines(x) {
				rows = append(rows, doctorRow{rowLine, i, line})
			}
		}
	}
	steps := make([]doctorRow, 0, len(w.stop.Steps))
	for i := range w.stop.Steps {
		if w.stop.Steps[i].Process.Match(d.find) {
			steps = append(steps, doctorRow{rowStep, i, ""})
		}
	}
	if len(steps) == 0 {
		return rows
	}
	sort.SliceStable(steps, func(i, j int) bool { return d.order(w, steps[i], steps[j]) < 0 })
	return append(append(rows, doctorRow{kind: rowTitles}), steps...)
}

// matchFinding reports whether the filter selects one of the processes of a finding.
func (d doctorPage) matchFinding(w *world, x *doctor.Finding) bool {
	return len(d.find) == 0 || slices.ContainsFunc(x.Procs, func(id procfs.ID) bool {
		i, ok := w.find(id)
		return ok && w.procs[i].Match(d.find)
	})
}

// isOpen reports whether a finding is explained: the worst one is if it is a problem, unless
// the user has closed it.
func (d doctorPage) isOpen(w *world, at int) bool {
	x := &w.findings[at]
	if open, ok := d.opened[x.ID]; ok {
		return open
	}
	return at == 0 && x.Level == doctor.Problem
}

func (r *doctorRow) id(w *world) doctorID {
	switch r.kind {
	case rowFinding:
		return doctorID{finding: w.findings[r.at].ID}
	case rowStep:
		return doctorID{proc: w.stop.Steps[r.at].Process.ID}
	}
	return doctorID{}
}

func (d doctorPage) rowOf(w *world, id doctorID) int {
	if id == (doctorID{}) {
		return -1
	}
	return d.list.find(func(row int) bool { return d.rows[row].id(w) == id })
}

// choose selects a row, or the nearest one. The titles cannot be selected.
func (d doctorPage) choose(w *world, row int) doctorPage {
	up := row < d.cursor
	d.list = d.to(row)
	if d.cursor < len(d.rows) && d.rows[d.cursor].kind == rowTitles {
		if up && d.cursor > 0 {
			d.list = d.to(d.cursor - 1)
		} else {
			d.list = d.to(d.cursor + 1)
		}
	}
	if d.cursor < len(d.rows) {
		d.chosen = d.rows[d.cursor].id(w)
	}
	return d
}

func (d doctorPage) do(w *world, a action) page {
	d = d.remake(w)
	switch a {
	case doUp, doDown, doPageUp, doPageDown, doHome, doEnd:
		return d.choose(w, d.cursor+d.step(a))
	case doDetails, doFold, doLeft, doRight:
		return d.fold(w, a)
	}
	if d.table.arrange(a) {
		return d.remake(w)
	}
	return d
}

// fold opens or closes the selected finding.
func (d doctorPage) fold(w *world, a action) doctorPage {
	if d.cursor >= len(d.rows) || d.rows[d.cursor].kind > rowLine {
		return d
	}
	at := d.rows[d.cursor].at
	open := !d.isOpen(w, at)
	if a == doLeft || a == doRight {
		open = a == doRight
	}
	opened := make(map[string]bool, len(d.opened)+1)
	for id, is := range d.opened {
		opened[id] = is
	}
	opened[w.findings[at].ID] = open
	d.opened, d.chosen = opened, doctorID{finding: w.findings[at].ID}
	return d.remake(w)
}

// unfold opens the selected finding.
func (d doctorPage) unfold(w *world) (page, bool) {
	if d.cursor >= len(d.rows) || d.rows[d.cursor].kind > rowLine {
		return nil, false
	}
	return d.fold(w, doRight), true
}

// click sorts by a title, or selects a row.
func (d doctorPage) click(w *world, x, line int) (page, bool) {
	row, ok := d.at(line - 1)
	if !ok {
		return d, false
	}
	if d.rows[row].kind == rowTitles {
		if col, _ := d.hit(w, x, 0); d.sortBy(col) {
			return d.remake(w), false
		}
		return d, false
	}
	return d.choose(w, row), true
}

// selected returns the process of a step.
func (d doctorPage) selected(w *world) (snapshot.Process, bool) {
	if d.cursor >= len(d.rows) || d.rows[d.cursor].kind != rowStep {
		return snapshot.Process{}, false
	}
	return *w.stop.Steps[d.rows[d.cursor].at].Process, true
}

func (d doctorPage) filter() string { return d.typed }

func (d doctorPage) setFilter(w *world, text string) (page, error) {
	find, err := filter.Parse(text)
	if err != nil {
		return d, err
	}
	d.typed, d.find = text, find
	return d.remake(w), nil
}

func (d doctorPage) remark(*world) string { return d.sorting() }
