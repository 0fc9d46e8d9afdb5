package tui

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"yinit/initcore/history"
)

// TestMenuIsNotDisturbed checks that neither the menu nor the page moves while the user is
// about to choose, and that the page catches up afterwards.
func TestMenuIsNotDisturbed(t *testing.T) {
	u := newUser(t, 100, 30, Options{})
	u.choose(55).press("k", "down", "down")
	before := u.screen()
	u.src.end(44, 0)
	u.src.procs = append(u.src.procs, proc(13, 12, app, "S", "git gc", caught()))
	u.refresh()
	u.refresh()
	rows := func(s string) []string { return strings.Split(s, "\n")[3:29] }
	if after := u.screen(); !slices.Equal(rows(after), rows(before)) {
		t.Errorf("after refreshes the screen is\n%s\nwant\n%s", after, before)
	}
	u.press("enter")
	u.seesNot("git gc")
	u.press("esc", "esc")
	u.sees("git gc")
	if u.selected() != 55 {
		t.Errorf("%d is selected, want 55", u.selected())
	}
}

func TestTypeSignal(t *testing.T) {
	for _, test := range []struct{ typed, want string }{
		{"usr2", "▌ 12 USR2"},
		{"SIGW", "▌ 28 WINCH"},
		{"9", "▌  9 KILL"},
		{"kill", "▌  9 KILL"},
		{"SigKill", "▌  9 KILL"},
		{"34", "▌ 34 RTMIN"},
		{"rtmin+3", "▌ 37 RTMIN+3"},
		{"64", "▌ 64 RTMAX"},
		{"q", "▌  3 QUIT"},
		{"te", "▌ 15 TERM"},
		{"xyz", "unknown signal xyz"},
		{"99", "unknown signal 99"},
		{"k", "k: write KILL in full for SIGKILL"},
		{"sigki", "sigki: write KILL in full for SIGKILL"},
	} {
		u := newUser(t, 100, 30, Options{})
		u.choose(55).press("k").write(test.typed)
		u.sees(test.want)
		u.press("esc")
	}
	u := newUser(t, 100, 30, Options{})
	u.choose(55).press("k").write("xyz").press("enter")
	u.seesNot("Send SIG")
	u.press("backspace", "backspace", "backspace", "pgdown", "end", "home", "down")
	u.sees("▌  9 KILL")
	u.send(tea.MouseWheelMsg{Button: tea.MouseWheelUp})
	u.sees("▌ 15 TERM")
}

// TestNoKillByHabit checks that keys which a hand may press by habit never send SIGKILL.
func TestNoKillByHabit(t *testing.T) {
	for _, keys := range []string{
		"k k enter enter", "k k k enter enter y", "k k i l enter y", "k K enter enter", "k 9 enter enter", "k down enter enter", "k e enter enter",
		"k s i g k enter y", "k enter n k enter y",
	} {
		u := newUser(t, 100, 30, Options{})
		u.sig.outcomes = []Outcome{{Ended: true}}
		u.choose(55).press(strings.Fields(keys)...)
		if slices.Contains(u.sig.sent, sigKILL) {
			t.Errorf("%s: the signals %v were sent", keys, u.sig.sent)
		}
	}
}

// TestStartsAtTerm checks that no menu starts with the signal of the one before.
func TestStartsAtTerm(t *testing.T) {
	for _, keys := range []string{"k i l l enter n", "k i l l enter y", "k i l l", "h u p enter y", "down"} {
		u := newUser(t, 100, 30, Options{})
		u.sig.outcomes = []Outcome{{Ended: true}}
		u.choose(56).press("k").press(strings.Fields(keys)...).press("esc", "esc")
		for _, pid := range []int{55, 56} {
			u.choose(pid).press("k")
			u.sees("signal to "+strconv.Itoa(pid), "▌ 15 TERM")
			u.press("esc")
		}
	}
}

