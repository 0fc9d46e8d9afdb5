package initcore

import (
	"context"
	"log/slog"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"yinit/initcore/early"
	"yinit/initcore/history"
	"yinit/initcore/watch"
	"yinit/procfs"
)

// A faulty world is a world whose kernel fails, and whose rules panic on demand.
type faulty struct {
	*world
	loop    *loop
	reaps   []death // one at a time
	reapErr error   // when there are no more
	steps   int     // reaps asked for, after which the script goes on
	script  func(step int)
	panics  string // "name", "explain", "kill", "everyProcess", "list", "start": what panics
	started time.Time
	naps    time.Duration
	// reapTakes is how long it takes to reap a child.
	reapTakes time.Duration
}

func newFaulty(t *testing.T, cfg Config) *faulty {
	t.Helper()
	f := &faulty{world: newWorld(t, cfg), reapErr: unix.ECHILD}
	f.proc, f.leftovers, f.facts = f, f, f
	f.loop = &loop{
		machine: f.machine, feed: new(early.Feed), read: new(early.Feed).Read,
		epoll: -1, // every wait comes back at once with EBADF: nothing is worse
		clock: func() time.Time { return f.clock },
		nap:   func(d time.Duration) { f.naps += d; f.clock = f.clock.Add(d) },
	}
	f.started = f.clock
	return f
}

func (f *faulty) blow(what string) {
	if f.panics == what {
		panic("on purpose: " + what)
	}
}

func (f *faulty) reap(d *death) error {
	if len(f.reaps) > 0 {
		*d = f.reaps[0]
		f.reaps = f.reaps[1:]
		f.clock = f.clock.Add(f.reapTakes)
		return nil
	}
	f.steps++
	if f.script != nil {
		f.script(f.steps)
	}
	*d = death{}
	return f.reapErr
}

func (f *faulty) start(p *program) (int, error) { f.blow("start"); return f.world.start(p) }
func (f *faulty) name(pid int) string           { f.blow("name"); return f.world.name(pid) }
func (f *faulty) list() ([]procfs.Stat, bool)   { f.blow("list"); return f.world.list() }
func (f *faulty) everyProcess() []procfs.Stat   { f.blow("everyProcess"); return f.world.everyProcess() }
func (f *faulty) anyLeft() bool                 { f.blow("anyLeft"); return f.world.anyLeft() }
func (f *faulty) anyChild() bool                { f.blow("anyChild"); return f.world.anyChild() }
func (f *faulty) outOfMemory(s procfs.WaitStatus, now time.Time, allSeen bool) string {
	f.blow("oom")
	return f.world.outOfMemory(s, now, allSeen)
}

// dies lets a program die in the next step.
func (f *faulty) dies(name string, status procfs.WaitStatus) {
	for _, p := range f.programs {
		if p.Name == name {
			f.reaps = append(f.reaps, death{PID: p.pid, Status: status})
		}
	}
}

func (f *faulty) comes(sig unix.Signal) {
	f.loop.handleSignal(early.Info{Signal: int32(sig), PID: 77}, false)
}

// runs runs the loop to its end.
func (f *faulty) runs(t *testing.T) {
	t.Helper()
	returns(t, "the loop does not end", f.loop.run)
}

// TestKernelFails: if a system call fails for ever, the loop goes on and does not spin.
func TestKernelFails(t *testing.T) {
	for name, spoil := range map[string]func(*faulty){
		"reap: EINVAL":   func(f *faulty) { f.reapErr = unix.EINVAL },
		"reap: EINTR":    func(f *faulty) { f.reapErr = unix.EINTR },
		"reap: ENOSYS":   func(f *faulty) { f.reapErr = unix.ENOSYS },
		"reap: EPERM":    func(f *faulty) { f.reapErr = unix.EPERM },
		"reap: no child": func(f *faulty) { f.reapErr = nil },
		"no children":    func(*faulty) {},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFaulty(t, one())
			f.loop.startPrograms()
			spoil(f)
			f.script = func(step int) {
				if step == 500 {
					f.reapErr = unix.ECHILD
					f.dies("app", 7<<8)
				}
			}
			f.runs(t)
			f.want(7, "start app")
			if perSecond := 500 / f.clock.Sub(f.started).Seconds(); perSecond > 11 {
				t.Errorf("%.0f wake-ups a second, want about 10; it slept %v", perSecond, f.naps)
			}
		})
	}
}

// TestStuckDeadline: a deadline that never moves on is no reason to spin.
func TestStuckDeadline(t *testing.T) {
	f := newFaulty(t, several("a:restart b"))
	f.loop.startPrograms()
	f.panics = "start"
	f.loop.handleDeath(&death{PID: f.programs[0].pid, Status: 1 << 8})
	f.clock = f.clock.Add(time.Second)
	for range 500 {
		if f.phase != over {
			f.loop.step()
		}
	}
	if slept := f.naps; slept < 40*time.Second {
		t.Errorf("500 steps took %v, want at least 40s", slept)
	}
}

