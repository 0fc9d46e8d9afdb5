package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

// menuScene starts top in a PID namespace in which a process ignores SIGTERM, two are a
// process group of their own, and one does not reap a zombie.
func menuScene(t *testing.T, width, height int) *terminal {
	t.Helper()
	requireNamespaces(t)
	user := ""
	if os.Getuid() != 0 {
		user = "-Ur "
	}
	// In a file, so that no other command line has the words that the tests look for.
	const play = `(trap "" TERM; exec sleep 4001) &
setsid sh -c "sleep 4002 & exec sleep 4003" &
sh -c "sleep 0.1 & exec sleep 4004" &
sleep 1; yinit top; echo left $?; sleep 4005`
	scene := filepath.Join(t.TempDir(), "scene")
	if err := os.WriteFile(scene, []byte(play), 0o600); err != nil {
		t.Fatal(err)
	}
	term := newTerminal(t, width, height, "env", "PATH="+os.Getenv("PATH"), "sh", "-c", "exec unshare "+user+"-pf --mount-proc yinit sh "+scene)
	term.see("COMMAND")
	return term
}

// find filters, so that the first process that matches is selected.
func (term *terminal) find(filter string) {
	term.t.Helper()
	term.keys("/", "C-u", filter)
	term.see("filter: " + filter)
	term.keys("Enter")
	term.unsee("Enter keep")
}

// escape presses Esc. A key that follows at once would be Alt and that key.
func (term *terminal) escape(closes string) {
	term.t.Helper()
	term.keys("Escape")
	term.unsee(closes)
}

// click clicks on the line that has the words.
func (term *terminal) click(words string) {
	term.t.Helper()
	for y, line := range strings.Split(term.screen(), "\n") {
		if strings.Contains(line, words) {
			term.clickAt(5, y+1)
			return
		}
	}
	term.t.Fatalf("there is no %q:\n%s", words, term.screen())
}

// clickWord clicks on the words. There are only characters of one cell before them.
func (term *terminal) clickWord(words string) {
	term.t.Helper()
	for y, line := range strings.Split(term.screen(), "\n") {
		if before, _, ok := strings.Cut(line, words); ok {
			term.clickAt(utf8.RuneCountInString(before)+2, y+1)
			return
		}
	}
	term.t.Fatalf("there is no %q:\n%s", words, term.screen())
}

// clickAt presses and releases the left button. SGR mouse, see ctlseqs of xterm.
func (term *terminal) clickAt(x, y int) {
	term.keys("-l", fmt.Sprintf("\x1b[<0;%d;%dM\x1b[<0;%d;%dm", x, y, x, y))
}

// TestTerminalMenu sends signals in real terminals: to a process that ignores SIGTERM, to
// a process group, to the culprit of a zombie, and none to PID 1.
func TestTerminalMenu(t *testing.T) {
	term := menuScene(t, 100, 30)
	term.find("4001")
	term.keys("k")
	term.see("signal to ", "15 TERM     IGNORE")
	term.keys("k", "Enter")
	term.see("k: write KILL in full for SIGKILL")
	term.keys("BSpace")
	term.see("or type a signal")
	term.click(" 2 INT")
	term.see("▌  2 INT")
	term.click(" 2 INT")
	term.see("Send SIGINT to ")
	term.escape("Send SIGINT")
	term.keys("e")
	term.see("SIGKILL after 10s?", "y send  n no")
	term.keys("Enter")
	term.keys("y")
	term.see("SIGKILL in ")
	term.see("killed by SIGKILL")

	term.find("4003")
	term.keys("k")
	term.see("[process]  group (2)")
	term.keys("Tab")
	term.see("signal to process group", "▌ 15 TERM     2 terminate")
	term.keys("Enter")
	term.see("(2 processes)?", "y send  n no")
	term.keys("Enter")
	term.see("(2 processes)?")
	term.keys("y")
	term.see("both ended")

	term.find("state:Z")
	term.keys("k")
	term.see("no signal to ", "Enter opens the signal menu of ")
	term.keys("Enter")
	term.see("signal to ", "15 TERM     terminate")
	term.keys("Enter")
	term.see("Send SIGTERM to ", "Enter/y send")
	term.keys("y")
	term.see("killed by SIGTERM")
	term.see("0 zombies")

	term.find("pid:1")
	term.keys("k")
	term.see("signal to 1 yinit", "From outside: docker stop CONTAINER,", "docker kill CONTAINER, kubectl delete pod")
	if screen := term.screen(); strings.Contains(screen, " 9 KILL") {
		t.Errorf("SIGKILL is offered to PID 1:\n%s", screen)
	}
	term.escape("signal to 1")
	term.keys("q")
	term.see("left 0")
}

// TestTerminalCancel leaves top while SIGKILL is about to follow: it says what was sent and
// what is not.
func TestTerminalCancel(t *testing.T) {
	term := menuScene(t, 100, 30)
	term.find("4001")
	term.keys("k")
	term.see("15 TERM     IGNORE")
	term.keys("e")
	term.see("y send  n no")
	term.keys("y")
	term.see("SIGKILL in ")
	term.keys("C-c")
	term.see("yinit: top: SIGTERM was sent to ", "SIGKILL after 10s is cancelled", "left 0")
}

// TestTerminalSmallMenu confirms a signal on the smallest terminal.
func TestTerminalSmallMenu(t *testing.T) {
	term := menuScene(t, 40, 10)
	term.find("4001")
	term.keys("k")
	term.see("signal to ", "[process]", "▌ 15 TERM     IGNORE", "Enter confirm  Esc close")
	term.keys("kill")
	term.see("▌  9 KILL")
	term.keys("Enter")
	term.see("Send SIGKILL to ", "y send  n no")
	term.keys("n")
	term.unsee("Send SIGKILL")
	term.see("Enter confirm")
	term.keys("Enter")
	term.see("Send SIGKILL to ", "y send  n no")
	term.keys("y")
	term.see("killed by SIGKILL")
	term.keys("q")
	term.see("left 0")
}

// TestTerminalReadOnly asks for a menu that there is not.
func TestTerminalReadOnly(t *testing.T) {
	term := inTerminal(t)
	term.keys("yinit top --readonly --pid 1; echo le''ft $?", "Enter")
	term.see("COMMAND")
	term.keys("k")
	term.see("no signals: top was started with --readonly")
	term.keys("q")
	term.see("left 0")
}
