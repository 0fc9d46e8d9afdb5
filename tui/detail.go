package tui

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"yinit/procfs"
	"yinit/procfs/snapshot"
	"yinit/tui/text"
)

// detail is the pane with the details of one process.
type detail struct {
	list
	open   bool
	asked  bool // a detailsMsg is on its way
	known  bool // data has been read
	gone   bool // the process has ended; data stays as it is
	id     procfs.ID
	proc   snapshot.Process // as it was when the pane was opened
	data   snapshot.Details
	failed string // why data could not be read the last time
}

var detailKeys = keyMap{
	{title: "arrows", hint: "scroll"},
	{do: doSignal, keys: []string{"k", "f9"}, title: "k", hint: "signal", writes: true},
	{do: doBack, keys: []string{"esc", "q", "f10", "enter", "kpenter"}, title: "Esc", hint: "close"},
}

func (d detail) show(p snapshot.Process) detail {
	return detail{open: true, id: p.ID, proc: p}
}

// take returns the pane after msg, which may be about another process.
func (d detail) take(w *world, msg detailsMsg) detail {
	if msg.id != d.id { // The signal menu asks for details too.
		return d
	}
	d.asked = false
	switch {
	case errors.Is(msg.err, procfs.ErrGone):
		d.gone, d.failed = true, ""
	case msg.err != nil:
		d.failed = w.text(msg.err.Error())
	default:
		d.data, d.known, d.failed = msg.d, true, ""
	}
	return d
}

// resize adapts the list to the number of lines and to the room.
func (d detail) resize(w *world) detail {
	d.list = d.fit(len(d.lines(w)), w.room)
	return d
}

// process returns the process from the last snapshot or, if it is not there, as it
// was when the pane was opened.
func (d detail) process(w *world) snapshot.Process {
	if i, ok := w.find(d.id); ok {
		return w.procs[i]
	}
	return d.proc
}

func (d detail) view(w *world, height int) []string {
	lines := d.lines(w)
	from, to := d.fit(len(lines), height).visible()
	lines = lines[from:to]
	if len(lines) > 0 && from > 0 {
		lines[0] = w.paint(faint, " "+w.glyphs().up+" more above")
	}
	return lines
}

// lines returns all lines of the pane, visible or not.
func (d detail) lines(w *world) []string {
	p := d.process(w)
	s := sheet{c: &w.canvas}
	i, ok := w.find(d.id)
	if ok && !w.ended(i) {
		s.text(strong, explain(w, &p))
	} else {
		s.text(strong, explainGone(w, &p))
	}
	if d.failed != "" {
		s.text(bad, d.failed)
	}
	s.text(normal, "")
	d.facts(w, &s, &p)
	s.text(normal, "")
	d.signals(w, &s, &p)
	return s.lines
}

func (d detail) facts(w *world, s *sheet, p *snapshot.Process) {
	s.field("command", w.name(p))
	if d.data.Exe != "" {
		s.field("program", w.text(d.data.Exe))
	}
	if d.data.Cwd != "" {
		s.field("directory", w.text(d.data.Cwd))
	}
	state := p.State.String() + " " + p.State.Word()
	if p.Dead() {
		state += ", " + text.Ended(p.Known, p.Status)
	}
	s.field("state", state)
	s.field("parents", w.ancestors(p))
	s.field("user", w.text(p.User))
	s.field("group", fmt.Sprintf("%d, session %d", p.PGRP, p.Session))
	s.field("started", fmt.Sprintf("%s ago, %s", text.Age(p.Age), w.snap.Time.Add(-p.Age).Format("2006-01-02 15:04:05")))
	if p.Dead() {
		return
	}
	used := p.CPUTime.Round(10 * time.Millisecond).String()
	if w.snap.Since > 0 {
		used += ", now " + cpuCell(w, p) + " % of one CPU"
	}
	s.field("cpu", used)
	s.field("memory", memCell(w, p))
	s.field("threads", fmt.Sprint(p.Threads))
}

// ancestors names the parent of p, the parent's parent and so on, up to the root.
func (w *world) ancestors(p *snapshot.Process) string {
	var names []string
	i, ok := w.find(p.ID)
	outside := p.Entered()
	for ok && len(names) < 32 {
		if i = w.parentIndex(i); i < 0 {
			break
		}
		q := &w.procs[i]
		names = append(names, fmt.Sprintf("%d %s", q.ID.PID, w.text(q.Comm)))
		outside = q.Entered()
	}
	if outside {
		names = append(names, "a process outside the container")
	}
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", child of ")
}

// signals adds what the process does with signals, by name.
func (d detail) signals(w *world, s *sheet, p *snapshot.Process) {
	sigs := p.Sigs
	if d.known {
		sigs = d.data.Sigs
	}
	switch {
	case p.Dead():
		s.text(normal, "A zombie takes no signals. It disappears when its parent waits for it or ends.")
		return
	case !sigs.Known:
		s.text(normal, "What it does with signals is unknown: the kernel does not show it.")
		return
	}
	deep := *p
	if d.data.Target != nil {
		deep.Target = d.data.Target
	}
	f := predict(&deep, sigTERM, w.snap.Caller)
	s.field("SIGTERM", f.String()+": "+f.why)
	s.field("caught", text.Signals(sigs.Caught))
	s.field("ignored", text.Signals(sigs.Ignored))
	s.field("blocked", text.Signals(sigs.Blocked))
	s.field("pending", text.Signals(sigs.Pending.Union(sigs.SharedPending)))
}
