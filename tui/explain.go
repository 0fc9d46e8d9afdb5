package tui

import (
	"fmt"

	"yinit/procfs/explain"
	"yinit/procfs/snapshot"
)

// explained returns p with what the world knows about it.
func (w *world) explained(p *snapshot.Process) *explain.Subject {
	s := &explain.Subject{
		Process: p, Caller: w.snap.Caller, Blamed: w.culprit(p), Held: w.held[p.ID.PID],
		DeadFor: w.deadFor(p), Closer: w.closer[p.ID], Captured: w.replay,
	}
	if parent, ok := w.parent(p); ok {
		s.Parent = explain.Who(parent.ID.PID, parent.Comm)
	}
	return s
}

// sentence says in one sentence what a process is, or what is wrong with it.
func sentence(w *world, p *snapshot.Process) string { return w.text(w.explained(p).Sentence()) }

// brief is a shorter sentence, for narrow screens.
func brief(w *world, p *snapshot.Process) string { return w.text(w.explained(p).Brief()) }

// sentenceGone says in one sentence how a process that no longer exists ended.
func sentenceGone(w *world, p *snapshot.Process) string {
	who := fmt.Sprintf("%d %s", p.ID.PID, w.text(p.Comm))
	e, ok := w.exit(p)
	switch {
	case !ok && p.Dead():
		return who + " has ended: " + w.endNote(p) + "."
	case !ok:
		return who + " has ended; the history has no record of it."
	}
	text := fmt.Sprintf("%s has ended: %s", who, w.endNote(p))
	if why := e.Why(); why != "" {
		text += ", " + w.text(why)
	}
	if !e.ReaperKnown() {
		return text + "."
	}
	return text + "; reaped by " + w.text(e.Reaper()) + "."
}
