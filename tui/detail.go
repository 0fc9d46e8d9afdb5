package tui

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"yinit/procfs"
	"yinit/procfs/snapshot"
	"yinit/procfs/verdict"
	"yinit/tui/text"
)

// detail is the pane with the details of one process.
type detail struct {
	list
	open     bool
	verdicts bool // it shows the verdicts on all signals, and nothing else
	asked    bool // a detailsMsg is on its way
	known    bool // data has been read
	gone     bool // the process has ended; data stays as it is
	secrets  bool // the values of variables that look like secrets are shown
	id       procfs.ID
	proc     snapshot.Process // as it was when the pane was opened
	data     snapshot.Details
	more     snapshot.Resources
	whole    bool   // more has been read
	failed   string // why data could not be read the last time
}

var (
	detailKeys = keyMap{
		{title: "arrows", hint: "scroll", late: 9},
		{do: doSignal, keys: []string{"k", "f9"}, title: "k", hint: "signal", writes: true},
		{do: doVerdicts, keys: []string{"s"}, title: "s", hint: "all signals", late: 3},
		{do: doSecrets, keys: []string{"v"}, title: "v", hint: "hidden values", late: 3},
		{do: doBack, keys: []string{"esc", "q", "f10", "enter", "kpenter"}, title: "Esc", hint: "close"},
	}
	verdictKeys = keyMap{
		{title: "arrows", hint: "scroll", late: 9},
		{do: doSignal, keys: []string{"k", "f9"}, title: "k", hint: "signal", writes: true},
		{do: doDetails, keys: []string{"d"}, title: "d", hint: "details"},
		{do: doBack, keys: []string{"esc", "q", "f10", "enter", "kpenter"}, title: "Esc", hint: "close"},
	}
)

func (d detail) keys() keyMap {
	if d.verdicts {
		return verdictKeys
	}
	return detailKeys
}

func (d detail) show(p snapshot.Process, verdicts bool) detail {
	return detail{open: true, verdicts: verdicts, id: p.ID, proc: p}
}

// take returns the pane after msg, which may be about another process.
func (d detail) take(w *world, msg detailsMsg) detail {
	if msg.id != d.id { // The signal menu asks for details too.
		return d
	}
	d.asked = false
	switch {
	case errors.Is(msg.err, procfs.ErrGone), errors.Is(msg.moreErr, procfs.ErrGone):
		d.gone, d.failed = true, ""
	case msg.err != nil:
		d.failed = w.text(msg.err.Error())
	default:
		d.data, d.known, d.failed = msg.d, true, ""
		if msg.moreErr != nil {
			d.failed = w.text(msg.moreErr.Error())
			break
		}
		d.more, d.whole = msg.more, true
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

// detailColumn is the smallest width of a column of the details.
const detailColumn = 80

// lines returns all lines of the pane, visible or not, in columns where there is room.
func (d detail) lines(w *world) []string {
	p := d.process(w)
	top := sheet{c: &w.canvas}
	i, ok := w.find(d.id)
	if ok && !w.ended(i) {
		words := sentence(w, &p)
		if d.verdicts && w.room < 10 {
			words = brief(w, &p)
		}
		top.text(strong, words)
	} else {
		top.text(strong, sentenceGone(w, &p))
	}
	if d.failed != "" {
		top.text(bad, d.failed)
	}
	if d.verdicts {
		d.allVerdicts(w, &top, &p)
		return top.lines
	}
	top.text(normal, "")
	n := max(1, w.width/detailColumn)
	c := w.canvas // as wide as a column
	c.width = w.width / n
	blocks, total := d.blocks(w, &c, &p), 0
	for _, b := range blocks {
		total += len(b)
	}
	columns := balance(blocks, n, total)
	if n == 1 {
		return append(top.lines, columns[0]...)
	}
	return append(top.lines, w.columns(columns, c.width)...)
}

// blocks returns the parts of the pane for a canvas as wide as a column, the most
// important first. The environment is last, because it may be long.
func (d detail) blocks(w *world, c *canvas, p *snapshot.Process) (blocks [][]string) {
	for _, part := range []func(*world, *sheet, *snapshot.Process){d.facts, d.signals, d.files, d.limits, d.place, d.threads, d.environ} {
		s := sheet{c: c}
		if part(w, &s, p); len(s.lines) > 0 {
			s.text(normal, "")
			blocks = append(blocks, s.lines)
		}
	}
	if last := len(blocks) - 1; last >= 0 {
		blocks[last] = blocks[last][:len(blocks[last])-1]
	}
	return blocks
}

// has reports whether what the process has is known: it is not for a zombie, which has
// nothing but an exit status.
func (d detail) has(p *snapshot.Process) bool { return d.whole && !p.Dead() }

func (d detail) facts(w *world, s *sheet, p *snapshot.Process) {
	s.field("command", w.name(p))
	if d.data.Exe != "" {
		s.field("program", w.text(d.data.Exe))
	}
	switch {
	case d.data.Cwd != "":
		s.field("directory", w.text(d.data.Cwd))
	case d.has(p) && d.more.Advice != "":
		s.field("directory", unreadWords(snapshot.Denied))
	}
	if d.has(p) && d.more.Advice != "" {
		s.fieldIn(warn, "rights", "not all of it may be read: "+w.text(d.more.Advice))
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

// target returns what decides the verdicts on p: all of it, or what the snapshot has.
func (d detail) target(p *snapshot.Process) *verdict.Target {
	if d.data.Target != nil && !p.Dead() {
		return d.data.Target
	}
	return p.Target
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
	f := predictWith(d.target(p), p, sigTERM, w.snap.Caller)
	s.field("SIGTERM", f.String()+": "+f.Reason)
	s.field("caught", text.Signals(sigs.Caught))
	s.field("ignored", text.Signals(sigs.Ignored))
	s.field("blocked", text.Signals(sigs.Blocked))
	s.field("pending", text.Signals(sigs.Pending.Union(sigs.SharedPending)))
}
