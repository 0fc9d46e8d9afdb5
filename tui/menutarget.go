package tui

import (
	"fmt"
	"slices"
	"strings"

	"yinit/procfs"
	"yinit/procfs/snapshot"
	"yinit/procfs/verdict"
	"yinit/tui/text"
)

// This file says which processes the menu signals, and which it does not.

// title returns a rule with what gets the signal.
func (u menu) title(w *world) string {
	s := u.chosen()
	name := s.name(w)
	if s.several() {
		name = s.whole(len(s.members))
	}
	words, notes := []string{"signal to " + name}, []string{}
	if where := u.container(w); where != "" {
		words = []string{words[0] + ", " + where, words[0]}
	}
	if u.target == nil && u.step == stepChoose {
		notes = append(notes, "opening")
	}
	switch ended := s.count((*member).hasEnded); {
	case ended > 0 && !s.several():
		notes = append(notes, "has ended")
	case ended > 0:
		notes = append(notes, fmt.Sprintf("%d ended", ended))
	case !s.several():
		notes = append(notes, "this process only")
	}
	if u.joined > 0 {
		notes = append(notes, fmt.Sprintf("not to %d that came since", u.joined))
	}
	switch who := fmt.Sprintf("%d %s", u.p.ID.PID, w.text(u.p.Comm)); {
	case !u.passedOver():
	case w.width < 64:
		words = []string{fmt.Sprintf("signal to %d tagged, NOT %s", len(s.members), who), fmt.Sprintf("to %d tagged, NOT %s", len(s.members), who)}
	default:
		words[0] += ", NOT to " + who + " under the cursor"
	}
	for i := range words {
		words = append(words, words[i])
		switch all := strings.Join(notes, ", "); {
		case all == "":
		case s.several():
			words[i] += ", " + all
		default:
			words[i] += " (" + all + ")"
		}
	}
	title, _ := text.FirstFit(words, w.width-4) // beside the rule
	return w.rule(title)
}

// container names the container whose first process is to get the signal. It returns "" if there is
// no such container, if the pages show only one container, or if other processes get the signal too.
func (u menu) container(w *world) string {
	if w.node == nil || w.where != "" || u.chosen().several() {
		return ""
	}
	for i := range w.node.Containers {
		c := &w.node.Containers[i]
		if first := c.First(); c.PID != u.p.ID.PID || first == nil || first.ID.Start != u.p.ID.Start {
			continue
		}
		if inside := c.Inside(1); inside != 1 {
			return fmt.Sprintf("pid %d in %s", inside, w.text(c.Label()))
		}
		return "PID 1 of " + w.text(c.Label())
	}
	return ""
}

// passedOver reports whether the menu signals the tagged processes, and the one under the
// cursor, for which the user has opened it, is not among them.
func (u menu) passedOver() bool {
	s := u.chosen()
	return s.label == taggedLabel && s.index(func(m *member) bool { return m.p.ID == u.p.ID }) < 0
}

// countJoined counts the processes that would belong to the scope if the menu was opened
// now. A signal to a group could reach them, but the user has not seen them, so they do
// not get it.
func (u menu) countJoined(w *world, s *snapshot.Snapshot) menu {
	u.joined = 0
	if !u.open() || u.step == stepOffer || !u.chosen().several() || u.passedOver() {
		return u
	}
	now := w.peek(s).scopes(u.p)
	at := slices.IndexFunc(now, func(s scope) bool { return s.label == u.chosen().label })
	if at < 0 {
		return u
	}
	known := make(map[procfs.ID]bool, len(u.chosen().members))
	for _, id := range u.chosen().ids() {
		known[id] = true
	}
	u.joined = now[at].count(func(m *member) bool { return !known[m.p.ID] })
	return u
}

// peek returns a world with the processes of a newer snapshot and little else: enough for
// scopes.
func (w *world) peek(s *snapshot.Snapshot) *world {
	newer := &world{canvas: w.canvas, snap: *s, procs: s.Procs, living: len(s.Procs), tags: w.tags, byPID: make(map[int]int, len(s.Procs))}
	for i := range s.Procs {
		newer.byPID[s.Procs[i].ID.PID] = i
	}
	return newer
}

