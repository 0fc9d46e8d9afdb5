package zombie_test

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
	"yinit/procfs/zombie"
)

var check, eventually = proctest.Check, proctest.Eventually

const chld = int(syscall.SIGCHLD)

// dead returns a zombie child of process 12.
func dead(change func(*zombie.Dead)) zombie.Dead {
	d := zombie.Dead{Stat: procfs.Stat{PID: 37, PPID: 12, State: procfs.StateZombie, Threads: 1, ExitSignal: chld}, For: time.Hour}
	if change != nil {
		change(&d)
	}
	return d
}

// parent returns process 12, which has the default disposition for CHLD.
func parent(change func(*zombie.Reaper)) zombie.Reaper {
	r := zombie.Reaper{Stat: procfs.Stat{PID: 12, State: procfs.StateSleeping, Threads: 1}, Sigs: procfs.Signals{Known: true}}
	if change != nil {
		change(&r)
	}
	return r
}

func TestBlameFor(t *testing.T) {
	inState := func(s procfs.State) zombie.Reaper { return parent(func(r *zombie.Reaper) { r.Stat.State = s }) }
	withSigs := func(s procfs.Signals) zombie.Reaper {
		s.Known = true
		return parent(func(r *zombie.Reaper) { r.Sigs = s })
	}
	waiting := func(w ...zombie.Wait) zombie.Reaper { return parent(func(r *zombie.Reaper) { r.Waits = w }) }
	unseen := func(w ...zombie.Wait) zombie.Reaper {
		return parent(func(r *zombie.Reaper) { r.Waits, r.Hidden = w, true })
	}
	first := func(init bool) zombie.Reaper {
		return parent(func(r *zombie.Reaper) { r.Stat.PID, r.Init = 1, init })
	}
	from := func(o zombie.Origin, d zombie.Dead) zombie.Dead { d.Origin = o; return d }
	since := func(t time.Duration, d zombie.Dead) zombie.Dead { d.For = t; return d }
	ofFirst := dead(func(d *zombie.Dead) { d.Stat.PPID = 1 })
	for name, test := range map[string]struct {
		z      zombie.Dead
		parent zombie.Reaper
		want   zombie.Blame
	}{
		"it does nothing": {dead(nil), parent(nil), zombie.Blame{Culprit: 12, Cause: zombie.CauseNeverWaits}},
		"its disposition is unknown": {
			dead(nil), parent(func(r *zombie.Reaper) { r.Sigs = procfs.Signals{} }),
			zombie.Blame{Culprit: 12, Cause: zombie.CauseNeverWaits},
		},
		"what it does is hidden":                {dead(nil), unseen(), zombie.Blame{Culprit: 12}},
		"hidden but for one, waits for another": {dead(nil), unseen(zombie.Wait{PID: 40}), zombie.Blame{Culprit: 12, Cause: zombie.CauseWaitsForOther, Of: 40}},
		"hidden, caught": {
			dead(nil), parent(func(r *zombie.Reaper) { r.Hidden, r.Sigs.Caught = true, procfs.NewSignalSet(chld) }), zombie.Blame{Culprit: 12},
		},
		"hidden, PID 1": {ofFirst, parent(func(r *zombie.Reaper) { r.Stat.PID, r.Hidden = 1, true }), zombie.Blame{Culprit: 1, Cause: zombie.CauseEither}},
		"other threads run": {
			dead(func(d *zombie.Dead) { d.Stat.Threads = 3 }), parent(nil),
			zombie.Blame{Culprit: 37, Cause: zombie.CauseThreads},
		},
		"a tracer": {
			dead(func(d *zombie.Dead) { d.Tracer = 99 }), parent(nil),
			zombie.Blame{Culprit: 99, Cause: zombie.CauseTracer, Of: 37},
		},
		"the parent is the tracer": {
			dead(func(d *zombie.Dead) { d.Tracer = 12 }), parent(nil),
			zombie.Blame{Culprit: 12, Cause: zombie.CauseNeverWaits},
		},
		"the parent is outside": {
			dead(func(d *zombie.Dead) { d.Stat.PPID = 0 }),
			zombie.Reaper{},
			zombie.Blame{Cause: zombie.CauseOutside},
		},
		"outside, and it has only just ended": {
			dead(func(d *zombie.Dead) { d.Stat.PPID, d.For = 0, 0 }),
			zombie.Reaper{},
			zombie.Blame{Cause: zombie.CauseJustEnded},
		},
		"the parent cannot be read": {dead(nil), zombie.Reaper{}, zombie.Blame{Culprit: 12}},
		"stopped":                   {dead(nil), inState(procfs.StateStopped), zombie.Blame{Culprit: 12, Cause: zombie.CauseStopped}},
		"stopped, and it has only just ended": {
			dead(func(d *zombie.Dead) { d.For = 0 }), inState(procfs.StateStopped),
			zombie.Blame{Culprit: 12, Cause: zombie.CauseStopped},
		},
		"debugged": {
			dead(nil), parent(func(r *zombie.Reaper) { r.Stat.State, r.Tracer = procfs.StateTraced, 5 }),
			zombie.Blame{Culprit: 12, Cause: zombie.CauseTraced, Of: 5},
		},
		"disk sleep": {dead(nil), inState(procfs.StateDisk), zombie.Blame{Culprit: 12, Cause: zombie.CauseDisk}},
		"in vfork": {
			dead(nil), parent(func(r *zombie.Reaper) { r.Stat.State, r.InVfork, r.Child = procfs.StateDisk, true, 40 }),
			zombie.Blame{Culprit: 12, Cause: zombie.CauseVfork, Of: 40},
		},
		"just ended": {
			dead(func(d *zombie.Dead) { d.For = time.Millisecond }), parent(nil),
			zombie.Blame{Culprit: 12, Cause: zombie.CauseJustEnded},
		},
		"nobody knows when it ended": {
			dead(func(d *zombie.Dead) { d.For = -1 }), parent(nil),
			zombie.Blame{Culprit: 12, Cause: zombie.CauseNeverWaits},
		},
		"clone without a signal": {
			dead(func(d *zombie.Dead) { d.Stat.ExitSignal = 0 }), parent(nil),
			zombie.Blame{Culprit: 12, Cause: zombie.CauseExitSignal},
		},
		"clone with another signal": {
			dead(func(d *zombie.Dead) { d.Stat.ExitSignal = 10 }), parent(nil),
			zombie.Blame{Culprit: 12, Cause: zombie.CauseExitSignal, Of: 10},
		},
		"waits for another":                    {dead(nil), waiting(zombie.Wait{PID: 40}), zombie.Blame{Culprit: 12, Cause: zombie.CauseWaitsForOther, Of: 40}},
		"waits for somebody":                   {dead(nil), waiting(zombie.Wait{Other: true}), zombie.Blame{Culprit: 12, Cause: zombie.CauseWaitsForOther}},
		"is about to reap it":                  {dead(nil), waiting(zombie.Wait{PID: 37}), zombie.Blame{Culprit: 12, Cause: zombie.CauseNeverWaits}},
		"waits for any":                        {dead(nil), waiting(zombie.Wait{}), zombie.Blame{Culprit: 12, Cause: zombie.CauseNeverWaits}},
		"PID 1, an orphan":                     {from(zombie.OriginOrphan, ofFirst), first(false), zombie.Blame{Culprit: 1, Cause: zombie.CauseNotInit, Origin: zombie.OriginOrphan}},
		"PID 1, its own child":                 {from(zombie.OriginChild, ofFirst), first(false), zombie.Blame{Culprit: 1, Cause: zombie.CauseNeverWaits, Origin: zombie.OriginChild}},
		"PID 1":                                {ofFirst, first(false), zombie.Blame{Culprit: 1, Cause: zombie.CauseEither}},
		"PID 1 is an init":                     {since(9*time.Second, ofFirst), first(true), zombie.Blame{Culprit: 1, Cause: zombie.CauseJustEnded}},
		"PID 1 is an init, unknown since when": {since(-1, ofFirst), first(true), zombie.Blame{Culprit: 1, Cause: zombie.CauseJustEnded}},
		"PID 1 is called init":                 {from(zombie.OriginOrphan, ofFirst), first(true), zombie.Blame{Culprit: 1, Cause: zombie.CauseNotInit, Origin: zombie.OriginOrphan}},
		"a subreaper":                          {from(zombie.OriginOrphan, dead(nil)), parent(nil), zombie.Blame{Culprit: 12, Cause: zombie.CauseSubreaper, Origin: zombie.OriginOrphan}},
		"ignored":                              {dead(nil), withSigs(procfs.Signals{Ignored: procfs.NewSignalSet(chld)}), zombie.Blame{Culprit: 12, Cause: zombie.CauseIgnored}},
		"caught":                               {dead(nil), withSigs(procfs.Signals{Caught: procfs.NewSignalSet(chld)}), zombie.Blame{Culprit: 12, Cause: zombie.CauseHandler}},
		"blocked":                              {dead(nil), withSigs(procfs.Signals{Blocked: procfs.NewSignalSet(chld)}), zombie.Blame{Culprit: 12, Cause: zombie.CauseBlocked}},
		"blocked and caught":                   {dead(nil), withSigs(procfs.Signals{Blocked: ^procfs.SignalSet(0), Caught: ^procfs.SignalSet(0)}), zombie.Blame{Culprit: 12, Cause: zombie.CauseBlocked}},
		"of a thread that has":                 {dead(nil), parent(func(r *zombie.Reaper) { r.Stat.State, r.Stat.Threads = procfs.StateZombie, 2 }), zombie.Blame{Culprit: 12, Cause: zombie.CauseNeverWaits}},
	} {
		if got := zombie.BlameFor(test.z, test.parent); got != test.want {
			t.Errorf("%s: BlameFor = %+v, want %+v", name, got, test.want)
		}
	}
}

