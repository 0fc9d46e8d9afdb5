package main

import (
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"yinit/cmd/yinit/config"
	"yinit/procfs"
	"yinit/procfs/pidfd"
)

// A witness is what this test itself saw of a process of a container while a scene was played.
type witness struct {
	pid     int // inside
	comm    string
	held    *pidfd.Process
	space   string    // its PID namespace
	since   time.Time // when it was first seen
	zombie  time.Duration
	died    time.Time // when it was first seen as a zombie
	ended   string
	zombies int // how many zombies the container had at most, of PID 1
}

// witnessed plays a scene and looks at its containers meanwhile, from outside. It returns what
// the scene told and the processes of each container, the first container first.
func witnessed(t *testing.T, name string) (told string, containers [][]*witness) {
	t.Helper()
	cmd := exec.Command("yinit", "demo", name)
	var out, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	all := map[procfs.ID]*witness{}
	var err error
	for done := false; !done; {
		select {
		case err = <-ended:
			done = true
		case <-time.After(3 * time.Millisecond):
			witnessAll(cmd.Process.Pid, all)
		}
	}
	if err != nil || stderr.Len() > 0 {
		t.Fatalf("yinit demo %s: %v\n%s%s", name, err, out.String(), stderr.String())
	}
	spaces := map[string][]*witness{}
	for _, w := range all {
		status, known := w.held.ExitStatus()
		w.ended = procfs.Ended(known, status)
		_ = w.held.Close() // only held
		spaces[w.space] = append(spaces[w.space], w)
	}
	for _, c := range spaces {
		slices.SortFunc(c, func(a, b *witness) int { return a.pid - b.pid })
		containers = append(containers, c)
	}
	slices.SortFunc(containers, func(a, b []*witness) int { return a[0].since.Compare(b[0].since) })
	return out.String(), containers
}

// witnessAll looks at the descendants of a process that are two PID namespaces below this one.
func witnessAll(root int, all map[procfs.ID]*witness) {
	fs := procfs.FS{}
	scanner := procfs.NewScanner(fs)
	defer scanner.Close()
	stats, err := scanner.Scan(nil)
	if err != nil {
		return
	}
	now := time.Now()
	parent, zombies := map[int]int{}, map[string]int{}
	for i := range stats {
		parent[stats[i].PID] = stats[i].PPID
	}
	for i := range stats {
		s := &stats[i]
		if !descends(s.PID, root, parent) {
			continue
		}
		w := all[s.ID()]
		if w == nil {
			if w = witnessOf(s, now); w == nil {
				continue
			}
			all[s.ID()] = w
		}
		if s.Zombie() {
			if w.died.IsZero() {
				w.died = now
			}
			w.zombie = now.Sub(w.died)
			zombies[w.space]++
		} else {
			w.comm = s.Comm
		}
	}
	for _, w := range all {
		if w.pid == 1 {
			w.zombies = max(w.zombies, zombies[w.space])
		}
	}
}

func descends(pid, root int, parent map[int]int) bool {
	for n := 0; pid != 0 && n < 50; n++ {
		if pid = parent[pid]; pid == root {
			return true
		}
	}
	return false
}

// witnessOf holds a process of a container; nil if it is none.
func witnessOf(s *procfs.Stat, now time.Time) *witness {
	fs := procfs.FS{}
	self, err := fs.Status(os.Getpid())
	status, err2 := fs.Status(s.PID)
	if err != nil || err2 != nil || len(status.NSpid) != len(self.NSpid)+2 {
		return nil
	}
	space, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/pid", s.PID))
	held, err2 := pidfd.Hold(fs, s.ID())
	if err != nil || err2 != nil {
		return nil
	}
	return &witness{pid: status.NSpid[len(self.NSpid)+1], comm: s.Comm, held: held, space: space, since: now}
}

// endsOf tells how the processes with these names ended, sorted: "sh killed by SIGTERM".
func endsOf(c []*witness, names ...string) (all []string) {
	for _, w := range c {
		// yinit has helpers that come and go.
		if slices.Contains(names, w.comm) && (w.comm != "yinit" || w.pid == 1) {
			all = append(all, w.comm+" "+w.ended)
		}
	}
	slices.Sort(all)
	return all
}

func agrees(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: the kernel says %q, want %q", what, got, want)
	}
}

