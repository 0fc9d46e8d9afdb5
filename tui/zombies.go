package tui

import (
	"cmp"
	"slices"

	"yinit/procfs"
	"yinit/procfs/snapshot"
	"yinit/procfs/snapshot/filter"
)

// zombiesName is the title of the page with the zombies.
const zombiesName = "Zombies"

// foldFrom is the number of zombies from which on those of a culprit are folded, unless
// the user wants to see them.
const foldFrom = 11

// zombiesPage is the page with the zombies, by the process that has not reaped them.
type zombiesPage struct {
	basic
	table[zombieRow]
	rows     []zombieRow
	chosen   zombieID
	opened   map[culpritKey]bool // what the user has opened or folded
	typed    string              // the filter, as typed
	find     filter.Filter
	readOnly bool
}

// A zombieRow is a culprit or, below it, one of its zombies.
type zombieRow struct {
	of     *holding
	zombie int  // index in world.procs; -1: the row is that of the culprit
	last   bool // the zombie is the last one of its culprit
	folded bool // the zombies of the culprit are not shown
}

// A zombieID is what stays the same of a row from one snapshot to the next.
type zombieID struct {
	culprit culpritKey
	zombie  procfs.ID // zero: the culprit
}

// process returns the process of the row; zero: it is outside the PID namespace.
func (id zombieID) process() procfs.ID {
	if id.zombie.PID != 0 {
		return id.zombie
	}
	return id.culprit.id
}

func newZombiesPage(o Options) zombiesPage {
	return zombiesPage{table: table[zombieRow]{columns: wideZombieColumns[:], standard: byZombies, by: byZombies}, readOnly: o.ReadOnly}
}

var zombieKeys = keyMap{
	{do: doSignal, keys: []string{"k", "f9"}, title: "k F9", does: "send a signal to the culprit, also from the row of a zombie", hint: "signal culprit", writes: true},
	{do: doExplain, keys: []string{"e"}, title: "e", does: "explain the process, and what helps", hint: "explain"},
	{do: doDetails, keys: []string{"enter", "kpenter"}, title: "Enter", does: "details of the process", hint: "details"},
	{do: doFold, keys: []string{"space"}, title: "Space", does: "hide or show the zombies of a culprit", hint: "fold"},
	{do: doLeft, keys: []string{"left"}, title: "Left", does: "hide them, or go to their culprit"},
	{do: doRight, keys: []string{"right"}, title: "Right", does: "show them, or go to the first one"},
	{do: doFilter, keys: []string{"/", "f4"}, title: "/ F4", does: "filter culprits and zombies, see below", hint: "filter"},
}

func (z zombiesPage) keys() []keyMap { return []keyMap{zombieKeys, showKeys, orderKeys} }

func (z zombiesPage) name() string { return zombiesName }

// news returns the number of zombies.
func (z zombiesPage) news(w *world) int { return w.status.zombies }

func (z zombiesPage) wants(*world) wants { return wants{zombies: true} }

// refresh makes the rows again from the world.
func (z zombiesPage) refresh(w *world) page { return z.remake(w) }

func (z zombiesPage) remake(w *world) zombiesPage {
	z.rows = z.makeRows(w)
	return z.settle(w)
}

// settle finds the selected row again: a culprit may have become a zombie, and a zombie
// may have another culprit. If the zombie is not shown, the selection moves to its
// culprit, else it stays on its line.
func (z zombiesPage) settle(w *world) zombiesPage {
	z = z.resize(w)
	row := z.rowOf(w, z.chosen)
	if row < 0 {
		row = z.list.find(func(row int) bool { return z.rows[row].id(w).process() == z.chosen.process() })
	}
	if row < 0 {
		row = z.rowOf(w, zombieID{culprit: z.chosen.culprit})
	}
	if row < 0 {
		row = z.cursor
	}
	return z.choose(w, row)
}

// resize adapts the list and the columns to the room.
func (z zombiesPage) resize(w *world) zombiesPage {
	z.columns, z.least = wideZombieColumns[:], w.width/4
	if w.width < wideZombies {
		z.columns = append(slices.Clip(wideZombieColumns[:byWhy]), narrowWhy)
	}
	if w.width < 60 { // "exited 1"
		z.least = 8
	}
	z.list = z.fit(len(z.rows), z.layout(w).rows)
	return z
}

// rowOf returns the row of an ID, -1 if it is not shown.
func (z zombiesPage) rowOf(w *world, id zombieID) int {
	return z.list.find(func(row int) bool { return z.rows[row].id(w) == id })
}

func (r *zombieRow) id(w *world) zombieID {
	id := zombieID{culprit: r.of.key}
	if r.zombie >= 0 {
		id.zombie = w.procs[r.zombie].ID
	}
	return id
}

// choose selects a row, or the nearest one that exists.
func (z zombiesPage) choose(w *world, row int) zombiesPage {
	z.list = z.to(row)
	if r, ok := z.current(); ok {
		z.chosen = r.id(w)
	}
	return z
}

func (z zombiesPage) current() (zombieRow, bool) {
	if z.cursor >= len(z.rows) {
		return zombieRow{}, false
	}
	return z.rows[z.cursor], true
}

