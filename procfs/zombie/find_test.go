package zombie_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"yinit/procfs"
	"yinit/procfs/proctest"
	"yinit/procfs/zombie"
)

func TestCulpritOf(t *testing.T) {
	for name, test := range map[string]struct {
		s      procfs.Stat
		tracer int
		want   int
	}{
		"the parent":                      {procfs.Stat{PID: 37, PPID: 12, Threads: 1}, 0, 12},
		"a tracer":                        {procfs.Stat{PID: 37, PPID: 12, Threads: 1}, 99, 99},
		"the parent traces it":            {procfs.Stat{PID: 37, PPID: 12, Threads: 1}, 12, 12},
		"somebody outside":                {procfs.Stat{PID: 37, Threads: 1}, 0, 0},
		"only the main thread has ended":  {procfs.Stat{PID: 37, PPID: 12, Threads: 2}, 99, 37},
		"the parent is outside, a tracer": {procfs.Stat{PID: 37, Threads: 1}, 99, 99},
	} {
		if got := zombie.CulpritOf(&test.s, test.tracer); got != test.want {
			t.Errorf("%s: CulpritOf = %d, want %d", name, got, test.want)
		}
	}
}

// TestTracer checks that the process of the tracing thread is found, since the kernel
// reports the thread.
func TestTracer(t *testing.T) {
	tree := proctest.New(t)
	tree.Process(proctest.Process{PID: 37, State: procfs.StateZombie, Status: map[string]string{"TracerPid": "101"}})
	tree.Process(proctest.Process{PID: 38, State: procfs.StateZombie, Status: map[string]string{"TracerPid": "55"}})
	tree.Process(proctest.Process{PID: 101, Status: map[string]string{"Tgid": "99"}})
	for pid, want := range map[int]int{37: 99, 38: 55, 101: 0, 102: 0} {
		if got := zombie.Tracer(tree.FS(), pid); got != want {
			t.Errorf("Tracer(%d) = %d, want %d", pid, got, want)
		}
	}
}

// found is the result of Find for each culprit.
type found struct {
	Culprit int
	Cause   string
	Zombies []int
}

func TestFind(t *testing.T) {
	tree := proctest.New(t)
	tree.Uptime(1000 * time.Second)
	dead := func(pid, ppid int, status map[string]string) {
		tree.Process(proctest.Process{PID: pid, PPID: ppid, State: procfs.StateZombie, Start: 87000, Status: status})
	}
	tree.Process(proctest.Process{PID: 1})
	tree.Process(proctest.Process{PID: 12, PPID: 1, State: procfs.StateStopped})
	tree.Process(proctest.Process{PID: 20, PPID: 1})
	dead(31, 12, nil)
	dead(32, 12, nil)
	dead(33, 12, map[string]string{"TracerPid": "20"})
	dead(34, 1, nil)
	noticed := map[procfs.ID]time.Duration{{PID: 32, Start: 87000}: time.Minute, {PID: 31, Start: 87000}: time.Hour}
	for name, test := range map[string]struct {
		opt   zombie.Options
		init  zombie.Init
		first string // why PID 1 has not reaped
	}{
		"PID 1 is no init": {zombie.Options{Noticed: noticed, Parents: map[procfs.ID]int{{PID: 34, Start: 87000}: 20}}, zombie.InitDoesNotReap, "no-init"},
		"PID 1 is an init": {zombie.Options{Noticed: noticed, Reaps: true}, zombie.InitReaps, "just-ended"},
	} {
		r, err := zombie.Find(tree.FS(), test.opt)
		check(t, err)
		var got []found
		for _, c := range r.Culprits {
			f := found{Culprit: c.Culprit, Cause: c.Cause.String()}
			for _, z := range c.Zombies {
				f.Zombies = append(f.Zombies, z.Stat.PID)
			}
			got = append(got, f)
		}
		want := []found{{12, "parent-stopped", []int{31, 32}}, {1, test.first, []int{34}}, {20, "debugged", []int{33}}}
		if diff := cmp.Diff(want, got); diff != "" || r.Init != test.init || r.Count() != 4 {
			t.Errorf("%s: init %d, %d zombies, -want +got:\n%s", name, r.Init, r.Count(), diff)
		}
		// By the clock of a history it may have been dead for longer than its age.
		if z := r.Culprits[0].Zombies[0]; z.Exact || z.Dead != z.Age || z.Age != 130*time.Second {
			t.Errorf("%s: zombie 31: %+v, want that it has been dead since its start", name, z)
		}
	}
	if _, err := zombie.Find(proctest.New(t).FS(), zombie.Options{}); err == nil {
		t.Error("Find in a folder that is no proc: no error")
	}
}

