package tui

import (
	"testing"

	"yinit/procfs"
)

func TestForesee(t *testing.T) {
	const hup, chld, cont, stop, tstp, winch = 1, 17, 18, 19, 20, 28
	set := procfs.NewSignalSet
	none := procfs.Signals{Known: true}
	catches := func(n ...int) procfs.Signals { return procfs.Signals{Known: true, Caught: set(n...)} }
	ignores := func(n ...int) procfs.Signals { return procfs.Signals{Known: true, Ignored: set(n...)} }
	blocks := func(n ...int) procfs.Signals { return procfs.Signals{Known: true, Blocked: set(n...)} }
	for _, test := range []struct {
		name  string
		pid   int
		state procfs.State
		sigs  procfs.Signals
		n     int
		yinit bool
		want  outcome
	}{
		{"default", 7, 'S', none, sigTERM, false, outcomeKills},
		{"core", 7, 'S', none, sigQUIT, false, outcomeCore},
		{"handler", 7, 'S', catches(sigTERM), sigTERM, false, outcomeHandler},
		{"ignored", 7, 'S', ignores(sigTERM), sigTERM, false, outcomeIgnores},
		{"blocked", 7, 'S', blocks(sigTERM), sigTERM, false, outcomeWaits},
		{"zombie", 7, 'Z', procfs.Signals{}, sigKILL, false, outcomeNothing},
		{"unknown", 7, 'S', procfs.Signals{}, sigTERM, false, outcomeUnknown},
		{"unknown, but nobody catches KILL", 7, 'S', procfs.Signals{}, sigKILL, false, outcomeKills},
		{"unknown, but nobody catches STOP", 7, 'S', procfs.Signals{}, stop, false, outcomeStops},
		{"stopped", 7, 'T', none, sigTERM, false, outcomeWaits},
		{"stopped with a handler", 7, 'T', catches(sigTERM), sigTERM, false, outcomeWaits},
		{"stopped and ignored: dropped at once", 7, 'T', ignores(sigTERM), sigTERM, false, outcomeIgnores},
		{"stopped, KILL", 7, 'T', none, sigKILL, false, outcomeKills},
		{"stopped, CONT blocked: goes on all the same", 7, 'T', blocks(cont), cont, false, outcomeContinues},
		{"running, CONT", 7, 'R', none, cont, false, outcomeDefault},
		{"running, CONT with a handler", 7, 'R', catches(cont), cont, false, outcomeHandler},
		{"TSTP", 7, 'S', none, tstp, false, outcomeStops},
		{"CHLD", 7, 'S', none, chld, false, outcomeDefault},
		{"WINCH while stopped", 7, 'T', none, winch, false, outcomeDefault},
		{"real-time", 7, 'S', none, 40, false, outcomeKills},
		{"PID 1", 1, 'S', none, sigTERM, false, outcomeShielded},
		{"PID 1 with a handler", 1, 'S', catches(sigTERM), sigTERM, false, outcomeHandler},
		{"PID 1, KILL", 1, 'S', none, sigKILL, false, outcomeShielded},
		{"yinit", 1, 'S', blocks(sigTERM, hup), sigTERM, true, outcomePasses},
		{"yinit, KILL", 1, 'S', none, sigKILL, true, outcomeShielded},
		{"yinit, CHLD", 1, 'S', blocks(chld), chld, true, outcomeWaits},
		{"kernel thread, KILL", 7, 'I', ignores(sigKILL, sigTERM), sigKILL, false, outcomeIgnores},
		{"another below yinit", 7, 'S', none, sigTERM, true, outcomeKills},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := Process{ID: procfs.ID{PID: test.pid}, State: test.state, Sigs: test.sigs, Threads: 1}
			if got := foresee(&p, test.n, test.yinit); got != test.want {
				t.Errorf("foresee(%d) = %v, want %v", test.n, got, test.want)
			}
			if reason := foresee(&p, test.n, test.yinit).reason(&p, test.n); reason == "" {
				t.Error("there is no reason")
			}
		})
	}
	half := Process{ID: procfs.ID{PID: 7}, State: 'Z', Threads: 3, Sigs: none}
	if got := foresee(&half, sigTERM, false); got != outcomeKills {
		t.Errorf("with a dead main thread and live others, TERM %v, want kills", got)
	}
}
