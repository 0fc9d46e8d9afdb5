package main

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestTerminalSuspend stops top in every way, does other things in its terminal, and continues
// it: top draws everything, in the new size, and takes keys. In the meantime and at the end
// the terminal is the shell's.
func TestTerminalSuspend(t *testing.T) {
	term := inTerminal(t)
	dir := t.TempDir()
	before, after := filepath.Join(dir, "before"), filepath.Join(dir, "after")
	show := " tail -n +2 >"
	term.keys("clear; stty -a |"+show+before+"; yinit top --pid 1", "Enter")
	term.see("COMMAND", "q quit")
	for i, stop := range []func(pid int){
		func(int) { term.keys("C-z") },
		func(pid int) { _ = unix.Kill(pid, unix.SIGTSTP) },
		func(pid int) { _ = unix.Kill(pid, unix.SIGSTOP) },
	} {
		pid := 0
		eventually(t, "top is in the foreground", func() bool {
			shell := strings.TrimSpace(term.tmux("display", "-p", "#{pane_pid}"))
			children, err := os.ReadFile("/proc/" + shell + "/task/" + shell + "/children")
			pid, _ = strconv.Atoi(strings.TrimSpace(string(children)))
			return err == nil && pid != 0
		})
		stop(pid)
		width := 90 - 10*i
		term.tmux("resize-window", "-x", strconv.Itoa(width), "-y", "28")
		if i < 2 {
			term.see("Stopped")
			if modes := strings.TrimSpace(term.tmux("display", "-p", "#{alternate_on} #{cursor_flag} #{mouse_any_flag}")); modes != "0 1 0" {
				t.Errorf("way %d: while stopped, the terminal has alternate screen, cursor, mouse %s, want 0 1 0:\n%s", i, modes, term.screen())
			}
		} else { // the shell's prompt is on top's screen
			eventually(t, "top is stopped", func() bool { return strings.TrimSpace(term.tmux("display", "-p", "#{pane_current_command}")) == "bash" })
		}
		term.keys("echo left''over", "Enter")
		term.see("leftover")
		term.keys("fg", "Enter")
		term.see("COMMAND", "q quit")
		term.unsee("leftover")
		term.keys("?")
		term.see("any other key closes")
		term.keys("Escape")
		term.see("COMMAND")
		if line := strings.SplitN(term.screen(), "\n", 2)[0]; len([]rune(line)) > width {
			t.Errorf("way %d: the first line is wider than %d: %q", i, width, line)
		}
	}
	term.keys("q")
	term.see("ready$")
	term.keys("clear; stty -a |"+show+after+"; cmp "+before+" "+after+" && echo sa''me", "Enter")
	term.see("same")
}

// TestTerminalNoSuspend presses Ctrl-Z where no shell would continue top, as in docker exec.
func TestTerminalNoSuspend(t *testing.T) {
	term := newTerminal(t, 100, 30, binary, "top", "--pid", "1")
	term.see("COMMAND")
	term.keys("C-z")
	term.see("no shell would continue it")
	term.keys("q")
}
