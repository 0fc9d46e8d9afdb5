package tui

import (
	"fmt"
	"strings"

	"yinit/procfs"
	"yinit/procfs/snapshot"
	"yinit/procfs/snapshot/filter"
	"yinit/tui/text"
)

// treePage is the page with the processes, as a tree or as a flat list.
type treePage struct {
	basic
	table[*snapshot.Process]
	rows   []row
	chosen procfs.ID // the selected process
	folded map[procfs.ID]bool
	opened map[groupKey]bool // the groups of which each process has a row
	typed  string            // the filter, as typed
	find   filter.Filter
	flat   bool
	follow bool // keep the selection in the middle
	want   int  // the pid to select in the first snapshot; 0: none
}

func newTreePage(o Options) treePage {
	return treePage{table: table[*snapshot.Process]{columns: processColumns, standard: byAge, by: byAge}, want: o.PID}
}

var treeKeys = keyMap{
	{do: doDetails, keys: []string{"enter", "kpenter"}, title: "Enter", does: "details of the process and its signals", hint: "details"},
	{do: doSignal, keys: []string{"k", "f9"}, title: "k F9", does: "send a signal", hint: "signal", writes: true},
	{do: doExplain, keys: []string{"e"}, title: "e", does: "explain the process, and what helps", hint: "explain"},
	{do: doFilter, keys: []string{"/", "f4"}, title: "/ F4", does: "filter, see below", hint: "filter"},
	{do: doFlat, keys: []string{"t", "f5"}, title: "t F5", does: "tree or flat list", hint: "flat"},
	{do: doTag, keys: []string{"x"}, title: "x", does: "tag, for a signal to several", hint: "tag"},
	{do: doTagTree, keys: []string{"X"}, title: "X", does: "tag with all descendants"},
	{do: doUntag, keys: []string{"U"}, title: "U", does: "remove all tags", hint: "untag"},
	{do: doNextMatch, keys: []string{"n", "f3"}, title: "n F3", does: "next match of the filter", hint: "next"},
	{do: doLeft, keys: []string{"left"}, title: "Left", does: "hide the children, or go to the parent"},
	{do: doRight, keys: []string{"right"}, title: "Right", does: "show the children, or go to the first one"},
	{do: doFold, keys: []string{"space"}, title: "Space", does: "hide or show the children"},
	{do: doFollow, keys: []string{"f"}, title: "f", does: "follow the process: keep it in the middle"},
}

func (t treePage) keys() []keyMap { return []keyMap{treeKeys, sortKeys} }

func (t treePage) name() string { return "Tree" }

// refresh makes the rows again from the world.
func (t treePage) refresh(w *world) page {
	t.rows = t.makeRows(w)
	if t.want != 0 && w.read {
		if i, ok := w.byPID[t.want]; ok {
			t.chosen = w.procs[i].ID
		}
		t.want = 0
	}
	return t.settle(w)
}

// settle finds the selected process in the new rows. If the process is not shown, the
// selection moves to the folded ancestor that hides it, else it stays on its row.
func (t treePage) settle(w *world) treePage {
	t = t.resize(w)
	row := t.rowOf(w, t.chosen)
	if row < 0 {
		row = t.groupRow(w)
	}
	if row < 0 {
		row = t.foldedAncestor(w)
	}
	if row < 0 {
		row = t.cursor
	}
	return t.choose(w, row)
}

// resize adapts the list to the rows and the room. The titles take the first line.
func (t treePage) resize(w *world) treePage {
	t.list = t.fit(len(t.rows), w.room-1)
	if t.follow {
		t.list = t.centre()
	}
	return t
}

// rowOf returns the row of a process, -1 if it is not shown.
func (t treePage) rowOf(w *world, id procfs.ID) int {
	return t.list.find(func(row int) bool { return w.procs[t.rows[row].Index].ID == id })
}

// groupRow returns the row of the group to which the selected process belongs, -1 if
// there is none.
func (t treePage) groupRow(w *world) int {
	i, ok := w.find(t.chosen)
	if !ok {
		return -1
	}
	key, ok := w.keyOf(i)
	if !ok {
		return -1
	}
	return t.list.find(func(row int) bool { return t.rows[row].group != nil && t.rows[row].group.key == key })
}

