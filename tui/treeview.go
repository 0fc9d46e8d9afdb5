package tui

import (
	"fmt"
	"strings"

	"yinit/procfs/explain"
	"yinit/procfs/snapshot"
	"yinit/tui/text"
)

// view draws the titles and the visible rows.
func (t treePage) view(w *world, height int) []string {
	if height <= 0 {
		return nil
	}
	cols := t.place(w)
	lines := append(make([]string, 0, height), t.heads(w, cols))
	if len(t.rows) == 0 && w.read {
		lines = append(lines, "", w.noProcess(t.typed))
	}
	from, to := t.visible()
	for at := from; at < min(to, from+height-1); at++ {
		lines = append(lines, t.draw(w, cols, at))
	}
	return lines[:min(len(lines), height)]
}

// draw returns the line of a row.
func (t treePage) draw(w *world, cols []placed, at int) string {
	r := &t.rows[at]
	p := &w.procs[r.Index]
	ended := w.ended(r.Index)
	spans, rest := t.cells(w, cols, t.sign(w, r, at), func(c *column[*snapshot.Process]) span {
		switch {
		case ended && c.title == "S":
			return span{w.glyphs().dead, strong}
		case ended && c.title != "PID" && c.title != "USER":
			return span{w.glyphs().dash, faint}
		}
		return c.cell(w, p)
	})
	marked := normal
	if at == t.cursor && !w.plain {
		marked = selected
	}
	spans = append(spans, t.command(w, at, rest)...)
	if ended || !r.matched {
		dim(spans)
	}
	return w.row(spans, marked)
}

// dim makes spans faint, unless they have a meaning.
func dim(spans []span) {
	for i := range spans {
		if spans[i].style == normal || spans[i].style == strong {
			spans[i].style = faint
		}
	}
}

// sign returns the first cell of a row.
func (t treePage) sign(w *world, r *row, at int) span {
	g := w.glyphs()
	switch {
	case w.tags[w.procs[r.Index].ID]:
		return span{g.tag, accent}
	case w.ended(r.Index):
		return span{g.dead, strong}
	case w.fresh(r.Index):
		return span{g.fresh, strong}
	case at == t.cursor && !w.plain:
		return span{g.cursor, normal}
	}
	return span{" ", normal}
}

// command returns the last column: the guides of the tree, the command, and at the
// right end a note.
func (t treePage) command(w *world, at, width int) []span {
	r := &t.rows[at]
	p := &w.procs[r.Index]
	guides := t.guides(w, at, max(2, width/8))
	if r.hides > 0 || r.group != nil {
		guides += w.glyphs().folded
	}
	spans := []span{{guides, faint}}
	width -= text.Width(guides)
	name := w.commandSpans(p)
	if r.group != nil {
		name = w.groupSpans(r.group)
	}
	used := spansWidth(name)
	if r.group == nil && p.Dead() && !w.ended(r.Index) {
		note, _ := text.FirstFit(w.notes(r), width-used-1)
		return append(append(spans, name...), span{" " + note, bad})
	}
	keep := min(used, max(8, width/2)) // of the command
	if r.group != nil {
		keep = used
	}
	note, ok := text.FirstFit(w.notes(r), width-keep-2)
	if !ok || note == "" {
		return append(spans, w.fitCommand(name, width)...)
	}
	name = w.fitCommand(name, width-text.Width(note)-2)
	gap := text.Spaces(width - spansWidth(name) - text.Width(note))
	return append(append(spans, name...), span{gap, normal}, span{note, w.noteStyle(r)})
}

// noteStyle returns the style of the note on a row.
func (w *world) noteStyle(r *row) style {
	p := &w.procs[r.Index]
	switch {
	case w.ended(r.Index):
		if e, ok := w.exit(p); ok && e.Failed() {
			return bad
		}
		return normal
	case p.Dead(), w.held[p.ID.PID] > 0, r.zombies > 0, r.group != nil && r.group.zombies > 0:
		return bad
	case p.State.Stopped(), p.State.Zombie():
		return warn
	}
	return faint
}

// commandSpans returns the command of a process: the directories of the program, its name,
// which is bold, and the rest.
func (w *world) commandSpans(p *snapshot.Process) []span {
	name := w.name(p)
	if len(p.Cmdline) == 0 || p.Dead() {
		return []span{{}, {name, normal}, {}}
	}
	program := w.text(p.Cmdline[0])
	if !strings.HasPrefix(name, program) { // It is too long for name.
		return []span{{}, {name, strong}, {}}
	}
	if end := strings.IndexByte(program, ' '); end >= 0 { // A title that the program wrote.
		program = program[:end]
	}
	rest := name[len(program):]
	dir := program[:strings.LastIndexByte(program, '/')+1]
	return []span{{dir, normal}, {program[len(dir):], strong}, {rest, normal}}
}

// withoutDir returns a command, see commandSpans, without the directories of the program. A
// program that calls itself a directory keeps them.
func withoutDir(command []span) []span {
	if command[1].text == "" {
		return command
	}
	return command[1:]
}

// fitCommand shortens a command to width cells: the directories of the program go first,
// which tell less than its arguments do.
func (w *world) fitCommand(command []span, width int) []span {
	if spansWidth(command) > width {
		command = withoutDir(command)
	}
	return w.cutSpans(command, width)
}

// textOf returns the text of spans.
func textOf(spans []span) string {
	var b strings.Builder
	for _, s := range spans {
		b.WriteString(s.text)
	}
	return b.String()
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
	case r.group != nil:
		return w.groupNotes(r.group)
	case p.Dead():
		return w.zombieNotes(p)
	case r.hides > 0:
		return foldedNotes(r)
	case w.held[p.ID.PID] > 0 && !p.State.Zombie():
		n := text.Plural(w.held[p.ID.PID], "zombie", "zombies")
		return []string{"has not reaped " + n, "holds " + n, n}
	case p.State.Zombie():
		return []string{"main thread has ended"}
	case p.State.Stopped():
		return []string{p.State.Word()}
	case p.Entered():
		return explain.Entered(p)
	}
	return nil
}

// foldedNotes says what the row of a folded process hides.
func foldedNotes(r *row) []string {
	notes := []string{fmt.Sprintf("+%d below", r.hides), fmt.Sprintf("+%d", r.hides)}
	if r.zombies == 0 {
		return notes
	}
	n := text.Plural(r.zombies, "zombie", "zombies")
	return append([]string{notes[0] + ", " + n + " among them", notes[0] + ", " + n, notes[1] + ", " + n}, notes...)
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
	i, known := w.byPID[p.Culprit]
	if !known {
		return explain.Culprit(p, "", false)
	}
	return explain.Culprit(p, w.text(w.procs[i].Comm), true)
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
