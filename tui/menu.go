package tui

import (
	"errors"
	"slices"
	"strings"
	"time"

	"yinit/procfs"
	"yinit/procfs/snapshot"
	"yinit/procfs/verdict"
	"yinit/tui/text"
)

const (
	watchSlice  = 250 * time.Millisecond // one watch of the target; a closed menu releases it that soon
	watchEnd    = 4 * time.Second        // how long to watch after a signal that should end the process
	watchOther  = time.Second            // how long to watch after any other signal
	killAfter   = 10 * time.Second       // when an escalation sends SIGKILL
	mostTyped   = 12                     // letters of the name of a signal
	mostLookups = 200                    // how many members of a scope are read in full, for their verdicts
)

// step is the state of the menu.
type step uint8

const (
	stepClosed  step = iota
	stepOffer        // the process is a zombie; the menu of the one to blame is offered
	stepChoose       // the user chooses a signal
	stepConfirm      // the user confirms it
	stepWatch        // it was sent, the processes are watched
	stepReport       // some of them still exist
)

// menu sends signals to one process, or to several. It shows them as they were when the
// menu was opened, with the details that were read then. A refresh does not change it.
type menu struct {
	step   step
	number int              // identifies the menu and its target in messages
	p      snapshot.Process // for which the menu was opened
	caller verdict.Caller
	scopes []scope
	scope  int    // index of the chosen one
	joined int    // how many processes belong to the scope now that came too late to get the signal
	immune bool   // p is a PID 1 that cannot be killed from here
	target Target // nil until the processes are held, and while busy
	busy   bool   // a command has the target and will return it

	list    // of signals
	signals []int
	first   int // the signal that p starts with
	typed   string
	tallies map[int]tally // of the scope; filled when they are drawn

	asked    int    // how often it asked to confirm
	armed    bool   // it has asked for long enough to take the answer, see [Model.confirm]
	signal   int    // the signal to send
	last     int    // the signal that was sent last
	again    bool   // it was not the first one
	escalate bool   // SIGKILL follows after killAfter
	doomed   string // the program with which the container ends, if the signal ends it; "": it has none
	forced   int    // the signal that SIGKILL followed; 0: none
	waited   time.Duration
	report   string // what has happened

	lines  []string // rows that replace the signals: the members, or those that still exist
	window list     // of lines
}

// usualSignals come first in the menu, the rest by number.
var usualSignals = [...]string{"TERM", "KILL", "HUP", "INT", "QUIT", "USR1", "USR2", "STOP", "CONT"}

func allSignals() []int {
	all := make([]int, 0, 64)
	for _, name := range usualSignals {
		n, _ := procfs.ParseSignal(name)
		all = append(all, n)
	}
	for n := 1; n <= 64; n++ {
		if !slices.Contains(all, n) {
			all = append(all, n)
		}
	}
	return all
}

func (u menu) open() bool { return u.step != stepClosed }

// still reports whether the screen must not change: the user is about to choose.
func (u menu) still() bool {
	return u.step == stepOffer || u.step == stepChoose || u.step == stepConfirm
}

// chosen returns the scope that the signal goes to.
func (u menu) chosen() *scope { return &u.scopes[u.scope] }

// show returns the menu for p. If processes are tagged, it starts with these.
func (u menu) show(w *world, p snapshot.Process) menu {
	n := menu{step: stepChoose, number: u.number, p: p, caller: w.snap.Caller, scopes: w.scopes(p), first: w.stopSignal(&p)}
	n.immune = predict(&p, sigKILL, n.caller).Outcome == verdict.OutcomeShielded
	if last := len(n.scopes) - 1; n.scopes[last].label == taggedLabel {
		n.scope = last
	}
	return n.restart(w)
}