// sentence says what the selected signal does to the process or, for several, which
// processes get it. It is the line below the menu.
func (u menu) sentence(w *world) string {
	if u.step != stepChoose && u.step != stepConfirm {
		return ""
	}
	n, s := u.signals[u.cursor], u.chosen()
	if u.step == stepConfirm {
		n = u.signal
	}
	forms := u.whoGets(n)
	if !s.several() {
		f := predict(s.members[0].p, n, u.caller)
		signal := procfs.SignalName(n)
		forms = []string{signal + " to " + s.name(w) + ": " + f.String() + ", " + f.Reason, signal + ": " + f.String() + ", " + f.Reason, signal + ": " + f.String()}
	}
	words, _ := text.FirstFit(forms, w.width-1)
	return words
}

// whoGets says that only those get signal n that were there when the menu opened.
func (u menu) whoGets(n int) []string {
	s := u.chosen()
	only := fmt.Sprintf("Only these %d get %s", s.living(), procfs.SignalName(n))
	switch s.living() {
	case 0:
		return []string{"All have ended: none gets " + procfs.SignalName(n) + "."}
	case 1:
		only = "Only this one gets " + procfs.SignalName(n)
		if len(s.members) > 1 {
			only = "Only the one that is left gets " + procfs.SignalName(n)
		}
	}
	switch {
	case u.joined > 0:
		came := text.Plural(u.joined, "process has", "processes have") + " come to the " + s.label + " since the menu opened"
		return []string{only + ". " + came + ": open it again for them.", came + ": open it again.", only + "."}
	case s.label == taggedLabel:
		return []string{only + "."}
	}
	return []string{only + ": not what comes to the " + s.label + " while the menu is open.", only + "."}
}

// staysLine warns, if one process is to end, of its descendants that do not end with it;
// "": none is known to stay. Where the container ends, they do.
func (u menu) staysLine(w *world, n int) string {
	p := u.chosen().members[0].p
	if !verdict.EndsByName(n) || p.ID.PID == 1 || w.program(p.ID.PID) {
		return ""
	}
	f := predict(p, n, u.caller)
	if !f.Ends() && f.Outcome != verdict.OutcomeHandler && f.Outcome != verdict.OutcomeRead {
		return ""
	}
	below := u.descendants()
	stubborn := slices.DeleteFunc(slices.Clone(below), func(q *snapshot.Process) bool { return !predict(q, n, u.caller).Trouble() })
	signal := procfs.SignalName(n)
	switch {
	case n == sigKILL && len(below) == 1:
		return fmt.Sprintf("its %s does not get SIGKILL and may stay", w.kin(p, below[0]))
	case n == sigKILL && len(below) > 1:
		return fmt.Sprintf("its %d descendants do not get SIGKILL and may stay", len(below))
	case len(stubborn) == 1:
		return fmt.Sprintf("its %s %s and will stay", w.kin(p, stubborn[0]), resists(predict(stubborn[0], n, u.caller), signal))
	case len(stubborn) > 1:
		names := make([]string, len(stubborn))
		for i, q := range stubborn {
			names[i] = fmt.Sprintf("%d %s %s", q.ID.PID, w.text(q.Comm), predict(q, n, u.caller))
		}
		return fmt.Sprintf("%d descendants will stay: %s", len(stubborn), strings.Join(names, ", "))
	}
	return ""
}

// kin names a descendant q of p: "child 13 (sleep)".
func (w *world) kin(p, q *snapshot.Process) string {
	word := "descendant"
	if q.PPID == p.ID.PID {
		word = "child"
	}
	return fmt.Sprintf("%s %d (%s)", word, q.ID.PID, w.text(q.Comm))
}

// resists says what a process does instead of acting on a signal.
func resists(f prediction, signal string) string {
	if f.Outcome == verdict.OutcomeIgnore {
		return "ignores " + signal
	}
	return "does not act on " + signal + " now"
}

// descendants returns the living descendants of the process for which the menu was opened.
func (u menu) descendants() []*snapshot.Process {
	var below []*snapshot.Process
	at := slices.IndexFunc(u.scopes, func(s scope) bool { return s.label == subtreeLabel })
	if at < 0 {
		return nil
	}
	for i := range u.scopes[at].members {
		if m := &u.scopes[at].members[i]; m.p.ID != u.p.ID && !m.hasEnded() {
			below = append(below, m.p)
		}
	}
	return below
}
