package main

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"yinit/procfs"
)

// A nodeScene is three containers on this machine, and yinit top in a terminal, which shows only
// them. Each has a process sleep 4001, so that a signal to the wrong one would be seen.
type nodeScene struct {
	*terminal
	names [3]string // deaf, leak, good
	ids   [3]string
	held  map[int]int // pidfds of their processes, by the pid on this machine
}

// sleeps matches the lines of docker top with a process sleep: a script has the words, too.
var sleeps = regexp.MustCompile(`(?m)[0-9] +sleep 400[12]$`)

// What the containers of a nodeScene are.
const (
	deaf = iota // its PID 1 ignores SIGTERM
	leak        // it has zombies
	good        // it has yinit as its init, and a process that failed
)

func newNodeScene(t *testing.T) *nodeScene {
	t.Helper()
	s := &nodeScene{held: map[int]int{}}
	for i, script := range []string{
		`sleep 4001 & sleep 4002 & trap "" TERM; while :; do sleep 1000; done`,
		`sh -c 'for i in 1 2 3; do sleep 0.1 & done; exec sleep 4002' & sleep 4001; :`,
		`sh -c "sleep 3; exit 3"; sleep 4001 & exec sleep 4002`,
	} {
		command := []string{"sh", "-c", script}
		if i == good {
			command = append([]string{"/yinit", "--"}, command...)
		}
		s.names[i] = fmt.Sprintf("pages-%d-%s", os.Getpid(), [...]string{"deaf", "leak", "good"}[i])
		s.ids[i] = container(t, append([]string{"--network", "none", "--name", s.names[i], "--entrypoint", "", busyImage}, command...)...)
		eventually(t, s.names[i]+" has its processes", func() bool {
			top := docker(t, "top", s.ids[i])
			return len(sleeps.FindAllString(top, -1)) == 2 && (i != leak || rowOf(t, s.ids[i], binary).Zombies.Count == 3)
		})
	}
	return s
}

// open starts top in a terminal, and filters so that it shows only the three containers.
func (s *nodeScene) open(t *testing.T, width, height int, command ...string) {
	t.Helper()
	s.terminal = newTerminal(t, width, height, "sh", "-c", strings.Join(command, " ")+"; echo left $?; exec sleep 1000")
	s.see("FOUND")
	s.find(fmt.Sprintf("pages-%d-", os.Getpid()))
	s.see(s.names[:]...)
}

// hold holds all processes by pidfds.
func (s *nodeScene) hold(t *testing.T) {
	t.Helper()
	for i := range s.ids {
		row := rowOf(t, s.ids[i], binary)
		members := membersOf(t, &row)
		if len(members) < 3 {
			t.Fatalf("%s has %d processes", s.names[i], len(members))
		}
		for pid, fd := range members {
			s.held[pid] = fd
		}
	}
	for _, pid := range s.ended(t) { // the zombies
		delete(s.held, pid)
	}
}

// ended returns those of the held processes that have ended.
func (s *nodeScene) ended(t *testing.T) (all []int) {
	t.Helper()
	for pid, fd := range s.held {
		fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		if _, err := unix.Poll(fds, 0); err != nil {
			t.Fatal(err)
		}
		if fds[0].Revents != 0 {
			all = append(all, pid)
		}
	}
	return all
}

// pidOf returns the pid of a process of a container, on this machine and inside.
func (s *nodeScene) pidOf(t *testing.T, which int, command string) (outside, inside int) {
	t.Helper()
	for pid := range s.held {
		words, err := procfs.New("/proc").Cmdline(pid)
		groups, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cgroup", pid))
		if err != nil || strings.Join(words, " ") != command || !strings.Contains(string(groups), s.ids[which]) {
			continue
		}
		status, err := procfs.New("/proc").Status(pid)
		if err != nil {
			t.Fatal(err)
		}
		return pid, status.NSpid[len(status.NSpid)-1]
	}
	t.Fatalf("%s has no process %s", s.names[which], command)
	return 0, 0
}

// row waits until the Tree has a row of a process with this pid.
func (s *nodeScene) row(pid int, command string) {
	s.t.Helper()
	line := regexp.MustCompile(fmt.Sprintf(`(?m)^\W*%d .*%s`, pid, command))
	eventually(s.t, fmt.Sprintf("a row of %d %s:\n%s", pid, command, s.screen()), func() bool { return line.MatchString(s.screen()) })
}

// selected waits until a container is selected. The line above the keys is about it.
func (s *nodeScene) selected(which int) {
	s.t.Helper()
	s.see("▌" + s.names[which])
}

