package tui

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"yinit/initcore/history"
	"yinit/procfs"
	"yinit/procfs/snapshot"
)

var sizes = [][2]int{{200, 60}, {120, 40}, {80, 24}, {60, 15}, {40, 10}, {1, 1}, {0, 0}}

// events returns a history with records of all kinds.
func events() []history.Record {
	exit := func(pid int, status procfs.WaitStatus) history.Record {
		return history.Record{
			Kind: history.KindExit, PID: pid, Comm: "git", Cmdline: "git fetch origin", PPID: 12, Parent: "gunicorn",
			Known: true, Status: status, Runtime: 12 * time.Second, CPU: 1500 * time.Millisecond, MaxRSS: 104 * procfs.MiB,
		}
	}
	killed := exit(44, 9)
	killed.Text = "out of memory (oom_kill 3 -> 4)"
	unknown := exit(45, 0)
	unknown.Known, unknown.Cmdline = false, ""
	orphan := exit(46, 0)
	orphan.ReapedByInit, orphan.Runtime = true, 0
	all := []history.Record{
		{Kind: history.KindStart, PID: 12, Comm: "gunicorn", Cmdline: "gunicorn app:app", PPID: 1, Parent: "yinit"},
		exit(43, 0), killed, unknown,
		{Kind: history.KindAdopt, PID: 46, Comm: "git", Cmdline: "git gc", PPID: 1, Parent: "yinit", OriginPPID: 43},
		orphan,
		{Kind: history.KindZombie, PID: 37, Comm: "git", PPID: 12, Parent: "gunicorn"},
		{Kind: history.KindOOM, Text: "the memory limit was hit (oom_kill 3 -> 4, memory.max 512 MiB)"},
		{Kind: history.KindSignal, Signal: 15, Passed: 15, Action: history.ActionForwarded, To: []int{12}},
		{Kind: history.KindSignal, PID: 99, Comm: "killer.sh", Signal: 1, Passed: 3, Action: history.ActionRewritten, To: []int{12, 13}},
		exit(55, 15), exit(56, 256*7),
		{Kind: history.KindStop, Text: "the end began: SIGTERM came"},
		{Kind: history.KindNote, Text: "no /sys/fs/cgroup"},
	}
	for i := range all {
		all[i].Seq = uint64(i + 1)
		all[i].Time = noon.Add(time.Duration(i)*1234*time.Millisecond - 10*time.Minute)
	}
	all[0].Time = noon.Add(-76 * time.Hour)
	all[len(all)-1].Run = 1 // The stop was that of an earlier run.
	return all
}

// A session is what a user does before a golden screen is drawn.
type session struct {
	name string
	o    Options
	do   func(*user)
	node bool // on a machine with containers
}

