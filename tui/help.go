package tui

import (
	"slices"
	"strings"
)

// help is the pane that explains the keys and the words.
type help struct {
	list
	open bool
}

var helpKeys = keyMap{
	{title: "arrows", hint: "scroll"},
	{title: "any", hint: "other key closes"},
}

// resize fits the list to the lines and the room.
func (h help) resize(m *Model) help {
	h.list = h.fit(len(h.lines(m)), m.world.room)
	return h
}

func (h help) view(m *Model, height int) []string {
	lines := h.lines(m)
	from, to := h.fit(len(lines), height).visible()
	return lines[from:to]
}

// lines are made from the key tables of all pages.
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

// words explain what stands in the columns, and what can be typed.
func words(c *canvas) []string {
	s := sheet{c: c}
	s.text(strong, "TERM: WHAT SIGTERM WOULD DO")
	s.field("terminate", "end it: it has no handler; core: with a core dump")
	s.field("handler", "run the program's handler")
	s.field("forward", "yinit forwards it to its program")
	s.field("read", "be read by signalfd or sigwait")
	s.field("IGNORE", "nothing: the program ignores it")
	s.field("PENDING", "nothing yet: it is blocked, or the process is stopped")
	s.field("SHIELDED", "nothing: PID 1 has no handler, the kernel drops it")
	s.field("DROP", "nothing: yinit was told to drop it (--rewrite)")
	s.field("denied", "nothing: you may not send it")
	s.field("?", "unknown: the kernel does not tell")
	s.text(normal, "")
	s.text(strong, "FILTER: ALL WORDS MUST MATCH, OF a,b ONE")
	s.field("text", "in the name or the command line")
	s.field("state:Z,T", "also user:app pid:37")
	s.field("ignores:", "ignores:TERM, also blocks: catches: pending:")
	s.field("History", "text, pid:37, kind:exit,signal and failed")
	s.text(normal, "")
	s.text(strong, "FIRST COLUMN")
	s.field(c.glyphs().fresh, "new since the last refresh or two")
	s.field(c.glyphs().dead, "has just ended")
	return s.lines
}
