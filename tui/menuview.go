package tui

import (
	"fmt"
	"strings"

	"yinit/procfs"
	"yinit/procfs/verdict"
	"yinit/tui/text"
)

// The width of columns of the menu, in cells.
const (
	nameColumn    = 20
	verdictColumn = 14
)

// A menuLayout says which lines of the menu have what. The first line is the title, the
// last one says what to do or what happens.
type menuLayout struct {
	scopes bool     // the second line has the scopes
	top    int      // line of the first row
	rows   int      // lines with rows
	notes  []string // lines below the rows
}

// height returns how many of room lines the menu takes.
func (u menu) height(room int) int {
	switch {
	case !u.open():
		return 0
	case room < 10:
		return room
	default:
		return min(max(8, room*3/5), 15)
	}
}

func (u menu) layout(w *world) menuLayout {
	l := menuLayout{top: 1}
	left := u.height(w.menuRoom()) - 2
	if len(u.scopes) > 1 {
		l.scopes = true
		l.top, left = 2, left-1
	}
	const fewest = 3 // rows
	l.notes = u.notes(w, max(0, left-fewest))
	l.rows = max(0, left-len(l.notes))
	return l
}

// resize adapts the rows to the lines that they have.
func (u menu) resize(w *world) menu {
	if !u.open() || u.step == stepOffer {
		return u
	}
	l := u.layout(w)
	u.list = u.fit(len(u.signals), l.rows)
	u.window = u.window.fit(len(u.lines), l.rows)
	return u
}

func (u menu) view(w *world) []string {
	height := u.height(w.menuRoom())
	switch {
	case height < 3:
		return nil
	case u.step == stepOffer:
		return u.offer(w, height)
	}
	l := u.layout(w)
	lines := []string{u.title(w)}
	if l.scopes {
		lines = append(lines, u.scopeLine(w))
	}
	if u.lines != nil {
		from, to := u.window.fit(len(u.lines), l.rows).visible()
		for _, line := range u.lines[from:to] {
			lines = append(lines, w.cut(" "+line, w.width))
		}
	} else {
		from, to := u.fit(len(u.signals), l.rows).visible()
		for i := from; i < to; i++ {
			lines = append(lines, u.row(w, i))
		}
	}
	for len(lines) < l.top+l.rows {
		lines = append(lines, "")
	}
	for _, note := range l.notes {
		lines = append(lines, " "+w.paint(warn, note))
	}
	return append(lines, u.prompt(w))
}

// rule returns a line with a title.
func (w *world) rule(title string) string {
	g := w.glyphs()
	title = w.cut(strings.Repeat(g.rule, 2)+" "+title+" ", w.width)
	return w.paint(strong, title+strings.Repeat(g.rule, max(0, w.width-text.Width(title))))
}

// scopeNames returns the labels of the scopes as they are drawn, with the number of
// members: "[process]" is the chosen one.
func (u menu) scopeNames(w *world) []piece {
	names := make([]piece, len(u.scopes))
	for i := range u.scopes {
		s := &u.scopes[i]
		p := piece{text: s.label, rank: -i}
		if s.several() {
			p.text += fmt.Sprintf(" (%d)", len(s.members))
		}
		if i == u.scope {
			p.text, p.rank, p.style = "["+p.text+"]", 1, selected
		}
		names[i] = p
	}
	return names
}

func (u menu) scopeLine(w *world) string { return " " + w.join(u.scopeNames(w), w.width-1) }

// scopeAt returns the index of the scope at a column of the line of scopes, -1 if there is
// none.
func (u menu) scopeAt(w *world, column int) int {
	names := u.scopeNames(w)
	at := 1
	for _, shown := range fitting(names, w.width-1, 2) {
		end := at + text.Width(shown.text)
		for i := range names {
			if names[i] == shown && column >= at && column < end {
				return i
			}
		}
		at = end + 2
	}
	return -1
}

// row returns a signal and its verdict or, for several processes, how often each verdict
// occurs.
func (u menu) row(w *world, i int) string {
	n := u.signals[i]
	mark, l := " ", normal
	if i == u.cursor {
		mark, l = w.glyphs().cursor, selected
	}
	line := fmt.Sprintf("%s %2d %s ", mark, n, w.pad(text.Signal(n), 8))
	if u.chosen().several() {
		line += u.tally(n).words
	} else {
		f := predict(u.chosen().members[0].p, n, u.caller)
		line += w.pad(f.String(), verdictColumn)
		if w.width >= 64 {
			line += " " + f.Reason
		}
	}
	return w.paint(l, w.pad(line, w.width))
}

// tally returns the predictions for the members of the scope. It keeps them, because with
// many members they take longer than drawing does; nothing changes them until tallies is
// made again.
func (u menu) tally(n int) tally {
	t, ok := u.tallies[n]
	if !ok {
		t = u.chosen().predictAll(n, u.caller)
		u.tallies[n] = t
	}
	return t
}

