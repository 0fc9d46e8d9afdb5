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
		"PID 1 is no init": {zombie.Options{Noticed: noticed}, zombie.InitDoesNotReap, "no-init"},
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
		r, err := zombie.FindAmong(tree.FS(), stats, zombie.Options{})
		if err != nil || r.Count() != 10 {
			b.Fatalf("FindAmong = %d, %v, want 10", r.Count(), err)
		}
	}
}
