package procfs_test

import (
	"errors"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"yinit/procfs"
	"yinit/procfs/proctest"
)

// dead is a zombie of the parent 12.
func dead(change func(*procfs.Dead)) procfs.Dead {
	d := procfs.Dead{Stat: procfs.Stat{PID: 37, PPID: 12, State: procfs.StateZombie, Threads: 1, ExitSignal: chld}, For: time.Hour}
	if change != nil {
		change(&d)
	}
	return d
}

// parent has pid 12 and does nothing with CHLD.
func parent(change func(*procfs.Reaper)) procfs.Reaper {
	r := procfs.Reaper{Stat: procfs.Stat{PID: 12, State: procfs.StateSleeping, Threads: 1}, Sigs: procfs.Signals{Known: true}}
	if change != nil {
		change(&r)
	}
	return r
}

func TestBlameFor(t *testing.T) {
	inState := func(s procfs.State) procfs.Reaper { return parent(func(r *procfs.Reaper) { r.Stat.State = s }) }
	withSigs := func(s procfs.Signals) procfs.Reaper {
		s.Known = true
		return parent(func(r *procfs.Reaper) { r.Sigs = s })
	}
	waiting := func(w ...procfs.Wait) procfs.Reaper { return parent(func(r *procfs.Reaper) { r.Waits = w }) }
	unseen := func(w ...procfs.Wait) procfs.Reaper {
		return parent(func(r *procfs.Reaper) { r.Waits, r.Hidden = w, true })
	}
	first := func(init bool) procfs.Reaper {
		return parent(func(r *procfs.Reaper) { r.Stat.PID, r.Init = 1, init })
	}
	ofFirst := dead(func(d *procfs.Dead) { d.Stat.PPID = 1 })
	for name, test := range map[string]struct {
		z      procfs.Dead
		parent procfs.Reaper
		want   procfs.Blame
	}{
		"it does nothing": {dead(nil), parent(nil), procfs.Blame{Culprit: 12, Cause: procfs.CauseNeverWaits}},
		"its disposition is unknown": {
			dead(nil), parent(func(r *procfs.Reaper) { r.Sigs = procfs.Signals{} }),
			procfs.Blame{Culprit: 12, Cause: procfs.CauseNeverWaits},
		},
		"what it does is hidden":                {dead(nil), unseen(), procfs.Blame{Culprit: 12}},
		"hidden but for one, waits for another": {dead(nil), unseen(procfs.Wait{PID: 40}), procfs.Blame{Culprit: 12, Cause: procfs.CauseWaitsElse, Of: 40}},
		"hidden, caught": {
			dead(nil), parent(func(r *procfs.Reaper) { r.Hidden, r.Sigs.Caught = true, procfs.NewSignalSet(chld) }), procfs.Blame{Culprit: 12},
		},
		"hidden, PID 1": {ofFirst, parent(func(r *procfs.Reaper) { r.Stat.PID, r.Hidden = 1, true }), procfs.Blame{Culprit: 1, Cause: procfs.CauseNotInit}},
		"other threads run": {
			dead(func(d *procfs.Dead) { d.Stat.Threads = 3 }), parent(nil),
			procfs.Blame{Culprit: 37, Cause: procfs.CauseThreads},
		},
		"a tracer": {
			dead(func(d *procfs.Dead) { d.Tracer = 99 }), parent(nil),
			procfs.Blame{Culprit: 99, Cause: procfs.CauseTracer, Of: 37},
		},
		"the parent is the tracer": {
			dead(func(d *procfs.Dead) { d.Tracer = 12 }), parent(nil),
			procfs.Blame{Culprit: 12, Cause: procfs.CauseNeverWaits},
		},
		"the parent is outside": {
			dead(func(d *procfs.Dead) { d.Stat.PPID = 0 }),
			procfs.Reaper{},
			procfs.Blame{Cause: procfs.CauseOutside},
		},
		"outside, and it has only just ended": {
			dead(func(d *procfs.Dead) { d.Stat.PPID, d.For = 0, 0 }),
			procfs.Reaper{},
			procfs.Blame{Cause: procfs.CauseMoment},
		},
		"the parent cannot be read": {dead(nil), procfs.Reaper{}, procfs.Blame{Culprit: 12}},
		"stopped":                   {dead(nil), inState(procfs.StateStopped), procfs.Blame{Culprit: 12, Cause: procfs.CauseStopped}},
		"stopped, and it has only just ended": {
			dead(func(d *procfs.Dead) { d.For = 0 }), inState(procfs.StateStopped),
			procfs.Blame{Culprit: 12, Cause: procfs.CauseStopped},
		},
		"debugged": {
			dead(nil), parent(func(r *procfs.Reaper) { r.Stat.State, r.Tracer = procfs.StateTraced, 5 }),
			procfs.Blame{Culprit: 12, Cause: procfs.CauseTraced, Of: 5},
		},
		"disk sleep": {dead(nil), inState(procfs.StateDisk), procfs.Blame{Culprit: 12, Cause: procfs.CauseDisk}},
		"in vfork": {
			dead(nil), parent(func(r *procfs.Reaper) { r.Stat.State, r.InVfork, r.Child = procfs.StateDisk, true, 40 }),
			procfs.Blame{Culprit: 12, Cause: procfs.CauseVfork, Of: 40},
		},
		"just ended": {
			dead(func(d *procfs.Dead) { d.For = time.Millisecond }), parent(nil),
			procfs.Blame{Culprit: 12, Cause: procfs.CauseMoment},
		},
		"nobody knows when it ended": {
			dead(func(d *procfs.Dead) { d.For = -1 }), parent(nil),
			procfs.Blame{Culprit: 12, Cause: procfs.CauseNeverWaits},
		},
		"clone without a signal": {
			dead(func(d *procfs.Dead) { d.Stat.ExitSignal = 0 }), parent(nil),
			procfs.Blame{Culprit: 12, Cause: procfs.CauseExitSignal},
		},
		"clone with another signal": {
			dead(func(d *procfs.Dead) { d.Stat.ExitSignal = 10 }), parent(nil),
			procfs.Blame{Culprit: 12, Cause: procfs.CauseExitSignal, Of: 10},
		},
		"waits for another":    {dead(nil), waiting(procfs.Wait{PID: 40}), procfs.Blame{Culprit: 12, Cause: procfs.CauseWaitsElse, Of: 40}},
		"waits for somebody":   {dead(nil), waiting(procfs.Wait{Else: true}), procfs.Blame{Culprit: 12, Cause: procfs.CauseWaitsElse}},
		"is about to reap it":  {dead(nil), waiting(procfs.Wait{PID: 37}), procfs.Blame{Culprit: 12, Cause: procfs.CauseNeverWaits}},
		"waits for any":        {dead(nil), waiting(procfs.Wait{}), procfs.Blame{Culprit: 12, Cause: procfs.CauseNeverWaits}},
		"PID 1 is no init":     {ofFirst, first(false), procfs.Blame{Culprit: 1, Cause: procfs.CauseNotInit}},
		"PID 1 is an init":     {ofFirst, first(true), procfs.Blame{Culprit: 1, Cause: procfs.CauseMoment}},
		"ignored":              {dead(nil), withSigs(procfs.Signals{Ignored: procfs.NewSignalSet(chld)}), procfs.Blame{Culprit: 12, Cause: procfs.CauseIgnored}},
		"caught":               {dead(nil), withSigs(procfs.Signals{Caught: procfs.NewSignalSet(chld)}), procfs.Blame{Culprit: 12, Cause: procfs.CauseHandler}},
		"blocked":              {dead(nil), withSigs(procfs.Signals{Blocked: procfs.NewSignalSet(chld)}), procfs.Blame{Culprit: 12, Cause: procfs.CauseBlocked}},
		"blocked and caught":   {dead(nil), withSigs(procfs.Signals{Blocked: ^procfs.SignalSet(0), Caught: ^procfs.SignalSet(0)}), procfs.Blame{Culprit: 12, Cause: procfs.CauseBlocked}},
		"of a thread that has": {dead(nil), parent(func(r *procfs.Reaper) { r.Stat.State, r.Stat.Threads = procfs.StateZombie, 2 }), procfs.Blame{Culprit: 12, Cause: procfs.CauseNeverWaits}},
	} {
		if got := procfs.BlameFor(test.z, test.parent); got != test.want {
			t.Errorf("%s: BlameFor = %+v, want %+v", name, got, test.want)
		}
	}
}

