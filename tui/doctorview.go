package tui

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"

	"yinit/procfs"
	"yinit/procfs/doctor"
	"yinit/procfs/verdict"
	"yinit/tui/text"
)

// doctorColumns are the columns of the steps of a stop.
var doctorColumns = [...]column[doctorRow]{
	{
		title: "STEP", width: 7, left: true, rank: 5,
		cell:    func(w *world, r doctorRow) span { return span{w.stepOf(r).Role.String(), faint} },
		compare: func(_ *world, a, b doctorRow) int { return cmp.Compare(a.at, b.at) },
	},
	{
		title: "PID", rank: 9, fit: func(w *world) int { return max(5, digits(w.widest.pid)) },
		cell: func(w *world, r doctorRow) span { return span{strconv.Itoa(w.stepOf(r).Process.ID.PID), normal} },
		compare: func(w *world, a, b doctorRow) int {
			return cmp.Compare(w.stepOf(a).Process.ID.PID, w.stepOf(b).Process.ID.PID)
		},
	},
	{
		title: "SIGNAL", width: 6, left: true, rank: 6,
		cell:    signalSpan,
		compare: func(w *world, a, b doctorRow) int { return cmp.Compare(w.stepOf(a).Signal, w.stepOf(b).Signal) },
	},
	{
		title: "VERDICT", width: 9, left: true, rank: 7,
		cell:    verdictSpan,
		compare: func(w *world, a, b doctorRow) int { return cmp.Compare(w.stepOf(a).Outcome, w.stepOf(b).Outcome) },
	},
	{
		title: "ENDS", width: 15, left: true, rank: 8, down: true,
		cell:    endsSpan,
		compare: func(w *world, a, b doctorRow) int { return cmp.Compare(endRank(w.stepOf(a)), endRank(w.stepOf(b))) },
	},
	{
		title: "COMMAND", left: true,
		compare: func(w *world, a, b doctorRow) int {
			return strings.Compare(w.stepOf(a).Process.Comm, w.stepOf(b).Process.Comm)
		},
	},
}

func (w *world) stepOf(r doctorRow) *doctor.Step { return &w.stop.Steps[r.at] }

func signalSpan(w *world, r doctorRow) span {
	if n := w.stepOf(r).Signal; n != 0 {
		return span{text.Signal(n), normal}
	}
	return span{w.glyphs().dash, faint}
}

func verdictSpan(w *world, r doctorRow) span {
	s := w.stepOf(r)
	if s.Signal == 0 {
		return span{w.glyphs().dash, faint}
	}
	forward, drop := 0, false
	if s.Role == doctor.RoleInit {
		forward, drop = s.Process.Target.Relayed(s.Signal, s.Outcome)
	}
	if s.Outcome == verdict.OutcomeUnknown {
		return span{"?", faint}
	}
	x := span{verdict.Column(s.Outcome, forward, drop), normal}
	if verdict.Trouble(s.Outcome, drop) {
		x.style = warn
	}
	return x
}

// endsSpan says how a process ends, and when.
func endsSpan(w *world, r doctorRow) span {
	s := w.stepOf(r)
	at := ""
	if s.At > 0 {
		at = " " + procfs.Span(s.At)
	}
	switch {
	case s.Fate == doctor.FateKilled && s.At == 0:
		return span{"KILLED at once", bad}
	case s.Fate == doctor.FateKilled:
		return span{"KILLED" + at, bad}
	case s.Fate == doctor.FateHandler:
		return span{"its handler" + at, normal}
	case s.Fate == doctor.FateLast:
		return span{"with PID 1", warn}
	case s.Fate == doctor.FateUnknown:
		return span{"?", faint}
	case s.At > 0:
		return span{"after" + at, normal}
	}
	return span{"at once", normal}
}

// endRank orders processes by how much harm their end does.
func endRank(s *doctor.Step) time.Duration {
	switch s.Fate {
	case doctor.FateKilled:
		return time.Hour + s.At
	case doctor.FateUnknown, doctor.FateLast:
		return time.Minute
	case doctor.FateHandler:
		return time.Second
	}
	return 0
}

