package tui

import (
	"strings"

	"yinit/procfs"
	"yinit/tui/text"
)

// tree is the page with the processes.
type tree struct {
	rows   []row
	chosen procfs.ID // the selection, which follows the process
	cursor int       // the row where it is, or was when it vanished
	top    int       // the first visible row
	folded map[procfs.ID]bool
	find   filter
	sort   int // in sortKeys
	flat   bool
	follow bool // keep the selection in the middle
	want   int  // the pid to start at, until it was seen
}

func (t tree) tab(*world) string { return "Tree" }

// refresh makes the rows anew.
func (t tree) refresh(w *world) page {
	t.rows = t.list(w)
	if t.want != 0 && w.read {
		if i, ok := w.byPID[t.want]; ok {
			t.chosen = w.procs[i].ID
		}
		t.want = 0
	}
	return t.settle(w)
}

// settle finds the selected process among new rows. If it is not there, the
// selection goes to the ancestor that hides it, else it stays where it is.
func (t tree) settle(w *world) tree {
	at := t.rowOf(w, t.chosen)
	if at < 0 {
		at = t.hider(w)
	}
	if at < 0 {
		at = t.cursor
	}
	return t.moveTo(w, at)
}

func (t tree) rowOf(w *world, id procfs.ID) int {
	if t.cursor < len(t.rows) && w.procs[t.rows[t.cursor].Index].ID == id {
		return t.cursor
	}
	for i := range t.rows {
		if w.procs[t.rows[i].Index].ID == id {
			return i
		}
	}
	return -1
}

// hider is the row of the folded ancestor of the selected process, -1: none.
func (t tree) hider(w *world) int {
	i, ok := w.find(t.chosen)
	for ok && !t.flat {
		if i = w.parentIndex(i); i < 0 {
			break
		}
		if t.folded[w.procs[i].ID] {
			if at := t.rowOf(w, w.procs[i].ID); at >= 0 {
				return at
			}
		}
	}
	return -1
}

// moveTo selects a row, or the nearest that there is.
func (t tree) moveTo(w *world, at int) tree {
	t.cursor = max(0, min(at, len(t.rows)-1))
	if len(t.rows) > 0 {
		t.chosen = w.procs[t.rows[t.cursor].Index].ID
	}
	return t.scroll(w)
}

// scroll moves the window so that the cursor is in it.
func (t tree) scroll(w *world) tree {
	room := max(1, w.room-1) // The first line has the titles.
	if t.follow {
		t.top = t.cursor - room/2
	}
	t.top = min(t.top, t.cursor, len(t.rows)-room)
	t.top = max(t.top, t.cursor-room+1, 0)
	return t
}

func (t tree) do(w *world, a action) page {
	room := max(1, w.room-1)
	switch a {
	case doUp:
		return t.moveTo(w, t.cursor-1)
	case doDown:
		return t.moveTo(w, t.cursor+1)
	case doPageUp:
		return t.moveTo(w, t.cursor-room)
	case doPageDown:
		return t.moveTo(w, t.cursor+room)
	case doHome:
		return t.moveTo(w, 0)
	case doEnd:
		return t.moveTo(w, len(t.rows)-1)
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

// arrange does what changes the order of the rows.
func (t tree) arrange(w *world, a action) page {
	switch a {
	case doFlat:
		t.flat = !t.flat
	case doSortNext:
		t.sort = (t.sort + 1) % len(sortKeys)
	case doSortPrevious:
		t.sort = (t.sort + len(sortKeys) - 1) % len(sortKeys)
	case doFollow:
		t.follow = !t.follow
		return t.scroll(w)
	default:
		return t.scroll(w)
	}
	t.rows = t.list(w)
	return t.settle(w)
}

func (t tree) current() (row, bool) {
	if t.cursor >= len(t.rows) {
		return row{}, false
	}
	return t.rows[t.cursor], true
}

func (t tree) isFolded(w *world) bool {
	r, ok := t.current()
	return ok && t.folded[w.procs[r.Index].ID]
}

// fold hides what is below the selected process, or shows it.
func (t tree) fold(w *world, hide bool) tree {
	r, ok := t.current()
	if !ok || !r.Children || t.flat || !t.find.empty() {
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
	t.rows = t.list(w)
	return t.settle(w)
}

// close folds the selected process, or goes to its parent if there is nothing
// to fold.
func (t tree) close(w *world) tree {
	r, ok := t.current()
	switch {
	case !ok:
		return t
	case r.Children && r.hides == 0 && !t.flat && t.find.empty():
		return t.fold(w, true)
	}
	for up := t.cursor - 1; up >= 0; up-- {
		if t.rows[up].Depth < r.Depth {
			return t.moveTo(w, up)
		}
	}
	return t
}

// open unfolds the selected process, or goes to its first child.
func (t tree) open(w *world) tree {
	r, ok := t.current()
	switch {
	case !ok:
		return t
	case r.hides > 0:
		return t.fold(w, false)
	case r.Children:
		return t.moveTo(w, t.cursor+1)
	}
	return t
}

// next goes to the next row that the filter chose, from the end to the start.
func (t tree) next(w *world) tree {
	for i := 1; i <= len(t.rows); i++ {
		at := (t.cursor + i) % len(t.rows)
		if t.rows[at].matched {
			return t.moveTo(w, at)
		}
	}
	return t
}

func (t tree) filter() string { return t.find.text }

// setFilter chooses rows. If the selected process is not among the matches, the
// first match is selected.
func (t tree) setFilter(w *world, text string) page {
	t.find = parseFilter(text, treeKeys)
	t.rows = t.list(w)
	at := t.rowOf(w, t.chosen)
	if len(t.rows) > 0 && (at < 0 || !t.rows[at].matched) {
		t.cursor = -1
		return t.next(w)
	}
	return t.settle(w)
}

// selected is the process that keys act on.
func (t tree) selected(w *world) (Process, bool) {
	r, ok := t.current()
	if !ok {
		return Process{}, false
	}
	return w.procs[r.Index], true
}

// click selects the row at a line of the page.
func (t tree) click(w *world, line int) page {
	if line < 1 || t.top+line-1 >= len(t.rows) {
		return t
	}
	return t.moveTo(w, t.top+line-1)
}

func (t tree) explain(w *world) string {
	r, ok := t.current()
	if !ok {
		if w.read && !t.find.empty() {
			return "No process matches the filter. Esc clears it."
		}
		return ""
	}
	if w.ghost(r.Index) {
		return explainGone(w, &w.procs[r.Index])
	}
	words, _ := text.FirstFit([]string{explain(w, &w.procs[r.Index]), brief(w, &w.procs[r.Index])}, w.width-1)
	return words
}

// remark is what the right end of the tab line says about the page.
func (t tree) remark(*world) string {
	var words []string
	if t.flat {
		words = append(words, "flat")
	}
	if t.sort != 0 {
		words = append(words, "by "+sortKeys[t.sort].title)
	}
	if t.follow {
		words = append(words, "following")
	}
	return strings.Join(words, ", ")
}
