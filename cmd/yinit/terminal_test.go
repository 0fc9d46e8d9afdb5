package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// inTerminal opens a shell in a terminal, in which the binary is in PATH.
func inTerminal(t *testing.T) *terminal {
	t.Helper()
	term := newTerminal(t, 100, 30, "env", "PS1=ready$ ", "PATH="+os.Getenv("PATH"), "bash", "--norc", "--noprofile")
	term.see("ready$")
	return term
}

// foreground waits until the terminal's foreground process group is led by name.
func (term *terminal) foreground(name string) {
	term.t.Helper()
	eventually(term.t, name+" in the foreground", func() bool {
		return strings.TrimSpace(term.tmux("display", "-p", "#{pane_current_command}")) == name
	})
}

// TestTerminalJob starts yinit from a shell: Ctrl-Z stops yinit and its program, fg resumes
// both, and one Ctrl-C is one SIGINT.
func TestTerminalJob(t *testing.T) {
	term := inTerminal(t)
	term.keys("yinit sh -c 'trap \"echo INT''ERRUPT\" INT; echo up''running; while :; do sleep 0.1; done'", "Enter")
	term.see("uprunning")
	term.keys("C-z")
	term.see("Stopped")
	term.keys("ps -o stat=,comm= | grep -c '^T.*yinit' | sed s/^/stopped:/", "Enter")
	term.see("stopped:1")
	term.keys("fg", "Enter")
	term.foreground("sh")
	term.keys("C-c")
	term.see("INTERRUPT")
	if n := strings.Count(term.screen(), "INTERRUPT"); n != 1 {
		t.Errorf("one Ctrl-C was %d SIGINTs, want 1:\n%s", n, term.screen())
	}
	term.keys("C-\\") // QUIT ends the shell
	term.see("SIGQUIT")
}