// TestCausesInWords checks that each cause has its own word, reason and advice.
func TestCausesInWords(t *testing.T) {
	words, whys := map[string]bool{}, map[string]bool{}
	for c := zombie.CauseUnknown; c <= zombie.CauseNeverWaits; c++ {
		b := zombie.Blame{Culprit: 12, Cause: c}
		if words[c.String()] || strings.ContainsAny(c.String(), " _") || whys[b.Why()] || b.Advice(zombie.InitReaps) == "" || b.Advice(zombie.InitDoesNotReap) == "" {
			t.Errorf("cause %d: %q, %q, %q", c, c, b.Why(), b.Advice(zombie.InitUnknown))
		}
		if got := b.Advice(zombie.InitEnds); strings.Contains(got, "or end it") {
			t.Errorf("the advice for a container's program is to end it: %q", got)
		}
		words[c.String()], whys[b.Why()] = true, true
	}
	if got := zombie.Cause(200).String(); got != "unknown" {
		t.Errorf("Cause(200) = %q, want unknown", got)
	}
	for of, want := range map[zombie.Blame]string{
		{Cause: zombie.CauseWaitsForOther, Of: 40}: "it is waiting for its child 40, not",
		{Cause: zombie.CauseVfork, Of: 40}:         "until its vfork child 40 execs",
		{Cause: zombie.CauseVfork}:                 "until its vfork child execs",
	} {
		if got := of.Why(); !strings.Contains(got, want) {
			t.Errorf("Why = %q, want %q in it", got, want)
		}
	}
}

