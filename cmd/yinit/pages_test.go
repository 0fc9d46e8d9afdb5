package main

import (
	"os"
	"testing"
)

// visitPages shows each page of top in turn, by its number, by Tab and by a click on its
// tab, and resizes the terminal meanwhile.
func visitPages(term *terminal) {
	term.t.Helper()
	pages := []struct{ key, tab, words string }{
		{"1", "1 Tree", "COMMAND"},
		{"2", "2 Zombies", "CULPRIT"},
		{"3", "3 Signals", "IGNORE  P PENDING"},
		{"4", "4 History", "WHAT HAPPENED"},
		{"5", "5 Doctor", "stop (SIGTERM, "},
	}
	for _, p := range pages {
		term.keys(p.key)
		term.see(p.tab, p.words)
	}
	for _, p := range pages { // from the last page on
		term.keys("Tab")
		term.see(p.words)
	}
	for _, p := range []int{3, 0, 2, 4, 1} {
		term.clickWord(pages[p].tab)
		term.see(pages[p].words)
	}
	for _, size := range [][2]string{{"60", "15"}, {"40", "10"}, {"200", "60"}, {"100", "30"}} {
		term.tmux("resize-window", "-x", size[0], "-y", size[1])
		for _, key := range []string{"1", "2", "3", "4", "5"} {
			term.keys(key)
			term.see("zombie")
		}
	}
	term.see(pages[4].words)
}

// TestTerminalPages shows the pages in a PID namespace, with zombies and a stubborn process.
func TestTerminalPages(t *testing.T) {
	requireNamespaces(t)
	term := newTerminal(t, 100, 30, "env", "PS1=ready$ ", "PATH="+os.Getenv("PATH"), "bash", "--norc", "--noprofile")
	term.see("ready$")
	term.keys("yinit demo; echo le''ft $?", "Enter")
	term.see("1 zombie", "COMMAND")
	visitPages(term)
	term.keys("q")
	term.see("left 0")
}

// TestDockerPages shows the pages through docker exec.
func TestDockerPages(t *testing.T) {
	id := container(t, "--entrypoint", "/yinit", busyImage, "--", "sh", "-c", "trap '' TERM; sh -c 'sleep 0.2 & exec sleep 1000' & while :; do sleep 1; done")
	term := newTerminal(t, 100, 30, "sh")
	term.keys("docker exec -ti "+id[:12]+" /yinit top; echo le''ft $?", "Enter")
	term.see("1 zombie", "COMMAND")
	visitPages(term)
	term.keys("q")
	term.see("left 0")
}