// TestTerminalBackground checks that a program started in the background gets the terminal
// with fg, and gives it back.
func TestTerminalBackground(t *testing.T) {
	term := inTerminal(t)
	bothCat := func() {
		term.foreground("cat")
		term.keys("he''llo", "Enter")
		eventually(t, "cat's answer", func() bool { return strings.Count(term.screen(), "he''llo\n") == 2 })
		term.keys("C-z")
		term.see("Stopped")
	}
	clear := func(keys ...string) {
		term.keys("C-l")
		eventually(t, "an empty screen", func() bool { return strings.TrimSpace(term.screen()) == "ready$" })
		term.keys(keys...)
	}
	term.keys("set -b", "Enter") // report jobs at once
	clear("yinit cat &", "Enter")
	term.see("Stopped")
	clear("fg", "Enter")
	bothCat()
	clear("bg", "Enter")
	term.see("yinit cat &\n", "Stopped")
	clear("fg", "Enter")
	bothCat()
	clear("fg", "Enter")
	term.foreground("cat")
	term.keys("C-d", "echo left $?", "Enter")
	term.see("left 0\n")

	// Stopped because it changes the settings of the terminal.
	clear("yinit sh -c 'stty -echo; stty echo; echo do''ne' &", "Enter")
	term.see("Stopped")
	clear("fg", "Enter")
	term.see("done\n")

	// A running job: the shell gives it the terminal without a message.
	ready := filepath.Join(t.TempDir(), "ready")
	clear("yinit sh -c 'echo u''p; until test -e "+ready+"; do sleep 0.1; done; cat; echo left $?' &", "Enter")
	term.see("up\n")
	term.keys("fg; echo then", "Enter")
	term.foreground("yinit")
	if err := os.WriteFile(ready, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	term.keys("word", "Enter")
	eventually(t, "cat's answer", func() bool { return strings.Count(term.screen(), "word\n") == 2 })
	term.keys("C-d")
	term.see("left 0\nthen\n")
	clear("yinit sh -c 'echo u''p; exec sleep 100' &", "Enter")
	term.see("up\n")
	term.keys("fg", "Enter")
	term.foreground("yinit")
	term.keys("C-c", "echo left $?", "Enter")
	term.see("left 130\n")

	// A shell without job control in between: the job is a script.
	clear("sh -c 'yinit cat; echo left $?'", "Enter")
	term.foreground("cat")
	term.keys("one", "Enter")
	eventually(t, "cat's answer", func() bool { return strings.Count(term.screen(), "one\n") == 2 })
	term.keys("C-z")
	term.see("Stopped")
	clear("fg", "Enter")
	term.foreground("cat")
	term.keys("two", "Enter")
	eventually(t, "cat's answer", func() bool { return strings.Count(term.screen(), "two\n") == 2 })
	term.keys("C-d")
	term.see("left 0\n")

	// Its exit does not affect other processes of the shell.
	clear("yinit true & wait; echo wai''ted", "Enter")
	term.see("waited\n")
	term.keys("echo ali''ve", "Enter")
	term.see("alive\n")
}

// TestTerminalSeveral checks that Ctrl-Z stops several programs and yinit, and fg resumes
// all.
func TestTerminalSeveral(t *testing.T) {
	file := filepath.Join(t.TempDir(), "several.toml")
	program := "[[program]]\nname = \"%s\"\ncommand = [\"sleep\", \"1000\"]\n"
	if err := os.WriteFile(file, fmt.Appendf(nil, program+program, "a", "b"), 0o600); err != nil {
		t.Fatal(err)
	}
	term := inTerminal(t)
	states := "ps -o stat=,comm= -t $(tty) | sed -n 's/^\\(.\\).* \\(yinit\\|sleep\\)$/\\2:\\1/p' | sort | tr '\\n' ' '"
	term.keys("(sleep 0; yinit --config "+file+")", "Enter") // with a subshell in between
	eventually(t, "both programs", func() bool {
		out, err := exec.Command("ps", "-o", "comm=", "-t", strings.TrimSpace(term.tmux("display", "-p", "#{pane_tty}"))).Output()
		return err == nil && strings.Count(string(out), "sleep") == 2
	})
	term.keys("C-z")
	term.see("Stopped")
	term.keys(states, "Enter")
	term.see("sleep:T sleep:T yinit:T")
	term.keys("bg", "Enter", "clear", "Enter", "until "+states+" | grep 'sleep:S sleep:S yinit:S'; do :; done", "Enter")
	term.see("sleep:S sleep:S yinit:S\nready$")
	term.keys("fg", "Enter")
	term.foreground("yinit")
	term.keys("C-c", "echo le''ft $?", "Enter")
	term.see("left 0\n")
}

// TestTerminalSession checks that with --session Ctrl-Z stops yinit and its program, as with
// dumb-init, and fg resumes both. TestTerminalJob checks the same without --session.
func TestTerminalSession(t *testing.T) {
	term := inTerminal(t)
	states := "ps -eo stat=,args= | grep '[ ]sleep 4321$' | cut -c1 | tr '\\n' '.'"
	term.keys("yinit --session sleep 4321", "Enter")
	term.foreground("yinit")
	term.keys("C-z")
	term.see("Stopped")
	term.keys("until "+states+" | grep 'T.T[.]$'; do :; done", "Enter")
	term.see("T.T.\n")
	term.keys("fg", "Enter")
	term.foreground("yinit")
	eventually(t, "both to run", func() bool {
		out, err := exec.Command("sh", "-c", states).Output()
		return err == nil && string(out) == "S.S."
	})
	term.keys("C-c", "echo le''ft $?", "Enter")
	term.see("left 130\n")
}

// TestTerminalNoShell checks that Ctrl-Z does not make a terminal useless in which no shell
// could continue the program: under yinit as PID 1, and under a shell without job control.
func TestTerminalNoShell(t *testing.T) {
	requireNamespaces(t)
	user := ""
	if os.Getuid() != 0 {
		user = "-Ur "
	}
	for _, above := range []string{"exec unshare " + user + "-pf --mount-proc yinit", "yinit"} {
		term := newTerminal(t, 100, 30, "env", "PATH="+os.Getenv("PATH"), "sh", "-c", above+" sh -c 'echo up; cat; :'; echo left $?; sleep 100")
		term.see("up\n")
		for range 2 {
			term.keys("C-z")
		}
		term.see("continued sh, which Ctrl-Z had stopped")
		term.keys("word", "Enter")
		eventually(t, "cat's answer", func() bool { return strings.Count(term.screen(), "word\n") == 2 })
	}
}

// TestTerminalShell checks that an interactive shell under yinit as PID 1 has job control.
func TestTerminalShell(t *testing.T) {
	requireNamespaces(t)
	for _, options := range []string{"", "--session "} {
		term := inTerminal(t)
		// unshare execs yinit directly, so that yinit gets the terminal.
		user := ""
		if os.Getuid() != 0 {
			user = "-Ur "
		}
		term.keys("unshare "+user+"-pf --mount-proc yinit "+options+"env PS1='inner$ ' bash --norc --noprofile -i", "Enter")
		term.see("inner$")
		if options == "" && strings.Contains(term.screen(), "no job control") {
			t.Errorf("the shell has no job control:\n%s", term.screen())
		}
		if options == "" {
			term.keys("echo sle''eping; sleep 100", "Enter")
			term.see("sleeping\n")
			term.keys("C-z")
			term.see("Stopped")
			term.keys("fg", "Enter")
			term.see("inner$ fg\n")
			term.keys("C-c")
		}
		term.keys("", "Enter", "exit 7", "Enter")
		term.keys("echo left $?", "Enter")
		term.see("left 7")
	}
}

// TestTerminalUntouched checks that the init itself neither writes to the terminal nor
// queries it.
func TestTerminalUntouched(t *testing.T) {
	program(t, "strace", "strace")
	trace := filepath.Join(t.TempDir(), "trace")
	term := inTerminal(t)
	term.keys("strace -f -e trace=write,writev,read,ioctl,execve -o "+trace+" yinit true; echo do\"\"ne", "Enter")
	term.see("done\n")
	b, err := os.ReadFile(trace)
	if err != nil {
		t.Fatal(err)
	}
	calls := string(b)
	if !strings.Contains(calls, `execve("/`) {
		t.Fatalf("nothing was traced:\n%s", calls)
	}
	for _, bad := range []string{`write\([012],`, `writev\([012],`, `read\([012],`, `TCSET`} {
		if found := regexp.MustCompile(bad).FindString(calls); found != "" {
			t.Errorf("the init touches its terminal: %s\n%s", found, calls)
		}
	}
}

// TestTerminalTop runs the inspector at 80×24 on a workload of its own.
func TestTerminalTop(t *testing.T) {
	requireNamespaces(t)
	term := newTerminal(t, 80, 24, "env", "PS1=ready$ ", "PATH="+os.Getenv("PATH"), "bash", "--norc", "--noprofile")
	term.see("ready$")
	term.keys("yinit demo; echo left $?", "Enter")
	term.see("gunicorn", "IGNORE", "held by")
	term.keys("/", "stubborn", "Enter")
	term.see("filter: stubborn")
	term.keys("Down", "Down", "Down", "k")
	term.see("signal to", "Esc close")
	term.keys("Escape") // Escape directly followed by a key would be Alt and that key
	term.unsee("signal to")
	term.keys("4")
	term.see("exited")
	term.keys("q")
	term.see("left 0")
}

// TestTerminalHangup checks that SIGHUP and SIGQUIT end the inspector, which restores the
// terminal.
func TestTerminalHangup(t *testing.T) {
	for sig, status := range map[string]string{"HUP": "129", "QUIT": "131", "TERM": "0"} {
		term := inTerminal(t)
		term.keys("yinit top --pid 1; echo le''ft $?", "Enter")
		term.see("COMMAND")
		out, err := exec.Command("sh", "-c", "kill -"+sig+" $(ps -o pid= --ppid "+strings.TrimSpace(term.tmux("display", "-p", "#{pane_pid}"))+" | head -n 1)").CombinedOutput()
		if err != nil {
			t.Fatalf("kill -%s: %v, %s", sig, err, out)
		}
		term.see("left ")
		if modes := strings.TrimSpace(term.tmux("display", "-p", "#{alternate_on} #{cursor_flag} #{mouse_any_flag}")); modes != "0 1 0" {
			t.Errorf("after SIG%s the terminal has alternate screen, cursor, mouse %s, want 0 1 0:\n%s", sig, modes, term.screen())
		}
		if sig == "TERM" {
			term.see("ended by SIGTERM")
		}
		if screen := term.screen(); strings.Contains(screen, "goroutine") || sig != "TERM" && !strings.Contains(screen, "left "+status) {
			t.Errorf("SIG%s: want status %s:\n%s", sig, status, screen)
		}
	}
}

// TestForeignProc checks that names are not read from the /proc of another PID namespace,
// and that leftover processes are still ended, by PID 1 and by another init: the whole
// process group of the program, and a daemon in a session of its own.
func TestForeignProc(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("unshare without a user namespace needs root")
	}
	const play = `(trap '' TERM; sleep 50 & echo $! >> "$0"; sleep 51) & echo $! >> "$0"
		(trap '' TERM; exec setsid sleep 52) & echo $! >> "$0"; (sleep 0.1 &); sleep 0.4; exit 3`
	for name, tt := range map[string]struct {
		as    []string
		names string
	}{
		"PID 1":     {nil, "unknown"},
		"not PID 1": {[]string{"sh", "-c", `"$@"; s=$?; for p in $(cat left); do kill -0 $p && echo "lives on: $p" >&2; done; exit $s`, "sh"}, `\d+, \d+`},
	} {
		left := filepath.Join(t.TempDir(), "left")
		args := slices.Concat([]string{"-pf"}, tt.as, []string{binary, "-w", "--grace", "200ms", "sh", "-c", play, left})
		cmd := exec.Command("unshare", args...)
		cmd.Dir = filepath.Dir(left)
		out, err := cmd.CombinedOutput()
		if exitStatus(err) != 3 {
			t.Errorf("%s: %v, want 3\n%s", name, err, out)
		}
		if found := regexp.MustCompile(`kthreadd|kworker|pool_workqueue|rcu|lives on`).Find(out); found != nil {
			t.Errorf("%s: a process of another namespace is named, or one lives on: %s\n%s", name, found, out)
		}
		for _, want := range []string{"there is no /proc of this PID namespace", "killing leftover processes after 200ms .processes " + tt.names} {
			if n := len(regexp.MustCompile(want).FindAll(out, -1)); n != 1 {
				t.Errorf("%s: it says %q %d times, want once:\n%s", name, want, n, out)
			}
		}
	}
}
