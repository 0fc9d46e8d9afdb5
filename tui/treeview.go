package tui

import (
	"fmt"
	"strconv"
	"strings"

	"yinit/procfs/snapshot"
	"yinit/tui/text"
)

// A column is one of the columns to the left of the command.
type column struct {
	title string
	width int
	from  int // the smallest screen width that shows it
	left  bool
	cell  func(w *world, p *snapshot.Process) string
}

// columns returns the columns that fit the width.
func columns(w *world, pidWidth int) []column {
	all := [...]column{
		{"PID", pidWidth, 0, false, func(_ *world, p *snapshot.Process) string { return strconv.Itoa(p.ID.PID) }},
		{"USER", 8, 70, true, func(w *world, p *snapshot.Process) string { return w.text(p.User) }},
		{"S", 1, 0, true, func(_ *world, p *snapshot.Process) string { return p.State.String() }},
		{"CPU", 5, 56, false, cpuCell},
		{"MEM", 5, 56, false, memCell},
		{"AGE", 5, 70, false, func(_ *world, p *snapshot.Process) string { return text.Age(p.Age) }},
		{"TERM", 9, 0, true, func(w *world, p *snapshot.Process) string {
			return w.term(p).word(w.glyphs())
		}},
	}
	fit := make([]column, 0, len(all))
	for _, c := range all {
		if w.width >= c.from {
			fit = append(fit, c)
		}
	}
	return fit
}

// cpuCell returns the CPU usage in percent of one CPU.
func cpuCell(w *world, p *snapshot.Process) string {
	switch {
	case p.Dead() || w.snap.Since <= 0:
		return w.glyphs().dash
	case p.CPU < 9.995:
		return fmt.Sprintf("%.1f", p.CPU*100)
	default:
		return fmt.Sprintf("%.0f", p.CPU*100)
	}
}

func memCell(w *world, p *snapshot.Process) string {
	if p.RSS == 0 {
		return w.glyphs().dash
	}
	return text.Bytes(p.RSS)
}

// view draws the titles and the visible rows.
func (t treePage) view(w *world, height int) []string {
	if height <= 0 {
		return nil
	}
	from, to := t.visible()
	shown := t.rows[from:min(to, from+height-1)]
	pidWidth := 5
	for _, r := range shown {
		pidWidth = max(pidWidth, len(strconv.Itoa(w.procs[r.Index].ID.PID)))
	}
	cols := columns(w, pidWidth)
	lines := make([]string, 0, height)
	lines = append(lines, t.titles(w, cols))
	for i := range shown {
		lines = append(lines, t.draw(w, cols, from+i))
	}
	return lines
}

func (t treePage) titles(w *world, cols []column) string {
	key := sortKeys[t.sort]
	var b strings.Builder
	b.WriteByte(' ')
	title := func(s string) string {
		if s != key.title || w.plain {
			return s
		}
		if key.down {
			return s + w.glyphs().down
		}
		return s + w.glyphs().up
	}
	for _, c := range cols {
		text := title(c.title)
		if c.left {
			if c.width < 2 { // No room for the mark.
				text = c.title
			}
			b.WriteString(w.pad(text, c.width))
		} else {
			b.WriteString(w.padLeft(text, c.width))
		}
		b.WriteByte(' ')
	}
	b.WriteString(title("COMMAND"))
	return w.paint(strong, w.cut(b.String(), w.width))
}

// draw returns the line of a row.
func (t treePage) draw(w *world, cols []column, at int) string {
	r := &t.rows[at]
	p := &w.procs[r.Index]
	ended := w.ended(r.Index)
	var b strings.Builder
	b.WriteString(t.sign(w, r, at))
	for _, c := range cols {
		text := c.cell(w, p)
		switch {
		case ended && c.title == "S":
			text = w.glyphs().dead
		case ended && c.title != "PID" && c.title != "USER":
			text = w.glyphs().dash
		}
		if c.left {
			b.WriteString(w.pad(text, c.width))
		} else {
			b.WriteString(w.padLeft(text, c.width))
		}
		b.WriteByte(' ')
	}
	rest := w.width - text.Width(b.String())
	b.WriteString(t.command(w, at, rest))
	return w.paint(t.style(w, r, at), w.pad(b.String(), w.width))
}

// sign returns the first cell of a row.
func (t treePage) sign(w *world, r *row, at int) string {
	g := w.glyphs()
	switch {
	case at == t.cursor && !w.plain:
		return g.cursor
	case w.ended(r.Index):
		return g.dead
	case w.fresh(r.Index):
		return g.fresh
	}
	return " "
}

func (t treePage) style(w *world, r *row, at int) style {
	p := &w.procs[r.Index]
	switch {
	case at == t.cursor:
		return reverse
	case w.ended(r.Index) || !r.matched:
		return faint
	case p.Dead():
		return bad
	case p.State.Stopped() || w.term(p).trouble():
		return warn
	}
	return normal
}

