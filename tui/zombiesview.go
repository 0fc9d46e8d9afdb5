package tui

import (
	"fmt"
	"strings"
	"time"

	"yinit/procfs"
	"yinit/tui/text"
)

// A zombieLayout says how many lines the parts of the page have: a sentence, a plot, the
// table with its titles, and what helps against the selected row.
type zombieLayout struct{ plot, rows, foot int }

// top returns the line of the titles.
func (l zombieLayout) top() int { return 1 + l.plot }

// layout divides the room. It does not depend on the selected row, so that the rows keep
// their places when another one is selected.
func (z zombiesPage) layout(w *world) zombieLayout {
	const titles = 2 // the sentence, and the titles of the table
	l := zombieLayout{rows: max(1, w.room-titles)}
	if w.room >= 12 {
		l.foot = min(9, w.room*2/5)
	}
	if plot := min(10, (w.room-3)/4); plot >= 4 && w.zombiesLately() {
		l.plot = plot
	}
	l.rows = max(1, l.rows-l.plot-l.foot)
	return l
}

// zombiesLately reports whether a plot tells more than the number.
func (w *world) zombiesLately() bool {
	for i := range w.trend {
		if w.trend[i].zombies != w.trend[0].zombies {
			return true
		}
	}
	return false
}

func (z zombiesPage) view(w *world, height int) []string {
	if height <= 0 || !w.read {
		return nil
	}
	l := z.layout(w)
	lines := append(make([]string, 0, height), z.sentence(w))
	if l.plot > 0 {
		lines = append(lines, w.zombiePlot(l.plot)...)
	}
	switch {
	case w.status.zombies == 0:
		lines = append(lines, noZombies(w)...)
	case len(z.rows) == 0:
		lines = append(lines, "", w.line(strong, "No culprit or zombie matches "+w.text(z.typed)+". Esc clears the filter."))
	default:
		lines = append(lines, z.tableAndFoot(w, l)...)
	}
	return lines[:min(len(lines), height)]
}

// tableAndFoot draws the titles, the visible rows, and what helps, at the end of the room.
func (z zombiesPage) tableAndFoot(w *world, l zombieLayout) []string {
	cols := z.place(w)
	lines := []string{z.heads(w, cols)}
	from, to := z.visible()
	for at := from; at < to; at++ {
		lines = append(lines, z.draw(w, cols, at))
	}
	if l.foot == 0 {
		return lines
	}
	for len(lines) < 1+l.rows {
		lines = append(lines, "")
	}
	return append(lines, z.foot(w, l.foot)...)
}

// sentence says how many zombies there are, and where that leads to.
func (z zombiesPage) sentence(w *world) string {
	if w.status.zombies == 0 {
		return w.line(strong, "No zombies.")
	}
	o, style := w.outlook(), normal
	oldest := w.oldestZombie()
	switch {
	case oldest >= alarmAge || o.full() || o.soon():
		style = bad
	case o.perMinute > 0:
		style = warn
	}
	since := ""
	if oldest > 0 {
		since = ", oldest " + procfs.Span(oldest)
	}
	words, _ := text.FirstFit(o.sentences(text.Plural(w.status.zombies, "zombie", "zombies"), since), w.width-1)
	return w.line(style, words)
}

// noZombies says what the page would show.
func noZombies(w *world) []string {
	s := sheet{c: &w.canvas}
	s.text(normal, "")
	s.text(normal, "A zombie is a process that has ended and that nobody has waited for. It takes no memory, but a pid, and a container has a limit of these.")
	s.text(normal, "")
	s.text(normal, "If there are any, this page shows the processes that have not reaped them, the worst first: how many and since when, whether they become more, why, and what helps.")
	if w.blame != nil && w.blame.Hidden > 0 {
		s.text(normal, "")
		s.text(warn, text.Plural(w.blame.Hidden, "process is", "processes are")+" hidden from this user.")
	}
	return s.lines
}

// draw returns the line of a row.
func (z zombiesPage) draw(w *world, cols []placed, at int) string {
	r := z.rows[at]
	marked, sign := normal, span{" ", normal}
	if at == z.cursor && !w.plain {
		marked, sign.text = selected, w.glyphs().cursor
	}
	if r.zombie >= 0 && w.fresh(r.zombie) {
		sign = span{w.glyphs().fresh, strong}
	}
	spans, rest := z.cells(w, cols, sign, func(c *column[zombieRow]) span { return c.cell(w, r) })
	return w.row(append(spans, w.cutSpans(z.lastCell(w, &r), rest)...), marked)
}

