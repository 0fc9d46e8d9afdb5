package tui

import (
	"strings"
	"testing"
	"time"

	"yinit/initcore/history"
	"yinit/procfs"
	"yinit/procfs/snapshot"
	"yinit/procfs/verdict"
)

// explained returns a world with one process and its parent, PID 1.
func explained(p snapshot.Process) (*world, *snapshot.Process) {
	w := world{canvas: canvas{width: 80, height: 24, plain: true}}
	init := snapshot.Process{ID: procfs.ID{PID: 1}, Comm: "tini", State: procfs.StateSleeping, Threads: 1}
	w = w.addSnapshot(snapshot.Snapshot{Time: noon, Procs: []snapshot.Process{init, p}})
	return &w, &w.procs[1]
}

// TestExplain checks that the last line says for each kind of process what it is and
// what SIGTERM would do, in a long and in a short form.
func TestExplain(t *testing.T) {
	base := func(change func(*snapshot.Process)) snapshot.Process {
		p := snapshot.Process{ID: procfs.ID{PID: 7, Start: 5}, PPID: 1, Comm: "app", State: procfs.StateSleeping, Threads: 1, Sigs: procfs.Signals{Known: true}}
		change(&p)
		if p.State.Zombie() {
			p.Culprit = p.PPID
		}
		return p
	}
	for _, test := range []struct {
		name        string
		change      func(*snapshot.Process)
		long, brief string
	}{
		{
			"handler", func(p *snapshot.Process) { p.Term = verdict.OutcomeHandler },
			"7 app, child of 1 tini, is sleeping; it handles SIGTERM.", "7 app: handles SIGTERM",
		},
		{
			"read", func(p *snapshot.Process) { p.Term = verdict.OutcomeRead },
			"7 app, child of 1 tini, is sleeping; it reads SIGTERM with signalfd or sigwait.", "7 app: reads SIGTERM with signalfd or sigwait",
		},
		{
			"running, no handler", func(p *snapshot.Process) { p.Term, p.State = verdict.OutcomeTerminate, procfs.StateRunning },
			"7 app, child of 1 tini, is running; SIGTERM ends it at once.", "7 app: SIGTERM ends it",
		},
		{
			"ignores", func(p *snapshot.Process) { p.Sigs.Ignored = procfs.NewSignalSet(15); *p = judged(*p) },
			"7 app, child of 1 tini, is sleeping; it ignores SIGTERM, but SIGINT or SIGKILL ends it.", "7 app: ignores SIGTERM, but SIGINT or SIGKILL ends it",
		},
		{
			"ignores what a user would send", func(p *snapshot.Process) { p.Sigs.Ignored = procfs.NewSignalSet(1, 2, 3, 15); *p = judged(*p) },
			"7 app, child of 1 tini, is sleeping; it ignores SIGTERM, but SIGKILL ends it.", "7 app: ignores SIGTERM, but SIGKILL ends it",
		},
		{
			"ignores all", func(p *snapshot.Process) { p.Sigs.Ignored = ^procfs.NewSignalSet(9, 19); *p = judged(*p) },
			"7 app, child of 1 tini, is sleeping; it ignores SIGTERM, but only SIGKILL ends it.", "7 app: ignores SIGTERM, but only SIGKILL ends it",
		},
		{
			"ignores, and nothing else is known", func(p *snapshot.Process) { p.Term = verdict.OutcomeIgnore },
			"7 app, child of 1 tini, is sleeping; it ignores SIGTERM.", "7 app: ignores SIGTERM",
		},
		{
			"blocks", func(p *snapshot.Process) { p.Term = verdict.OutcomePending },
			"7 app, child of 1 tini, is sleeping; it blocks SIGTERM, which stays pending.", "7 app: blocks SIGTERM, which stays pending",
		},
		{
			"another user's", func(p *snapshot.Process) { p.Term = verdict.OutcomeDenied },
			"7 app, child of 1 tini, is sleeping; you may not signal processes of its user.", "7 app: you may not signal processes of its user",
		},
		{
			"unknown", func(p *snapshot.Process) { p.Term = verdict.OutcomeUnknown },
			"7 app, child of 1 tini, is sleeping; what SIGTERM would do is unknown.", "7 app: what SIGTERM would do is unknown",
		},
		{
			"kernel thread", func(p *snapshot.Process) {
				p.Term, p.State, p.PPID = verdict.OutcomeIgnore, procfs.StateIdle, 2
				p.Sigs.Ignored = ^procfs.SignalSet(0)
			},
			"7 app is idle; it is a kernel thread, which takes no signals.", "7 app: kernel thread, takes no signals",
		},
		{
			"stopped", func(p *snapshot.Process) { p.Term, p.State = verdict.OutcomePending, procfs.StateStopped },
			"7 app is stopped, SIGCONT resumes it; SIGTERM stays pending until then.", "7 app: stopped, SIGCONT resumes it",
		},
		{
			"stopped by a debugger", func(p *snapshot.Process) { p.Term, p.State = verdict.OutcomePending, procfs.StateTraced },
			"7 app is stopped by a debugger; SIGTERM stays pending until then.", "7 app: stopped by a debugger",
		},
		{
			"from outside", func(p *snapshot.Process) {
				p.Outside, p.PPID, p.Age, p.Term = true, 0, 5*time.Minute, verdict.OutcomeTerminate
			},
			"7 app, started from outside (docker exec) 5m ago, is sleeping; SIGTERM ends it at once.", "7 app: SIGTERM ends it",
		},
		{
			"of another container", func(p *snapshot.Process) {
				p.Outside, p.PPID, p.Age, p.Term = true, 0, 5*time.Minute, verdict.OutcomeTerminate
				p.Place, p.Container = snapshot.PlaceOther, strings.Repeat("0123456789abcdef", 4)
			},
			"7 app, of container 0123456789ab, started 5m ago, is sleeping; SIGTERM ends it at once.", "7 app: SIGTERM ends it",
		},
		{
			"of the reader's container", func(p *snapshot.Process) {
				p.Outside, p.PPID, p.Age, p.Term, p.Place = true, 0, 5*time.Minute, verdict.OutcomeTerminate, snapshot.PlaceOurs
			},
			"7 app, of this container, started 5m ago, is sleeping; SIGTERM ends it at once.", "7 app: SIGTERM ends it",
		},
		{
			"dying", func(p *snapshot.Process) {
				p.Term, p.State = verdict.OutcomeNoEffect, procfs.StateDisk
				p.Target = &verdict.Target{State: p.State, Dying: verdict.Killed, Permitted: verdict.Yes}
			},
			"7 app, child of 1 tini, is in uninterruptible sleep, such as disk I/O; it is dying: uninterruptible sleep delays its end.",
			"7 app: dying, signals have no effect",
		},
		{
			"zombie", func(p *snapshot.Process) { p.State, p.Known, p.Status = procfs.StateZombie, true, 3<<8 },
			"7 app is a zombie: exited 3; its parent 1 tini has not waited for it.", "7 app: zombie, exited 3; 1 tini has not waited for it",
		},
		{
			"zombie whose status may not be read", func(p *snapshot.Process) { p.State = procfs.StateZombie },
			"7 app is a zombie: exit status unknown; its parent 1 tini has not waited for it.", "7 app: zombie, exit status unknown; 1 tini has not waited for it",
		},
		{
			"zombie from outside", func(p *snapshot.Process) { p.State, p.Outside, p.PPID = procfs.StateZombie, true, 0 },
			"its parent is outside the container and has not waited for it.", "its parent is outside",
		},
		{
			"zombie whose parent is not to be seen", func(p *snapshot.Process) { p.State, p.PPID = procfs.StateZombie, 99 },
			"exit status unknown; its parent has not waited for it.", "; its parent has not waited for it",
		},
		{
			"dead main thread", func(p *snapshot.Process) { p.State, p.Threads = procfs.StateZombie, 3 },
			"7 app: its main thread has ended, 2 threads still run; it can be reaped only when all have ended.", "7 app: its main thread has ended, other threads run",
		},
		{
			"an escape sequence in its name", func(p *snapshot.Process) { p.Term, p.Comm = verdict.OutcomeHandler, "\x1b[2J" },
			`7 \x1b[2J, child of 1 tini, is sleeping; it handles SIGTERM.`, `7 \x1b[2J: handles SIGTERM`,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			w, p := explained(base(test.change))
			if got := sentence(w, p); !strings.HasSuffix(got, test.long) {
				t.Errorf("explain = %q, want %q", got, test.long)
			}
			if got := brief(w, p); !strings.Contains(got, test.brief) {
				t.Errorf("brief = %q, want %q", got, test.brief)
			}
		})
	}
}