// TestSpinningTick: every tick panics before it has done anything.
func TestSpinningTick(t *testing.T) {
	f := newFaulty(t, one())
	f.loop.startPrograms()
	f.left = []string{"nc"}
	f.dies("app", 7<<8)
	f.loop.step()
	f.panics = "anyLeft"
	f.runs(t)
	if took := f.clock.Sub(f.started); f.exitStatus() != 7 || took < time.Second || took > 4*time.Second {
		t.Errorf("it ended with %d after %v, want 7 after the grace of 3s", f.exitStatus(), took)
	}
}

// TestPanic: an internal error loses no signal and no death, and the init still exits.
func TestPanic(t *testing.T) {
	const term, hup = unix.SIGTERM, unix.SIGHUP
	for name, tt := range map[string]struct {
		panics string
		cfg    Config
		play   func(*faulty)
		status int
		did    []string
	}{
		"while a signal is recorded": {
			"name", one(), func(f *faulty) { f.comes(hup); f.comes(term); f.dies("app", 15) },
			143,
			[]string{"start app", "HUP app", "TERM app"},
		},
		"while a death by a signal is recorded": {
			"oom", one(), func(f *faulty) { f.dies("app", 9) },
			137,
			[]string{"start app"},
		},
		"while one of several dies": {
			"oom", several("a b"), func(f *faulty) { f.dies("a", 9); f.dies("b", 15) },
			137,
			[]string{"start a", "start b", "TERM b"},
		},
		"while one of several dies of its stop signal": {
			"oom", several("a b"), func(f *faulty) { f.comes(term); f.dies("a", 15); f.dies("b", 15) },
			0,
			[]string{"start a", "start b", "TERM b", "TERM a"},
		},
		"while an ignored one dies": {
			"oom", several("a:ignore b"), func(f *faulty) { f.dies("a", 9); f.comes(hup); f.dies("b", 0) },
			137,
			[]string{"start a", "start b", "HUP a", "HUP b"},
		},
		"while an orphan dies": {
			"oom", one(), func(f *faulty) { f.reaps = append(f.reaps, death{PID: 999}); f.dies("app", 5<<8) },
			5,
			[]string{"start app"},
		},
		"while it looks who is left": {
			"anyLeft", one(), func(f *faulty) { f.dies("app", 7<<8) },
			7,
			[]string{"start app"},
		},
		"while it looks for a service that is left": {
			"anyChild", one(), func(f *faulty) { f.dies("app", 0) },
			0,
			[]string{"start app"},
		},
		"while it names who is left": {
			"list", one(), func(f *faulty) { f.left = []string{"nc"}; f.dies("app", 7<<8) },
			7,
			[]string{"start app"},
		},
		"while it looks for zombies": {
			"everyProcess", one(func(c *Config) { c.Report = "x" }), func(f *faulty) { f.dies("app", 7<<8) },
			7,
			[]string{"start app"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFaulty(t, tt.cfg)
			f.loop.startPrograms()
			f.panics = tt.panics
			tt.play(f)
			f.runs(t)
			f.want(tt.status, tt.did...)
		})
	}
}

// panicking is a log whose every line panics.
type panicking struct{ slog.Handler }

func (panicking) Enabled(context.Context, slog.Level) bool  { return true }
func (panicking) Handle(context.Context, slog.Record) error { panic("no log") }

// TestBrokenLog: every line of the log panics, as a stand-in for an error in the
// rules.
func TestBrokenLog(t *testing.T) {
	const term, hup = unix.SIGTERM, unix.SIGHUP
	for name, tt := range map[string]struct {
		cfg    Config
		play   func(*faulty)
		status int
		did    []string
	}{
		"HUP and TERM": {
			one(), func(f *faulty) { f.comes(hup); f.comes(term); f.dies("app", 15) },
			143,
			[]string{"start app", "HUP app", "TERM app"},
		},
		"killed after": {
			one(func(c *Config) { c.KillAfter = 2 * time.Second }),
			func(f *faulty) {
				f.comes(term)
				f.script = func(int) {
					if slices.Contains(f.did, "KILL app") && f.phase < endingLeftovers && f.programs[0].pid != 0 {
						f.dies("app", 9)
					}
				}
			},
			137,
			[]string{"start app", "TERM app", "KILL app"},
		},
		"delayed": {
			one(func(c *Config) { c.Delay = 2 * time.Second }),
			func(f *faulty) { f.comes(term); f.dies("app", 15) },
			143,
			[]string{"start app", "TERM app"},
		},
		"it ends by itself, and something is left": {
			one(), func(f *faulty) { f.left = []string{"nc"}; f.dies("app", 4<<8) },
			4,
			[]string{"start app"},
		},
		"several": {
			several("a b"), func(f *faulty) { f.dies("a", 15) },
			125,
			[]string{"start a", "TERM a"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFaulty(t, tt.cfg)
			f.log = slog.New(panicking{})
			f.loop.startPrograms()
			tt.play(f)
			returns(t, "the loop does not end", f.loop.run)
			if f.phase != over || f.exitStatus() != tt.status || !slices.Equal(f.did[:min(len(f.did), len(tt.did))], tt.did) {
				t.Errorf("did %q, status %d; want %q, %d", f.did, f.exitStatus(), tt.did, tt.status)
			}
		})
	}
}

