package tui

import (
	"fmt"
	"sort"

	"yinit/initcore/history"
	"yinit/tui/text"
)

// chronicle is the page with the history, the newest record last.
type chronicle struct {
	found []int  // indices in world.events that the filter chose
	top   int    // the first visible of found
	first uint64 // the number of that record, which is kept in its place
	still bool   // does not go along with the newest
	seen  uint64 // the newest record that somebody has looked at
	typed string // the filter, as typed
	find  history.Filter
}

// tab has the number of failures that nobody has looked at.
func (c chronicle) tab(w *world) string {
	n := 0
	for i := len(w.events) - 1; i >= 0 && w.events[i].Seq > c.seen; i-- {
		if w.events[i].Failed() {
			n++
		}
	}
	if n == 0 {
		return "History"
	}
	return fmt.Sprintf("History%s%d", w.glyphs().bullet, n)
}

func (c chronicle) refresh(w *world) page {
	c.found = make([]int, 0, len(w.events))
	for i := range w.events {
		if c.find.Match(&w.events[i]) {
			c.found = append(c.found, i)
		}
	}
	if len(w.events) > 0 {
		c.seen = w.events[len(w.events)-1].Seq
	}
	c.top = sort.Search(len(c.found), func(i int) bool { return w.events[c.found[i]].Seq >= c.first })
	return c.scroll(w, c.top)
}

// bottom is the highest value of top.
func (c chronicle) bottom(w *world) int { return max(0, len(c.found)-max(1, w.room-1)) }

func (c chronicle) scroll(w *world, top int) chronicle {
	c.top = max(0, min(top, c.bottom(w)))
	if !c.still {
		c.top = c.bottom(w)
	}
	if c.top < len(c.found) {
		c.first = w.events[c.found[c.top]].Seq
	}
	return c
}

// move scrolls by hand: whoever reaches the end goes along with it again.
func (c chronicle) move(w *world, top int) chronicle {
	c.still = top < c.bottom(w)
	return c.scroll(w, top)
}

func (c chronicle) do(w *world, a action) page {
	page := max(1, w.room-2)
	switch a {
	case doUp:
		return c.move(w, c.top-1)
	case doDown:
		return c.move(w, c.top+1)
	case doPageUp:
		return c.move(w, c.top-page)
	case doPageDown:
		return c.move(w, c.top+page)
	case doHome:
		return c.move(w, 0)
	case doEnd:
		return c.move(w, c.bottom(w))
	case doFollow:
		c.still = !c.still
	}
	return c.scroll(w, c.top)
}

func (c chronicle) filter() string { return c.typed }

func (c chronicle) setFilter(w *world, text string) page {
	c.typed, c.find = text, history.ParseFilter(text)
	return c.refresh(w)
}

func (c chronicle) remark(*world) string {
	if c.still {
		return "not following"
	}
	return ""
}

func (c chronicle) explain(w *world) string {
	switch {
	case len(w.events) == 0:
		return ""
	case len(c.found) == 0:
		return "No record matches the filter. Esc clears it."
	case c.still:
		return fmt.Sprintf("%s below. End or f goes to the newest.", text.Plural(len(c.found)-min(len(c.found), c.top+w.room-1), "record", "records"))
	}
	return "! failed. The filter takes text, pid:37, kind:exit,signal and failed."
}

func (c chronicle) view(w *world, height int) []string {
	if height <= 0 {
		return nil
	}
	lines := []string{w.cut(" "+c.source(w), w.width)}
	for _, i := range c.found[min(c.top, len(c.found)):min(c.top+height-1, len(c.found))] {
		lines = append(lines, w.recordLine(&w.events[i]))
	}
	return lines
}

// source says whose history it is, and what is missing.
func (c chronicle) source(w *world) string {
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

// recordLine is a record in a line: time, !, kind, process, what happened.
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

// timeCell is the time of the day, or the date of an older record.
func (w *world) timeCell(r *history.Record) string {
	year, month, day := w.snap.Time.Date()
	y, m, d := r.Time.Date()
	today := !w.read || y == year && m == month && d == day
	switch {
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

// event is the part of the line that depends on the kind.
func (w *world) event(r *history.Record, width int) string {
	switch r.Kind {
	case history.KindSignal:
		return w.text(r.SignalText(w.glyphs().arrow))
	case history.KindOOM, history.KindStop, history.KindNote:
		if r.PID == 0 {
			return w.text(r.Text)
		}
	}
	name := w.text(r.Cmdline)
	if name == "" {
		name = "[" + w.text(r.Comm) + "]"
	}
	if width < 50 {
		name = w.text(r.Comm)
	}
	nameWidth := max(8, min(32, width/3))
	left := padNumber(r.PID, 5) + " " + w.pad(name, nameWidth) + " "
	return left + w.join(w.parts(r), width-text.Width(left))
}

// parts are the words of a record about its process, in pieces that may be left
// out.
func (w *world) parts(r *history.Record) []piece {
	var all []piece
	for _, p := range r.Parts() {
		all = append(all, piece{text: w.text(p.Text), rank: p.Rank})
	}
	return all
}

// padNumber does not cut: a number that lacks a digit is a lie.
func padNumber(n, width int) string { return fmt.Sprintf("%*d", width, n) }
