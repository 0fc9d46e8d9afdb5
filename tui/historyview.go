package tui

import (
	"fmt"
	"strconv"
	"strings"

	"yinit/initcore/history"
	"yinit/tui/text"
)

// problemSign marks the records of what went wrong, so that they stand out without
// colours. It is also the title of its column.
const problemSign = "!"

// recordColumns returns the columns for the width of the screen. longest is the length of
// the longest command.
func recordColumns(w *world, longest int) []column[*history.Record] {
	clock := 8
	if w.width >= 72 {
		clock = 12
	}
	all := []column[*history.Record]{
		{title: w.clockTitle(clock), width: clock, left: true, rank: 7, cell: func(w *world, r *history.Record) span { return span{w.clock(r, clock), normal} }},
		{title: problemSign, width: 1, left: true, rank: 9, cell: problemCell},
	}
	if w.width >= 72 {
		all = append(all, column[*history.Record]{title: "KIND", width: 6, left: true, rank: 1, cell: kindCell})
	}
	if w.width >= 50 {
		all = append(all, column[*history.Record]{title: "PID", width: max(5, digits(w.widest.pid)), rank: 2, cell: recordPID})
	}
	left := w.width - 2
	for i := range all {
		left -= all[i].width + 1
	}
	command := min(max(longest, len("COMMAND")), max(left-usualEnd, left*2/5, 8))
	return append(all,
		column[*history.Record]{title: "COMMAND", width: command, left: true, rank: 8},
		column[*history.Record]{title: "WHAT HAPPENED", left: true})
}

// usualEnd is how many cells the description of a death usually takes.
const usualEnd = 64

// clockTitle names the time zone of the times in a column of this width.
func (w *world) clockTitle(width int) string {
	zone := w.snap.Time.Format("MST")
	title, _ := text.FirstFit([]string{"TIME " + zone, zone}, width)
	return title
}

// clock returns the time of day of a record.
func (w *world) clock(r *history.Record, width int) string {
	if width < len("15:04:05.000") || r.Accounted { // the time is known to a second
		return w.timeOf(r).Format("15:04:05")
	}
	return w.timeOf(r).Format("15:04:05.000")
}

func problemCell(_ *world, r *history.Record) span {
	switch {
	case r.Warning:
		return span{problemSign, warn}
	case problem(r):
		return span{problemSign, bad}
	}
	return span{" ", normal}
}

func kindCell(_ *world, r *history.Record) span { return span{r.Kind.String(), faint} }

func recordPID(_ *world, r *history.Record) span {
	if !ofProcess(r) {
		return span{}
	}
	return span{strconv.Itoa(r.PID), normal}
}

// ofProcess reports whether the record is about a process with a command. The text of the
// others says all.
func ofProcess(r *history.Record) bool {
	switch r.Kind {
	case history.KindSignal, history.KindOOM, history.KindStop, history.KindNote:
		return false
	}
	return true
}

// nothing says why there is no row although there are records.
func (h historyPage) nothing(w *world) string {
	switch {
	case h.typed == "":
		return "Nothing went wrong. ! shows all records."
	case h.wrong:
		return "No problem matches " + w.text(h.typed) + ". Esc clears the filter, ! shows all records."
	}
	return "No record matches " + w.text(h.typed) + ". Esc clears the filter."
}

// view draws the source of the history, the titles and the visible rows.
func (h historyPage) view(w *world, height int) []string {
	if height <= 0 {
		return nil
	}
	h.columns = recordColumns(w, h.longest) // The width may have changed.
	cols := h.place(w)
	lines := append(make([]string, 0, height), h.head(w), h.heads(w, cols))
	switch {
	case len(h.rows) > 0:
	case len(w.events) > 0:
		lines = append(lines, "", w.line(strong, h.nothing(w)))
	case w.read && w.historyFailed == "":
		lines = append(lines, "", w.line(normal, "No process has ended yet."))
	}
	from, to := h.visible()
	for at := from; at < to; at++ {
		lines = append(lines, h.draw(w, cols, at))
	}
	return lines[:min(len(lines), height)]
}

// head says which process keeps the history, how many records are missing and, on the
// right, of which day the first visible record is.
func (h historyPage) head(w *world) string {
	day := ""
	if h.top < len(h.rows) {
		day = " " + w.timeOf(&w.events[h.rows[h.top].at]).Format("Mon 2006-01-02") + " "
	}
	left := " " + h.source(w)
	if w.lost > 0 {
		left += w.glyphs().dot + w.paint(warn, text.Plural(int(w.lost), "record was", "records were")+" overwritten before they were read")
	}
	return w.between(w.cut(left, w.width-text.Width(day)-2), w.paint(strong, day), w.width)
}

// source says which process keeps the history, or why it cannot be read.
func (h historyPage) source(w *world) string {
	switch {
	case w.historyFailed != "":
		return w.paint(bad, "The history cannot be read: "+w.historyFailed)
	case w.since == "":
		return "history"
	}
	return w.text(w.since)
}