var sessions = []session{
	{"tree", Options{}, func(u *user) {
		u.choose(37)
		u.src.end(4125, 0)
		u.src.procs = append(u.src.procs, proc(4130, 12, app, "R", "git fetch --all --prune", caught()))
		u.refresh()
	}, false},
	{"ascii", Options{ASCII: true, NoColor: true}, func(u *user) { u.choose(55).press("P") }, false},
	{"crowd", Options{}, func(u *user) { u.crowd(1200, 40).press("end") }, false},
	{"filter", Options{}, func(u *user) { u.press("/").write("state:Z,T user:app") }, false},
	{"stopping", Options{}, func(u *user) { u.stop(15); u.refresh() }, false},
	{"menu", Options{}, func(u *user) { u.choose(55).press("k") }, false},
	{"confirm", Options{}, func(u *user) { u.choose(55).press("k").write("hup").press("enter") }, false},
	{"detail", Options{}, func(u *user) { u.choose(55).press("enter"); u.refresh() }, false},
	{"likes", Options{}, func(u *user) { u.burst(37, 16*time.Second, 1, "git gc --auto"); u.refresh(); u.press("4") }, false},
	{"record", Options{}, func(u *user) {
		u.src.end(55, 9)
		u.src.records[len(u.src.records)-1].Text = "killed by SIGKILL: the memory limit was hit (oom_kill 3 -> 4)"
		u.refresh()
		u.press("4", "enter")
	}, false},
	{"doctor", Options{}, func(u *user) { u.press("5").press("down") }, false},
	{"doctorbad", Options{}, func(u *user) {
		for i := range u.src.procs {
			if p := &u.src.procs[i]; p.ID.PID == 1 {
				p.Comm, p.Cmdline, p.Sigs.Caught = "sh", []string{"sh", "-c", "gunicorn app:app; true"}, 0
			}
		}
		u.refresh()
		u.press("5")
	}, false},
	{"history", Options{}, func(u *user) { u.press("4") }, false},
	{"zombies", Options{}, func(u *user) { u.press("z") }, false},
	{"zombies-many", Options{}, func(u *user) { u.crowd(1200, 0).press("z", "right").press("down", "down") }, false},
	{"zombies-forecast", Options{}, func(u *user) { u.press("z").leak(12, 14) }, false},
	{"zombies-ascii", Options{ASCII: true, NoColor: true}, func(u *user) { u.press("z").leak(12, 14) }, false},
	{"zombies-none", Options{}, func(u *user) { u.src.procs = living(u.src.procs); u.refresh(); u.press("2") }, false},
	{"signals", Options{}, func(u *user) { u.choose(55).press("3").choose(55) }, false},
	{"signals-only", Options{ASCII: true, NoColor: true}, func(u *user) { u.press("3").choose(12).press("o") }, false},
	{"verdicts", Options{}, func(u *user) { u.press("3").choose(55).press("enter"); u.refresh() }, false},
	{"explain", Options{}, func(u *user) { u.choose(12).press("e") }, false},
	{"help", Options{}, func(u *user) { u.press("?") }, false},
	{"containers", Options{}, func(u *user) { u.press("home") }, true},
	{"containers-ascii", Options{ASCII: true, NoColor: true}, func(u *user) { u.press("down") }, true},
	{"containers-full", Options{}, func(u *user) { u.press("home", "space") }, true},
	{"containers-zoom", Options{}, func(u *user) { u.press("home", "enter"); u.refresh() }, true},
	{"containers-help", Options{}, func(u *user) { u.press("?") }, true},
}

// crowd adds zombies of one parent, and probes from outside with a child each.
func (u *user) crowd(zombies, probes int) *user {
	for i := range zombies {
		z := proc(10000+i, 12, app, "Z", "git", procfs.Signals{})
		z.Cmdline, z.Culprit, z.Known, z.Status = nil, 12, i%3 > 0, procfs.WaitStatus(i%3<<8)
		u.src.procs = append(u.src.procs, z)
	}
	for i := range probes {
		p := proc(20000+2*i, 0, "root", "S", "sh -c /health", caught())
		p.Outside, p.Age = true, time.Duration(i)*time.Minute
		u.src.procs = append(u.src.procs, p, proc(20001+2*i, 20000+2*i, "root", "S", "curl localhost", caught()))
	}
	u.refresh()
	return u
}

// burst adds the records of like deaths.
func (u *user) burst(n int, every time.Duration, code int, command string) *user {
	for i := range n {
		u.src.records = append(u.src.records, history.Record{
			Seq: uint64(len(u.src.records) + 1), Time: noon.Add(-10*time.Minute + time.Second + time.Duration(i)*every), Kind: history.KindExit,
			PID: 5000 + len(u.src.records), Comm: strings.Fields(command)[0], Cmdline: command, PPID: 12, Parent: "gunicorn", Known: true,
			Status: procfs.WaitStatus(code << 8), Runtime: time.Duration(i+1) * 100 * time.Millisecond, MaxRSS: 8 * procfs.MiB, Run: 1,
		})
	}
	return u
}

// leak adds n zombies of one parent, one each 15 seconds, to which the pids belong.
func (u *user) leak(parent, n int) *user {
	for i := range n {
		z := proc(5000+i, parent, app, "Z", "git", procfs.Signals{})
		z.Cmdline, z.Culprit, z.Age, z.Known, z.Status = nil, parent, -u.src.now, true, procfs.WaitStatus(1<<8)
		u.src.procs = append(u.src.procs, z)
		u.src.host.Pids++
		for range 15 {
			u.refresh()
		}
	}
	return u
}

