package tui

import (
	"errors"
	"slices"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"yinit/procfs"
	"yinit/procfs/snapshot"
)

// TestDetailScrolls checks that details longer than the screen scroll and say that
// there is more above, and that a taller terminal shows all of them.
func TestDetailScrolls(t *testing.T) {
	u := newUser(t, 60, 15, Options{})
	u.choose(55).press("enter")
	u.sees("55 gunicorn, child of")
	u.seesNot("more above", "pending   none")
	u.press("down")
	u.sees("more above")
	u.press("end")
	u.sees("pending   none", "more above")
	u.seesNot("55 gunicorn, child of")
	u.press("pgdown", "down") // not beyond the end
	u.sees("pending   none")
	u.press("home")
	u.sees("55 gunicorn, child of")
	for range 20 {
		u.send(tea.MouseWheelMsg{Button: tea.MouseWheelDown})
	}
	u.sees("pending   none")
	u.send(tea.WindowSizeMsg{Width: 60, Height: 40})
	u.sees("55 gunicorn, child of", "pending   none")
	u.seesNot("more above")
}

// TestDetailErrors checks that an error is shown, that what was known before stays,
// and that the details of a process that has ended are not read again.
func TestDetailErrors(t *testing.T) {
	u := newUser(t, 80, 24, Options{})
	u.choose(55).press("enter")
	id := u.m.detail.id
	u.send(detailsMsg{id: id, err: errors.New("open /proc/55/\x1bstatus: permission denied")})
	u.sees(`open /proc/55/\x1bstatus: permission denied`, "/srv/app")
	u.send(detailsMsg{id: procfs.ID{PID: 56, Start: 1}, d: snapshot.Details{Cwd: "/of/another"}})
	u.seesNot("/of/another")
	u.src.gone = true
	u.refresh()
	u.seesNot("permission denied")
	u.src.gone = false
	u.refresh()
	if !u.m.detail.gone || u.m.detail.asked {
		t.Errorf("gone %t, asked %t: it is asked for again", u.m.detail.gone, u.m.detail.asked)
	}
}

// TestDetailAncestors checks the list of ancestors and where it ends.
func TestDetailAncestors(t *testing.T) {
	u := newUser(t, 100, 30, Options{})
	u.choose(4125).press("enter")
	u.sees("parents   4120 sh, child of a process outside the container")
	u.press("esc").choose(4120).press("enter")
	u.sees("parents   a process outside the container")
	u.press("esc").choose(1).press("enter")
	u.sees("parents   none")
}

// TestDetailKeys checks that the keys of the covered page do nothing while the details
// are open.
func TestDetailKeys(t *testing.T) {
	u := newUser(t, 80, 24, Options{})
	u.choose(55).press("enter")
	before := u.screen()
	u.press("t", "s", "space", "n", "tab", "/", "left", "right")
	if after := u.screen(); after != before {
		t.Errorf("keys of the page change the screen from\n%s\nto\n%s", before, after)
	}
	for _, key := range []string{"esc", "q", "f10", "enter"} {
		u.press(key)
		if u.m.detail.open || u.quit {
			t.Errorf("%s: open %t, quit %t, want the details closed", key, u.m.detail.open, u.quit)
		}
		u.press("enter")
	}
	u.press("p")
	if !u.m.paused {
		t.Error("p does not pause in the details")
	}
}

// TestHelpScrolls checks that the keys that scroll keep the help open.
func TestHelpScrolls(t *testing.T) {
	u := newUser(t, 80, 24, Options{})
	u.press("?")
	u.sees("MOVE", "TREE", "send a signal")
	u.press("end")
	u.sees("FIRST COLUMN", "has just ended", "MOUSE")
	u.seesNot("MOVE")
	for range 30 {
		u.send(tea.MouseWheelMsg{Button: tea.MouseWheelUp})
	}
	u.sees("MOVE")
	u.press("x")
	u.seesNot("MOVE")
}

// TestHelpHasEveryKey checks that no key of the tables is missing in the help.
func TestHelpHasEveryKey(t *testing.T) {
	m := New(newFakeSource(), &fakeSignaller{}, Options{})
	m.world.canvas = canvas{width: 80, height: 200, plain: true}
	lines := help{}.lines(&m)
	for _, b := range slices.Concat(treeKeys, sortKeys, historyKeys, listKeys, refreshKeys, modelKeys) {
		if b.title != "" && !slices.ContainsFunc(lines, func(l string) bool {
			return strings.HasPrefix(l, " "+b.title) && strings.HasSuffix(strings.TrimRight(l, " "), b.does)
		}) {
			t.Errorf("the help does not have %q: %q", b.title, b.does)
		}
	}
	for _, word := range []string{"terminate", "handler", "forward", "read", "IGNORE", "PENDING", "SHIELDED", "DROP", "denied", "?"} {
		if !slices.ContainsFunc(lines, func(l string) bool { return strings.HasPrefix(l, " "+word+" ") }) {
			t.Errorf("the help does not explain %q", word)
		}
	}
}