// foldedAncestor returns the row of the folded ancestor that hides the selected
// process, -1 if there is none.
func (t treePage) foldedAncestor(w *world) int {
	i, ok := w.find(t.chosen)
	for ok && !t.flat {
		if i = w.parentIndex(i); i < 0 {
			break
		}
		if t.folded[w.procs[i].ID] {
			if row := t.rowOf(w, w.procs[i].ID); row >= 0 {
				return row
			}
		}
	}
	return -1
}

// choose selects a row, or the nearest one that exists.
func (t treePage) choose(w *world, row int) treePage {
	t.list = t.to(row)
	if len(t.rows) > 0 {
		t.chosen = w.procs[t.rows[t.cursor].Index].ID
	}
	return t.resize(w)
}

func (t treePage) do(w *world, a action) page {
	t = t.resize(w)
	switch a {
	case doUp, doDown, doPageUp, doPageDown, doHome, doEnd:
		return t.choose(w, t.cursor+t.step(a))
	case doLeft:
		return t.close(w)
	case doRight:
		return t.open(w)
	case doFold:
		return t.fold(w, !t.isFolded(w))
	case doNextMatch:
		return t.next(w)
	}
	return t.arrange(w, a)
}

// arrange handles the actions that change the order of the rows, and the tags.
func (t treePage) arrange(w *world, a action) page {
	switch a {
	case doFlat:
		t.flat = !t.flat
		t.rows = t.makeRows(w)
		return t.settle(w)
	case doFollow:
		t.follow = !t.follow
		return t.resize(w)
	case doTag, doTagTree, doUntag:
		return t.tag(w, a)
	}
	if t.table.arrange(a) {
		return t.reordered(w)
	}
	return t
}

// reordered makes the rows again in a new order, see [signalsPage.reordered].
func (t treePage) reordered(w *world) treePage {
	t.rows = t.makeRows(w)
	if t.follow || t.cursor > 0 {
		return t.settle(w)
	}
	return t.resize(w).choose(w, 0)
}

// tag tags the selected process and moves to the next row.
func (t treePage) tag(w *world, a action) treePage {
	r, ok := t.current()
	switch {
	case a == doUntag:
		w.untag()
	case !ok || w.ended(r.Index):
	case r.group != nil:
		w.tag(r.group.members)
	case a == doTagTree:
		w.tag(w.below(r.Index))
	default:
		w.tag([]int{r.Index})
		return t.choose(w, t.cursor+1)
	}
	return t
}

// reveal selects a process. If a folded ancestor or the filter hides it, that is undone.
func (t treePage) reveal(w *world, id procfs.ID) (page, bool) {
	i, ok := w.find(id)
	if !ok {
		return t, false
	}
	t.chosen = id
	t.rows = t.makeRows(w)
	if t.rowOf(w, id) >= 0 {
		return t.settle(w), true
	}
	folded := make(map[procfs.ID]bool, len(t.folded))
	for id := range t.folded {
		folded[id] = true
	}
	for ; i >= 0; i = w.parentIndex(i) {
		delete(folded, w.procs[i].ID)
	}
	t.folded = folded
	if t.rows = t.makeRows(w); t.rowOf(w, id) < 0 {
		t.typed, t.find = "", nil
		t.rows = t.makeRows(w)
	}
	return t.settle(w), true
}

func (t treePage) current() (row, bool) {
	if t.cursor >= len(t.rows) {
		return row{}, false
	}
	return t.rows[t.cursor], true
}

func (t treePage) isFolded(w *world) bool {
	r, ok := t.current()
	return ok && (r.group != nil || t.folded[w.procs[r.Index].ID])
}

// fold hides or shows the descendants of the selected process.
func (t treePage) fold(w *world, hide bool) treePage {
	r, ok := t.current()
	if ok && r.group != nil {
		return t.openGroup(w, r.group.key, !hide)
	}
	if !ok || !r.Children || t.flat || len(t.find) > 0 {
		return t
	}
	folded := make(map[procfs.ID]bool, len(t.folded)+1)
	for id := range t.folded {
		if _, ok := w.find(id); ok {
			folded[id] = true
		}
	}
	delete(folded, w.procs[r.Index].ID)
	if hide {
		folded[w.procs[r.Index].ID] = true
	}
	t.folded = folded
	t.rows = t.makeRows(w)
	return t.settle(w)
}

