package tui

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"yinit/procfs"
	"yinit/procfs/zombie"
)

// zombieRows returns the rows of the Zombies page: pids, those of zombies with a minus.
func (u *user) zombieRows() []int {
	u.t.Helper()
	var pids []int
	w := &u.m.world
	for _, r := range u.m.page().(zombiesPage).rows {
		if r.zombie < 0 {
			pids = append(pids, r.of.key.id.PID)
		} else {
			pids = append(pids, -w.procs[r.zombie].ID.PID)
		}
	}
	return pids
}

func (u *user) addZombie(pid, culprit int, status procfs.WaitStatus) {
	z := proc(pid, culprit, app, "Z", "git", procfs.Signals{})
	z.Cmdline, z.Culprit, z.Age, z.Known, z.Status = nil, culprit, -u.src.now, true, status
	u.src.procs = append(u.src.procs, z)
}

func TestZombiesRows(t *testing.T) {
	u := newUser(t, 100, 30, Options{})
	u.addZombie(71, 4120, 9)
	u.addZombie(70, 4120, 0)
	u.addZombie(72, 0, 0)
	u.refresh()
	u.press("z")
	want := []int{12, -37, -38, -44, 4120, -70, -71, 0, -72}
	check := func(what string) {
		t.Helper()
		if got := u.zombieRows(); !slices.Equal(got, want) {
			t.Errorf("%s: the rows are %v, want %v:\n%s", what, got, want, u.screen())
		}
	}
	check("the worst culprit first")
	u.sees("outside the container", "killed by SIGKILL", "2 Zombies•6")
	u.press("I")
	want = []int{0, -72, 12, -37, -38, -44, 4120, -70, -71}
	check("by pid")
	u.press("r")
	want = []int{4120, -70, -71, 12, -37, -38, -44, 0, -72}
	check("reversed")
	u.press("/").write("signal:KILL").press("enter")
	want = []int{4120, -71}
	check("the zombies that match")
	u.press("/", "ctrl+u").write("sh").press("enter")
	want = []int{4120, -70, -71}
	check("the culprit matches")
	u.press("/", "ctrl+u").write("nothing").press("enter")
	want = nil
	check("nothing matches")
	u.sees("No culprit or zombie matches nothing. Esc clears the filter.")
	u.press("k")
	u.sees("no process is selected")
	u.press("esc", "home", "enter")
	u.sees("sh, started from outside (docker exec)")
}

// TestZombiesOutside checks the row of a culprit that is not here: no key acts on it.
func TestZombiesOutside(t *testing.T) {
	u := newUser(t, 160, 30, Options{})
	u.src.procs = living(u.src.procs)
	u.addZombie(72, 0, 0)
	u.refresh()
	u.press("z")
	if p, ok := u.m.selected(); ok {
		t.Errorf("process %d is selected, want none", p.ID.PID)
	}
	u.press("enter", "e", "t", "space", "right", "left", "k")
	u.sees("outside the container", "no process is selected")
	u.seesNot("signal to")
}

// TestZombiesOfPID1 checks that the zombies which PID 1 adopted are apart from those that
// it started, and that the exact age is used where it is known.
func TestZombiesOfPID1(t *testing.T) {
	u := newUser(t, 100, 30, Options{})
	u.src.procs = living(u.src.procs)
	for pid := 60; pid < 65; pid++ {
		u.addZombie(pid, 1, 0)
	}
	r := &zombie.Report{Init: zombie.InitDoesNotReap}
	for i, origin := range []zombie.Origin{zombie.OriginChild, zombie.OriginOrphan} {
		c := &zombie.Culprit{Blame: zombie.Blame{Culprit: 1, Origin: origin, Cause: []zombie.Cause{zombie.CauseNeverWaits, zombie.CauseNotInit}[i]}}
		for pid := 60 + i*2; pid < 62+i*3; pid++ {
			c.Zombies = append(c.Zombies, zombie.Zombie{
				Stat: procfs.Stat{PID: pid, Start: procfs.Ticks(1000 + pid), State: 'Z', PPID: 1}, Dead: time.Duration(pid) * time.Minute, Exact: true, Origin: origin,
			})
		}
		r.Culprits = append(r.Culprits, c)
	}
	u.src.report = r
	u.refresh()
	u.press("z")
	if got, want := u.zombieRows(), []int{1, -64, -63, -62, 1, -61, -60}; !slices.Equal(got, want) {
		t.Errorf("the rows are %v, want %v:\n%s", got, want, u.screen())
	}
	u.sees("oldest 1h04m", "it is PID 1 and adopts orphans", "it runs, but does not wait for its children")
	if strings.Contains(u.screen(), "+5") {
		t.Error("a culprit has the growth of both")
	}
	u.choose(61)
	u.sees("61 git, a zombie of 1 yinit", "an init as PID 1 does not help")
}

