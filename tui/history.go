package tui

import (
	"fmt"
	"sort"
	"strconv"
	"strings"

	"yinit/initcore/history"
	"yinit/procfs"
	"yinit/tui/text"
)

// historyPage is the page with the history, the newest record last.
type historyPage struct {
	basic
	list
	found []int  // indices in world.events that the filter chose
	first uint64 // the number of the first visible record, which is kept in its place
	still bool   // does not go along with the newest
	seen  uint64 // the newest record that somebody has looked at
	find  filter
}

var historyKeys = keyMap{
	{do: doFilter, keys: []string{"/", "f4"}, title: "/ F4", does: "filter, see below", hint: "filter"},
	{do: doFollow, keys: []string{"f"}, title: "f", does: "follow: show the newest record", hint: "follow"},
}

func (h historyPage) keys() keyMap { return historyKeys }

func (h historyPage) name() string { return "History" }

// news is the number of failures that nobody has looked at.
func (h historyPage) news(w *world) int {
	n := 0
	for i := len(w.events) - 1; i >= 0 && w.events[i].Seq > h.seen; i-- {
		if w.events[i].Failed() {
			n++
		}
	}
	return n
}

func (h historyPage) refresh(w *world) page {
	h.found = make([]int, 0, len(w.events))
	for i := range w.events {
		if h.find.record(&w.events[i]) {
			h.found = append(h.found, i)
		}
	}
	if len(w.events) > 0 {
		h.seen = w.events[len(w.events)-1].Seq
	}
	return h.show(w, sort.Search(len(h.found), func(i int) bool { return w.events[h.found[i]].Seq >= h.first }))
}

// show shows the records from top on, or the newest if it follows.
func (h historyPage) show(w *world, top int) historyPage {
	h.list = h.fit(len(h.found), w.room-1).scrollTo(top) // The first line tells whose history it is.
	if !h.still {
		h.list = h.scrollTo(h.bottom())
	}
	if h.top < len(h.found) {
		h.first = w.events[h.found[h.top]].Seq
	}
	return h
}

// do scrolls. Whoever reaches the end goes along with it again.
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

func (h historyPage) click(*world, int) page { return h }

func (h historyPage) filter() string { return h.find.text }

func (h historyPage) setFilter(w *world, text string) page {
	h.find = parseFilter(text, recordTerms)
	return h.refresh(w)
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
		return "No record matches the filter. Esc clears it."
	case h.still:
		return fmt.Sprintf("%s below. End or f goes to the newest.", text.Plural(h.n-min(h.n, h.top+h.room), "record", "records"))
	}
	return "! failed. The filter takes text, pid:37, kind:exit,signal and failed."
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

// source says whose history it is, and what is missing.
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
		return w.signalEvent(r)
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
	return left + w.join(w.told(r), width-text.Width(left))
}

// told is what there is to tell about the process of a record, in pieces that
// may be left out.
func (w *world) told(r *history.Record) []piece {
	switch r.Kind {
	case history.KindExit:
		return w.exitPieces(r)
	case history.KindAdopt:
		if r.OriginPPID == 0 { // nobody saw it with its first parent
			return []piece{{text: "an orphan, now a child of " + w.parentOf(r)}}
		}
		return []piece{{text: fmt.Sprintf("orphan of %d, now a child of %s", r.OriginPPID, w.parentOf(r))}}
	case history.KindZombie:
		return []piece{{text: "dead, and not reaped by " + w.parentOf(r)}}
	case history.KindStart:
		return []piece{{text: "started"}, {text: w.text(r.Text), rank: -1}}
	}
	return []piece{{text: w.text(r.Text)}}
}

func (w *world) exitPieces(r *history.Record) []piece {
	how := "exit unknown"
	if r.Known {
		how = r.Status.String()
	}
	if r.Text != "" {
		how += ": " + w.text(r.Text)
	}
	all := []piece{{text: how, rank: 9}}
	if r.Runtime > 0 {
		all = append(all, piece{text: "ran " + procfs.Span(r.Runtime), rank: 5})
	}
	if r.CPU >= 1e6 {
		all = append(all, piece{text: "cpu " + procfs.Span(r.CPU), rank: 2})
	}
	if r.MaxRSS > 0 {
		all = append(all, piece{text: "peak " + text.Bytes(r.MaxRSS), rank: 3})
	}
	return append(all, piece{text: w.reaper(r), rank: 4})
}

// reaper says who waited for the process.
func (w *world) reaper(r *history.Record) string {
	switch {
	case r.ReapedByInit:
		return "reaped by init"
	case r.PPID > 0:
		return "reaped by " + w.parentOf(r)
	default:
		return "reaped from outside"
	}
}

func (w *world) parentOf(r *history.Record) string {
	return strings.TrimSpace(strconv.Itoa(r.PPID) + " " + w.text(r.Parent))
}

// signalEvent is "SIGTERM from outside the container → passed on to 12".
func (w *world) signalEvent(r *history.Record) string {
	from := "outside the container"
	if r.PID != 0 {
		from = strings.TrimSpace(strconv.Itoa(r.PID) + " " + w.text(r.Comm))
	}
	text := procfs.SignalName(r.Signal) + " from " + from
	to := w.receivers(r.To)
	switch r.Action {
	case history.ActionForwarded:
		text += w.glyphs().arrow + "passed on to " + to
	case history.ActionRewritten:
		text += w.glyphs().arrow + "passed on as " + procfs.SignalName(r.Passed) + " to " + to
	case history.ActionDropped:
		text += w.glyphs().arrow + "not passed on"
	case history.ActionDelayed:
		text += w.glyphs().arrow + "waits for the delay"
	case history.ActionStop:
		text += w.glyphs().arrow + "the end of the programs begins"
		if len(r.To) > 0 {
			text += ": " + procfs.SignalName(r.Passed) + " to " + to
		}
	}
	if r.Text != "" {
		text += " (" + w.text(r.Text) + ")"
	}
	return text
}

func (w *world) receivers(to []int) string {
	if len(to) == 0 {
		return "nobody"
	}
	words := make([]string, 0, len(to))
	for _, pid := range to {
		words = append(words, strconv.Itoa(pid))
	}
	return strings.Join(words, ", ")
}

// padNumber does not cut: a number that lacks a digit is a lie.
func padNumber(n, width int) string { return fmt.Sprintf("%*d", width, n) }
