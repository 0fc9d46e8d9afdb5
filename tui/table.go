package tui

import (
	"cmp"
	"slices"
	"strings"

	"yinit/tui/text"
)

// A column of a table whose rows are of type R.
type column[R any] struct {
	title string
	width int // cells; 0 without fit: all that the other columns leave, for the last column only
	rank  int // on a narrow screen the columns of the lowest rank are omitted first
	left  bool
	// fit returns the width if it depends on the data; nil: it is width.
	fit func(*world) int
	// cell returns what a row has in the column. The last column is drawn by the page.
	cell func(*world, R) span
	// compare orders rows by the column, see [cmp.Compare]; nil: they cannot be sorted
	// by it. With down, the largest value comes first.
	compare func(w *world, a, b R) int
	down    bool
}

// table is a list with columns. A page with rows embeds it. The table knows how wide
// the columns are and which of them sorts the rows, and finds what a click hits; the
// page owns the rows and sorts them with order.
type table[R any] struct {
	list
	columns  []column[R]
	standard int  // index of the column that sorts the rows at first
	by       int  // index of the column that sorts the rows
	reversed bool // in the opposite direction of the column
	least    int  // the smallest width of the last column; 0: two fifths of the line, or 16 cells
}

// flexible reports whether the column takes what the others leave.
func (c *column[R]) flexible() bool { return c.width == 0 && c.fit == nil }

// A placed column is visible.
type placed struct {
	at, x, width int // index in columns, first cell, cells
}

// place returns the columns that fit the width of the screen. The first cell of a line
// is for a mark, and the last column gets its least width or more. A column that
// the user has chosen to sort by is omitted last.
func (t *table[R]) place(w *world) []placed {
	least := t.least
	if least == 0 {
		least = max(16, w.width*2/5)
	}
	all := make([]placed, len(t.columns))
	total := 0
	for i := range t.columns {
		c := &t.columns[i]
		all[i] = placed{at: i, width: c.width}
		switch {
		case c.fit != nil:
			all[i].width = c.fit(w)
		case c.flexible():
			all[i].width = least
		}
		total += 1 + all[i].width
	}
	for total > w.width && len(all) > 1 {
		drop := slices.MinFunc(all, func(a, b placed) int { return cmp.Compare(t.rank(a.at), t.rank(b.at)) })
		total -= 1 + drop.width
		all = slices.DeleteFunc(all, func(p placed) bool { return p.at == drop.at })
	}
	x := 1
	for i := range all {
		all[i].x = x
		x += all[i].width + 1
	}
	if n := len(all) - 1; n >= 0 && t.columns[all[n].at].flexible() {
		all[n].width = max(0, w.width-all[n].x)
	}
	return all
}

// rank is that of the column, but the last column stays, and then the one that sorts.
func (t *table[R]) rank(at int) int {
	switch {
	case t.columns[at].flexible():
		return 1000
	case at == t.by && at != t.standard:
		return 100
	}
	return t.columns[at].rank
}

// heads draws the titles. The one that sorts the rows has a mark for the direction.
func (t *table[R]) heads(w *world, cols []placed) string {
	spans := make([]span, 0, 2*len(cols))
	for _, p := range cols {
		c := &t.columns[p.at]
		s := span{c.title, strong}
		if p.at == t.by && c.compare != nil && !w.plain {
			s.style = accent
			if mark := t.direction(w); p.width > text.Width(s.text) {
				s.text += mark
			}
		}
		spans = append(spans, span{" ", strong}, span{c.align(w, s.text, p.width), s.style})
	}
	return w.row(spans, normal)
}

func (t *table[R]) direction(w *world) string {
	if t.columns[t.by].down != t.reversed {
		return w.glyphs().down
	}
	return w.glyphs().up
}

func (c *column[R]) align(w *world, s string, width int) string {
	if c.left {
		return w.pad(s, width)
	}
	return w.padLeft(s, width)
}

// cells returns the spans of a row, but for the last column, which the page draws: it
// appends spans of at most width cells.
func (t *table[R]) cells(w *world, cols []placed, mark span, cell func(*column[R]) span) (spans []span, width int) {
	spans = append(make([]span, 0, 2*len(cols)+8), mark)
	for _, p := range cols {
		c := &t.columns[p.at]
		if c.flexible() {
			return spans, p.width
		}
		s := cell(c)
		spans = append(spans, span{c.align(w, s.text, p.width), s.style}, span{" ", normal})
	}
	return spans, 0
}

// hit returns what a click on the cell x of a line of the page hits: the column if it
// is a title, the row otherwise, and -1 for what it does not hit.
func (t *table[R]) hit(w *world, x, line int) (col, row int) {
	if line == 0 {
		for _, p := range t.place(w) {
			if x >= p.x && x <= p.x+p.width {
				return p.at, -1
			}
		}
		return -1, -1
	}
	if row, ok := t.at(line - 1); ok {
		return -1, row
	}
	return -1, -1
}

// order compares two rows as the table is sorted; equal rows are 0.
func (t *table[R]) order(w *world, a, b R) int {
	c := &t.columns[t.by]
	if c.compare == nil {
		return 0
	}
	n := c.compare(w, a, b)
	if c.down != t.reversed {
		return -n
	}
	return n
}

// sortBy sorts by a column. The same column again reverses the order. It reports false
// if the rows cannot be sorted by the column.
func (t *table[R]) sortBy(at int) bool {
	if at < 0 || at >= len(t.columns) || t.columns[at].compare == nil {
		return false
	}
	t.reversed = at == t.by && !t.reversed
	t.by = at
	return true
}

// arrange handles the actions that change the order. It reports whether a is one that
// this table knows.
func (t *table[R]) arrange(a action) bool {
	switch a {
	case doReverse:
		t.reversed = !t.reversed
		return true
	case doSortNext:
		return t.sortNext(1)
	case doSortPrevious:
		return t.sortNext(len(t.columns) - 1)
	}
	title := sortTitle(a)
	at := slices.IndexFunc(t.columns, func(c column[R]) bool { return c.title == title })
	return at >= 0 && (at == t.by || t.sortBy(at))
}

// sortTitle returns the title of the column by which an action sorts.
func sortTitle(a action) string {
	switch a {
	case doSortCPU:
		return "CPU"
	case doSortMem:
		return "MEM"
	case doSortTime:
		return "TIME"
	case doSortPID:
		return "PID"
	}
	return ""
}

func (t *table[R]) sortNext(step int) bool {
	for i := 1; i <= len(t.columns); i++ {
		if at := (t.by + i*step) % len(t.columns); t.columns[at].compare != nil {
			t.by, t.reversed = at, false
			return true
		}
	}
	return false
}

// sorting says in words how the rows are sorted, "" if as at first.
func (t *table[R]) sorting() string {
	var words []string
	if t.by != t.standard {
		words = append(words, "by "+t.columns[t.by].title)
	}
	if t.reversed {
		words = append(words, "reversed")
	}
	return strings.Join(words, " ")
}