// TestAdviceForPID1 checks that nobody is advised to end PID 1, nor to use an init where
// the zombies would stay.
func TestAdviceForPID1(t *testing.T) {
	for origin, want := range map[zombie.Origin]string{
		zombie.OriginChild:   "make it wait; an init as PID 1 does not help, because PID 1 started the zombie itself",
		zombie.OriginUnknown: "make it wait",
	} {
		b := zombie.Blame{Culprit: 1, Cause: zombie.CauseNeverWaits, Origin: origin}
		if got := b.Advice(zombie.InitDoesNotReap); got != want {
			t.Errorf("Advice for an %s of PID 1 = %q, want %q", origin, got, want)
		}
	}
	child, unknown := zombie.Zombie{Origin: zombie.OriginChild}, zombie.Zombie{}
	b := zombie.Blame{Culprit: 1, Cause: zombie.CauseNeverWaits, Origin: zombie.OriginChild}
	for want, zombies := range map[string][]zombie.Zombie{
		"make it wait; an init as PID 1 does not help, because PID 1 started the zombie itself":                                                  {child},
		"make it wait; an init as PID 1 does not help, because PID 1 started the zombies itself":                                                 {child, child},
		"make it wait; an init as PID 1 (yinit -- PROGRAM, or docker run --init) helps only against those of them that PID 1 adopted as orphans": {child, unknown, unknown},
	} {
		c := zombie.Culprit{Blame: b, Zombies: zombies}
		if got := c.Advice(zombie.InitDoesNotReap); got != want {
			t.Errorf("Advice for %d zombies = %q, want %q", len(zombies), got, want)
		}
	}
}