// living returns the processes that are no zombies.
func living(procs []snapshot.Process) []snapshot.Process {
	return slices.DeleteFunc(slices.Clone(procs), func(p snapshot.Process) bool { return p.Dead() })
}

// stop adds the records of a stop that a signal from outside began.
func (u *user) stop(signal int) *user {
	now, name := noon.Add(u.src.now-12*time.Second), procfs.SignalName(signal)
	for _, r := range []history.Record{
		{Kind: history.KindStop, Text: name + " received"},
		{Kind: history.KindSignal, Signal: signal, Passed: signal, Action: history.ActionForwarded, To: []int{12}},
	} {
		r.Seq, r.Time, r.Run = uint64(len(u.src.records)+1), now, 1
		u.src.records = append(u.src.records, r)
	}
	return u
}

func (s session) user(t *testing.T, width, height int) *user {
	var u *user
	if s.node {
		u, _ = newNodeUser(t, width, height, s.o)
	} else {
		u = newUser(t, width, height, s.o)
	}
	u.src.records = events()
	u.refresh()
	u.refresh()
	s.do(u)
	return u
}

// TestGolden draws the screens of a short session at each size.
func TestGolden(t *testing.T) {
	for _, s := range sessions {
		for _, size := range sizes {
			name := fmt.Sprintf("%s-%dx%d", s.name, size[0], size[1])
			if size[0] <= 1 && s.name != "tree" {
				continue // all the same
			}
			t.Run(name, func(t *testing.T) {
				golden(t, name, s.user(t, size[0], size[1]).screen())
			})
		}
	}
}

// TestGoldenColours draws the screens with their colours, which are the 16 of every
// terminal, and without. The codes of SGR are written in braces.
func TestGoldenColours(t *testing.T) {
	readable := func(frame string) string {
		return regexp.MustCompile("\x1b\\[([0-9;]*)m").ReplaceAllString(frame, "{$1}")
	}
	for _, s := range sessions {
		if s.o.ASCII || s.name == "crowd" || s.name == "zombies-many" {
			continue
		}
		t.Run(s.name, func(t *testing.T) {
			golden(t, "colour-"+s.name, readable(s.user(t, 80, 24).m.View().Content))
			s.o.NoColor = true
			golden(t, "mono-"+s.name, readable(s.user(t, 80, 24).m.View().Content))
		})
	}
}

func TestFrame(t *testing.T) {
	src := newFakeSource()
	s, _ := src.Snapshot()
	h, _ := src.History(0)
	for _, test := range []struct {
		name          string
		width, height int
		o             Options
	}{
		{"frame-80", 80, 0, Options{}},
		{"frame-0", 0, 0, Options{ASCII: true}},
		{"frame-60x6", 60, 6, Options{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			golden(t, test.name, Frame(s, h, test.width, test.height, test.o))
		})
	}
	if got := Frame(snapshot.Snapshot{}, History{}, 1, 1, Options{}); got == "" {
		t.Error("Frame of nothing is empty, want a line")
	}
}

// TestEverySize draws all panes at all small sizes; the helper checks the frames.
func TestEverySize(t *testing.T) {
	for i, keys := range [][]string{{}, {"enter"}, {"space"}, {"?"}, {"/", "w"}, {}, {"k"}, {"enter"}, {"?"}, {"2"}, {"3"}, {"3", "enter"}, {"4"}, {"5"}, {"/", "a"}} {
		u := newUser(t, 100, 30, Options{})
		if i < 5 {
			u, _ = newNodeUser(t, 100, 30, Options{})
		}
		u.src.records = events()
		u.refresh()
		u.press(keys...)
		for w := range 62 {
			for h := range 17 {
				u.send(tea.WindowSizeMsg{Width: w, Height: h})
			}
		}
		u.send(tea.WindowSizeMsg{Width: -1, Height: -1})
	}
}