// command returns the last column: the guides, the command, and a note. If there is
// no room for all three, the command is cut.
func (t treePage) command(w *world, at, width int) string {
	r := &t.rows[at]
	p := &w.procs[r.Index]
	guides := t.guides(w, at, max(2, width/8))
	width -= text.Width(guides)
	if r.hides > 0 {
		guides += w.glyphs().folded
		width -= text.Width(w.glyphs().folded)
	}
	name := w.name(p)
	if p.Dead() && !w.ended(r.Index) {
		note, _ := text.FirstFit(w.notes(r), width-text.Width(name)-1)
		return guides + name + " " + note
	}
	note, ok := text.FirstFit(w.notes(r), width-min(8, text.Width(name))-2)
	if !ok {
		return guides + name
	}
	name = w.cut(name, width-text.Width(note)-2)
	return guides + w.between(name, note, width)
}

// name returns the command line or, if there is none, the name in brackets.
func (w *world) name(p *snapshot.Process) string {
	if len(p.Cmdline) == 0 || p.Dead() {
		return "[" + w.text(p.Comm) + "]"
	}
	var b strings.Builder
	for i, word := range p.Cmdline {
		if i > 0 {
			b.WriteByte(' ')
		}
		if b.Len() > 4*w.width+64 {
			break // No more can be visible, and a command line may have megabytes.
		}
		b.WriteString(w.text(word[:min(len(word), 4*w.width+64)]))
	}
	return b.String()
}

// notes returns the note on a row in several versions, longest first.
func (w *world) notes(r *row) []string {
	p := &w.procs[r.Index]
	switch {
	case w.ended(r.Index):
		return w.endNotes(p)
	case p.Dead():
		return w.zombieNotes(p)
	case r.hides > 0:
		return []string{fmt.Sprintf("+%d below", r.hides), fmt.Sprintf("+%d", r.hides)}
	case p.State.Zombie():
		return []string{"main thread has ended"}
	case p.State.Stopped():
		return []string{p.State.Word()}
	case p.Entered():
		return enteredNotes(p)
	}
	return nil
}

// shortID is how many digits of a container's ID are shown, as docker ps does.
const shortID = 12

// enteredNotes says where a process comes from whose parent is outside.
func enteredNotes(p *snapshot.Process) []string {
	switch {
	case p.Place == snapshot.PlaceOurs:
		return []string{"of this container", "this container"}
	case p.Place == snapshot.PlaceOther && len(p.Container) >= shortID:
		return []string{"of container " + p.Container[:shortID], p.Container[:shortID], "other"}
	case p.Place == snapshot.PlaceOther:
		return []string{"of another container", "other"}
	default:
		return []string{"from outside (docker exec)", "from outside", "outside"}
	}
}

func (w *world) zombieNotes(p *snapshot.Process) []string {
	how, dot := text.Ended(p.Known, p.Status), w.glyphs().dot
	notes := []string{how + dot + "not reaped by " + w.culprit(p)}
	if p.Culprit == 0 {
		return append(notes, how+dot+"parent outside", how)
	}
	return append(notes, fmt.Sprintf("%s, held by %d", how, p.Culprit), how)
}

func (w *world) endNotes(p *snapshot.Process) []string {
	if e, ok := w.exit(p); ok {
		return []string{w.endNote(p), text.Ended(e.Known, e.Status), "ended"}
	}
	return []string{w.endNote(p), "ended"}
}

// endNote says how a process from an earlier snapshot ended.
func (w *world) endNote(p *snapshot.Process) string {
	if e, ok := w.exit(p); ok {
		how := text.Ended(e.Known, e.Status)
		if e.Runtime > 0 {
			how += " " + text.After(e.Runtime)
		}
		return how
	}
	if p.Dead() {
		return text.Ended(p.Known, p.Status) + ", reaped"
	}
	return "ended"
}

// culprit names the process that must wait for the zombie p: its debugger, if it has
// one, else its parent.
func (w *world) culprit(p *snapshot.Process) string {
	if p.Culprit == 0 {
		return "its parent outside the container"
	}
	i, ok := w.byPID[p.Culprit]
	switch {
	case !ok && p.Culprit == p.PPID:
		return "its parent"
	case !ok: // It is hidden, or started after the snapshot read it.
		return strconv.Itoa(p.Culprit)
	}
	return fmt.Sprintf("%d %s", p.Culprit, w.text(w.procs[i].Comm))
}

// guides returns the lines of the tree to the left of a command. In a deep tree it
// draws only the given number of levels, those nearest to the process.
func (t treePage) guides(w *world, at, levels int) string {
	g := w.glyphs()
	r := &t.rows[at]
	if r.Depth == 0 {
		return ""
	}
	levels = min(levels, r.Depth)
	parts := make([]string, 0, levels)
	for depth := r.Depth - levels + 1; depth < r.Depth; depth++ {
		part := g.blank
		if r.Guide(depth) {
			part = g.bar
		}
		parts = append(parts, part)
	}
	if r.Last {
		parts = append(parts, g.last)
	} else {
		parts = append(parts, g.tee)
	}
	if levels < r.Depth {
		parts[0] = w.pad(g.more, 3)
	}
	return strings.Join(parts, "")
}