// TestStartsAtStopSignal checks that the menu of the program of an init starts with the
// signal that stops it.
func TestStartsAtStopSignal(t *testing.T) {
	u := newUser(t, 100, 30, Options{})
	start := func(pid int) history.Record {
		return history.Record{Kind: history.KindStart, PID: pid, Comm: "gunicorn", PPID: 1, Parent: "yinit", StopSignal: 3}
	}
	u.src.records = []history.Record{start(12), start(55), {Kind: history.KindExit, PID: 55, PPID: 1}, {Kind: history.KindZombie, PID: 12, PPID: 1}}
	for i := range u.src.records {
		u.src.records[i].Seq = uint64(i + 1)
	}
	u.refresh()
	u.choose(12).press("k")
	u.sees("▌  3 QUIT")
	u.press("e")
	u.sees("Send SIGQUIT to 12 gunicorn, SIGKILL after 10s?")
	u.press("n", "esc").choose(55).press("k")
	u.sees("▌ 15 TERM")
}

// TestMenuMouse clicks on rows: the first click selects, the second one is Enter, and a
// click elsewhere does nothing.
func TestMenuMouse(t *testing.T) {
	u := newUser(t, 100, 30, Options{})
	u.choose(55).press("k")
	click := func(words string) {
		t.Helper()
		for y, line := range strings.Split(u.screen(), "\n") {
			if x := strings.Index(line, words); x >= 0 {
				u.run(u.send(tea.MouseClickMsg{X: x, Y: y, Button: tea.MouseLeft}))
				return
			}
		}
		t.Fatalf("there is no %q:\n%s", words, u.screen())
	}
	click(" 1 HUP")
	u.sees("▌  1 HUP")
	u.seesNot("Send SIG")
	click("IGNORE       ├")
	click("signal to")
	click("or type")
	u.sees("▌  1 HUP")
	if u.selected() != 55 {
		t.Errorf("a click beside the menu has selected %d", u.selected())
	}
	click(" 1 HUP")
	u.sees("Send SIGHUP to 55 gunicorn?")
	click(" 1 HUP")
	u.sees("Send SIGHUP to 55 gunicorn?")
	u.press("esc")
	click("group ")
	u.sees("signal to process group 4 (6 processes)", "▌ 15 TERM")
	click("process  [")
	u.sees("signal to 55 gunicorn")
	u.press("esc")
	u.checkClosed()
}

// TestReadOnly says why there is no menu.
func TestReadOnly(t *testing.T) {
	u := newUser(t, 80, 24, Options{ReadOnly: true})
	for _, keys := range []string{"k", "f9", "enter k"} {
		u.press(strings.Fields(keys)...)
		u.sees("no signals: top was started with --readonly")
	}
}

// TestSmallMenu has all that the menu asks on the smallest screens.
func TestSmallMenu(t *testing.T) {
	for _, size := range [][2]int{{40, 10}, {60, 15}} {
		u := newUser(t, size[0], size[1], Options{})
		u.sig.outcomes = []Outcome{{State: 'S'}}
		u.choose(55).press("k")
		u.sees("signal to 55 gunicorn", "▌ 15 TERM     IGNORE", "[process]  group (6)", "Enter confirm")
		u.press("enter")
		u.sees("Send SIGTERM to 55 gunicorn?", "Enter/y send  any other key: back")
		u.press("esc").write("kill").press("enter")
		u.sees("Send SIGKILL to 55 gunicorn?", "y send  n no")
		u.press("n", "esc", "k", "tab", "enter")
		u.sees("Send SIGTERM to process group 4 (6", "?", "y send  n no", "55 gunicorn          IGNORE")
		u.press("n", "e")
		u.sees("KILL", "group 4 (6", "?", "y send  n no")
		u.press("n", "esc").choose(37).press("k")
		u.sees("No signal has an effect", "Enter opens the signal menu of 12", "Enter signal that process  Esc close")
		u.press("esc").choose(1).press("k")
		u.sees("▌ 15 TERM     forward", "SIGKILL only from outside: docker kill")
	}
}

func TestSignalFromDetails(t *testing.T) {
	u := newUser(t, 80, 24, Options{})
	u.choose(56).press("enter", "k")
	u.sees("signal to 56 gunicorn")
	u.press("esc")
	u.sees("/srv/app")
	u.checkClosed()
}