// makeRows lists the culprits, the worst first, and below each its zombies.
func (z zombiesPage) makeRows(w *world) []zombieRow {
	all := slices.DeleteFunc(w.holdings(), func(h *holding) bool { return !z.match(w, h) })
	slices.SortFunc(all, func(a, b *holding) int {
		return cmp.Or(z.order(w, zombieRow{of: a, zombie: -1}, zombieRow{of: b, zombie: -1}),
			cmp.Compare(b.oldest, a.oldest), cmp.Compare(a.key.id.PID, b.key.id.PID))
	})
	var rows []zombieRow
	for _, h := range all {
		folded := !z.shows(h)
		rows = append(rows, zombieRow{of: h, zombie: -1, folded: folded})
		for i, p := range h.zombies {
			if !folded {
				rows = append(rows, zombieRow{of: h, zombie: p, last: i == len(h.zombies)-1})
			}
		}
	}
	return rows
}

// match reports whether the filter selects the culprit or some of its zombies. In the
// second case it leaves only those.
func (z zombiesPage) match(w *world, h *holding) bool {
	if len(z.find) == 0 || h.index >= 0 && w.procs[h.index].Match(z.find) {
		return true
	}
	h.zombies = slices.DeleteFunc(h.zombies, func(i int) bool { return !w.procs[i].Match(z.find) })
	return len(h.zombies) > 0
}

// shows reports whether the zombies of a culprit have rows.
func (z zombiesPage) shows(h *holding) bool {
	if opened, ok := z.opened[h.key]; ok {
		return opened
	}
	return len(h.zombies) < foldFrom
}

func (z zombiesPage) do(w *world, a action) page {
	z = z.resize(w)
	r, ok := z.current()
	switch a {
	case doUp, doDown, doPageUp, doPageDown, doHome, doEnd:
		return z.choose(w, z.cursor+z.step(a))
	case doFold, doLeft, doRight:
		if ok {
			return z.fold(w, a, &r)
		}
		return z
	}
	if z.table.arrange(a) {
		return z.reordered(w)
	}
	return z.choose(w, z.cursor)
}

// fold hides or shows the zombies of the culprit to which the row belongs, or moves
// between them.
func (z zombiesPage) fold(w *world, a action, r *zombieRow) zombiesPage {
	culprit := z.rowOf(w, zombieID{culprit: r.of.key})
	switch {
	case a == doLeft && r.zombie >= 0:
		return z.choose(w, culprit)
	case a == doRight && r.zombie >= 0:
		return z
	case a == doRight && !r.folded:
		return z.choose(w, z.cursor+1)
	case a == doLeft && r.folded:
		return z
	}
	opened := make(map[culpritKey]bool, len(z.opened)+1)
	for key, open := range z.opened {
		if i, ok := w.byPID[key.id.PID]; ok && w.procs[i].ID == key.id || key.id.PID == 0 {
			opened[key] = open
		}
	}
	opened[r.of.key] = r.folded
	z.opened = opened
	z.chosen.zombie = procfs.ID{}
	return z.remake(w)
}

// reordered makes the rows again in a new order. The selected row stays selected, unless it
// was the first one: the first row shows what the order is for.
func (z zombiesPage) reordered(w *world) zombiesPage {
	if z.cursor > 0 {
		return z.remake(w)
	}
	z.rows = z.makeRows(w)
	return z.resize(w).choose(w, 0)
}

// click sorts by a title, or selects a row.
func (z zombiesPage) click(w *world, x, line int) (page, bool) {
	top := z.layout(w).top()
	col, row := -1, -1
	if line >= top {
		col, row = z.hit(w, x, line-top)
	}
	switch {
	case row >= 0:
		return z.choose(w, row), true
	case z.sortBy(col):
		return z.reordered(w), false
	}
	return z, false
}

// selected returns the zombie, or the culprit if that is a process here.
func (z zombiesPage) selected(w *world) (snapshot.Process, bool) {
	r, ok := z.current()
	switch {
	case !ok:
		return snapshot.Process{}, false
	case r.zombie >= 0:
		return w.procs[r.zombie], true
	case r.of.index >= 0:
		return w.procs[r.of.index], true
	}
	return snapshot.Process{}, false
}

// reveal selects a zombie or a culprit.
func (z zombiesPage) reveal(w *world, id procfs.ID) (page, bool) {
	z.rows = z.makeRows(w)
	for i := range z.rows {
		if id.PID == 0 {
			break // That is no process.
		}
		r := &z.rows[i]
		if r.zombie < 0 && (r.of.key.id == id || slices.ContainsFunc(r.of.zombies, func(i int) bool { return w.procs[i].ID == id })) {
			z.chosen = zombieID{culprit: r.of.key}
			if r.of.key.id != id {
				z.chosen.zombie = id
			}
			return z.settle(w), true
		}
	}
	return z.settle(w), false
}

func (z zombiesPage) filter() string { return z.typed }

func (z zombiesPage) setFilter(w *world, text string) (page, error) {
	find, err := filter.Parse(text)
	if err != nil {
		return z, err
	}
	z.typed, z.find = text, find
	return z.remake(w), nil
}

func (z zombiesPage) remark(*world) string { return z.sorting() }
