package tui

import (
	"cmp"
	"slices"
	"sort"
	"time"

	"yinit/initcore/history"
	"yinit/initcore/history/facts"
	"yinit/procfs/snapshot/filter"
	"yinit/tui/text"
)

// historyPage is the page with the history, newest record last.
type historyPage struct {
	basic
	table[*history.Record]
	rows    []historyRow
	longest int              // cells of the longest command
	chosen  uint64           // the number of the selected record
	still   bool             // the selection does not move to new records
	wrong   bool             // shows only what went wrong
	opened  map[likeKey]bool // the groups of which each record has a row
	seen    uint64           // the number of the newest record when the page was last shown
	oldest  uint64           // the number of the oldest record then
	zone    *time.Location   // of the times then
	typed   string           // the filter, as typed
	find    filter.Filter
}

var historyKeys = keyMap{
	{do: doDetails, keys: []string{"enter", "kpenter"}, title: "Enter", does: "the record in full", hint: "record"},
	{do: doExplain, keys: []string{"e"}, title: "e", does: "explain the process; the record in full if it has ended"},
	{do: doRight, keys: []string{"right"}, title: "Right", does: "show each of the like records that share a row", hint: "each"},
	{do: doLeft, keys: []string{"left"}, title: "Left", does: "let like records share a row again"},
	{do: doFold, keys: []string{"space"}, title: "Space", does: "the one or the other"},
	{do: doFilter, keys: []string{"/", "f4"}, title: "/ F4", does: "filter, see below", hint: "filter"},
	{do: doProblems, keys: []string{"!"}, title: "!", does: "only what went wrong, or all again", hint: "problems"},
	{do: doShow, keys: []string{"t", "f5"}, title: "t F5", does: "show the parent in the Tree, if it still lives", hint: "parent"},
	{do: doNextMatch, keys: []string{"n", "f3"}, title: "n F3", does: "next match of the filter; without one, the next problem", hint: "next"},
	{do: doFollow, keys: []string{"f"}, title: "f", does: "follow: select the newest record, or stay on this one", hint: "follow"},
}

func (h historyPage) keys() []keyMap { return []keyMap{historyKeys} }

func (h historyPage) name() string { return "History" }

// news returns the number of failures since the page was last shown.
func (h historyPage) news(w *world) int {
	n := 0
	for i := len(w.events) - 1; i >= 0 && w.events[i].Seq > h.seen; i-- {
		if facts.Failed(&w.events[i]) && history.NotInspector(&w.events[i]) {
			n++
		}
	}
	return n
}

func (h historyPage) refresh(w *world) page {
	if len(w.events) == 0 {
		return h.remake(w)
	}
	first, last := w.events[0].Seq, w.events[len(w.events)-1].Seq
	same := h.seen == last && h.oldest == first && h.zone == w.snap.Time.Location()
	h.seen, h.oldest, h.zone = last, first, w.snap.Time.Location()
	if same { // Most refreshes bring no record.
		return h.resize(w)
	}
	return h.remake(w)
}

// remake makes the rows again, and finds the selected record in them. The row of the
// selected record stays on its line of the screen.
func (h historyPage) remake(w *world) historyPage {
	line := h.cursor - h.top
	h.rows, h.longest = h.makeRows(w)
	h = h.resize(w)
	if !h.still {
		return h.choose(len(h.rows) - 1)
	}
	row := h.rowOf(w, h.chosen)
	h.top = row - line
	return h.choose(row)
}

// resize adapts the list to the rows and the room, and the columns to the width. The
// source and the titles take the first lines.
func (h historyPage) resize(w *world) historyPage {
	h.list = h.fit(len(h.rows), w.room-2)
	h.columns = recordColumns(w, h.longest)
	return h
}

// rowOf returns the row of a record, or that of its group. If neither is shown, it
// returns the row of the next record.
func (h historyPage) rowOf(w *world, seq uint64) int {
	row := sort.Search(len(h.rows), func(i int) bool { return h.rows[i].seq >= seq })
	if row < len(h.rows) && h.rows[row].seq == seq {
		return row
	}
	at, ok := slices.BinarySearchFunc(w.events, seq, func(r history.Record, seq uint64) int { return cmp.Compare(r.Seq, seq) })
	if ok {
		if key, ok := likeness(&w.events[at]); ok {
			if i := slices.IndexFunc(h.rows, func(r historyRow) bool { return r.like != nil && r.like.key == key }); i >= 0 {
				return i
			}
		}
	}
	return row
}