// TestCausesInWords: each cause has a word, a reason and an advice of its own.
func TestCausesInWords(t *testing.T) {
	words, whys := map[string]bool{}, map[string]bool{}
	for c := procfs.CauseUnknown; c <= procfs.CauseNeverWaits; c++ {
		b := procfs.Blame{Culprit: 12, Cause: c}
		if words[c.String()] || strings.ContainsAny(c.String(), " _") || whys[b.Why()] || b.Advice(procfs.FirstReaps) == "" || b.Advice(procfs.FirstLeaves) == "" {
			t.Errorf("cause %d: %q, %q, %q", c, c, b.Why(), b.Advice(procfs.FirstUnknown))
		}
		words[c.String()], whys[b.Why()] = true, true
	}
	if got := procfs.Cause(200).String(); got != "unknown" {
		t.Errorf("Cause(200) = %q, want unknown", got)
	}
	for of, want := range map[procfs.Blame]string{
		{Cause: procfs.CauseWaitsElse, Of: 40}: "it waits for its child 40 and",
		{Cause: procfs.CauseVfork, Of: 40}:     "before its vfork child 40 execs",
		{Cause: procfs.CauseVfork}:             "before its vfork child execs",
	} {
		if got := of.Why(); !strings.Contains(got, want) {
			t.Errorf("Why = %q, want %q in it", got, want)
		}
	}
}