// openGroup gives each process of a group its row, or makes them share one.
func (t treePage) openGroup(w *world, key groupKey, open bool) treePage {
	opened := make(map[groupKey]bool, len(t.opened)+1)
	for k := range t.opened {
		opened[k] = true
	}
	delete(opened, key)
	if open {
		opened[key] = true
	}
	t.opened = opened
	t.rows = t.makeRows(w)
	return t.settle(w)
}

// close folds the selected process, or moves to its parent if there is nothing to
// fold. It closes a group that the user has opened.
func (t treePage) close(w *world) treePage {
	r, ok := t.current()
	if ok && r.group == nil {
		if key, in := w.keyOf(r.Index); in && t.opened[key] {
			return t.openGroup(w, key, false)
		}
	}
	switch {
	case !ok:
		return t
	case r.Children && r.hides == 0 && !t.flat && len(t.find) == 0:
		return t.fold(w, true)
	}
	for up := t.cursor - 1; up >= 0; up-- {
		if t.rows[up].Depth < r.Depth {
			return t.choose(w, up)
		}
	}
	return t
}

// open unfolds the selected process, or moves to its first child.
func (t treePage) open(w *world) treePage {
	r, ok := t.current()
	switch {
	case !ok:
		return t
	case r.hides > 0 || r.group != nil:
		return t.fold(w, false)
	case r.Children:
		return t.choose(w, t.cursor+1)
	}
	return t
}

// next moves to the next row that matches the filter; after the last row it starts
// again at the top.
func (t treePage) next(w *world) treePage {
	for i := 1; i <= len(t.rows); i++ {
		at := (t.cursor + i) % len(t.rows)
		if t.rows[at].matched {
			return t.choose(w, at)
		}
	}
	return t
}

func (t treePage) filter() string { return t.typed }

// setFilter shows the rows that match. If the selected process does not match, the
// first match is selected.
func (t treePage) setFilter(w *world, text string) (page, error) {
	find, err := filter.Parse(text)
	if err != nil {
		return t, err
	}
	t.typed, t.find = text, find
	t.rows = t.makeRows(w)
	t = t.resize(w)
	row := t.rowOf(w, t.chosen)
	if len(t.rows) > 0 && (row < 0 || !t.rows[row].matched) {
		t.cursor = -1
		return t.next(w), nil
	}
	return t.settle(w), nil
}

// selected returns the process that keys act on.
func (t treePage) selected(w *world) (snapshot.Process, bool) {
	r, ok := t.current()
	if !ok {
		return snapshot.Process{}, false
	}
	return w.procs[r.Index], true
}

// click sorts by a title, or selects a row.
func (t treePage) click(w *world, x, line int) (page, bool) {
	col, row := t.hit(w, x, line)
	switch {
	case row >= 0:
		return t.choose(w, row), true
	case t.sortBy(col):
		return t.reordered(w), false
	}
	return t, false
}

func (t treePage) explain(w *world) string {
	r, ok := t.current()
	if !ok {
		if w.read && len(t.find) > 0 {
			return "No match. Esc clears the filter."
		}
		return ""
	}
	switch {
	case r.group != nil:
		return w.explainGroup(r.group)
	case w.ended(r.Index):
		return sentenceGone(w, &w.procs[r.Index])
	}
	words, _ := text.FirstFit([]string{sentence(w, &w.procs[r.Index]), brief(w, &w.procs[r.Index])}, w.width-1)
	return words
}

// remark returns the settings of the page that are not the default.
func (t treePage) remark(w *world) string {
	var words []string
	if n := len(w.tagged()); n > 0 {
		words = append(words, fmt.Sprintf("%d tagged", n))
	}
	if t.flat {
		words = append(words, "flat")
	}
	if s := t.sorting(); s != "" {
		words = append(words, s)
	}
	if t.follow {
		words = append(words, "following")
	}
	return strings.Join(words, ", ")
}