// lastCell returns what a row has in the last column.
func (z zombiesPage) lastCell(w *world, r *zombieRow) []span {
	narrow := w.width < wideZombies
	switch {
	case r.zombie >= 0 && narrow:
		return []span{endedSpan(&w.procs[r.zombie])}
	case r.zombie >= 0:
		return nil
	case narrow:
		return []span{{w.why(r.of), normal}}
	}
	return []span{{w.helps(r.of), normal}}
}

// foot says in at most height lines why the selected zombies have not been reaped, and
// what to do.
func (z zombiesPage) foot(w *world, height int) []string {
	r, ok := z.current()
	if !ok {
		return nil
	}
	h := r.of
	s := sheet{c: &w.canvas}
	s.lines = append(s.lines, w.rule(z.footTitle(w, &r)))
	s.field("why", w.why(h))
	if helps := w.helps(h); helps != "" {
		s.field("helps", helps)
	}
	// What to do is not left out; how they ended is, first of all.
	do := z.advice(w, h)
	if r.zombie < 0 && len(h.zombies) > 1 && len(s.lines)+len(do) < height {
		s.field("ended", w.ways(h))
	}
	do = do[:min(len(do), height-1)]
	if most := max(1, height-len(do)); len(s.lines) > most {
		s.lines = s.lines[:most]
		s.lines[most-1] = w.cut(s.lines[most-1], w.width-2) + " " + w.glyphs().more
	}
	return append(s.lines, do...)
}

// advice says what the user can do against the zombies of a culprit, in lines that fit.
func (z zombiesPage) advice(w *world, h *holding) []string {
	words := z.actions(w, h)
	if words == "" {
		return nil
	}
	s := sheet{c: &w.canvas}
	s.field("do", words)
	const key = " k signals"
	s.lines[0] = strings.Replace(s.lines[0], key, " "+w.paint(accent, "k")+key[2:], 1)
	return s.lines
}

func (z zombiesPage) footTitle(w *world, r *zombieRow) string {
	culprit := culpritName(w, r.of)
	if !r.of.outside() {
		culprit = fmt.Sprintf("%d %s", r.of.key.id.PID, w.cut(culprit, w.width/2))
	}
	if r.zombie < 0 {
		return culprit
	}
	p := &w.procs[r.zombie]
	return fmt.Sprintf("%d %s, a zombie of %s", p.ID.PID, w.text(p.Comm), culprit)
}

// ways lists how the zombies of a culprit ended, the most frequent way first.
func (w *world) ways(h *holding) string {
	ways := map[string]int{}
	for _, i := range h.zombies {
		ways[text.Ended(w.procs[i].Known, w.procs[i].Status)]++
	}
	return mostFrequent(ways)
}

// actions says which key signals the culprit, and what the usual signals would do.
func (z zombiesPage) actions(w *world, h *holding) string {
	switch {
	case h.outside(), h.index < 0:
		return ""
	case w.replay:
		return "this is a replay: no signals, its processes are not here"
	case z.readOnly:
		return "top was started with --readonly: no signals"
	}
	p := &w.procs[h.index]
	names := []string{"CHLD", "TERM", "KILL"}
	if p.State.Stopped() {
		names = []string{"CONT", "KILL"}
	}
	for i, name := range names {
		n, _ := procfs.ParseSignal(name)
		names[i] += " " + w.predict(p, n).String()
	}
	return fmt.Sprintf("k signals %d %s: %s. %s", p.ID.PID, w.text(p.Comm), strings.Join(names, ", "), w.remedy(p.ID.PID))
}

// oldestZombie returns how long the oldest zombie has been dead, at least.
func (w *world) oldestZombie() (oldest time.Duration) {
	for i := range w.living {
		if w.procs[i].Dead() {
			oldest = max(oldest, w.deadFor(&w.procs[i]))
		}
	}
	return oldest
}

func (z zombiesPage) explain(w *world) string {
	r, ok := z.current()
	switch {
	case !ok && len(z.find) > 0 && w.status.zombies > 0:
		return "No match. Esc clears the filter."
	case !ok:
		return ""
	case z.layout(w).foot == 0 && r.zombie < 0:
		return culpritName(w, r.of) + ": " + w.why(r.of)
	case r.zombie < 0 && r.of.index < 0:
		return text.Plural(len(r.of.zombies), "zombie", "zombies") + " of a process that is not shown here."
	}
	p, _ := z.selected(w)
	words, _ := text.FirstFit([]string{sentence(w, &p), brief(w, &p)}, w.width-1)
	return words
}
