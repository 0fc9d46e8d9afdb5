package tui

import (
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"yinit/procfs"
	"yinit/procfs/snapshot"
)

func TestHostileNames(t *testing.T) {
	u := newUser(t, 80, 24, Options{})
	for i, name := range []string{
		"\x1b[2J\x1b]0;owned\x07", "a\nb\tc\r", "\u202egnp.exe", "\xff\xfe\x9b31m", "\u009b31m", "\u05d0\u05d1 1 (\u0661)", "世界世界世界世界世界世界世界世界",
		"e" + strings.Repeat("\u0301", 40), "a) S 2 (", "\u200b\u200d\ufeff", strings.Repeat("👨‍👩‍👧", 9), "\U000e0041", "",
	} {
		p := proc(5000+i, 12, "u\x1b", "S", "x", caught())
		p.Comm, p.Cmdline = name, []string{name, name}
		u.src.procs = append(u.src.procs, p)
		z := proc(6000+i, 5000+i, "\u202e", "Z", "x", caught())
		z.Comm, z.Cmdline = name, nil
		u.src.procs = append(u.src.procs, z)
	}
	u.src.host.Name, u.src.host.Init, u.src.host.NoAccess = "\x1b[31m", "\u202e", "\x07"
	u.refresh()
	u.press("home")
	for range u.src.procs {
		u.press("enter", "end", "esc", "k", "esc", "down")
	}
	u.choose(5000)
	u.sees(`\x1b[2J\x1b]0;owned\x07`, `5001 `, `a\nb\tc\r`, `\u202egnp.exe`, `\xff\xfe\x9b31m`, `\u009b31m`, `\u05d0\u05d1 1 (\u0661)`)

	ascii := Frame(u.m.world.snap, History{}, 60, 0, Options{ASCII: true})
	for _, r := range ascii {
		if r != '\n' && (r < ' ' || r > '~') {
			t.Errorf("an ASCII frame has %q", r)
		}
	}
}

func TestDeepTree(t *testing.T) {
	u := newUser(t, 40, 10, Options{})
	for pid := 5000; pid < 5200; pid++ {
		u.src.procs = append(u.src.procs, proc(pid, pid-1, app, "S", "deep", caught()))
	}
	u.refresh()
	u.press("end")
	u.sees("deep")
	u.press("left", "home", "space")
}

// TestParentLoop has two processes that seem to be each other's parent, as happens if a
// pid is reused while they are read.
func TestParentLoop(t *testing.T) {
	u := newUser(t, 80, 24, Options{})
	u.src.procs = append(u.src.procs, proc(501, 502, app, "S", "one", caught()), proc(502, 501, app, "S", "two", caught()), proc(503, 503, app, "S", "own", caught()))
	u.refresh()
	if got := len(u.pids()); got != len(u.src.procs) {
		t.Errorf("there are %d rows, want all %d", got, len(u.src.procs))
	}
}

func TestUnknownIsLeftOut(t *testing.T) {
	src := newFakeSource()
	s, _ := src.Snapshot()
	s.Host, s.Since = snapshot.Host{Name: "host"}, 0
	frame := Frame(s, History{}, 100, 0, Options{})
	for _, word := range []string{"pids", "mem ", "cpu ", "up ", "missed", "0.0"} {
		if strings.Contains(frame, word) {
			t.Errorf("a frame where nothing is known of it has %q:\n%s", word, frame)
		}
	}
}

func TestNoColor(t *testing.T) {
	u := newUser(t, 80, 24, Options{NoColor: true})
	u.src.host.Pids = 100
	u.refresh()
	u.sees("FULL")
	for _, code := range []string{"\x1b[3", "\x1b[1;3", "\x1b[9", "\x1b[4", "\x1b[2m"} {
		if strings.Contains(u.m.View().Content, code) {
			t.Errorf("without colours the frame has %q", code)
		}
	}
	if ansi.Strip(u.m.View().Content) == u.m.View().Content {
		t.Error("without colours the frame has no reverse video either")
	}
}

func TestZombieTrend(t *testing.T) {
	u := newUser(t, 80, 24, Options{})
	u.refresh()
	u.seesNot("▲")
	z := proc(4300, 12, app, "Z", "git", procfs.Signals{})
	u.src.procs = append(u.src.procs, z)
	u.refresh()
	u.sees("4 zombies ▲")
	u.src.procs = u.src.procs[:5]
	u.refresh()
	u.refresh()
	u.src.procs = u.src.procs[:2]
	u.refresh()
	u.sees("0 zombies ▼")
}
