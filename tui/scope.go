package tui

import (
	"errors"
	"fmt"
	"slices"

	"yinit/procfs"
	"yinit/procfs/snapshot"
	"yinit/tui/text"
)

// A scope is a choice of the processes that get the signal. Its members are alive: a
// zombie takes no signal.
type scope struct {
	label   string // the name of the choice: "group"
	title   string // what gets the signal: "process group 4"; "" if it is one process
	members []member
}

// The names of choices that are looked up.
const (
	subtreeLabel = "subtree"
	taggedLabel  = "tagged"
)

// A member is a process of a scope, as it was when the menu was opened, and what has
// become of it since.
type member struct {
	p       *snapshot.Process // a snapshot does not change it
	ended   bool              // it has ended since
	missed  error             // why the signal was not sent to it; nil: it was, or none was sent yet
	outcome Outcome
}

// scopes returns the choices for p, which comes first: p alone, its process group, its
// subtree, its session, and the tagged processes. Where a choice has only the one member
// p, it is left out.
func (w *world) scopes(p snapshot.Process) []scope {
	all := []scope{{label: "process", members: []member{{p: &p}}}}
	add := func(label, title string, members []member) {
		if len(members) > 1 || len(members) == 1 && members[0].p.ID != p.ID {
			all = append(all, scope{label, title, members})
		}
	}
	// Group and session 0 are those that have a leader outside the PID namespace.
	if p.PGRP != 0 {
		add("group", fmt.Sprintf("process group %d", p.PGRP), w.members(func(q *snapshot.Process) bool { return q.PGRP == p.PGRP }))
	}
	add(subtreeLabel, fmt.Sprintf("subtree of %d %s", p.ID.PID, w.text(p.Comm)), w.subtree(p.ID))
	if p.Session != 0 {
		add("session", fmt.Sprintf("session %d", p.Session), w.members(func(q *snapshot.Process) bool { return q.Session == p.Session }))
	}
	add(taggedLabel, "tagged processes", w.members(func(q *snapshot.Process) bool { return w.tags[q.ID] }))
	return all
}

// members returns the processes of the last snapshot for which yes is true.
func (w *world) members(yes func(*snapshot.Process) bool) []member {
	var all []member
	for i := range w.procs[:w.living] {
		if p := &w.procs[i]; w.signalable(p) && yes(p) {
			all = append(all, member{p: p})
		}
	}
	return all
}

// subtree returns a process and its descendants, parents before their children, so that
// a parent that restarts its children gets the signal before they do.
func (w *world) subtree(id procfs.ID) []member {
	root, ok := w.find(id)
	if !ok || w.ended(root) {
		return nil
	}
	pid := func(i int) int { return w.procs[i].ID.PID }
	parent := func(i int) int { return w.procs[i].PPID }
	var all []member
	for _, i := range append([]int{root}, procfs.Descendants(w.living, pid, parent, root)...) {
		if p := &w.procs[i]; w.signalable(p) {
			all = append(all, member{p: p})
		}
	}
	return all
}

// signalable reports whether a choice of several processes includes p. It leaves out
// those that take no signal, and this program, which is to tell what happened.
func (w *world) signalable(p *snapshot.Process) bool {
	return !p.Dead() && !p.KernelThread() && p.ID.PID != w.snap.Caller.PID
}

// ids returns the processes of the scope.
func (s *scope) ids() []procfs.ID {
	ids := make([]procfs.ID, len(s.members))
	for i := range s.members {
		ids[i] = s.members[i].p.ID
	}
	return ids
}

// count returns the number of members for which yes is true.
func (s *scope) count(yes func(*member) bool) int {
	n := 0
	for i := range s.members {
		if yes(&s.members[i]) {
			n++
		}
	}
	return n
}

// index returns the first member for which yes is true, -1 if there is none.
func (s *scope) index(yes func(*member) bool) int {
	return slices.IndexFunc(s.members, func(m member) bool { return yes(&m) })
}

// living returns the number of members that have not ended.
func (s *scope) living() int { return len(s.members) - s.count((*member).hasEnded) }

// sentTo returns the number of members to which a signal can be sent, or was sent.
func (s *scope) sentTo() int { return s.count(func(m *member) bool { return m.missed == nil }) }

func (m *member) hasEnded() bool { return m.ended || m.outcome.Ended }

// changed reports whether the process was stopped or has resumed since.
func (m *member) changed() bool {
	now := m.outcome.State
	return now != 0 && now.Stopped() != m.p.State.Stopped()
}

// stillThere reports whether the signal was sent to the process and it has not ended.
func (m *member) stillThere() bool { return m.missed == nil && !m.outcome.Ended }

// refused reports whether the process is alive and the signal could not be sent to it.
func (m *member) refused() bool { return m.missed != nil && !errors.Is(m.missed, procfs.ErrGone) }

// name returns the process as shown to the user.
func (m *member) name(w *world) string {
	return fmt.Sprintf("%d %s", m.p.ID.PID, w.text(m.p.Comm))
}

// several reports whether the signal goes to a choice of processes, even if that has only
// one member.
func (s *scope) several() bool { return s.title != "" }

// name returns what gets the signal, as shown to the user: "55 gunicorn", or "process
// group 4 (12)" with the number of members that have not ended.
func (s *scope) name(w *world) string { return s.counted(w, s.living()) }

// counted is like name, with n instead of the number of members that have not ended.
func (s *scope) counted(w *world, n int) string {
	if s.several() {
		return fmt.Sprintf("%s (%d)", s.title, n)
	}
	return s.members[0].name(w)
}

// whole names a choice of several processes, and says that it has n: "session 4 (12
// processes)", "3 tagged processes".
func (s *scope) whole(n int) string {
	if s.label == taggedLabel {
		return text.Plural(n, "tagged process", "tagged processes")
	}
	return fmt.Sprintf("%s (%s)", s.title, text.Plural(n, "process", "processes"))
}
