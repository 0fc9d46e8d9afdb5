package main

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestTerminalQuit leaves top in every way that a user has, with the mouse and after a
// resize, too. The terminal is then as it was, but for its size, which is in the first line.
func TestTerminalQuit(t *testing.T) {
	term := inTerminal(t)
	dir := t.TempDir()
	before, after := filepath.Join(dir, "before"), filepath.Join(dir, "after")
	for _, way := range [][]string{
		{"q"}, {"F10"}, {"C-c"}, {"?", "q", "q"}, {"?", "C-c"}, {"k", "C-c"}, {"/", "C-c"}, {"Enter", "C-c"}, {"p", "q"}, {"click", "q"}, {"resize", "q"},
	} {
		term.keys("clear; stty -a | tail -n +2 >"+before+"; yinit top --pid 1; echo le''ft $?; stty -a | tail -n +2 >"+after+"; cmp "+before+" "+after+" && echo sa''me", "Enter")
		term.see("COMMAND", "q quit")
		for _, key := range way {
			switch key {
			case "click":
				term.click("COMMAND")
			case "resize":
				term.tmux("resize-window", "-x", "50", "-y", "12")
				term.see("COMMAND")
				term.tmux("resize-window", "-x", "100", "-y", "30")
			default:
				term.keys(key)
			}
		}
		term.see("left 0", "same")
		if modes := strings.TrimSpace(term.tmux("display", "-p", "#{alternate_on} #{cursor_flag} #{mouse_any_flag}")); modes != "0 1 0" {
			t.Errorf("after %v the terminal has alternate screen, cursor, mouse %s, want 0 1 0:\n%s", way, modes, term.screen())
		}
	}
}
