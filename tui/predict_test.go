package tui

import (
	"testing"

	"yinit/initcore/history"
	"yinit/procfs"
	"yinit/procfs/snapshot"
	"yinit/procfs/verdict"
)

// TestPredictionWords checks the words of the column TERM and of the menu. What the
// kernel would do is tested in procfs.
func TestPredictionWords(t *testing.T) {
	const hup, quit, chld, cont, stop = 1, 3, 17, 18, 19
	set := procfs.NewSignalSet
	none := procfs.Signals{Known: true}
	catches := func(n ...int) procfs.Signals { return procfs.Signals{Known: true, Caught: set(n...)} }
	ignores := func(n ...int) procfs.Signals { return procfs.Signals{Known: true, Ignored: set(n...)} }
	blocks := func(n ...int) procfs.Signals { return procfs.Signals{Known: true, Blocked: set(n...)} }
	plain, drops := history.PlainRelay(), history.PlainRelay()
	drops[sigTERM], drops[hup] = 0, 12
	g := (&canvas{ascii: true}).glyphs()
	for _, test := range []struct {
		name         string
		pid          int
		state        procfs.State
		sigs         procfs.Signals
		n            int
		relay        verdict.Relay
		column, menu string
	}{
		{"default", 7, 'S', none, sigTERM, nil, "terminate", "terminate"},
		{"core", 7, 'S', none, quit, nil, "core", "core"},
		{"handler", 7, 'S', catches(sigTERM), sigTERM, nil, "handler", "handler"},
		{"ignored", 7, 'S', ignores(sigTERM), sigTERM, nil, "IGNORE", "IGNORE"},
		{"blocked", 7, 'S', blocks(sigTERM), sigTERM, nil, "PENDING", "PENDING"},
		{"zombie", 7, 'Z', procfs.Signals{}, sigKILL, nil, "-", "no-effect"},
		{"unknown", 7, 'S', procfs.Signals{}, sigTERM, nil, "?", "unknown"},
		{"unknown, but nobody catches KILL", 7, 'S', procfs.Signals{}, sigKILL, nil, "terminate", "terminate"},
		{"stopped", 7, 'T', none, sigTERM, nil, "PENDING", "PENDING"},
		{"stopped, CONT", 7, 'T', none, cont, nil, "continue", "continue"},
		{"STOP", 7, 'S', none, stop, nil, "stop", "stop"},
		{"CHLD", 7, 'S', none, chld, nil, "default-ignore", "default-ignore"},
		{"PID 1", 1, 'S', none, sigTERM, nil, "SHIELDED", "SHIELDED"},
		{"PID 1 with a handler", 1, 'S', catches(sigTERM), sigTERM, nil, "handler", "handler"},
		{"yinit", 1, 'S', catches(sigTERM, hup), sigTERM, plain, "forward", "forward"},
		{"yinit, KILL", 1, 'S', catches(sigTERM), sigKILL, plain, "SHIELDED", "SHIELDED"},
		{"yinit, CHLD", 1, 'S', catches(chld), chld, plain, "handler", "handler"},
		{"yinit, stopped from outside", 1, 'T', catches(sigTERM), sigTERM, plain, "PENDING", "PENDING"},
		{"yinit that drops", 1, 'S', catches(sigTERM), sigTERM, drops, "DROP", "DROP"},
		{"yinit that rewrites", 1, 'S', catches(sigTERM, hup), hup, drops, "forward", "forward"},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := judged(snapshot.Process{ID: procfs.ID{PID: test.pid}, State: test.state, Sigs: test.sigs, Threads: 1})
			p.Target.Relay = test.relay
			f := predict(&p, test.n, verdict.Anyone())
			if f.word(g) != test.column || f.String() != test.menu || f.Reason == "" {
				t.Errorf("predict(%d) = %q, %q (%s), want %q, %q", test.n, f.word(g), f, f.Reason, test.column, test.menu)
			}
		})
	}
	half := judged(snapshot.Process{ID: procfs.ID{PID: 7}, State: 'Z', Threads: 3, Sigs: none})
	if f := predict(&half, sigTERM, verdict.Anyone()); f.Outcome != verdict.OutcomeTerminate {
		t.Errorf("with a dead main thread and live others, TERM %v, want terminate", f)
	}
	for _, o := range []verdict.Outcome{verdict.OutcomeRead, verdict.OutcomeDenied} {
		if got := (prediction{verdict.Prediction{Outcome: o}}).word(g); len(got) > 9 || got == "" {
			t.Errorf("the word for %v is %q, which does not fit", o, got)
		}
	}
}

