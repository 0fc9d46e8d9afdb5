package tui

import (
	"slices"
	"strings"
)

// help is the pane that explains the keys and the words on the screen.
type help struct {
	list
	open bool
}

var helpKeys = keyMap{
	{title: "arrows", hint: "scroll"},
	{title: "any", hint: "other key closes"},
}

// resize adapts the list to the number of lines and to the room.
func (h help) resize(m *Model) help {
	h.list = h.fit(len(h.lines(m)), m.world.room)
	return h
}

func (h help) view(m *Model, height int) []string {
	lines := h.lines(m)
	from, to := h.fit(len(lines), height).visible()
	return lines[from:to]
}

// lines returns the help, made from the key tables of all pages.
func (h help) lines(m *Model) []string {
	s := sheet{c: &m.world.canvas}
	section := func(title string, table keyMap) {
		s.text(strong, title)
		for _, b := range table {
			if b.title != "" && !(b.writes && m.opts.ReadOnly) {
				s.field(b.title, b.does)
			}
		}
		s.text(normal, "")
	}
	section("MOVE", listKeys)
	for _, p := range m.pages {
		section(strings.ToUpper(p.name()), p.keys())
	}
	section("EVERYWHERE", slices.Concat(refreshKeys, modelKeys))
	return append(s.lines, words(&m.world.canvas)...)
}

// words explains the words in the columns, and the filter.
func words(c *canvas) []string {
	s := sheet{c: c}
	s.text(strong, "TERM: WHAT SIGTERM WOULD DO")
	s.field("terminate", "ends it: no handler; core: also writes a core dump")
	s.field("handler", "runs the program's handler")
	s.field("forward", "yinit forwards it to its program")
	s.field("read", "the program reads it with signalfd or sigwait")
	s.field("IGNORE", "no effect: the program ignores it")
	s.field("PENDING", "no effect yet: it is blocked, or the process is stopped")
	s.field("SHIELDED", "no effect: PID 1 has no handler, the kernel drops it")
	s.field("DROP", "no effect: yinit drops it (--rewrite)")
	s.field("denied", "no effect: you may not signal this process")
	s.field("?", "unknown: the kernel does not show it")
	s.text(normal, "")
	s.text(strong, "FILTER: EVERY WORD MUST MATCH; a,b IS a OR b")
	s.field("text", "in the name or the command line")
	s.field("state:Z,T", "also user:app pid:37")
	s.field("ignores:", "ignores:TERM, also blocks: catches: pending:")
	s.field("History", "text, pid:37, kind:exit,signal and failed")
	s.text(normal, "")
	s.text(strong, "FIRST COLUMN")
	s.field(c.glyphs().fresh, "new in the last two refreshes")
	s.field(c.glyphs().dead, "has just ended")
	return s.lines
}
