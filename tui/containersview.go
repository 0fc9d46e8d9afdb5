package tui

import (
	"fmt"
	"strings"

	"yinit/procfs"
	"yinit/procfs/doctor"
	"yinit/procfs/node"
	"yinit/procfs/verdict"
	"yinit/tui/text"
)

// A containersLayout says how many lines the rows have, below a sentence and the titles, and
// how many the selected container has at the end.
type containersLayout struct{ rows, foot int }

// layout divides the room. It does not depend on the selected row, so that the rows keep their
// places.
func (p containersPage) layout(w *world) containersLayout {
	l := containersLayout{rows: max(1, w.room-2)}
	if w.room >= 12 {
		l.foot = min(10, w.room*2/5)
	}
	l.rows = max(1, l.rows-l.foot)
	return l
}

func (p containersPage) view(w *world, height int) []string {
	if height <= 0 {
		return nil
	}
	lines := append(make([]string, 0, height), p.summary(w))
	switch {
	case w.node == nil:
	case len(w.node.Containers) == 0:
		lines = append(lines, noContainers(w)...)
	case p.full:
		all := p.fullLines(w)
		from, to := p.pane.fit(len(all), height-1).visible()
		lines = append(lines, all[from:to]...)
	case len(p.rows) == 0:
		lines = append(lines, "", w.line(strong, "No container matches "+w.text(p.typed)+". Esc clears the filter."))
	default:
		lines = append(lines, p.tableAndFoot(w)...)
	}
	return lines[:min(len(lines), height)]
}

// summary counts the containers in the list and what is wrong in them, and says so if this is not
// of now.
func (p containersPage) summary(w *world) string {
	switch {
	case w.node == nil && w.nodeFailed != "":
		return w.line(bad, "cannot look at the containers: "+w.nodeFailed)
	case w.node == nil:
		return w.line(normal, "looking at the containers")
	}
	n := w.node
	total, risks, dead := 0, 0, 0
	for _, c := range p.rows {
		switch {
		case problems(c) > 0:
			total++
		case doctor.Count(c.Found, doctor.Risk) > 0:
			risks++
		}
		dead += c.Zombies().All
	}
	count := text.Plural(len(n.Containers), "container", "containers")
	if len(p.find) > 0 {
		count = fmt.Sprintf("%d of %s", len(p.rows), count)
	}
	pieces := []piece{{text: count, rank: 9, style: strong}}
	add := func(n int, one, many string, l style, rank int) {
		if n > 0 {
			pieces = append(pieces, piece{text: text.Plural(n, one, many), rank: rank, style: l})
		}
	}
	if at := n.Time.Format("15:04:05"); w.nodeFailed != "" {
		pieces = append(pieces, piece{text: "as of " + at + ": " + w.nodeFailed, rank: 20, style: bad})
	} else if w.nodeAge() > fresh {
		pieces = append(pieces, piece{text: "as of " + at, rank: 20, style: warn})
	}
	add(total, "with a problem", "with problems", bad, 8)
	add(risks, "at risk", "at risk", warn, 7)
	add(dead, "zombie", "zombies", normal, 5)
	add(n.Hidden, "hidden from this user", "hidden from this user", warn, 6)
	add(n.Denied, "file with names may not be read", "files with names may not be read", warn, 3)
	add(n.Processes, "process in none", "processes in none", faint, 2)
	return w.cut(" "+w.join(pieces, w.width-1), w.width)
}

// noContainers says why there is nothing to be seen.
func noContainers(w *world) []string {
	s := sheet{c: &w.canvas}
	s.text(normal, "")
	if w.node.Hidden > 0 {
		s.text(warn, text.Plural(w.node.Hidden, "container is", "containers are")+" hidden from this user: run top as root; inside a container, with --cap-add SYS_PTRACE.")
		return s.lines
	}
	s.text(normal, "There is no container on this machine. This page shows what has a PID namespace of its own, or the control group of a container.")
	return s.lines
}

// tableAndFoot draws the titles, the visible rows and, at the end of the room, the selected
// container.
func (p containersPage) tableAndFoot(w *world) []string {
	l, cols := p.layout(w), p.place(w)
	lines := []string{p.heads(w, cols)}
	from, to := p.visible()
	for at := from; at < to; at++ {
		lines = append(lines, p.draw(w, cols, at))
	}
	if l.foot == 0 {
		return lines
	}
	for len(lines) < 1+l.rows {
		lines = append(lines, "")
	}
	return append(lines, p.foot(w, l.foot)...)
}

// draw returns the line of a row.
func (p containersPage) draw(w *world, cols []placed, at int) string {
	c := p.rows[at]
	marked, sign := normal, span{" ", normal}
	if at == p.cursor && !w.plain {
		marked, sign.text = selected, w.glyphs().cursor
	}
	spans, rest := p.cells(w, cols, sign, func(col *column[*node.Container]) span { return col.cell(w, c) })
	if marked == selected && len(spans) > 1 {
		spans[1].style = strong // The name shows where the cursor is; the other cells keep their alarm.
	}
	found := span{w.text(c.WorstText()), worstStyle(c, normal)}
	return w.row(append(spans, w.cutSpans([]span{found}, rest)...), marked)
}