func TestPredictUnknown(t *testing.T) {
	alive, dead := snapshot.Process{ID: procfs.ID{PID: 7}, State: 'S'}, snapshot.Process{ID: procfs.ID{PID: 7}, State: 'Z'}
	if f := predict(&alive, sigTERM, verdict.Anyone()); f.Outcome != verdict.OutcomeUnknown || f.Reason == "" {
		t.Errorf("of a process of which nothing was read: %v (%s), want unknown", f, f.Reason)
	}
	if f := predict(&dead, sigTERM, verdict.Anyone()); f.Outcome != verdict.OutcomeNoEffect {
		t.Errorf("of a zombie of which nothing was read: %v, want no-effect", f)
	}
}

// TestExplainStateD checks that SIGTERM ends a process at once that waits for its vfork
// child, but not any other process in state D.
func TestExplainStateD(t *testing.T) {
	w := &world{canvas: canvas{ascii: true}}
	p := judged(snapshot.Process{ID: procfs.ID{PID: 7}, PPID: 1, Comm: "dd", State: 'D', Sigs: procfs.Signals{Known: true}, Threads: 1})
	p.Term = verdict.OutcomeTerminate
	if got, want := sentence(w, &p), "7 dd is in uninterruptible sleep, such as disk I/O; SIGTERM ends it when it wakes up."; got != want {
		t.Errorf("explain = %q, want %q", got, want)
	}
	p.Target.Tasks[0].Wchan = "kernel_clone"
	if got, want := sentence(w, &p), "7 dd is waiting until its vfork child execs or ends; SIGTERM ends it at once."; got != want {
		t.Errorf("explain = %q, want %q", got, want)
	}
}

// TestMenuReadsDetails checks that the menu reads what is too expensive to read for
// every process.
func TestMenuReadsDetails(t *testing.T) {
	u := newUser(t, 100, 30, Options{})
	closer := *judged(snapshot.Process{ID: procfs.ID{PID: 56}, State: 'S', Threads: 1, Sigs: procfs.Signals{Known: true, Blocked: procfs.NewSignalSet(1)}}).Target
	closer.SignalFDs = procfs.NewSignalSet(1)
	u.src.closer = &closer
	u.choose(56).press("k")
	u.sees("1 HUP      read", "read from a signalfd")
}

// TestExplainRelay checks that the sentence about yinit says what --rewrite does with
// SIGTERM.
func TestExplainRelay(t *testing.T) {
	for to, want := range map[uint8]string{
		sigTERM: "forwards SIGTERM to its program", 12: "forwards SIGTERM to its program as SIGUSR2", 0: "drops SIGTERM (--rewrite)",
	} {
		p := judged(snapshot.Process{ID: procfs.ID{PID: 1}, Comm: "yinit", State: 'S', Threads: 1, Sigs: procfs.Signals{Known: true, Caught: procfs.NewSignalSet(sigTERM)}})
		relay := history.PlainRelay()
		relay[sigTERM] = to
		p.Target.Relay = relay
		w := &world{}
		if brief, long := w.explained(&p).BriefTerm(), w.explained(&p).Term(); brief != want || long != "it "+want {
			t.Errorf("SIGTERM forwarded as %d: %q and %q, want %q", to, brief, long, want)
		}
	}
}