// choose selects a row, or the nearest one that has a record.
func (h historyPage) choose(row int) historyPage {
	h.list = h.to(row)
	if h.isDay(h.cursor) {
		h.list = h.to(h.cursor + 1)
	}
	if h.cursor < len(h.rows) {
		h.chosen = h.rows[h.cursor].seq
	}
	return h
}

// isDay reports whether the row is a date. After a date there is always a record.
func (h historyPage) isDay(row int) bool { return row >= 0 && row < len(h.rows) && h.rows[row].day }

// pick selects a row that the user has chosen. The last one follows the newest record.
func (h historyPage) pick(row int) historyPage {
	h = h.choose(row)
	h.still = h.cursor < len(h.rows)-1
	return h
}

func (h historyPage) do(w *world, a action) page {
	h = h.resize(w)
	switch a {
	case doUp, doDown, doPageUp, doPageDown, doHome, doEnd:
		row := max(h.cursor+h.step(a), 0)
		if a == doUp && h.isDay(row) {
			row--
		}
		return h.pick(row)
	case doFollow:
		h.still = !h.still
		return h.remake(w)
	case doNextMatch:
		return h.next(w)
	case doProblems:
		h.wrong = !h.wrong
		return h.remake(w)
	case doBack:
		h.wrong = false
		return h.remake(w)
	case doFold, doRight, doLeft:
		return h.fold(w, a)
	}
	if !h.still {
		return h.choose(len(h.rows) - 1)
	}
	return h
}

// next selects the next row, or without a filter the next problem; after the last row it
// starts again at the top.
func (h historyPage) next(w *world) historyPage {
	for i := 1; i <= len(h.rows); i++ {
		at := (h.cursor + i) % len(h.rows)
		if !h.rows[at].day && (len(h.find) > 0 || problem(&w.events[h.rows[at].at])) {
			return h.pick(at)
		}
	}
	return h
}

// fold gives each record of a group its row, or makes them share one.
func (h historyPage) fold(w *world, a action) historyPage {
	if h.cursor >= len(h.rows) {
		return h
	}
	row := h.rows[h.cursor]
	key, ok := likeness(&w.events[row.at])
	open := row.like != nil
	if !ok || open && a == doLeft || !open && (a == doRight || !h.opened[key]) {
		return h
	}
	opened := make(map[likeKey]bool, len(h.opened)+1)
	for k := range h.opened {
		opened[k] = true
	}
	delete(opened, key)
	if open {
		opened[key] = true
	}
	h.opened, h.still = opened, true
	h = h.remake(w)
	return h.pick(h.cursor)
}

// click selects a row. The title of the sign for problems is the key of the same name.
func (h historyPage) click(w *world, x, line int) (page, bool) {
	h = h.resize(w)
	col, row := h.hit(w, x, line-1)
	switch {
	case row >= 0 && !h.isDay(row):
		return h.pick(row), true
	case col >= 0 && h.columns[col].title == problemSign:
		return h.do(w, doProblems), false
	case col >= 0 && line == 1:
		return h.pick(len(h.rows) - 1), false
	}
	return h, false
}

func (h historyPage) filter() string { return h.typed }

func (h historyPage) setFilter(w *world, text string) (page, error) {
	find, err := filter.Parse(text)
	if err != nil {
		return h, err
	}
	h.typed, h.find = text, find
	return h.remake(w), nil
}

// record returns the selected record.
func (h historyPage) record(w *world) (chosenRecord, bool) {
	if h.cursor >= len(h.rows) {
		return chosenRecord{}, false
	}
	row := &h.rows[h.cursor]
	r := chosenRecord{Record: w.events[row.at]}
	if row.like != nil {
		r.note = row.like.words(w)
	}
	return r, true
}

func (h historyPage) remark(*world) string {
	if h.wrong {
		return "only problems"
	}
	if newer := len(h.rows) - 1 - h.cursor; h.still && newer > 0 {
		return text.Count(newer) + " newer below"
	}
	if h.still {
		return "not following"
	}
	return ""
}

func (h historyPage) explain(w *world) string {
	switch {
	case len(w.events) == 0:
		return ""
	case len(h.rows) == 0:
		return "No match. Esc clears the filter."
	}
	row := &h.rows[h.cursor]
	words, _ := text.FirstFit(recordSentences(w, &w.events[row.at], row.like), w.width-1)
	return words
}