// BenchmarkFindAmong has 10,000 processes, of which it examines only the ten zombies.
func BenchmarkFindAmong(b *testing.B) {
	tree := proctest.New(b)
	tree.Uptime(1000 * time.Second)
	tree.Process(proctest.Process{PID: 1})
	stats := []procfs.Stat{{PID: 1, State: 'S', Threads: 1}}
	for pid := 2; pid <= 10_000; pid++ {
		s := procfs.Stat{PID: pid, PPID: 1, State: 'S', Threads: 1}
		if pid%1000 == 0 {
			s.State = 'Z'
			tree.Process(proctest.Process{PID: pid, PPID: 1, State: 'Z'})
		}
		stats = append(stats, s)
	}
	b.ReportAllocs()
	for b.Loop() {
		r, err := zombie.FindAmong(tree.FS(), stats, zombie.Options{}, 0)
		if err != nil || r.Count() != 10 {
			b.Fatalf("FindAmong = %d, %v, want 10", r.Count(), err)
		}
	}
}

// TestOrigin checks which zombies of a parent it started itself, and which it adopted.
func TestOrigin(t *testing.T) {
	const child, orphan, unknown = "child", "orphan", "unknown"
	type process = proctest.Process
	dead := func(pid, ppid, session int, start procfs.Ticks) process {
		return process{PID: pid, PPID: ppid, Session: session, Start: start, State: procfs.StateZombie}
	}
	longAgo := func(p process) process { // it ended long before now
		p.Files = map[string]string{"sched": "x (1, #threads: 1)\nse.exec_start : 0.000000\n"}
		return p
	}
	first := process{PID: 1, Session: 1, MinorFaults: 9}
	waited, uncounted, ignores := first, first, first
	waited.CMinorFaults, uncounted.MinorFaults, ignores.Sigs = 1, 0, procfs.Signals{Ignored: procfs.NewSignalSet(chld)}
	reaper := process{PID: 5, PPID: 1, Session: 1, CMinorFaults: 1}
	moved := process{PID: 5, PPID: 1, Session: 5, CMinorFaults: 1}
	outside := process{PID: 5, PPID: 0, Session: 5, CMinorFaults: 1}
	clone := dead(37, 1, 0, 87000)
	clone.Files = map[string]string{"stat": "37 (x) Z 1 37 0 0 0 0 0 0 0 0 0 0 0 0 20 0 1 0 87000 0 0 18446744073709551615 0 0 0 0 0 0 0 0 0 0 0 0 10 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n"}
	for name, test := range map[string]struct {
		procs  []process
		first  int // its first parent, from the history
		hidden int
		want   string // of process 37
	}{
		"nobody else has been there":    {procs: []process{first, dead(37, 1, 1, 87000)}, want: child},
		"others are hidden":             {procs: []process{first, dead(37, 1, 1, 87000)}, hidden: 1, want: unknown},
		"PID 1 has waited for another":  {procs: []process{waited, dead(37, 1, 1, 87000)}, want: unknown},
		"another has waited":            {procs: []process{first, reaper, dead(37, 1, 1, 87000)}, want: unknown},
		"one that left has waited":      {procs: []process{first, moved, dead(37, 1, 1, 87000)}, want: unknown},
		"one from outside has waited":   {procs: []process{first, outside, dead(37, 1, 1, 87000)}, want: child},
		"the kernel reaps for PID 1":    {procs: []process{ignores, dead(37, 1, 1, 87000)}, want: unknown},
		"faults are not counted":        {procs: []process{uncounted, dead(37, 1, 1, 87000)}, want: unknown},
		"an older zombie":               {procs: []process{first, dead(36, 1, 1, 86000), dead(37, 1, 1, 87000)}, want: unknown},
		"one that had ended before":     {procs: []process{first, longAgo(dead(36, 1, 1, 86000)), dead(37, 1, 1, 87000)}, want: child},
		"a younger zombie":              {procs: []process{first, dead(36, 1, 1, 88000), dead(37, 1, 1, 87000)}, want: child},
		"started in the same tick":      {procs: []process{first, dead(38, 1, 1, 87000), dead(37, 1, 1, 87000)}, want: child},
		"the session of PID 1, outside": {procs: []process{{PID: 1, MinorFaults: 9}, dead(37, 1, 0, 87000)}, want: unknown},
		"another session":               {procs: []process{first, dead(37, 1, 20, 87000)}, want: orphan},
		"another session, of no leader": {procs: []process{{PID: 1}, dead(37, 1, 20, 87000)}, want: orphan},
		"its own session":               {procs: []process{first, dead(37, 1, 37, 87000)}, want: unknown},
		"another exit signal":           {procs: []process{first, clone}, want: child},
		"the history":                   {procs: []process{first, dead(37, 1, 1, 87000)}, first: 20, want: orphan},
		"the history, not adopted":      {procs: []process{waited, dead(37, 1, 1, 87000)}, first: 1, want: unknown},
		"a subreaper":                   {procs: []process{first, {PID: 12, PPID: 1, Session: 1}, dead(37, 12, 20, 87000)}, want: orphan},
		"a parent with a new session":   {procs: []process{first, {PID: 12, PPID: 1, Session: 12}, dead(37, 12, 20, 87000)}, want: unknown},
	} {
		tree := proctest.New(t)
		tree.Uptime(1000 * time.Second)
		var stats []procfs.Stat
		for _, p := range test.procs {
			tree.Process(p)
			s, err := tree.FS().Stat(p.PID)
			check(t, err)
			stats = append(stats, s)
		}
		opt := zombie.Options{Parents: map[procfs.ID]int{{PID: 37, Start: 87000}: test.first, {PID: 37, Start: 5}: 99}}
		r, err := zombie.FindAmong(tree.FS(), stats, opt, test.hidden)
		check(t, err)
		for _, c := range r.Culprits {
			for _, z := range c.Zombies {
				if got := z.Origin.String(); z.Stat.PID == 37 && got != test.want {
					t.Errorf("%s: the origin is %s, want %s", name, got, test.want)
				}
			}
		}
	}
}