// TestDockerContainersPage looks at the containers of this machine in a terminal, looks into each,
// and sends a signal there.
func TestDockerContainersPage(t *testing.T) {
	s := newNodeScene(t)
	s.hold(t)
	s.open(t, 100, 30, binary, "top")
	s.see("0 Containers", "3 zombies")

	// The order is by what is wrong; then by name.
	s.keys("End")
	s.selected(good)
	s.keys("Home")
	s.unsee("▌" + s.names[good])
	s.clickWord("CONTAINER")
	s.see("by CONTAINER")
	s.clickWord(s.names[leak])
	s.selected(leak)
	s.see("3 zombies, most of ")
	s.keys("Home")
	s.selected(deaf)

	// Into the first one, with its own pids.
	s.keys("Enter")
	s.see("in "+s.names[deaf], "1 Tree", "Esc to the machine")
	target, inside := s.pidOf(t, deaf, "sleep 4001")
	s.row(inside, "sleep 4001")
	_, other := s.pidOf(t, deaf, "sleep 4002")
	s.row(other, "sleep 4002")
	s.row(1, "sh -c")
	if screen := s.screen(); strings.Contains(screen, fmt.Sprintf(" %d ", target)) {
		t.Errorf("the pid %d on the machine shows:\n%s", target, screen)
	}
	s.keys("3")
	s.see("sleep 4001", "IGNORE  P PENDING")
	s.row(inside, "sleep 4001")

	// A signal reaches that process, and no other.
	s.keys("1")
	s.find(fmt.Sprintf("pid:%d", inside))
	s.keys("k")
	s.see(fmt.Sprintf("signal to %d sleep", inside), "15 TERM     terminate")
	s.keys("Enter")
	s.see("Send SIGTERM to ", "Enter/y send")
	s.keys("y")
	s.see("killed by SIGTERM")
	eventually(t, "the process has ended", func() bool { return len(s.ended(t)) > 0 })
	if got := s.ended(t); len(got) != 1 || got[0] != target {
		t.Errorf("ended: %v, want %d alone", got, target)
	}
	s.escape("filter: ")
	s.keys("Escape")
	s.see("by CONTAINER", s.names[good])
	s.selected(deaf)

	// The history of another one is that of its init.
	s.keys("End")
	s.selected(leak)
	s.keys("Up")
	s.selected(good)
	s.keys("Enter")
	s.see("in "+s.names[good], "yinit 0.0.0-test up ")
	s.keys("4")
	s.see("exited 3")
	s.keys("Escape")
	s.see(s.names[leak])

	// It ends while the pages show it.
	s.clickWord(s.names[leak])
	s.selected(leak)
	s.keys("Enter")
	s.see("in "+s.names[leak], "has not reaped 3 zombies")
	docker(t, "kill", s.ids[leak])
	s.see(s.names[leak] + " has ended. Esc leads back to the machine.")
	for _, page := range []string{"2", "3", "4", "5", "1"} {
		s.keys(page)
		s.see(s.names[leak] + " has ended")
	}
	s.keys("Escape")
	s.see(s.names[deaf], s.names[good])
	s.unsee(s.names[leak])
	s.keys("q")
	s.see("left 0")
}

// TestDockerContainersSizes shows the page and a container in small terminals, and resizes them.
func TestDockerContainersSizes(t *testing.T) {
	s := newNodeScene(t)
	s.open(t, 80, 24, binary, "top")
	for _, size := range [][2]string{{"40", "10"}, {"80", "24"}, {"200", "60"}, {"40", "10"}, {"100", "30"}} {
		s.tmux("resize-window", "-x", size[0], "-y", size[1])
		s.keys("0", "Home")
		s.see("CONTAINER", "▌"+s.names[0][:len("pages")], "zoom")
		s.keys("Space")
		s.see("problem")
		s.keys("Space")
		s.keys("Enter")
		s.see("in pages-", "1 Tree", "COMMAND")
		s.tmux("resize-window", "-x", "60", "-y", "15")
		for _, key := range []string{"2", "3", "4", "5", "1"} {
			s.keys(key)
			s.see("in pages-")
		}
		s.tmux("resize-window", "-x", size[0], "-y", size[1])
		s.see("to the machine")
		s.keys("Escape")
		s.see("CONTAINER", "zoom")
	}
	s.keys("q")
	s.see("left 0")
}

// TestDockerContainersInside shows the page in a container with --pid=host.
func TestDockerContainersInside(t *testing.T) {
	s := newNodeScene(t)
	s.hold(t)
	s.open(t, 100, 30, "docker", "run", "--rm", "-ti", "--network", "none", "--pid", "host", "--cap-add", "SYS_PTRACE", "-v", "/:/host:ro",
		"--entrypoint", "/yinit", busyImage, "top", "--root", "/host")
	s.clickWord("CONTAINER")
	s.see("by CONTAINER")
	s.clickWord(s.names[good])
	s.selected(good)
	s.keys("Enter")
	_, inside := s.pidOf(t, good, "sleep 4001")
	s.see("in " + s.names[good])
	s.row(inside, "sleep 4001")
	s.keys("4")
	s.see("exited 3")
	s.keys("Escape")
	s.see(s.names[:]...)
	s.keys("q")
	s.see("left 0")
}