// finds returns the groups of the last match of a pattern in what was told.
func finds(t *testing.T, told, pattern string) []string {
	t.Helper()
	all := regexp.MustCompile(pattern).FindAllStringSubmatch(strings.Join(strings.Fields(told), " "), -1)
	if len(all) == 0 {
		t.Fatalf("it does not tell %q:\n%s", pattern, told)
	}
	return all[len(all)-1][1:]
}

func numberIn(t *testing.T, s string) int {
	t.Helper()
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// sceneTests compare what each scene tells with what was seen from outside.
var sceneTests = map[string]func(t *testing.T, told string, seen [][]*witness){
	"pid1": func(t *testing.T, told string, seen [][]*witness) {
		agrees(t, "without", endsOf(seen[0], "sleep"), "sleep exited 0", "sleep killed by SIGKILL")
		agrees(t, "with", endsOf(seen[1], "sleep", "yinit"), "sleep exited 0", "sleep killed by SIGTERM", "yinit exited 0")
		finds(t, told, `The other process was killed by SIGKILL without yinit, and killed by SIGTERM with it`)
	},
	"shield": func(t *testing.T, told string, seen [][]*witness) {
		agrees(t, "without", endsOf(seen[0], "sleep"), "sleep killed by SIGKILL", "sleep killed by SIGKILL") // the second by the end of the part
		if first, other := seen[0][0], seen[0][len(seen[0])-1]; !other.died.IsZero() && !first.died.IsZero() && first.died.Before(other.died) {
			t.Error("PID 1 ended before the ordinary process")
		}
		agrees(t, "with", endsOf(seen[1], "sleep", "yinit"), "sleep killed by SIGTERM", "yinit exited 143")
		if n := strings.Count(told, "PID 1: still runs"); n != 3 {
			t.Errorf("PID 1 survives %d signals, want 3", n)
		}
	},
	"stop": func(t *testing.T, told string, seen [][]*witness) {
		agrees(t, "without", endsOf(seen[0], "sleep"), "sleep killed by SIGKILL")
		agrees(t, "with", endsOf(seen[1], "sleep", "yinit"), "sleep killed by SIGTERM", "yinit exited 143")
		got := finds(t, told, `The stop took (\d+)\.\d\d s and ended with status (\d+) without yinit, and (\d+)\.\d\d s and (\d+) with it`)
		if got[0] != "3" || got[1] != "137" || got[2] != "0" || got[3] != "143" {
			t.Errorf("it tells %q", got)
		}
	},
	"exec": func(t *testing.T, told string, seen [][]*witness) {
		agrees(t, "a shell", endsOf(seen[0], "sleep", "sh"), "sh killed by SIGKILL", "sleep killed by SIGKILL")
		agrees(t, "exec", endsOf(seen[1], "sleep", "sh"), "sleep killed by SIGKILL")
		agrees(t, "with", endsOf(seen[2], "sleep", "sh", "yinit"), "sh killed by SIGTERM", "sleep killed by SIGTERM", "yinit exited 143")
		finds(t, told, `2 processes were killed hard.*no process was killed hard`)
	},
	"exit": func(t *testing.T, told string, _ [][]*witness) {
		for command, words := range map[string][]string{
			"true": {"true"}, "false": {"false"}, "sh -c 'exit 7'": {"sh", "-c", "exit 7"},
			"sh -c 'kill -TERM $$; echo still here'": {"sh", "-c", "kill -TERM $$; echo still here"},
		} {
			got := finds(t, told, regexp.QuoteMeta(command)+` (\d+) (\d+) `)
			without, with := exitStatus(namespaced(words...).Run()), exitStatus(namespaced(append([]string{"yinit", "--"}, words...)...).Run())
			if numberIn(t, got[0]) != without || numberIn(t, got[1]) != with {
				t.Errorf("%s: it tells %q, but the status is %d without yinit and %d with it", command, got, without, with)
			}
		}
		// 126 where this user may not search a directory of PATH.
		finds(t, told, `no-such-program 127 (127|126) `)
	},
	"zombie": func(t *testing.T, told string, seen [][]*witness) {
		n := numberIn(t, finds(t, told, `Process (\d+) has ended, but is still in the table`)[0])
		for i, c := range seen {
			for _, w := range c {
				if lasting := w.zombie > time.Second; lasting != (i == 0 && w.pid == n) {
					t.Errorf("container %d: %d (%s) was a zombie for %s", i, w.pid, w.comm, w.zombie)
				}
			}
		}
		finds(t, told, `there was 1 zombie without yinit, and no zombie with it`)
		finds(t, told, `exit \d+ sleep 0\.5 exited 0 .*reaped by the init`)
	},
	"pids": func(t *testing.T, told string, seen [][]*witness) {
		n := numberIn(t, finds(t, told, `the container had (\d+) zombies, and each counts`)[0])
		if seen[0][0].zombies != n {
			t.Errorf("it tells of %d zombies, but there were %d", n, seen[0][0].zombies)
		}
		if seen[1][0].zombies > 3 { // they are there for a moment
			t.Errorf("with yinit there were %d zombies at once", seen[1][0].zombies)
		}
		got := finds(t, told, `The script ran (\d+) of (\d+) jobs and left \d+ zombies without yinit, and (\d+) of (\d+) jobs and left no zombie with it`)
		if got[2] != got[3] || numberIn(t, got[0]) >= numberIn(t, got[1]) {
			t.Errorf("it tells %q", got)
		}
	},
	"stranger": func(t *testing.T, told string, seen [][]*witness) {
		agrees(t, "without", endsOf(seen[0], roleWorker), "worker-1 killed by SIGKILL", "worker-1 killed by SIGKILL")
		got := finds(t, told, `the worker is now process (\d+), it was (\d+)\.`)
		var pids []string
		for _, w := range seen[0] {
			if w.comm == roleWorker {
				pids = append(pids, strconv.Itoa(w.pid))
			}
		}
		agrees(t, "the workers", pids, got[1], got[0])
		agrees(t, "with", endsOf(seen[1], roleWorker), "worker-1 killed by SIGKILL") // by the end of the scene
		finds(t, told, `supervisor: child \d+ exited 3: a crash; restarting the worker`)
		finds(t, told, `restarted its worker once without yinit, and not at all with it`)
	},
	"pipe": func(t *testing.T, told string, seen [][]*witness) {
		for i, c := range seen {
			if c[0].ended != "exited 0" || !slices.ContainsFunc(c, func(w *witness) bool { return w.ended == "exited 3" }) {
				t.Errorf("container %d: PID 1 %s; want that it exited 0, and another process 3", i, c[0].ended)
			}
		}
		n := numberIn(t, finds(t, told, `exit status 0, but (\d+) \(sh\) exited 3`)[0])
		if !slices.ContainsFunc(seen[1], func(w *witness) bool { return w.pid == n && w.ended == "exited 3" }) {
			t.Errorf("it names process %d", n)
		}
	},
}

// TestScenes plays each scene and looks whether it tells the truth.
func TestScenes(t *testing.T) {
	requireNamespaces(t)
	for _, s := range scenes() {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			check := sceneTests[s.name]
			if check == nil {
				t.Fatal("there is no test for this scene")
			}
			told, seen := witnessed(t, s.name)
			if want := map[string]int{"exec": 3, "exit": 0}; s.name != "exit" && len(seen) != cmp.Or(want[s.name], 2) {
				t.Fatalf("there were %d containers\n%s", len(seen), told)
			}
			if check(t, told, seen); t.Failed() {
				t.Log(told)
			}
			for line := range strings.Lines(told) {
				if len(line) > narrow+1 && !strings.HasPrefix(line, "     |") {
					t.Errorf("a line has %d columns: %s", len(line), line)
				}
			}
		})
	}
}

// TestSceneNames: the option table and the list have the same scenes.
func TestSceneNames(t *testing.T) {
	var names []string
	for _, s := range scenes() {
		names = append(names, s.name)
	}
	if got := config.Lookup("demo").Choices; got != strings.Join(names, " ") {
		t.Errorf("the option table has the scenes %s, not %v", got, names)
	}
}

// TestSceneOnATerminal: there each step waits for Enter; q and Ctrl-C end it.
func TestSceneOnATerminal(t *testing.T) {
	term := inTerminal(t)
	const prompt = "[Enter: go on, q: quit]"
	term.keys("yinit demo exit; echo le''ft $?", "Enter")
	term.see(prompt)
	for range 2 {
		term.keys("Enter")
	}
	term.see("2. Run", "| 0")
	if strings.Contains(term.screen(), "3. Run") {
		t.Errorf("it does not wait:\n%s", term.screen())
	}
	term.keys("q", "Enter")
	term.see("left 0\n")
	term.keys("C-l", "yinit demo stop; echo le''ft $?", "Enter")
	term.see(prompt)
	term.keys("C-c")
	term.see("yinit: demo: ended by SIGINT; nothing is left running", "left 130\n")
}