// foot describes the selected container in at most height lines.
func (p containersPage) foot(w *world, height int) []string {
	c := p.current()
	if c == nil {
		return nil
	}
	s := sheet{c: &w.canvas}
	s.lines = append(s.lines, w.rule(w.cut(w.text(c.Label()), w.width/2)))
	w.aboutContainer(&s, c)
	w.foundIn(&s, c, false)
	if len(s.lines) > height {
		s.lines = s.lines[:height]
		s.lines[height-1] = w.cut(s.lines[height-1], w.width-2) + " " + w.glyphs().more
	}
	return s.lines
}

// fullLines is all about the selected container.
func (p containersPage) fullLines(w *world) []string {
	c := p.current()
	if c == nil {
		return nil
	}
	s := sheet{c: &w.canvas}
	s.lines = append(s.lines, w.rule(w.cut(w.text(c.Label()), w.width/2)))
	w.aboutContainer(&s, c)
	s.fieldIf("image", w.text(c.Image))
	s.fieldIf("id", w.text(c.ID))
	s.fieldIf("pod uid", w.text(strings.TrimSpace(c.PodUID+" "+c.QoS)))
	s.fieldIf("pid ns", c.NS)
	if c.Checks.OOMGroup {
		s.field("oom group", "at its memory limit the kernel kills all of its processes at once (memory.oom.group)")
	}
	s.text(normal, "")
	w.foundIn(&s, c, true)
	return s.lines
}

// aboutContainer says what a container is and what a stop would do.
func (w *world) aboutContainer(s *sheet, c *node.Container) {
	what := c.Describe()
	if c.PID != 0 {
		what += fmt.Sprintf("; its first process is %d %s (%d inside, as are all pids below)", c.PID, firstName(w, c), c.Inside(1))
	}
	if first := c.First(); first != nil && first.Age > 0 {
		what += ", up " + text.Age(first.Age)
	}
	s.field("is", w.text(what+", "+text.Plural(len(c.View.Procs), "process", "processes")))
	if dying := c.Dying(); dying != "" {
		s.fieldIn(bad, "dying", w.text(dying))
	}
	s.field("stop", w.text(stopWords(c)))
	if z := c.Zombies(); z.All > 0 {
		s.field("zombies", w.text(zombieWords(c, z)))
	}
	if n, oldest := c.Sessions(); n > 0 {
		s.field("exec", fmt.Sprintf("%s from outside, the oldest for %s", text.Plural(n, "process", "processes"), procfs.Span(oldest)))
	}
	if n := len(c.Facts.Failures); n > 0 {
		f := &c.Facts.Failures[n-1]
		s.field("failed", w.text(fmt.Sprintf("%d %s %s, %s ago", f.PID, f.Comm, procfs.Ended(true, f.Status), procfs.Span(w.node.Time.Sub(f.Time)))))
	}
}

// stopWords says what a stop would do.
func stopWords(c *node.Container) string {
	s := &c.Stop
	if !s.Possible {
		return "what a stop would do is not known"
	}
	words := procfs.SignalName(s.Signal)
	if o := does(c); o != verdict.OutcomeUnknown {
		words += " (" + o.String() + ")"
	}
	switch {
	case s.Takes >= s.Timeout:
		words += ", takes the full " + procfs.Span(s.Timeout)
	case s.AtLeast && s.Takes > 0:
		words += ", takes " + procfs.Span(s.Takes) + " and as long as a handler runs, at most " + procfs.Span(s.Timeout)
	case s.AtLeast:
		words += ", takes as long as a handler runs, at most " + procfs.Span(s.Timeout)
	default:
		words += ", takes " + procfs.Span(s.Takes)
	}
	if s.Hard > 0 {
		words += "; kills " + text.Plural(s.Hard, "process", "processes") + " with SIGKILL"
	}
	if s.Doubt > 0 {
		words += "; of " + text.Plural(s.Doubt, "process", "processes") + " that is not known"
	}
	return words
}

// zombieWords says who holds the zombies, and since when.
func zombieWords(c *node.Container, z node.Tally) string {
	words := text.Plural(z.All, "zombie", "zombies")
	switch {
	case z.Culprit == 0:
		words += ", most of a process outside"
	case z.Name != "":
		words += fmt.Sprintf(", most of %d %s", c.Inside(z.Culprit), z.Name)
	}
	if z.Oldest > 0 {
		words += ", the oldest for at least " + procfs.Span(z.Oldest)
	}
	if c.Gained != 0 {
		words += fmt.Sprintf(", %+d in %s", c.Gained, procfs.Span(c.GainedIn))
	}
	return words
}

// foundIn lists what the doctor has found, with why and what helps if in full.
func (w *world) foundIn(s *sheet, c *node.Container, full bool) {
	for i := range c.Found {
		x := &c.Found[i]
		l := [...]style{bad, warn, normal}[min(x.Level, doctor.Note)]
		s.fieldIn(l, x.Level.String(), w.text(x.What))
		if !full {
			continue
		}
		for _, part := range [][2]string{{"", x.Evidence}, {"why", x.Why}, {"do", x.Do}} {
			if part[1] != "" {
				s.field(part[0], w.text(part[1]))
			}
		}
	}
}

func (p containersPage) explain(w *world) string {
	c := p.current()
	switch {
	case c == nil && len(p.find) > 0 && w.node != nil:
		return "No match. Esc clears the filter."
	case c == nil || p.full:
		return ""
	case c.Init() == verdict.No && c.Stop.Takes >= c.Stop.Timeout:
		return w.text(c.Label()) + ": a stop takes the full " + procfs.Span(c.Stop.Timeout) + ". Enter shows its processes."
	}
	return w.text(c.Describe())
}
