package tui

import (
	"reflect"
	"testing"

	tea "charm.land/bubbletea/v2"
)

// asksSize reports whether cmd asks for the size of the terminal.
func asksSize(cmd tea.Cmd) bool {
	if cmd == nil {
		return false
	}
	if reflect.ValueOf(cmd).Pointer() == reflect.ValueOf(tea.RequestWindowSize).Pointer() {
		return true
	}
	batch, _ := cmd().(tea.BatchMsg)
	for _, cmd := range batch {
		if reflect.ValueOf(cmd).Pointer() == reflect.ValueOf(tea.RequestWindowSize).Pointer() {
			return true
		}
	}
	return false
}

// TestSizeIsAskedForAgain checks that the model asks again for the size, to notice a
// change before Bubble Tea listens for SIGWINCH, but not for ever, because each answer
// redraws the screen.
func TestSizeIsAskedForAgain(t *testing.T) {
	src := newFakeSource()
	m := New(src, &fakeSignaller{}, Options{})
	if !asksSize(m.Init()) {
		t.Error("Init does not ask for the size")
	}
	u := &user{t: t, m: m, src: src, sig: &fakeSignaller{}}
	for i, want := range []bool{true, true, false, false} {
		if got := asksSize(u.send(read(src, fleetOf{}, 0, wants{})())); got != want {
			t.Errorf("with reading %d the size is asked for: %t, want %t", i, got, want)
		}
	}
}
