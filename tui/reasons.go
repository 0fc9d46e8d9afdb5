package tui

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"yinit/procfs/snapshot"
	"yinit/procfs/zombie"
	"yinit/tui/text"
)

// reasons is the pane that explains one process: what it is, why it is so, and what
// helps. It is shorter than the details, and says what to do.
type reasons struct {
	list
	open bool
	proc snapshot.Process // as it was when the pane was opened
}

var reasonsKeys = keyMap{
	{title: "arrows", hint: "scroll", late: 9},
	{do: doSignal, keys: []string{"k", "f9"}, title: "k", hint: "signal", writes: true},
	{do: doDetails, keys: []string{"d"}, title: "d", hint: "details"},
	{do: doBack, keys: []string{"esc", "q", "f10", "e", "enter", "kpenter"}, title: "Esc", hint: "close"},
}

// openReasons explains the selected process, and at once reads what that needs. It explains
// what the selected row is about if that is no process.
func (m Model) openReasons() (Model, tea.Cmd) {
	p, ok := m.selected()
	if r, is := m.chosenRecord(); !ok && is {
		q, here := m.world.subject(&r.Record)
		if !here {
			m, cmd := m.openDetail(false)
			return m.setStatus(normal, "this record is all that is known of it: it has ended, or is no process"), cmd
		}
		p, ok = *q, true
	}
	if whole, is := m.page().unfold(&m.world); !ok && is {
		return m.setPage(whole), nil
	}
	if !ok {
		return m.setStatus(normal, "no process of this container is selected"), nil
	}
	m.reasons = reasons{open: true, proc: p}.resize(&m.world)
	if m.paused {
		return m, nil
	}
	return m.read()
}

// process returns the process as the last snapshot has it or, if it has ended, as it
// was when the pane was opened.
func (e reasons) process(w *world) snapshot.Process {
	if i, ok := w.find(e.proc.ID); ok {
		return w.procs[i]
	}
	return e.proc
}

// resize adapts the list to the number of lines and to the room.
func (e reasons) resize(w *world) reasons {
	if e.open {
		e.list = e.fit(len(e.lines(w)), w.room)
	}
	return e
}

func (e reasons) view(w *world, height int) []string {
	lines := e.lines(w)
	from, to := e.fit(len(lines), height).visible()
	return lines[from:to]
}

func (e reasons) lines(w *world) []string {
	p := e.process(w)
	s := sheet{c: &w.canvas}
	if i, ok := w.find(p.ID); !ok || w.ended(i) {
		s.text(strong, sentenceGone(w, &p))
		return s.lines
	}
	s.text(strong, sentence(w, &p))
	s.text(normal, "")
	if !p.Dead() {
		f := predict(&p, sigTERM, w.snap.Caller)
		s.field("SIGTERM", f.String()+": "+f.Reason)
	}
	if p.ID.PID == 1 {
		if words, _ := w.stopForecast(); words != "" {
			s.field("stop", strings.TrimPrefix(words, "stop: "))
		}
	}
	e.zombies(w, &s, &p)
	return s.lines
}

// zombies adds why p does not reap its zombies, or why p is not reaped, and what helps.
func (e reasons) zombies(w *world, s *sheet, p *snapshot.Process) {
	culprit := p.ID.PID
	if p.Dead() {
		culprit = p.Culprit
	} else if w.held[culprit] == 0 {
		return
	}
	c := w.culpritIn(culprit)
	switch {
	case c == nil && w.blameFailed != "":
		s.text(bad, "Why it has not been reaped cannot be read: "+w.blameFailed)
	case c == nil:
		s.text(faint, "finding out why")
	default:
		s.field("zombies", fmt.Sprintf("%s of %s", text.Count(c.Count()), w.culprit(&snapshot.Process{Culprit: c.Culprit, PPID: c.Culprit})))
		s.field("why", w.text(c.Why()))
		s.field("helps", w.text(w.hints.In(c.Advice(w.initFor(c.Culprit)))))
	}
}

// culpritIn returns what was last read about the process that does not reap its
// zombies; nil: nothing.
func (w *world) culpritIn(pid int) *zombie.Culprit {
	if w.blame == nil {
		return nil
	}
	for _, c := range w.blame.Culprits {
		if c.Culprit == pid {
			return c
		}
	}
	return nil
}