func TestReaperOfAFake(t *testing.T) {
	wait := func(pid string) map[string]string {
		return map[string]string{"syscall": strconv.Itoa(syscall.SYS_WAIT4) + " " + pid + " 0x7ffe 0x0 0x0 0x0 0x0 0x7ffd 0x7fab\n"}
	}
	pidfd := map[string]string{"syscall": strconv.Itoa(syscall.SYS_WAITID) + " 0x3 0x5 0x7ffe 0x4 0x0 0x0 0x7ffd 0x7fab\n"}
	const hidden, told = true, false
	for name, test := range map[string]struct {
		files  map[string]string
		fd     string
		want   []procfs.Wait
		hidden bool
	}{
		"a child":         {wait("0x28"), "", []procfs.Wait{{PID: 40}}, told},
		"any child":       {wait("0xffffffff"), "", []procfs.Wait{{}}, told},
		"a group":         {wait("0xffffffd8"), "", []procfs.Wait{{Else: true}}, told},
		"its own group":   {wait("0x0"), "", []procfs.Wait{{Else: true}}, told},
		"by pidfd":        {pidfd, "pos:\t0\nPid:\t40\nNSpid:\t40\n", []procfs.Wait{{PID: 40}}, told},
		"by a dead pidfd": {pidfd, "pos:\t0\nPid:\t-1\n", []procfs.Wait{{Else: true}}, told},
		"by what pidfd":   {pidfd, "", []procfs.Wait{{Else: true}}, told},
		"runs":            {map[string]string{"syscall": "running\n"}, "", nil, told},
		"sleeps":          {map[string]string{"syscall": "999 0x1 0x2 0x0 0x0 0x0 0x0 0x7ffd 0x7fab\n"}, "", nil, told},
		"no system call":  {map[string]string{"syscall": "-1 0x7ffd 0x7fab\n"}, "", nil, told},
		"32 bits":         {map[string]string{"syscall": "114 0x1 0x2 0x0 0x0 0x0 0x0 0x7ffd 0x7fab\n", "wchan": "do_wait"}, "", []procfs.Wait{{Else: true}}, told},
		"wchan alone":     {map[string]string{"wchan": "do_wait"}, "", []procfs.Wait{{Else: true}}, told},
		"wchan, no wait":  {map[string]string{"wchan": "ep_poll"}, "", nil, told},
		"wchan is hidden": {map[string]string{"wchan": "0"}, "", nil, hidden},
		"nothing":         {nil, "", nil, hidden},
	} {
		tree := proctest.New(t)
		tree.Process(proctest.Process{PID: 12, PPID: 1, Comm: "git", UID: 7, Sigs: procfs.Signals{Caught: procfs.NewSignalSet(chld)}})
		for file, text := range test.files {
			tree.File("12/task/12/"+file, text)
		}
		if test.fd != "" {
			tree.File("12/fdinfo/5", test.fd)
		}
		r, err := tree.FS().Reaper(12)
		if err != nil || !slices.Equal(r.Waits, test.want) || r.Hidden != test.hidden || r.UID != 7 || r.CHLD() != "caught" || !r.Known() {
			t.Errorf("%s: Reaper = %+v, %v, want %+v, hidden %t", name, r, err, test.want, test.hidden)
		}
	}
	if r, err := proctest.New(t).FS().Reaper(12); !errors.Is(err, procfs.ErrGone) || r.Known() || r.CHLD() != "unknown" {
		t.Errorf("Reaper of nobody = %+v, %v, want ErrGone", r, err)
	}
}

