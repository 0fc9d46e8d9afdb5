package tui

import (
	"testing"

	"yinit/procfs"
)

// TestForecastWords: what the kernel would do is tested in procfs; here it is
// what the column TERM and the menu say to it.
func TestForecastWords(t *testing.T) {
	const hup, quit, chld, cont, stop = 1, 3, 17, 18, 19
	set := procfs.NewSignalSet
	none := procfs.Signals{Known: true}
	catches := func(n ...int) procfs.Signals { return procfs.Signals{Known: true, Caught: set(n...)} }
	ignores := func(n ...int) procfs.Signals { return procfs.Signals{Known: true, Ignored: set(n...)} }
	blocks := func(n ...int) procfs.Signals { return procfs.Signals{Known: true, Blocked: set(n...)} }
	g := (&styles{ascii: true}).glyphs()
	for _, test := range []struct {
		name         string
		pid          int
		state        procfs.State
		sigs         procfs.Signals
		n            int
		yinit        bool
		column, menu string
	}{
		{"default", 7, 'S', none, sigTERM, false, "kills", "terminate"},
		{"core", 7, 'S', none, quit, false, "core", "core"},
		{"handler", 7, 'S', catches(sigTERM), sigTERM, false, "handler", "handler"},
		{"ignored", 7, 'S', ignores(sigTERM), sigTERM, false, "IGNORES", "IGNORES"},
		{"blocked", 7, 'S', blocks(sigTERM), sigTERM, false, "waits", "pending"},
		{"zombie", 7, 'Z', procfs.Signals{}, sigKILL, false, "-", "no-effect"},
		{"unknown", 7, 'S', procfs.Signals{}, sigTERM, false, "?", "unknown"},
		{"unknown, but nobody catches KILL", 7, 'S', procfs.Signals{}, sigKILL, false, "kills", "terminate"},
		{"stopped", 7, 'T', none, sigTERM, false, "waits", "pending"},
		{"stopped, CONT", 7, 'T', none, cont, false, "continue", "continue"},
		{"STOP", 7, 'S', none, stop, false, "stop", "stop"},
		{"CHLD", 7, 'S', none, chld, false, "default-ignore", "default-ignore"},
		{"PID 1", 1, 'S', none, sigTERM, false, "shielded", "shielded"},
		{"PID 1 with a handler", 1, 'S', catches(sigTERM), sigTERM, false, "handler", "handler"},
		{"yinit", 1, 'S', catches(sigTERM, hup), sigTERM, true, "passes", "passes"},
		{"yinit, KILL", 1, 'S', catches(sigTERM), sigKILL, true, "shielded", "shielded"},
		{"yinit, CHLD", 1, 'S', catches(chld), chld, true, "handler", "handler"},
		{"yinit, stopped from outside", 1, 'T', catches(sigTERM), sigTERM, true, "waits", "pending"},
		{"another below yinit", 7, 'S', catches(sigTERM), sigTERM, true, "handler", "handler"},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := judged(Process{ID: procfs.ID{PID: test.pid}, State: test.state, Sigs: test.sigs, Threads: 1})
			f := foresee(&p, test.n, procfs.Anyone(), test.yinit)
			if f.word(g) != test.column || f.String() != test.menu || f.why == "" {
				t.Errorf("foresee(%d) = %q, %q (%s), want %q, %q", test.n, f.word(g), f, f.why, test.column, test.menu)
			}
		})
	}
	half := judged(Process{ID: procfs.ID{PID: 7}, State: 'Z', Threads: 3, Sigs: none})
	if f := foresee(&half, sigTERM, procfs.Anyone(), false); f.outcome != procfs.OutcomeTerminate {
		t.Errorf("with a dead main thread and live others, TERM %v, want terminate", f)
	}
	for _, o := range []procfs.Outcome{procfs.OutcomeRead, procfs.OutcomeDenied} {
		if got := (forecast{outcome: o}).word(g); len(got) > 8 || got == "" {
			t.Errorf("the word for %v is %q, which does not fit", o, got)
		}
	}
}

func TestForecastOfTheUnknown(t *testing.T) {
	alive, dead := Process{ID: procfs.ID{PID: 7}, State: 'S'}, Process{ID: procfs.ID{PID: 7}, State: 'Z'}
	if f := foresee(&alive, sigTERM, procfs.Anyone(), false); f.outcome != procfs.OutcomeUnknown || f.why == "" {
		t.Errorf("of a process of which nothing was read: %v (%s), want unknown", f, f.why)
	}
	if f := foresee(&dead, sigTERM, procfs.Anyone(), false); f.outcome != procfs.OutcomeNoEffect {
		t.Errorf("of a zombie of which nothing was read: %v, want no-effect", f)
	}
}

// TestMenuLooksCloser: what is too dear to read for every process is read when
// the menu opens.
func TestMenuLooksCloser(t *testing.T) {
	u := newUser(t, 100, 30, Options{})
	closer := *judged(Process{ID: procfs.ID{PID: 56}, State: 'S', Threads: 1, Sigs: procfs.Signals{Known: true, Blocked: procfs.NewSignalSet(1)}}).Target
	closer.SignalFDs = procfs.NewSignalSet(1)
	u.src.closer = &closer
	u.choose(56).press("k")
	u.sees("1 HUP      read", "read from a signalfd")
}
