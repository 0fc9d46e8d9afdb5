package tui

import (
	"fmt"
	"sort"

	"yinit/initcore/history"
	"yinit/procfs/snapshot/filter"
	"yinit/tui/text"
)

// historyPage is the page with the history, newest record last.
type historyPage struct {
	basic
	list
	found []int  // indices in world.events of the records that match the filter
	first uint64 // the number of the first visible record, which stays at the top
	still bool   // does not follow the newest record
	seen  uint64 // the number of the newest record when the page was last shown
	typed string // the filter, as typed
	find  filter.Filter
}

var historyKeys = keyMap{
	{do: doFilter, keys: []string{"/", "f4"}, title: "/ F4", does: "filter, see below", hint: "filter"},
	{do: doFollow, keys: []string{"f"}, title: "f", does: "follow: show the newest record", hint: "follow"},
}

func (h historyPage) keys() []keyMap { return []keyMap{historyKeys} }

func (h historyPage) name() string { return "History" }

// news returns the number of failures since the page was last shown.
func (h historyPage) news(w *world) int {
	n := 0
	for i := len(w.events) - 1; i >= 0 && w.events[i].Seq > h.seen; i-- {
		if w.events[i].Failed() && history.NotInspector(&w.events[i]) {
			n++
		}
	}
	return n
}

func (h historyPage) refresh(w *world) page {
	h.found = make([]int, 0, len(w.events))
	matches := history.Matching(h.find)
	for i := range w.events {
		if history.NotInspector(&w.events[i]) && matches(&w.events[i]) {
			h.found = append(h.found, i)
		}
	}
	if len(w.events) > 0 {
		h.seen = w.events[len(w.events)-1].Seq
	}
	return h.show(w, sort.Search(len(h.found), func(i int) bool { return w.events[h.found[i]].Seq >= h.first }))
}

// show shows the records from row top on, or the newest ones if the page follows.
func (h historyPage) show(w *world, top int) historyPage {
	h.list = h.fit(len(h.found), w.room-1).scrollTo(top) // The first line names the source.
	if !h.still {
		h.list = h.scrollTo(h.bottom())
	}
	if h.top < len(h.found) {
		h.first = w.events[h.found[h.top]].Seq
	}
	return h
}

// do scrolls. Scrolling to the last record makes the page follow again.
func (h historyPage) do(w *world, a action) page {
	switch a {
	case doFollow:
		h.still = !h.still
	case doUp, doDown, doPageUp, doPageDown, doHome, doEnd:
		h.list = h.fit(len(h.found), w.room-1).scroll(a)
		h.still = h.top < h.bottom()
	}
	return h.show(w, h.top)
}

func (h historyPage) click(*world, int, int) (page, bool) { return h, false }

func (h historyPage) filter() string { return h.typed }

func (h historyPage) setFilter(w *world, text string) (page, error) {
	find, err := filter.Parse(text)
	if err != nil {
		return h, err
	}
	h.typed, h.find = text, find
	return h.refresh(w), nil
}

func (h historyPage) remark(*world) string {
	if h.still {
		return "not following"
	}
	return ""
}

func (h historyPage) explain(w *world) string {
	switch {
	case len(w.events) == 0:
		return ""
	case len(h.found) == 0:
		return "No match. Esc clears the filter."
	case h.still:
		return fmt.Sprintf("%d newer below; End or f shows them.", h.n-min(h.n, h.top+h.room))
	}
	words, _ := text.FirstFit([]string{
		"! marks a problem. / filters: text, pid:37, exit!=0, signal:SEGV.",
		"! marks a problem, / filters.",
	}, w.width-1)
	return words
}

func (h historyPage) view(w *world, height int) []string {
	if height <= 0 {
		return nil
	}
	lines := []string{w.cut(" "+h.source(w), w.width)}
	from, to := h.visible()
	for _, i := range h.found[from:min(to, from+height-1)] {
		lines = append(lines, w.recordLine(&w.events[i]))
	}
	return lines
}

// source says which process keeps the history, and how many records are missing.
func (h historyPage) source(w *world) string {
	if w.historyFailed != "" {
		return w.paint(bad, "The history cannot be read: "+w.historyFailed)
	}
	text := w.text(w.since)
	if text == "" {
		text = "history"
	}
	text = w.paint(strong, text)
	if w.lost > 0 {
		lost := "1 record was"
		if w.lost != 1 {
			lost = fmt.Sprintf("%d records were", w.lost)
		}
		text += w.glyphs().dot + w.paint(warn, lost+" overwritten before they were read")
	}
	return text
}

// recordLine formats a record: time, !, kind, process, what happened.
func (w *world) recordLine(r *history.Record) string {
	mark, l := " ", normal
	if r.Failed() || r.Kind == history.KindOOM || r.Kind == history.KindZombie {
		mark, l = "!", bad
	}
	left := w.timeCell(r) + " " + mark + " "
	if w.width >= 60 || r.Kind != history.KindExit {
		left += w.pad(r.Kind.String(), 7)
	}
	rest := w.width - text.Width(left)
	return w.paint(l, w.cut(left+w.event(r, rest), w.width))
}

// timeCell returns the time of a record of today, else the date and, if there is
// room, the time.
func (w *world) timeCell(r *history.Record) string {
	year, month, day := w.snap.Time.Date()
	y, m, d := r.Time.Date()
	today := !w.read || y == year && m == month && d == day
	switch {
	case today && w.width >= 72 && r.Accounted: // the time is known to a second
		return r.Time.Format("15:04:05    ")
	case today && w.width >= 72:
		return r.Time.Format("15:04:05.000")
	case today:
		return r.Time.Format("15:04:05")
	case w.width >= 72:
		return r.Time.Format("02 Jan 15:04")
	default:
		return r.Time.Format("02 Jan  ")
	}
}

// event returns the part of the line that depends on the kind of the record.
func (w *world) event(r *history.Record, width int) string {
	switch r.Kind {
	case history.KindSignal:
		return w.text(r.SignalText(w.glyphs().arrow))
	case history.KindOOM, history.KindStop, history.KindNote:
		if r.PID == 0 {
			return w.text(r.Text)
		}
	}
	name := w.text(r.Title())
	if r.Cmdline == "" {
		name = "[" + w.text(r.Comm) + "]"
	}
	if width < 50 {
		name = w.text(r.Comm)
	}
	nameWidth := max(8, min(32, width/3))
	left := padNumber(r.PID, 5) + " " + w.pad(name, nameWidth) + " "
	return left + w.join(w.parts(r), width-text.Width(left))
}

// parts returns what the record says about its process, as pieces that may be
// omitted.
func (w *world) parts(r *history.Record) []piece {
	var all []piece
	for _, p := range r.Parts() {
		all = append(all, piece{text: w.text(p.Text), rank: p.Rank})
	}
	return all
}

// padNumber never cuts: a number with a digit missing would be wrong.
func padNumber(n, width int) string { return fmt.Sprintf("%*d", width, n) }
