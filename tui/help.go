package tui

// help is the pane that explains the keys and the words.
type help struct {
	open bool
	top  int
}

func (h help) scroll(w *world, readOnly bool, a action) help {
	h.top = scrolled(h.top, a, len(h.lines(w, readOnly)), w.room)
	return h
}

func (h help) view(w *world, readOnly bool, height int) []string {
	lines := h.lines(w, readOnly)
	top := max(0, min(h.top, len(lines)-height))
	return lines[top:min(len(lines), top+max(0, height))]
}

func (h help) lines(w *world, readOnly bool) []string {
	s := sheet{c: &w.canvas}
	s.text(strong, "KEYS")
	for i := range keyTable {
		if b := &keyTable[i]; b.title != "" && !(b.writes && readOnly) {
			s.field(b.title, b.does)
		}
	}
	s.text(normal, "")
	s.text(strong, "TERM: WHAT SIGTERM WOULD DO")
	s.field("passes", "yinit passes it on to its program")
	s.field("drops", "yinit was told to drop it")
	s.field("handler", "its handler decides what happens")
	s.field("reads", "it reads it, by signalfd or sigwait")
	s.field("kills", "it has no handler")
	s.field("IGNORES", "it asked the kernel to drop it")
	s.field("waits", "blocked, or stopped: it would stay pending")
	s.field("shielded", "PID 1 has no handler: the kernel drops it")
	s.field("denied", "we may not signal it")
	s.field("?", "the kernel does not tell")
	s.text(normal, "")
	s.text(strong, "FILTER: ALL WORDS MUST MATCH, OF a,b ONE")
	s.field("text", "in the name or the command line")
	s.field("state:Z,T", "also user:app pid:37")
	s.field("ignores:", "ignores:TERM, also blocks: catches: pending:")
	s.field("History", "text, pid:37, kind:exit,signal and failed")
	s.text(normal, "")
	s.text(strong, "FIRST COLUMN")
	s.field(w.glyphs().fresh, "new since the last refresh or two")
	s.field(w.glyphs().dead, "has just ended")
	return s.lines
}