// TestZombiesFold checks that zombies are folded from eleven on, until the user opens
// them, and that a fold is the culprit's and not that of its pid.
func TestZombiesFold(t *testing.T) {
	u := newUser(t, 100, 40, Options{})
	u.press("z")
	for pid := 60; pid < 67; pid++ {
		u.addZombie(pid, 12, 0)
	}
	u.refresh()
	if n := len(u.zombieRows()); n != 11 {
		t.Fatalf("%d rows for a culprit with ten zombies, want 11", n)
	}
	u.choose(66)
	u.addZombie(67, 12, 0)
	u.refresh()
	if got := u.zombieRows(); !slices.Equal(got, []int{12}) || u.selected() != 12 {
		t.Errorf("with eleven zombies the rows are %v, selected %d, want the culprit", got, u.selected())
	}
	u.press("right", "right")
	u.refresh()
	if len(u.zombieRows()) != 12 || u.selected() != 37 {
		t.Errorf("opened: %d rows, selected %d, want 12 and 37", len(u.zombieRows()), u.selected())
	}
	u.press("space")
	if got := u.zombieRows(); !slices.Equal(got, []int{12}) || u.selected() != 12 {
		t.Errorf("folded from the row of a zombie: the rows are %v, selected %d", got, u.selected())
	}
}

// TestZombiesSelection checks that the selection follows the zombie, and goes to its
// culprit when the zombie is gone.
func TestZombiesSelection(t *testing.T) {
	u := newUser(t, 100, 30, Options{})
	u.press("z").choose(38)
	u.src.end(37, 0)
	u.refresh()
	if u.selected() != 38 {
		t.Errorf("when another zombie goes, %d is selected, want 38", u.selected())
	}
	u.src.end(38, 0)
	u.refresh()
	if u.selected() != 12 {
		t.Errorf("when the zombie goes, %d is selected, want its culprit 12", u.selected())
	}
}

func TestZombiesUnread(t *testing.T) {
	u := newUser(t, 100, 30, Options{})
	u.press("p", "2")
	u.sees("finding out why", "2 Zombies•3")
	u = newUser(t, 100, 30, Options{ReadOnly: true})
	u.src.reportErr = fmt.Errorf("open /proc/\x1b[2J: no")
	u.press("2")
	u.sees(`cannot be read: open /proc/\x1b[2J: no`, "--readonly: no signals")
	u.seesNot("k signals")
}

// TestZombiesGrowth checks the column of the growth in the last minute.
func TestZombiesGrowth(t *testing.T) {
	u := newUser(t, 100, 30, Options{})
	u.press("z").leak(12, 8)
	line := u.m.world.heldGrowth(12)
	if line < 4 || line > 5 {
		t.Errorf("one zombie in 15 seconds: the growth in the last minute is %d, want 4 or 5", line)
	}
	if n := len(u.m.world.heldLog); n > 14 {
		t.Errorf("%d samples of the last minute are kept", n)
	}
	for range 90 {
		u.refresh()
	}
	if got := u.m.world.heldGrowth(12); got != 0 {
		t.Errorf("a minute later the growth is %d", got)
	}
}

// TestZombiesLayout checks that nothing moves when another row is selected, and that the
// last lines of the page say what to do.
func TestZombiesLayout(t *testing.T) {
	u := newUser(t, 80, 24, Options{})
	u.press("z")
	row := func() int {
		return slices.IndexFunc(strings.Split(u.screen(), "\n"), func(s string) bool { return strings.Contains(s, "CULPRIT") })
	}
	before := row()
	for range 5 {
		u.press("down")
		if row() != before {
			t.Fatalf("the titles moved from line %d to %d", before, row())
		}
		u.sees("k signals 12")
	}
}

// TestAdviceIsWhole checks that what to do is wrapped and not cut, on a screen of 80 columns.
func TestAdviceIsWhole(t *testing.T) {
	u := newUser(t, 80, 24, Options{})
	u.press("z")
	u.sees("do        k signals 12 gunicorn: CHLD handler, TERM handler, KILL terminate.", "If it ends, yinit gets its zombies and reaps them.")
}

// TestReplayedZombies checks that a replay does not blame an option for what it cannot do.
func TestReplayedZombies(t *testing.T) {
	s := &fakeSaver{}
	live := newUser(t, 80, 24, Options{Saver: s})
	live.press("w")
	u := &user{t: t, src: live.src, sig: &fakeSignaller{}}
	u.m = New(u.src, nil, Options{Replay: &s.saved[0]})
	u.send(u.size(80, 24))
	u.press("z")
	u.sees("this is a replay: no signals")
	u.seesNot("--readonly")
}

func TestRoundUp(t *testing.T) {
	for v, want := range map[float64]float64{1: 1, 3: 5, 5: 5, 6: 10, 10: 10, 11: 15, 58: 60, 95: 95, 96: 100, 100: 100, 101: 150, 512: 550, 1001: 1500, 32768: 35000} {
		if got := roundUp(v); got != want {
			t.Errorf("roundUp(%v) = %v, want %v", v, got, want)
		}
	}
}

// TestPlotStandsStill checks that neither scale of the plot moves when other processes come
// and go, and the forecast changes a little.
func TestPlotStandsStill(t *testing.T) {
	u := newUser(t, 100, 30, Options{})
	u.press("z").leak(12, 14)
	scales := func() (top, now string) {
		lines := strings.Split(u.screen(), "\n")
		i := slices.IndexFunc(lines, func(s string) bool { return strings.Contains(s, "now") })
		first := slices.IndexFunc(lines, func(s string) bool { return strings.Contains(s, "pids limit ─") })
		at := strings.Index(lines[i], "now")
		return lines[first][:4], lines[i][:at]
	}
	top, now := scales()
	for i := range 12 {
		u.src.host.Pids += i%3 - 1
		u.refresh()
		if t2, n2 := scales(); t2 != top || n2 != now {
			t.Fatalf("after %d refreshes the scales are %q and %q, they were %q and %q:\n%s", i, t2, n2, top, now, u.screen())
		}
	}
}