func (d doctorPage) view(w *world, height int) []string {
	if height <= 0 {
		return nil
	}
	lines := []string{w.summary()}
	if len(d.rows) == 0 && w.read && len(d.find) > 0 && !w.gone() {
		lines = append(lines, "", w.noProcess(d.typed))
	}
	cols := d.place(w)
	from, to := d.visible()
	for at := from; at < min(to, from+height-1); at++ {
		lines = append(lines, d.draw(w, cols, at))
	}
	return lines[:min(len(lines), height)]
}

// draw returns the line of a row.
func (d doctorPage) draw(w *world, cols []placed, at int) string {
	r := d.rows[at]
	mark, marked := span{" ", normal}, normal
	if at == d.cursor && !w.plain {
		mark, marked = span{w.glyphs().cursor, normal}, selected
	}
	switch r.kind {
	case rowFinding:
		x := &w.findings[r.at]
		level, word := levelStyle(x.Level), strings.ToUpper(x.Level.String())
		return w.row([]span{mark, {w.pad(word, 8), level}, {w.text(x.What), strong}}, marked)
	case rowLine:
		return w.row([]span{mark, {text.Spaces(8), normal}, {r.text, normal}}, marked)
	case rowTitles:
		return d.heads(w, cols)
	}
	s := w.stepOf(r)
	spans, rest := d.cells(w, cols, mark, func(c *column[doctorRow]) span { return c.cell(w, r) })
	return w.row(append(spans, []span{{textOf(w.fitCommand(w.commandSpans(s.Process), rest)), normal}}...), marked)
}

func levelStyle(l doctor.Level) style {
	switch l {
	case doctor.Problem:
		return bad
	case doctor.Risk:
		return warn
	}
	return faint
}

// findingLines explain a finding, wrapped beside its level.
func (w *world) findingLines(x *doctor.Finding) []string {
	var lines []string
	for _, part := range [][2]string{{"seen  ", x.Evidence}, {"why   ", x.Why}, {"do    ", x.Do}} {
		label := part[0]
		for _, line := range text.Wrap(w.text(part[1]), max(10, w.width-9-len(label))) {
			lines = append(lines, label+line)
			label = text.Spaces(len(label))
		}
	}
	return lines
}

// summary says what a stop would do, at the top of the page.
func (w *world) summary() string {
	s := &w.stop
	switch {
	case !w.read:
		return ""
	case w.gone():
		return w.noProcess("")
	case !s.Possible && w.snap.Caller.PID == 1:
		return w.line(strong, "No stop can be foreseen: top is PID 1.")
	case !s.Possible && w.machine():
		return w.line(strong, "These are the processes of a machine, not of a container that can be stopped.")
	case !s.Possible:
		return w.line(strong, "No stop can be foreseen: PID 1 cannot be read.")
	}
	l := strong
	switch {
	case s.Reacts == verdict.No:
		l = bad
	case s.Hard > 0:
		l = warn
	}
	words, _ := text.FirstFit(s.Texts(&w.facts), w.width-1)
	return w.line(l, words)
}

// explain says what helps, or what a stop does to the process.
func (d doctorPage) explain(w *world) string {
	if d.cursor >= len(d.rows) {
		return ""
	}
	r := d.rows[d.cursor]
	if r.kind != rowStep {
		do, open := w.text(w.findings[r.at].Do), "  Enter shows all"
		if text.Width(do) < w.width || d.isOpen(w, r.at) { // then the lines below the finding say it
			return do
		}
		return w.cut(do, w.width-1-text.Width(open)) + open
	}
	words, _ := text.FirstFit(w.stepSentences(w.stepOf(r)), w.width-1)
	return words
}

// stepSentences say what a stop does to a process, longest first.
func (w *world) stepSentences(s *doctor.Step) []string {
	who := fmt.Sprintf("%d %s", s.Process.ID.PID, w.text(s.Process.Comm))
	gets := "gets no signal"
	if s.Signal != 0 {
		gets = "gets " + procfs.SignalName(s.Signal)
	}
	reason := ""
	if why := s.Reason(); why != "" {
		reason = " (" + w.text(why) + ")"
	}
	end := s.EndText()
	return []string{who + " " + gets + reason + ": " + end + ".", who + " " + gets + ": " + end + ".", who + ": " + end}
}