// TestReaperWithoutItsMainThread: what the others do counts.
func TestReaperWithoutItsMainThread(t *testing.T) {
	tree := proctest.New(t)
	tree.Process(proctest.Process{PID: 12, PPID: 1, Comm: "git", State: procfs.StateZombie, Threads: []proctest.Thread{{TID: 13, State: procfs.StateStopped}}})
	r, err := tree.FS().Reaper(12)
	if b := procfs.BlameFor(dead(nil), r); err != nil || b.Cause != procfs.CauseStopped {
		t.Errorf("Reaper = %+v, %v, which gives %v, want that it is stopped", r, err, b.Cause)
	}
}

// TestVforkChild: it is named if there is no other that it could be.
func TestVforkChild(t *testing.T) {
	for children, want := range map[string]int{"": 0, "40 ": 40, "39 40 ": 40, "40 41 ": 0, "40 39 42 ": 0} {
		tree := proctest.New(t)
		tree.Process(proctest.Process{PID: 12, PPID: 1, State: procfs.StateDisk})
		tree.Process(proctest.Process{PID: 39, PPID: 12, State: procfs.StateZombie})
		tree.Process(proctest.Process{PID: 40, PPID: 12})
		tree.Process(proctest.Process{PID: 41, PPID: 12})
		tree.File("12/task/12/wchan", "kernel_clone")
		tree.File("12/task/12/children", children)
		if r, err := tree.FS().Reaper(12); err != nil || !r.InVfork || r.Child != want {
			t.Errorf("Reaper with the children %q = %+v, %v, want the child %d", children, r, err, want)
		}
	}
}

// TestReaperOfALiveParent has this process wait for one child while another one
// is dead, and compares when that died with the clock.
func TestReaperOfALiveParent(t *testing.T) {
	zombie := helper(t, "exit 7", false)
	waitUntil(t, zombie.Process.Pid, syscall.WEXITED)
	waited := exec.Command(os.Args[0])
	waited.Env = append(os.Environ(), helperVar+"=wait")
	stdin, err := waited.StdinPipe()
	check(t, err)
	check(t, waited.Start())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = syscall.Wait4(waited.Process.Pid, nil, 0, nil)
	}()
	want := procfs.Wait{PID: waited.Process.Pid}
	var r procfs.Reaper
	eventually(t, "the parent waits for the other child", func() bool {
		r, err = procfs.FS{}.Reaper(os.Getpid())
		check(t, err)
		return slices.Contains(r.Waits, want) || slices.Contains(r.Waits, procfs.Wait{Else: true})
	})
	stat, err := procfs.FS{}.Stat(zombie.Process.Pid)
	check(t, err)
	b := procfs.BlameFor(procfs.Dead{Stat: stat, For: -1}, r)
	if b.Culprit != os.Getpid() || b.Cause != procfs.CauseWaitsElse || r.CHLD() != "caught" {
		t.Errorf("BlameFor = %+v (%s), CHLD %s, want that it waits for another", b, b.Cause, r.CHLD())
	}
	check(t, stdin.Close())
	<-done
}