// draw returns the line of a row.
func (h historyPage) draw(w *world, cols []placed, at int) string {
	row := &h.rows[at]
	r := &w.events[row.at]
	if row.day {
		day := " " + strings.Repeat(w.glyphs().rule, 2) + " " + w.timeOf(r).Format("Mon 2006-01-02") + " "
		return w.paint(strong, day) + w.paint(faint, strings.Repeat(w.glyphs().rule, max(0, w.width-text.Width(day))))
	}
	sign, marked := span{" ", normal}, normal
	if at == h.cursor && !w.plain {
		sign, marked = span{w.glyphs().cursor, normal}, selected
	}
	kind := false
	spans, rest := h.cells(w, cols, sign, func(c *column[*history.Record]) span {
		kind = kind || c.title == "KIND"
		if c.cell == nil { // see command
			return span{}
		}
		return c.cell(w, r)
	})
	what := w.whatPieces(r, row.like, kind)
	if len(cols) > 1 && h.columns[cols[len(cols)-2].at].title == "COMMAND" {
		width := cols[len(cols)-2].width
		spans = spans[:len(spans)-2]
		if !ofProcess(r) {
			rest += width + 1
		} else {
			name := w.titleSpans(r, row.like)
			width = max(width, min(spansWidth(name), width+rest-spansWidth(spread(what)))) // It may be longer where there is room.
			rest -= width - cols[len(cols)-2].width
			name = w.cutSpans(name, width)
			spans = append(append(spans, name...), span{text.Spaces(width - spansWidth(name) + 1), normal})
		}
	}
	return w.row(append(spans, w.cutSpans(spread(fitting(what, rest, 2)), rest)...), marked)
}

// titleSpans returns the command of the process of a record: the name of the program is
// bold.
func (w *world) titleSpans(r *history.Record, g *like) []span {
	var spans []span
	if g != nil {
		spans = append(spans, span{w.glyphs().folded, faint})
	}
	if r.Cmdline == "" {
		return append(spans, span{"[" + w.text(r.Comm) + "]", strong})
	}
	program, args, _ := strings.Cut(w.text(r.Title()), " ")
	spans = append(spans, span{program, strong})
	if args != "" {
		spans = append(spans, span{" " + args, normal})
	}
	return spans
}

// whatPieces returns what happened, as pieces that may be omitted.
func (w *world) whatPieces(r *history.Record, g *like, kind bool) []piece {
	parts := r.Parts()
	switch {
	case g != nil:
		parts = g.parts(w)
	case r.Kind == history.KindSignal:
		parts = []history.Part{{Text: r.SignalText(w.glyphs().arrow), Rank: 9}}
	case r.Kind == history.KindStart && len(parts) == 0 && !kind:
		parts = []history.Part{{Text: "started", Rank: 9}}
	}
	all := make([]piece, 0, len(parts))
	for i, p := range parts {
		l := faint
		switch {
		case i == 0 && r.Warning, i == 0 && r.Kind == history.KindStop:
			l = warn
		case i == 0 && problem(r):
			l = bad
		case i == 0 || p.Rank >= 6:
			l = normal
		}
		all = append(all, piece{text: w.text(p.Text), rank: p.Rank, style: l})
	}
	return all
}

// spread puts spaces between pieces.
func spread(pieces []piece) []span {
	spans := make([]span, 0, 2*len(pieces))
	for i, p := range pieces {
		if i > 0 {
			spans = append(spans, span{"  ", normal})
		}
		spans = append(spans, span{p.text, p.style})
	}
	return spans
}

// recordSentences describe a record in a sentence, the longest first.
func recordSentences(w *world, r *history.Record, g *like) []string {
	switch {
	case r.Kind == history.KindSignal:
		return []string{w.text(r.SignalText(w.glyphs().arrow)) + "."}
	case !ofProcess(r):
		return []string{w.text(r.Text)}
	}
	who := fmt.Sprintf("%d %s", r.PID, w.text(r.Name()))
	short := fmt.Sprintf("%d %s", r.PID, w.text(r.Comm))
	if g != nil {
		times, turn := w.text(g.count(w)+", "+g.times(w)), ""
		if t := g.inTurn(w); t != "" {
			turn = ", " + w.text(t)
		}
		name := w.text(r.Title()) + ": "
		return []string{name + times + turn + "; Right shows each.", name + times + "; Right shows each.", name + times, times}
	}
	what := r.Kind.Meaning()
	if parts := r.Parts(); len(parts) > 0 {
		what = w.text(parts[0].Text)
	}
	all := []string{who + ": " + what + "; reaped by " + w.text(r.Reaper()) + ".", who + ": " + what + ".", short + ": " + what + ".", what}
	if r.Kind != history.KindExit || r.Accounted { // or its reaper is not known
		return all[1:]
	}
	return all
}
