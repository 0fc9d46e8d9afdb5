package tui

import (
	"yinit/procfs/snapshot"
	"yinit/procfs/verdict"
	"yinit/procfs/zombie"
	"yinit/tui/text"
)

// endsWithIt says of a program of the init what follows from its end.
const endsWithIt = "the container's program: the container ends with it"

// program reports whether the process with this pid is known to be a program of the init with
// which the container ends.
func (w *world) program(pid int) bool {
	i, ok := w.byPID[pid]
	return ok && !w.ended(i) && w.facts.Ends(&w.procs[i])
}

// initFor returns what PID 1 does when a culprit ends, for the advice about its zombies.
func (w *world) initFor(culprit int) zombie.Init {
	if w.program(culprit) {
		return zombie.InitEnds
	}
	return w.blame.Init
}

// endsContainer names the program of the init that the signal to be confirmed ends, and with
// it the container; "": there is none.
func (u menu) endsContainer(w *world) string {
	s := u.chosen()
	i := s.index(func(m *member) bool {
		return !m.hasEnded() && w.facts.Ends(m.p) && u.endsMember(m.p)
	})
	if i < 0 {
		return ""
	}
	return s.members[i].name(w)
}

// endsMember reports whether the signal to be confirmed is one that ends p, or that is usually
// sent to end it and does not leave it alone.
func (u menu) endsMember(p *snapshot.Process) bool {
	f := predict(p, u.signal, u.caller)
	switch {
	case u.escalate || u.signal == sigKILL:
		return true
	case f.Outcome == verdict.OutcomeIgnore || f.Outcome == verdict.OutcomeDenied:
		return false
	}
	return verdict.EndsByName(u.signal) || f.Ends()
}

// doomLine says above the question what becomes of the container.
func (u menu) doomLine(w *world) string {
	forms := []string{"This is " + endsWithIt + ".", endsWithIt, "the container ends with it"}
	if u.chosen().several() {
		forms = []string{u.doomed + " is " + endsWithIt + ".", u.doomed + ": the container ends with it", forms[2]}
	}
	words, _ := text.FirstFit(forms, w.width-2)
	return words
}

// doomForms are the forms of the question about a target that say so themselves, longest
// first: there may be no line above.
func (u menu) doomForms(forms []string, name string) []string {
	all := make([]string, 0, len(forms)+2)
	for _, form := range forms {
		all = append(all, form+" It ends the container.")
	}
	signal := text.Signal(u.signal)
	if u.escalate {
		signal += ", KILL"
	}
	return append(all, signal+" to "+name+": end the container?", signal+": end the container?")
}
