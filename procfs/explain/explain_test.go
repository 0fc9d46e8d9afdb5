package explain_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"yinit/procfs"
	"yinit/procfs/doctor"
	"yinit/procfs/explain"
	"yinit/procfs/snapshot"
	"yinit/procfs/verdict"
	"yinit/procfs/zombie"
)

// life returns a process that sleeps and has no handlers.
func life(change func(*explain.Life)) *explain.Life {
	p := &snapshot.Process{
		ID: procfs.ID{PID: 7, Start: 5}, PPID: 1, Comm: "app", Cmdline: []string{"app", "-x"}, State: procfs.StateSleeping, Threads: 1,
		User: "root", Age: time.Minute, Sigs: procfs.Signals{Known: true},
	}
	l := &explain.Life{Subject: explain.Subject{Process: p, Parent: "1 tini", Caller: verdict.Anyone()}}
	change(l)
	if p.Target == nil && !p.Dead() {
		p.Target = &verdict.Target{
			ID: p.ID, State: p.State, Sigs: p.Sigs, FDsRead: true, NSpid: []int{7}, Orphaned: verdict.No,
			Tasks: []verdict.Task{{TID: 7, State: p.State, Blocked: p.Sigs.Blocked, Sigwait: verdict.No}},
		}
		p.Term, _ = verdict.Of(p.Target, 15, l.Caller)
	}
	return l
}

// TestLife explains processes that exist.
func TestLife(t *testing.T) {
	blame := &zombie.Culprit{Blame: zombie.Blame{Culprit: 7, Cause: zombie.CauseNeverWaits}, Zombies: make([]zombie.Zombie, 3)}
	for name, tt := range map[string]struct {
		change    func(*explain.Life)
		evidence  string // in one of them
		certainty explain.Certainty
		next      string // the first one
	}{
		"no handler":  {func(*explain.Life) {}, "SIGTERM: terminate, it has no handler: the default action ends it", explain.Known, "yinit signals 7"},
		"stubborn":    {func(l *explain.Life) { l.Sigs.Ignored = procfs.NewSignalSet(15) }, "SIGTERM: IGNORE, the program ignores it", explain.Known, "yinit kill --escalate 7"},
		"stopped":     {func(l *explain.Life) { l.State, l.Stuck = procfs.StateStopped, time.Minute }, "stopped for at least 1m00s", explain.Known, "yinit kill -s CONT 7"},
		"blocks":      {func(l *explain.Life) { l.Sigs.Blocked = procfs.NewSignalSet(10) }, "blocks SIGUSR1", explain.Known, "yinit signals 7"},
		"unread":      {func(l *explain.Life) { l.Process.Target = &verdict.Target{} }, "SIGTERM: unknown, ", explain.Unknown, "yinit signals 7"},
		"its command": {func(*explain.Life) {}, "command: app -x", explain.Known, "yinit signals 7"},
		"a long one":  {func(l *explain.Life) { l.Cmdline = []string{"app", strings.Repeat("x", 90000)} }, "(89604 more bytes)", explain.Known, "yinit signals 7"},
		"program":     {func(l *explain.Life) { l.Program = true }, "it is a program of the init: the container ends with it", explain.Known, "yinit signals 7"},
		"stop":        {func(l *explain.Life) { l.Step = &doctor.Step{Process: l.Process, Fate: doctor.FateEnds} }, "at a stop of the container it ends at once", explain.Known, "yinit signals 7"},
		"resumed": {func(l *explain.Life) {
			l.State, l.Step = procfs.StateStopped, &doctor.Step{Process: l.Process, Role: doctor.RoleRest, Signal: 15, Fate: doctor.FateEnds}
		}, "at a stop of the container it ends at once: yinit sends SIGCONT as well", explain.Known, "yinit kill -s CONT 7"},
		"waits":        {func(l *explain.Life) { l.Main = &snapshot.Thread{State: 'S', Wchan: "do_wait"} }, "waits for a child (do_wait)", explain.Known, "yinit signals 7"},
		"listens":      {func(l *explain.Life) { l.Listens = []string{"0.0.0.0:80 tcp"} }, "listens on 0.0.0.0:80 tcp", explain.Known, "yinit signals 7"},
		"finding":      {func(l *explain.Life) { l.Findings = []doctor.Finding{{ID: "x", What: "it hangs", Do: "end it"}} }, "the doctor: it hangs (problem)", explain.Known, "end it"},
		"holds":        {func(l *explain.Life) { l.Held, l.Zombies = 3, blame }, "has not waited for 3 zombies: it runs, but does not wait for its children", explain.Likely, "make it wait"},
		"earlier":      {func(l *explain.Life) { l.Earlier = "an earlier process 7 exited 1" }, "an earlier process 7 exited 1", explain.Known, "yinit signals 7"},
		"zombie":       {func(l *explain.Life) { l.State, l.Known, l.Status, l.Culprit = 'Z', true, 3<<8, 1 }, "started 1m00s ago, user root", explain.Known, "yinit zombies"},
		"its status":   {func(l *explain.Life) { l.State, l.Culprit = 'Z', 1 }, "the kernel does not show that to this user", explain.Unknown, "yinit zombies"},
		"its culprit":  {func(l *explain.Life) { l.State, l.Known, l.Culprit, l.Zombies, l.Blamed = 'Z', true, 7, blame, "7 app" }, "7 app has not waited for 3 zombies: it runs", explain.Likely, "make it wait"},
		"last signals": {func(l *explain.Life) { l.Heard = []string{"1", "2", "3", "4", "5", "6"} }, "6", explain.Known, "yinit signals 7"},
	} {
		t.Run(name, func(t *testing.T) {
			e := life(tt.change).Explain()
			if e.Subject != "7 app" || !strings.HasPrefix(e.Summary, "7 app") {
				t.Errorf("subject %q, summary %q", e.Subject, e.Summary)
			}
			if !slices.ContainsFunc(e.Evidence, func(s string) bool { return strings.Contains(s, tt.evidence) }) || slices.Contains(e.Evidence, "1") {
				t.Errorf("the evidence is %q, want %q in it", e.Evidence, tt.evidence)
			}
			if e.Certainty != tt.certainty || len(e.Next) == 0 || !strings.HasPrefix(e.Next[0], tt.next) {
				t.Errorf("%v, next %q; want %v, %q", e.Certainty, e.Next, tt.certainty, tt.next)
			}
		})
	}
}
