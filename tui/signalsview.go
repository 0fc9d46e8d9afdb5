package tui

import (
	"fmt"

	"yinit/procfs/snapshot"
)

// A signalsLayout says how many lines the parts of the page have: the table with its
// titles, the legend, and the last signals with their title.
type signalsLayout struct{ rows, legend, lately int }

func (s signalsPage) layout(w *world) signalsLayout {
	l := signalsLayout{legend: 1}
	switch {
	case w.width < 100 && w.room >= 14:
		l.legend = 3
	case w.width < 170 && w.room >= 10:
		l.legend = 2
	}
	if w.room >= 14 {
		l.lately = min(9, w.room/4)
	}
	l.rows = max(1, w.room-1-l.legend-l.lately)
	return l
}

func (s signalsPage) view(w *world, height int) []string {
	if height <= 0 || !w.read {
		return nil
	}
	l := s.layout(w)
	cols := s.place(w)
	lines := append(make([]string, 0, height), s.heads(w, cols))
	if len(s.rows) == 0 {
		lines = append(lines, "", w.noProcess(s.typed))
	}
	from, to := s.visible()
	for at := from; at < to; at++ {
		lines = append(lines, s.draw(w, cols, at))
	}
	for len(lines) < 1+l.rows {
		lines = append(lines, "")
	}
	lines = append(lines, w.legend(l.legend)...)
	if l.lately > 0 {
		for len(lines) < 1+l.rows+l.legend {
			lines = append(lines, "")
		}
		lines = append(lines, s.lately(w, l.lately)...)
	}
	return lines[:min(len(lines), height)]
}

// draw returns the line of a row.
func (s signalsPage) draw(w *world, cols []placed, at int) string {
	p := &w.procs[s.rows[at]]
	marked, sign := normal, span{" ", normal}
	if at == s.cursor && !w.plain {
		marked, sign.text = selected, w.glyphs().cursor
	}
	switch {
	case w.tags[p.ID]:
		sign = span{w.glyphs().tag, accent}
	case w.fresh(s.rows[at]):
		sign = span{w.glyphs().fresh, strong}
	}
	spans, rest := s.cells(w, cols, sign, func(c *column[*snapshot.Process]) span { return c.cell(w, p) })
	return w.row(append(spans, w.fitCommand(w.commandSpans(p), rest)...), marked)
}

// lately shows the last signals in n lines, with a title.
func (s signalsPage) lately(w *world, n int) []string {
	title, none := "signals that the init got or this top sent, newest first", "None is recorded."
	var of *snapshot.Process
	if p, ok := s.selected(w); ok && s.only {
		of = &p
		name := fmt.Sprintf("%d %s", p.ID.PID, w.text(p.Comm))
		title, none = "signals that "+name+" got from the init or this top, or sent to the init", "None is recorded. o shows those of all processes."
	}
	lines := w.signalsLately(of, n-1)
	switch {
	case len(lines) > 0:
	case w.historyFailed != "":
		lines = []string{w.line(bad, "The history cannot be read: "+w.historyFailed)}
	default:
		lines = []string{w.line(faint, none+" Only yinit as PID 1 records signals: those that it gets.")}
	}
	return append([]string{w.rule(title)}, lines...)
}
