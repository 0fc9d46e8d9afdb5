package tui

import (
	"fmt"
	"time"

	"yinit/procfs/snapshot"
	"yinit/procfs/verdict"
	"yinit/tui/text"
)

// The columns of a list of verdicts, in cells.
const (
	signalColumn = 12 // number and name
	leastReason  = 24
)

// allVerdicts adds what each of the 64 signals would do, and why: the usual ones first,
// in as many columns as fit.
func (d detail) allVerdicts(w *world, s *sheet, p *snapshot.Process) {
	t := d.target(p)
	all := allSignals()
	found := make([]prediction, len(all))
	reason := 0
	tally := map[string]int{}
	for i, n := range all {
		found[i] = predictWith(t, p, n, w.snap.Caller)
		reason = max(reason, text.Width(found[i].why))
		tally[found[i].String()]++
	}
	if w.room >= 10 {
		s.text(normal, countWords(tally)+".")
	}
	s.text(normal, "")
	word := verdictColumn + 1
	n := max(1, w.width/(1+signalColumn+word+min(reason, leastReason*2)+2))
	width := w.width / n
	rows := (len(all) + n - 1) / n
	columns := make([][]string, n)
	for i := range all {
		columns[i/rows] = append(columns[i/rows], w.verdictLine(all[i], found[i], width))
	}
	s.lines = append(s.lines, w.columns(columns, width)...)
}

// verdictLine returns the number, the name, the verdict and the reason of a signal.
func (w *world) verdictLine(n int, f prediction, width int) string {
	l := normal
	switch {
	case f.trouble():
		l = warn
	case f.outcome == verdict.OutcomeDefaultIgnore, f.outcome == verdict.OutcomeNoEffect, f.outcome == verdict.OutcomeUnknown:
		l = faint
	}
	name := w.pad(fmt.Sprintf("%2d %s", n, text.Signal(n)), signalColumn)
	line := " " + w.paint(strong, name) + " " + w.paint(l, w.pad(f.String(), verdictColumn)) + " "
	return line + w.cut(w.text(f.why), width-text.Width(line)-1)
}

// signalsLately returns the last signals of the history, the newest first: those that p
// sent or got, or all if p is nil.
func (w *world) signalsLately(p *snapshot.Process, n int) []string {
	var lines []string
	for i := len(w.events) - 1; i >= 0 && len(lines) < n; i-- {
		if r := &w.events[i]; w.signalOf(i, p) {
			at := w.timeOf(r).Format("15:04:05.000")
			if day := w.dayOf(r); w.read && day != w.snap.Time.Format(time.DateOnly) {
				at = day + " " + at[:len("15:04:05")]
			}
			lines = append(lines, w.cut(" "+at+" "+w.text(r.SignalText(w.glyphs().arrow)), w.width))
		}
	}
	return lines
}