// TestAdviceForAProgram checks that nobody is advised to end the container without knowing.
func TestAdviceForAProgram(t *testing.T) {
	for cause, want := range map[zombie.Cause]string{
		zombie.CauseNeverWaits: "make it wait; it is the container's program: ending it ends the container",
		zombie.CauseTracer:     "detach the debugger; it is the container's program: ending it ends the container",
		zombie.CauseStopped:    zombie.Blame{Culprit: 12, Cause: zombie.CauseStopped}.Advice(zombie.InitReaps),
	} {
		if got := (zombie.Blame{Culprit: 12, Cause: cause}).Advice(zombie.InitEnds); got != want {
			t.Errorf("the advice for %s is %q, want %q", cause, got, want)
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
		want   []zombie.Wait
		hidden bool
	}{
		"a child":         {wait("0x28"), "", []zombie.Wait{{PID: 40}}, told},
		"any child":       {wait("0xffffffff"), "", []zombie.Wait{{}}, told},
		"a group":         {wait("0xffffffd8"), "", []zombie.Wait{{Other: true}}, told},
		"its own group":   {wait("0x0"), "", []zombie.Wait{{Other: true}}, told},
		"by pidfd":        {pidfd, "pos:\t0\nPid:\t40\nNSpid:\t40\n", []zombie.Wait{{PID: 40}}, told},
		"by a dead pidfd": {pidfd, "pos:\t0\nPid:\t-1\n", []zombie.Wait{{Other: true}}, told},
		"by what pidfd":   {pidfd, "", []zombie.Wait{{Other: true}}, told},
		"runs":            {map[string]string{"syscall": "running\n"}, "", nil, told},
		"sleeps":          {map[string]string{"syscall": "999 0x1 0x2 0x0 0x0 0x0 0x0 0x7ffd 0x7fab\n"}, "", nil, told},
		"no system call":  {map[string]string{"syscall": "-1 0x7ffd 0x7fab\n"}, "", nil, told},
		"32 bits":         {map[string]string{"syscall": "114 0x1 0x2 0x0 0x0 0x0 0x0 0x7ffd 0x7fab\n", "wchan": "do_wait"}, "", []zombie.Wait{{Other: true}}, told},
		"wchan alone":     {map[string]string{"wchan": "do_wait"}, "", []zombie.Wait{{Other: true}}, told},
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
		r, err := zombie.ReadReaper(tree.FS(), 12)
		if err != nil || !slices.Equal(r.Waits, test.want) || r.Hidden != test.hidden || r.UID != 7 || r.CHLD() != "caught" || !r.Known() {
			t.Errorf("%s: Reaper = %+v, %v, want %+v, hidden %t", name, r, err, test.want, test.hidden)
		}
	}
	if r, err := zombie.ReadReaper(proctest.New(t).FS(), 12); !errors.Is(err, procfs.ErrGone) || r.Known() || r.CHLD() != "unknown" {
		t.Errorf("Reaper of nobody = %+v, %v, want ErrGone", r, err)
	}
}

// TestReaperWithoutItsMainThread checks that the state of the other threads counts.
func TestReaperWithoutItsMainThread(t *testing.T) {
	tree := proctest.New(t)
	tree.Process(proctest.Process{PID: 12, PPID: 1, Comm: "git", State: procfs.StateZombie, Threads: []proctest.Thread{{TID: 13, State: procfs.StateStopped}}})
	r, err := zombie.ReadReaper(tree.FS(), 12)
	if b := zombie.BlameFor(dead(nil), r); err != nil || b.Cause != zombie.CauseStopped {
		t.Errorf("Reaper = %+v, %v, which gives %v, want that it is stopped", r, err, b.Cause)
	}
}

// TestVforkChild checks that the child is named if it is the only living one.
func TestVforkChild(t *testing.T) {
	for children, want := range map[string]int{"": 0, "40 ": 40, "39 40 ": 40, "40 41 ": 0, "40 39 42 ": 0} {
		tree := proctest.New(t)
		tree.Process(proctest.Process{PID: 12, PPID: 1, State: procfs.StateDisk})
		tree.Process(proctest.Process{PID: 39, PPID: 12, State: procfs.StateZombie})
		tree.Process(proctest.Process{PID: 40, PPID: 12})
		tree.Process(proctest.Process{PID: 41, PPID: 12})
		tree.File("12/task/12/wchan", "kernel_clone")
		tree.File("12/task/12/children", children)
		if r, err := zombie.ReadReaper(tree.FS(), 12); err != nil || !r.InVfork || r.Child != want {
			t.Errorf("Reaper with the children %q = %+v, %v, want the child %d", children, r, err, want)
		}
	}
}

// TestReaperOfALiveParent waits for one child while another is a zombie, and compares
// the time of its death with the clock.
func TestReaperOfALiveParent(t *testing.T) {
	ended := exec.Command("sh", "-c", "exit 7")
	check(t, ended.Start())
	defer func() { _ = ended.Wait() }() // It ends with 7, which is an error to Wait.
	eventually(t, "the child is a zombie", func() bool {
		stat, err := procfs.FS{}.Stat(ended.Process.Pid)
		return err == nil && stat.Zombie()
	})
	waited := exec.Command("cat")
	stdin, err := waited.StdinPipe()
	check(t, err)
	check(t, waited.Start())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = syscall.Wait4(waited.Process.Pid, nil, 0, nil)
	}()
	want := zombie.Wait{PID: waited.Process.Pid}
	var r zombie.Reaper
	eventually(t, "the parent waits for the other child", func() bool {
		r, err = zombie.ReadReaper(procfs.FS{}, os.Getpid())
		check(t, err)
		return slices.Contains(r.Waits, want) || slices.Contains(r.Waits, zombie.Wait{Other: true})
	})
	stat, err := procfs.FS{}.Stat(ended.Process.Pid)
	check(t, err)
	b := zombie.BlameFor(zombie.Dead{Stat: stat, For: -1}, r)
	if b.Culprit != os.Getpid() || b.Cause != zombie.CauseWaitsForOther || r.CHLD() != "caught" {
		t.Errorf("BlameFor = %+v (%s), CHLD %s, want that it waits for another", b, b.Cause, r.CHLD())
	}
	check(t, stdin.Close())
	<-done
}

// TestWaitsElsewhere checks which kernel functions rule out that a thread waits for a child.
func TestWaitsElsewhere(t *testing.T) {
	for name, want := range map[string]bool{
		"do_wait": false, "do_wait.part.0": false, "__do_wait": false, "kernel_wait4": false, "__do_sys_wait4": false, "kernel_waitid": false,
		"schedule": false, "": false, "do_freezer_trap": false, "get_signal": false, "__refrigerator": false, "futex_wait_queue": true, "futex_do_wait": true, "do_epoll_wait": true, "pipe_read": true, "hrtimer_nanosleep": true,
	} {
		if got := zombie.WaitsElsewhere(name); got != want {
			t.Errorf("%q: %t, want %t", name, got, want)
		}
	}
}
