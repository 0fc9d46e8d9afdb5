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
	s.field(w.glyphs().fresh, "new since the last refresh or two")
	s.field(w.glyphs().dead, "has just ended")
	return s.lines
}