// notes returns at most n lines about the target: what works on a PID 1 that cannot be
// killed, which members do not act on the selected signal, or which descendants stay.
func (u menu) notes(w *world, n int) []string {
	switch {
	case n > 0 && u.step == stepConfirm && u.doomed != "":
		return []string{u.doomLine(w)}
	case n > 0 && u.step == stepConfirm && !u.chosen().several() && u.staysLine(w, u.signal) != "":
		return []string{w.cut(u.staysLine(w, u.signal), w.width-1)}
	case n == 0 || u.step != stepChoose:
		return nil
	}
	if u.chosen().several() {
		// The line is there for each signal, so that the rows do not move.
		return []string{w.cut(u.lostLine(w, u.signals[u.cursor]), w.width-1)}
	}
	if !u.immune && len(u.descendants()) > 0 {
		return []string{w.cut(u.staysLine(w, u.signals[u.cursor]), w.width-1)}
	}
	if !u.immune {
		return nil
	}
	long, brief := w.fromOutside()
	if lines := text.Wrap(long, w.width-2); len(lines) <= n {
		return lines
	}
	return []string{w.cut(brief, w.width-2)}
}

// lostLine names the members that do not act on signal n.
func (u menu) lostLine(w *world, n int) string {
	s, lost := u.chosen(), u.tally(n).lost
	if len(lost) == 0 {
		return ""
	}
	words := fmt.Sprintf("no effect on %d: ", len(lost))
	if verdict.EndsByName(n) {
		words = fmt.Sprintf("%d will not end: ", len(lost))
	}
	for i, member := range lost {
		if text.Width(words) > w.width {
			break
		}
		if i > 0 {
			words += ", "
		}
		m := &s.members[member]
		words += m.name(w) + " " + predict(m.p, n, u.caller).String()
	}
	return words
}

// prompt returns the last line of the menu: what the user can do, or what happens.
func (u menu) prompt(w *world) string {
	switch u.step {
	case stepConfirm:
		return w.line(warn, u.question(w))
	case stepWatch:
		return w.line(normal, u.watching(w))
	case stepReport:
		return w.line(warn, u.report)
	}
	typed := strings.TrimPrefix(strings.ToUpper(u.typed), "SIG")
	switch {
	case u.typed == "" || u.lookUp() >= 0:
		return w.cut(" or type a signal name or number: "+u.typed+w.paint(selected, " "), w.width)
	case strings.HasPrefix("KILL", typed) && u.canKill():
		return w.line(warn, u.typed+": write KILL in full for SIGKILL")
	case typed == "KILL", typed == "9":
		return w.line(warn, "SIGKILL has no effect on it")
	}
	return w.line(bad, "unknown signal "+u.typed)
}

// question asks whether to send the signal.
func (u menu) question(w *world) string {
	signal, name := procfs.SignalName(u.signal), u.chosen().name(w)
	long := name
	if s := u.chosen(); s.several() {
		long = s.whole(s.living())
	}
	forms := []string{"Send " + signal + " to " + long + "?", "Send " + signal + " to " + name + "?", text.Signal(u.signal) + " to " + name + "?"}
	if u.escalate {
		kill := ", SIGKILL after " + procfs.Span(killAfter) + "?"
		forms = []string{"Send " + signal + " to " + long + kill, text.Signal(u.signal) + ", 10s, KILL to " + name + "?"}
	}
	if u.doomed != "" {
		forms = u.doomForms(forms, name)
	}
	words, _ := text.FirstFit(forms, w.width-1)
	return words
}

// watching says what the menu waits for.
func (u menu) watching(w *world) string {
	words := u.sending(w)
	if s := u.chosen(); s.several() {
		words += fmt.Sprintf("%d of %d ended, ", s.sentTo()-s.count((*member).stillThere), s.sentTo())
	}
	if u.escalate {
		return words + "SIGKILL in " + procfs.Span((killAfter - u.waited).Truncate(1e9))
	}
	return words + "watching for " + procfs.Span(u.waited.Truncate(1e9))
}

// offer says that no signal reaches a zombie, and which process can help.
func (u menu) offer(w *world, height int) []string {
	name := fmt.Sprintf("%d %s", u.p.ID.PID, w.text(u.p.Comm))
	lines := []string{w.rule("no signal to " + name + ", a zombie")}
	words := []string{sentence(w, &u.p), "No signal has an effect on it, not even SIGKILL."}
	if i, ok := w.byPID[u.p.Culprit]; ok && u.p.Culprit != 0 {
		c := &w.procs[i]
		words = append(words, fmt.Sprintf("Enter opens the signal menu of %d %s. %s", c.ID.PID, w.text(c.Comm), w.remedy(c.ID.PID)))
	}
	for _, s := range words {
		for _, line := range text.Wrap(s, w.width-2) {
			lines = append(lines, " "+line)
		}
	}
	for len(lines) < height {
		lines = append(lines, "")
	}
	return lines[:height]
}