func TestPanicAtTheStart(t *testing.T) {
	f := newFaulty(t, several("a b"))
	f.panics = "start"
	f.loop.startPrograms()
	f.runs(t)
	f.want(125)
}

// TestManySignalsAtOnce: a panic while handling one signal does not lose the next ones.
func TestManySignalsAtOnce(t *testing.T) {
	f := newFaulty(t, one())
	f.loop.startPrograms()
	f.panics = "name"
	for range 100 {
		f.comes(unix.SIGUSR1)
	}
	if n := len(f.did) - 1; n != 100 {
		t.Errorf("%d signals were forwarded, want 100", n)
	}
}

func TestNilHistory(t *testing.T) {
	f := newFaulty(t, one())
	f.hist = (*history.Writer)(nil)
	f.loop.startPrograms()
	f.dies("app", 3<<8)
	f.runs(t)
	f.want(3, "start app")
}

// TestBrokenWatcher: a failure of the watcher ends the watcher, and nothing else.
func TestBrokenWatcher(t *testing.T) {
	f := newFaulty(t, one())
	f.loop.startPrograms()
	f.others.w, f.others.log = new(watch.Watcher), f.log // it was never made, so all that it does panics
	f.comes(unix.SIGHUP)
	f.dies("app", 3<<8)
	f.runs(t)
	f.want(3, "start app", "HUP app")
	if f.others.w != nil {
		t.Error("the watcher goes on")
	}
}

// TestBurst: the init returns the memory of a burst of deaths one second after it, and
// does not wake up for a few deaths.
func TestBurst(t *testing.T) {
	for deaths, want := range map[int]time.Duration{tidySoon - 1: 0, tidySoon: burstOver, tidyEvery: 0} {
		f := newFaulty(t, one())
		f.loop.startPrograms()
		for pid := range deaths {
			f.reaps = append(f.reaps, death{PID: 1000 + pid})
		}
		f.loop.step()
		for f.loop.unfinished {
			f.loop.step()
		}
		due := f.loop.due()
		if want == 0 {
			if !due.IsZero() {
				t.Errorf("after %d deaths something is due in %v, want nothing", deaths, due.Sub(f.clock))
			}
			continue
		}
		if due.Sub(f.clock) != want {
			t.Errorf("after %d deaths tidying is due in %v, want %v", deaths, due.Sub(f.clock), want)
		}
		f.clock = due
		f.loop.step()
		if due := f.loop.due(); !due.IsZero() || f.loop.deathsSinceTidy != 0 {
			t.Errorf("after tidying up something is due, %v, and %d deaths count", due, f.loop.deathsSinceTidy)
		}
	}
}

// TestSingleDeath: the init does not nap after a single death, however long that took.
func TestSingleDeath(t *testing.T) {
	f := newFaulty(t, one())
	f.reaps, f.reapTakes = []death{{PID: 100}}, time.Second
	f.loop.reapAll()
	if f.naps != 0 {
		t.Errorf("%v of naps, want none", f.naps)
	}
}

// TestLetOthersEnd: if it takes long to find a child that has ended, the init lets others
// end before it looks again, and a step soon ends.
func TestLetOthersEnd(t *testing.T) {
	for took, want := range map[time.Duration]time.Duration{
		10 * time.Microsecond: 0, 500 * time.Microsecond: reapShare * 2500 * time.Microsecond, time.Second: mostNap,
	} {
		f := newFaulty(t, one())
		for pid := 100; pid < 300; pid++ {
			f.reaps = append(f.reaps, death{PID: pid})
		}
		f.reapTakes = took
		f.loop.reapAll()
		if f.naps != want {
			t.Errorf("a child takes %v: %v of naps, want %v", took, f.naps, want)
		}
		if left := len(f.reaps); (left > 0) != (took > 10*time.Microsecond) || (left > 0) != f.loop.unfinished {
			t.Errorf("a child takes %v: %d of 200 are left, unfinished %v", took, left, f.loop.unfinished)
		}
	}
}