func TestExplainPID1(t *testing.T) {
	w, _ := explained(snapshot.Process{ID: procfs.ID{PID: 7}, PPID: 1, Threads: 1, State: procfs.StateSleeping})
	p := &w.procs[0]
	p.Term = verdict.OutcomeShielded
	want := "1 tini, the init, is sleeping; it has no handler for SIGTERM, so the kernel drops it, and docker stop waits its full timeout."
	if got := sentence(w, p); got != want {
		t.Errorf("explain = %q, want %q", got, want)
	}
	if got, want := brief(w, p), "1 tini: SIGTERM does nothing, PID 1 has no handler"; got != want {
		t.Errorf("brief = %q, want %q", got, want)
	}
}

// TestExplainOldZombie checks that the time since the first snapshot with a zombie is
// shown as a lower bound.
func TestExplainOldZombie(t *testing.T) {
	zombie := snapshot.Process{ID: procfs.ID{PID: 7, Start: 5}, PPID: 1, Culprit: 1, Comm: "app", State: procfs.StateZombie, Threads: 1}
	w, _ := explained(zombie)
	later := w.addSnapshot(snapshot.Snapshot{Time: noon.Add(90 * time.Second), Since: time.Second, Procs: []snapshot.Process{zombie}})
	if got, want := sentence(&later, &later.procs[0]), "dead for at least 1m"; !strings.Contains(got, want) {
		t.Errorf("explain = %q, want %q in it", got, want)
	}
}

// TestExplainGone checks that an ended process is described from the history, if the
// history has its exit.
func TestExplainGone(t *testing.T) {
	w, p := explained(snapshot.Process{ID: procfs.ID{PID: 7, Start: 5}, PPID: 1, Comm: "app", State: procfs.StateSleeping, Threads: 1})
	if got, want := sentenceGone(w, p), "7 app has ended; the history has no record of it."; got != want {
		t.Errorf("without a record: %q, want %q", got, want)
	}
	heard := w.addHistory(History{Records: []history.Record{{
		Seq: 1, Kind: history.KindExit, PID: 7, Start: 5, PPID: 1, Parent: "tini", ReapedByInit: true,
		Known: true, Status: 9, Runtime: 1500 * time.Millisecond, Text: "the memory limit was hit",
	}}})
	got := sentenceGone(&heard, p)
	for _, want := range []string{"7 app has ended: killed by SIGKILL after 1.5s", "the memory limit was hit", "reaped by"} {
		if !strings.Contains(got, want) {
			t.Errorf("explainGone = %q, want %q in it", got, want)
		}
	}
	another := *p
	another.ID.Start = 6
	if got := sentenceGone(&heard, &another); strings.Contains(got, "SIGKILL") {
		t.Errorf("a later process with the same pid is told to have ended so: %q", got)
	}
}
