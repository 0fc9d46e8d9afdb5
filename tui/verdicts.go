package tui

import (
	"fmt"
	"sort"
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
		reason = max(reason, text.Width(found[i].Reason))
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
	case f.Trouble():
		l = warn
	case f.Outcome == verdict.OutcomeDefaultIgnore, f.Outcome == verdict.OutcomeNoEffect, f.Outcome == verdict.OutcomeUnknown:
		l = faint
	}
	name := w.pad(fmt.Sprintf("%2d %s", n, text.Signal(n)), signalColumn)
	line := " " + w.paint(strong, name) + " " + w.paint(l, w.pad(f.String(), verdictColumn)) + " "
	return line + w.cut(w.text(f.Reason), width-text.Width(line)-1)
}

// signalsLately returns the last n signals, the newest first: those of the history and those
// that this top has sent. They are those that p sent or got, or all if p is nil.
func (w *world) signalsLately(p *snapshot.Process, n int) []string {
	type entry struct {
		at   time.Time
		text string
	}
	var all []entry
	for i := len(w.sent) - 1; i >= 0 && len(all) < n; i-- {
		if s := &w.sent[i]; !s.at.IsZero() && s.concerns(w, p) {
			all = append(all, entry{s.at, s.text(w)})
		}
	}
	ours := len(all)
	for i := len(w.events) - 1; i >= 0 && len(all)-ours < n; i-- {
		if r := &w.events[i]; w.signalOf(i, p) {
			all = append(all, entry{r.Time, w.text(r.SignalText(w.glyphs().arrow))})
		}
	}
	sort.SliceStable(all, func(i, j int) bool { return all[i].at.After(all[j].at) })
	var lines []string
	for _, e := range all[:min(n, len(all))] {
		t := e.at.In(w.snap.Time.Location())
		at := t.Format("15:04:05.000")
		if day := t.Format(time.DateOnly); w.read && day != w.snap.Time.Format(time.DateOnly) {
			at = day + " " + at[:len("15:04:05")]
		}
		lines = append(lines, w.cut(" "+at+" "+e.text, w.width))
	}
	return lines
}
