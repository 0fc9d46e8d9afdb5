package tui

import (
	"fmt"
	"strings"
	"time"

	"yinit/initcore/history"
	"yinit/procfs"
	"yinit/procfs/snapshot"
	"yinit/tui/text"
)

// A chosenRecord is a record that a page has selected.
type chosenRecord struct {
	history.Record
	note string // what else its row stands for; "": nothing
}

// zombieRule says when the watcher of the init writes the record of a zombie.
const zombieRule = "recorded when a process had been a zombie for 10 s; the next record of the same culprit follows when it holds twice as many"

// recordPane is the pane with one record of the history in full.
type recordPane struct {
	list
	chosenRecord
	open bool
}

var recordKeys = keyMap{
	{title: "arrows", hint: "scroll", late: 9},
	{do: doShow, keys: []string{"t", "f5"}, title: "t", hint: "parent"},
	{do: doExplain, keys: []string{"e"}, title: "e", hint: "explain"},
	{do: doBack, keys: []string{"esc", "q", "f10", "enter", "kpenter"}, title: "Esc", hint: "close"},
}

// resize adapts the list to the number of lines and to the room.
func (p recordPane) resize(w *world) recordPane {
	if p.open {
		p.list = p.fit(len(p.lines(w)), w.room)
	}
	return p
}

func (p recordPane) view(w *world, height int) []string {
	lines := p.lines(w)
	from, to := p.fit(len(lines), height).visible()
	lines = lines[from:to]
	if len(lines) > 0 && from > 0 {
		lines[0] = w.paint(faint, " "+w.glyphs().up+" more above")
	}
	return lines
}

// lines returns all lines of the pane, visible or not.
func (p recordPane) lines(w *world) []string {
	r := &p.Record
	s := sheet{c: &w.canvas}
	l := strong
	if problem(r) {
		l = bad
	}
	s.text(l, recordSentences(w, r, nil)[0])
	if p.note != "" {
		s.text(normal, w.text(p.note))
	}
	s.text(normal, "")
	s.field("time", w.recordTime(r))
	if r.Kind == history.KindZombie {
		s.field("meaning", zombieRule)
	}
	for _, f := range r.Fields() {
		words := w.text(f.Text)
		switch {
		case f.Name == "parent":
			words += "; " + w.whereabouts(r)
		case f.Name == "since" && r.ZombieFor > 0:
			words = w.timeOf(r).Add(-r.ZombieFor).Format("15:04:05.000") + ", " + words
		}
		s.field(f.Name, words)
	}
	return s.lines
}

// recordTime returns when the event happened, and how long ago that is.
func (w *world) recordTime(r *history.Record) string {
	form := "2006-01-02 15:04:05.000 MST"
	if r.Accounted {
		form = "2006-01-02 15:04:05 MST"
	}
	words := w.timeOf(r).Format(form)
	if ago := w.snap.Time.Sub(r.Time); w.read && ago >= 0 {
		words += ", " + text.Age(ago) + " ago"
	}
	if r.Count > 1 {
		words += "; the last of them " + r.Last.In(w.snap.Time.Location()).Format("15:04:05.000")
	}
	return words
}

// whereabouts says whether the parent in a record still lives.
func (w *world) whereabouts(r *history.Record) string {
	if _, why := w.parentNow(r); why != "" {
		return why
	}
	return "it still lives, t shows it"
}

// parentNow returns the process that is now what the record names as the parent or, for a
// signal, as the sender; otherwise why there is none. A process that has the pid but
// started after the event is another one.
func (w *world) parentNow(r *history.Record) (p *snapshot.Process, why string) {
	pid := r.PPID
	if r.Kind == history.KindSignal {
		pid = r.PID
	}
	switch {
	case !ofProcess(r) && r.Kind != history.KindSignal:
		return nil, "the record is not about a process"
	case pid <= 0:
		return nil, "it is outside the container"
	case w.earlierRun(r):
		return nil, "the record is from an earlier run of the init"
	}
	i, ok := w.byPID[pid]
	if !ok || w.ended(i) {
		return nil, "it has ended"
	}
	if p = &w.procs[i]; !w.existed(p, r) {
		return nil, fmt.Sprintf("it has ended, and %d is now %s", pid, w.text(p.Comm))
	}
	return p, ""
}

// subject returns the process that a record is about, or the sender of a signal, if it is
// still there.
func (w *world) subject(r *history.Record) (p *snapshot.Process, ok bool) {
	if r.Kind == history.KindSignal {
		p, why := w.parentNow(r)
		return p, why == ""
	}
	i, ok := w.byPID[r.PID]
	if !ofProcess(r) || r.Kind == history.KindExit || !ok || w.ended(i) || w.earlierRun(r) {
		return nil, false
	}
	p = &w.procs[i]
	if r.Start != 0 {
		return p, p.ID.Start == r.Start
	}
	e, ended := w.exits[r.PID] // The record of a start has no start time.
	return p, w.existed(p, &history.Record{Kind: history.KindSignal, PID: r.PID, Time: r.Time.Add(bornWithin)}) && (!ended || e.Seq < r.Seq)
}

// earlierRun reports whether an earlier run of the init wrote the record.
func (w *world) earlierRun(r *history.Record) bool {
	return len(w.events) > 0 && r.Run != 0 && r.Run < w.events[len(w.events)-1].Run
}

// existed reports whether p existed already when the process of the record started, as a
// parent does or, if that is unknown, when the record was made.
func (w *world) existed(p *snapshot.Process, r *history.Record) bool {
	if r.Start != 0 && r.Kind != history.KindSignal {
		return p.ID.Start <= r.Start
	}
	if r.Start != 0 {
		return p.ID == procfs.ID{PID: r.PID, Start: r.Start}
	}
	born := w.snap.Time.Add(-p.Age)
	return !born.After(r.Time.Add(-r.Runtime - bornWithin))
}

// bornWithin is how exactly the time of a start is known that follows from the age.
const bornWithin = 20 * time.Millisecond

// showParent shows the parent of the record that is open or selected in the Tree.
func (m Model) showParent() Model {
	r, ok := m.chosenRecord()
	if !ok {
		return m
	}
	p, why := m.world.parentNow(&r.Record)
	switch who := m.world.text(strings.TrimSpace(r.Parent)); {
	case why == "":
		return m.reveal(p)
	case r.Kind == history.KindSignal:
		return m.setStatus(warn, "the sender: "+why)
	case r.PPID > 0:
		return m.setStatus(warn, strings.TrimRight(fmt.Sprintf("the parent, %d %s", r.PPID, who), " ")+": "+why)
	default:
		return m.setStatus(warn, "no parent to go to: "+why)
	}
}

// chosenRecord returns the record that keys act on.
func (m Model) chosenRecord() (chosenRecord, bool) {
	if m.record.open {
		return m.record.chosenRecord, true
	}
	return m.page().record(&m.world)
}
