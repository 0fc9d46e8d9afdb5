package tui

import (
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
)

// TestPasteIsNoKey checks that pasted text acts as no key, wherever it arrives.
func TestPasteIsNoKey(t *testing.T) {
	for name, keys := range map[string][]string{
		"the tree": nil, "the history": {"4"}, "the details": {"enter"}, "the help": {"?"},
		"the menu": {"k"}, "the question": {"k", "enter"},
	} {
		u := newUser(t, 80, 24, Options{})
		u.press(keys...)
		before := u.screen()
		for _, text := range []string{"k", "y", "\r", "q", "k\r\ry\r", strings.Repeat("ky\r\n", 1e5)} {
			u.run(u.send(tea.PasteMsg{Content: text}))
		}
		if after := u.screen(); u.quit || after != before || len(u.sig.sent) > 0 {
			t.Errorf("%s: quit %t, sent %v, the screen was\n%s\nand is\n%s", name, u.quit, u.sig.sent, before, after)
		}
	}
}

// TestPasteFiltersOnce checks that a long paste fills the filter, and that more of it
// changes nothing.
func TestPasteFiltersOnce(t *testing.T) {
	u := newUser(t, 80, 24, Options{})
	u.press("/")
	u.send(tea.PasteMsg{Content: strings.Repeat("worker\n", 1e5)})
	text := u.m.line.text
	if len(text) > maxLine || !strings.HasPrefix(text, "workerworker") {
		t.Errorf("the filter is %q, want the beginning of the paste", text)
	}
	u.send(tea.PasteMsg{Content: "more"})
	if u.m.line.text != text || u.m.page().filter() != text {
		t.Errorf("the filter is %q, want it unchanged", u.m.line.text)
	}
}

// TestConfirmTakesNoKeyAtOnce checks that keys that come together, as from a terminal
// that does not mark a paste, send no signal.
func TestConfirmTakesNoKeyAtOnce(t *testing.T) {
	u := newUser(t, 80, 24, Options{})
	u.sig.outcomes = []Outcome{{Ended: true}}
	u.press("k")
	arm := u.send(keyPress("enter"))
	u.press("y", "enter", "y")
	if u.m.menu.step != stepConfirm || len(u.sig.sent) > 0 {
		t.Fatalf("step %d, sent %v, want the question still", u.m.menu.step, u.sig.sent)
	}
	u.press("esc") // any other key goes back
	again := u.send(keyPress("enter"))
	u.run(arm) // of the question before
	u.press("y")
	if len(u.sig.sent) > 0 {
		t.Fatalf("sent %v: the time of an earlier question counts", u.sig.sent)
	}
	u.run(again)
	u.press("y")
	if len(u.sig.sent) != 1 {
		t.Errorf("sent %v, want one signal", u.sig.sent)
	}
}