// TestOrphansApart checks that the orphans of PID 1 and its own children are listed
// apart, because only an init as PID 1 helps against the orphans.
func TestOrphansApart(t *testing.T) {
	tree := proctest.New(t)
	tree.Uptime(1000 * time.Second)
	tree.Process(proctest.Process{PID: 1, Session: 1, MinorFaults: 9, Files: map[string]string{"wchan": "ep_poll"}})
	tree.File("1/task/1/wchan", "ep_poll")
	for _, z := range []proctest.Process{
		{PID: 30, Session: 1, Start: 87000}, {PID: 31, Session: 1, Start: 87100}, {PID: 32, Session: 29, Start: 87200}, {PID: 33, Session: 29, Start: 87300},
	} {
		z.PPID, z.State = 1, procfs.StateZombie
		tree.Process(z)
	}
	r, err := zombie.Find(tree.FS(), zombie.Options{})
	check(t, err)
	got := map[string][]int{}
	for _, c := range r.Culprits {
		for _, z := range c.Zombies {
			got[c.Cause.String()] = append(got[c.Cause.String()], z.Stat.PID)
		}
	}
	// That 31 has no other parent is unknown, but the advice for 30 applies to it, too.
	if diff := cmp.Diff(map[string][]int{"never-waits": {30, 31}, "no-init": {32, 33}}, got); diff != "" || r.Init != zombie.InitDoesNotReap {
		t.Errorf("Init %d, causes, -want +got:\n%s", r.Init, diff)
	}
}

func TestHeld(t *testing.T) {
	tree := proctest.New(t)
	held := func(want string) {
		t.Helper()
		if got := zombie.Held(tree.FS()); got != want {
			t.Errorf("Held = %q, want %q", got, want)
		}
	}
	held("")
	tree.Process(proctest.Process{PID: 1, Comm: "python3"})
	tree.Process(proctest.Process{PID: 7, PPID: 1, Comm: "sh\n"})
	held("")
	tree.Process(proctest.Process{PID: 8, PPID: 7, State: procfs.StateZombie})
	held("1 by a zombie of process 7 (sh\\n)")
	for pid := 10; pid < 32; pid++ {
		tree.Process(proctest.Process{PID: pid, PPID: 1, State: procfs.StateZombie})
	}
	held("22 by zombies of process 1 (python3)")
}
