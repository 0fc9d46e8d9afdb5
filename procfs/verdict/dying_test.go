package verdict_test

import (
	"testing"

	"yinit/procfs"
	"yinit/procfs/proctest"
	"yinit/procfs/verdict"
)

// A dying process is beyond signals, whatever it does with them.
func TestDying(t *testing.T) {
	const pfExiting = 0x4
	handles := procfs.Signals{Known: true, Caught: setOf(term)}
	killed := handles
	killed.Pending = setOf(kill)
	for _, c := range []struct {
		name string
		proc proctest.Process
		term verdict.Outcome
		why  string
	}{
		{"alive", proctest.Process{Sigs: handles, State: procfs.StateRunning}, verdict.OutcomeHandler, "the program's handler runs"},
		{"in do_exit", proctest.Process{Sigs: handles, Flags: pfExiting}, verdict.OutcomeNoEffect, "it is dying"},
		{
			"in do_exit, in uninterruptible sleep",
			proctest.Process{Sigs: handles, Flags: pfExiting, State: procfs.StateDisk},
			verdict.OutcomeNoEffect, "it is dying: uninterruptible sleep delays its end",
		},
		{"SIGKILL is pending", proctest.Process{Sigs: killed}, verdict.OutcomeNoEffect, "it is dying: SIGKILL is pending already"},
		{
			"SIGKILL is pending for the process",
			proctest.Process{Sigs: procfs.Signals{Known: true, SharedPending: setOf(kill)}, State: procfs.StateDisk},
			verdict.OutcomeNoEffect, "it is dying: uninterruptible sleep delays its end",
		},
		{
			"a frozen cgroup",
			proctest.Process{Sigs: killed, State: procfs.StateDisk, Files: map[string]string{"task/7/wchan": "__refrigerator"}},
			verdict.OutcomeNoEffect, "it is dying, as soon as its cgroup is thawed",
		},
		{
			"a core dump",
			proctest.Process{Sigs: handles, Status: map[string]string{"CoreDumping": "1"}},
			verdict.OutcomeNoEffect, "it is dumping core: only SIGKILL has an effect",
		},
		{
			"a tracer holds it at its exit",
			proctest.Process{Sigs: killed, State: procfs.StateTraced, Status: map[string]string{"TracerPid": "5"}},
			verdict.OutcomeNoEffect, "it is dying, and its tracer 5 holds it",
		},
		{
			"only one thread is killed",
			proctest.Process{Sigs: killed, Threads: []proctest.Thread{{TID: 7, Pending: setOf(kill)}, {TID: 8}}},
			verdict.OutcomeNoEffect, "it is dying: SIGKILL is pending already", // the kernel has queued it for each, and 8 has taken it
		},
		{"a kernel thread", proctest.Process{Sigs: procfs.Signals{Known: true, Ignored: ^procfs.SignalSet(0)}, Flags: pfExiting | 0x00200000}, verdict.OutcomeIgnore, ""},
	} {
		tree := proctest.New(t)
		c.proc.PID = 7
		tree.Process(c.proc)
		if wchan := c.proc.Files["task/7/wchan"]; wchan != "" {
			tree.File("7/task/7/wchan", wchan)
		}
		tg, err := verdict.Read(tree.FS(), 7, verdict.Anyone())
		check(t, err)
		if got, why := verdict.Of(tg, term, verdict.Anyone()); got != c.term || c.why != "" && why != c.why {
			t.Errorf("%s: SIGTERM %s, %q, want %s, %q", c.name, got, why, c.term, c.why)
		}
		if got, _ := verdict.Of(tg, kill, verdict.Anyone()); tg.Dying == verdict.Dumping && got != verdict.OutcomeTerminate {
			t.Errorf("%s: SIGKILL %s, want terminate", c.name, got)
		}
	}
}

// A dying PID 1 names the process for which it waits.
func TestDyingInit(t *testing.T) {
	const pfExiting = 0x4
	for _, c := range []struct {
		name  string
		child proctest.Process
		want  string
	}{
		{"none", proctest.Process{PID: 40, PPID: 3}, "it is dying"},
		{
			"held by a tracer",
			proctest.Process{PID: 40, PPID: 7, State: procfs.StateZombie, Status: map[string]string{"TracerPid": "50"}},
			"it is dying, and waits for 40, which 50 (str\\x1bace) holds",
		},
		{"in D", proctest.Process{PID: 40, PPID: 7, Comm: "cp", State: procfs.StateDisk}, "it is dying, and waits for 40 (cp), in uninterruptible sleep"},
		{"running", proctest.Process{PID: 40, PPID: 7, Comm: "x"}, "it is dying, and waits for 40 (x) to end"},
	} {
		tree := proctest.New(t)
		tree.Uptime(1e9)
		tree.Process(proctest.Process{PID: 7, NSpid: []int{7, 1}, Flags: pfExiting, Sigs: procfs.Signals{Known: true}})
		tree.Process(c.child)
		tree.Process(proctest.Process{PID: 50, Comm: "str\x1bace"})
		r := verdict.NewReader(tree.FS(), nil)
		tg, err := r.Read(7)
		check(t, err)
		for _, n := range []int{term, kill, stop, cont} {
			if got, why := verdict.Of(tg, n, r.Caller); got != verdict.OutcomeNoEffect || why != c.want {
				t.Errorf("%s: signal %d: %s, %q, want no-effect, %q", c.name, n, got, why, c.want)
			}
		}
	}
}