// restart begins with the chosen scope: each target starts at SIGTERM, or at its stop
// signal, whatever was chosen before. The model then holds the processes, so the menu
// is busy.
func (u menu) restart(w *world) menu {
	u.number++
	u.target, u.busy, u.typed, u.signal, u.joined = nil, true, "", sigTERM, 0
	u.tallies = make(map[int]tally)
	u.signals = allSignals()
	if !u.chosen().several() {
		u.signal = u.first
		if u.immune {
			u.signals = slices.DeleteFunc(u.signals, func(n int) bool { return n == sigKILL })
		}
	}
	u.list = list{}
	u = u.resize(w)
	u.list = u.to(slices.Index(u.signals, u.signal))
	return u
}

// canKill reports whether the menu offers SIGKILL.
func (u menu) canKill() bool { return slices.Contains(u.signals, sigKILL) }

// closed returns a closed menu with what the next menu needs. The caller releases
// the target.
func (u menu) closed() menu { return menu{number: u.number, busy: u.busy} }

// take adds what was read of the members since the menu was opened.
func (u menu) take(msg lookedMsg) menu {
	if msg.menu != u.number || !u.open() {
		return u
	}
	u = u.cloned()
	for i, target := range msg.targets {
		if target != nil {
			p := *u.chosen().members[i].p
			p.Target = target
			u.chosen().members[i].p = &p
		}
	}
	u.tallies = make(map[int]tally)
	return u
}

// see marks the members that are not in a newer snapshot.
func (u menu) see(s snapshot.Snapshot) menu {
	if !u.still() || u.step == stepOffer {
		return u
	}
	living := make(map[procfs.ID]bool, len(s.Procs))
	for i := range s.Procs {
		if !s.Procs[i].Dead() {
			living[s.Procs[i].ID] = true
		}
	}
	u = u.cloned()
	for i := range u.chosen().members {
		m := &u.chosen().members[i]
		m.ended = m.ended || !living[m.p.ID]
	}
	return u
}

// cloned returns the menu with a copy of the members, to be changed.
func (u menu) cloned() menu {
	u.scopes = slices.Clone(u.scopes)
	u.chosen().members = slices.Clone(u.chosen().members)
	return u
}

// missed notes to which members no signal can be sent, or was sent.
func (u menu) missed(errs []error) menu {
	u = u.cloned()
	for i, err := range errs {
		m := &u.chosen().members[i]
		m.missed = err
		m.ended = m.ended || errors.Is(err, procfs.ErrGone)
	}
	return u
}

// watched notes the state of the members.
func (u menu) watched(outcomes []Outcome) menu {
	u = u.cloned()
	u.waited = 0
	for i, o := range outcomes {
		m := &u.chosen().members[i]
		m.outcome = o
		if m.missed == nil {
			u.waited = max(u.waited, o.After)
		}
	}
	return u
}

// choose moves to another signal, or scrolls the lines that replace the signals.
func (u menu) choose(a action) menu {
	switch {
	case u.lines != nil:
		u.window = u.window.scroll(a)
	case u.step == stepChoose:
		u.list, u.typed = u.move(a), ""
	}
	return u
}

// typing selects the signal whose name or number starts with text.
func (u menu) typing(text string) menu {
	u.typed = text
	if i := u.lookUp(); i >= 0 {
		u.list = u.to(i)
	}
	return u
}

// lookUp returns the row of the signal that was typed, -1 if there is none. A part of its
// name is not enough for SIGKILL: k, which opens the menu, must not select it.
func (u menu) lookUp() int {
	if u.typed == "" {
		return u.cursor
	}
	if n, err := procfs.ParseSignal(u.typed); err == nil {
		return slices.Index(u.signals, n)
	}
	prefix := strings.TrimPrefix(strings.ToUpper(u.typed), "SIG")
	return slices.IndexFunc(u.signals, func(n int) bool { return n != sigKILL && strings.HasPrefix(text.Signal(n), prefix) })
}

// risky reports whether only y confirms.
func (u menu) risky() bool {
	return u.signal == sigKILL || u.escalate || u.chosen().several() || u.doomed != ""
}
