package tui

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"yinit/initcore/history"
	"yinit/procfs"
)

// TestScenes plays the sessions in testdata/scenes. A scene has one step a line:
//
//	screen 80x24 readonly   the size, and options: readonly, ascii, mono; node: on a
//	                        machine with containers, none: which have not started (first line)
//	press k enter           keys by name
//	type state:Z            letters
//	click TEXT              a click on the first place where the text is on the screen
//	doubleclick TEXT        two of them
//	wheel down              up or down
//	size 60x15              the terminal changes
//	wait 3                  so many refreshes, one second apart
//	starts 70 12 S make all a process: pid, parent, state, command
//	dies 55 9               a process disappears: wait status, or "exit 3"
//	zombie 55 exit 3        a process ends and is not reaped
//	reuse 55 other          the process ends, and another one gets its pid
//	burst 37 16 1 git gc    37 records, 16 seconds apart, of processes that exited with 1
//	later 26h               so much time passes before the next refresh
//	program 12              the init starts a process as its program: a record of it
//	pidslimit               the init notes that the pids limit was hit
//	leak 12 20              a process gets so many zombies, one each 15 seconds
//	obeys 15                a signal that is sent ends the process: wait status
//	stop TERM               a stop begins that a signal from outside asked for
//	select 55               moves to the row of a process
//	selected 55             the process that is selected
//	rows 1 12 55            the pids of the rows of the Tree
//	container web 9 3       a container gets so many zombies, of which so many are new
//	appears web             a container starts
//	gone web                a container ends
//	open 1                  so many containers are open
//	see TEXT                the screen has the text
//	not TEXT                it does not
//	sent TERM KILL          the signals that were sent so far; "nothing"
//	quit                    the inspector has quit
//
// A line that begins with # is a comment.
func TestScenes(t *testing.T) {
	files, err := filepath.Glob("testdata/scenes/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("there are no scenes: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			script, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			play(t, string(script))
		})
	}
}

// play plays one scene.
func play(t *testing.T, script string) {
	t.Helper()
	u := newUser(t, 80, 24, Options{})
	for i, line := range strings.Split(script, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		verb, rest, _ := strings.Cut(line, " ")
		if verb == "screen" {
			u = sceneUser(t, rest)
			continue
		}
		if err := u.step(verb, strings.TrimSpace(rest)); err != nil {
			t.Fatalf("line %d, %q: %v:\n%s", i+1, line, err, u.screen())
		}
	}
}

func sceneUser(t *testing.T, words string) *user {
	t.Helper()
	fields := strings.Fields(words)
	width, height := 80, 24
	if _, err := fmt.Sscanf(fields[0], "%dx%d", &width, &height); err != nil {
		t.Fatal(err)
	}
	has := func(word string) bool { return slices.Contains(fields, word) }
	o := Options{ReadOnly: has("readonly"), ASCII: has("ascii"), NoColor: has("mono"), NoneYet: has("none")}
	u := newUser(t, width, height, o)
	if has("node") {
		u, _ = newNodeUser(t, width, height, o)
	}
	u.src.records = events()
	u.refresh()
	return u
}

func (u *user) step(verb, rest string) error {
	fields := strings.Fields(rest)
	switch verb {
	case "press":
		u.press(fields...)
	case "type":
		u.write(rest)
	case "click", "doubleclick":
		return u.clickOn(rest, verb == "doubleclick")
	case "wheel":
		u.run(u.send(tea.MouseWheelMsg{Button: map[string]tea.MouseButton{"up": tea.MouseWheelUp, "down": tea.MouseWheelDown}[rest]}))
	case "size":
		var size tea.WindowSizeMsg
		if _, err := fmt.Sscanf(rest, "%dx%d", &size.Width, &size.Height); err != nil {
			return err
		}
		u.send(size)
	case "wait":
		n, err := strconv.Atoi(rest)
		for range n {
			u.refresh()
		}
		return err
	case "see", "not":
		if strings.Contains(u.screen(), rest) != (verb == "see") {
			return fmt.Errorf("the screen is")
		}
	case "quit":
		if !u.quit {
			return fmt.Errorf("it has not quit")
		}
	default:
		return u.world(verb, fields)
	}
	return nil
}

// world plays the steps that are about processes.
func (u *user) world(verb string, fields []string) error {
	pids := make([]int, len(fields))
	for i, f := range fields {
		pids[i], _ = strconv.Atoi(f)
	}
	switch verb {
	case "starts":
		p := proc(pids[0], pids[1], app, fields[2], strings.Join(fields[3:], " "), caught())
		p.Age = -u.src.now
		if p.Dead() {
			p.Cmdline, p.Culprit = nil, p.PPID
		}
		u.src.procs = append(u.src.procs, p)
	case "dies":
		u.src.end(pids[0], waitStatus(fields[1:]))
	case "zombie":
		for i := range u.src.procs {
			if p := &u.src.procs[i]; p.ID.PID == pids[0] {
				p.State, p.Cmdline, p.Culprit, p.Known, p.Status = procfs.StateZombie, nil, p.PPID, true, waitStatus(fields[1:])
			}
		}
	case "reuse":
		u.src.end(pids[0], 0)
		p := proc(pids[0], 1, app, "S", strings.Join(fields[1:], " "), caught())
		p.ID.Start = procfs.Ticks(90000 + u.src.now/time.Second)
		u.src.procs = append(u.src.procs, p)
	case "burst":
		u.burst(pids[0], time.Duration(pids[1])*time.Second, pids[2], strings.Join(fields[3:], " "))
	case "later":
		d, err := time.ParseDuration(fields[0])
		u.src.now += d
		return err
	case "program":
		u.note(history.Record{Kind: history.KindStart, PID: pids[0], PPID: 1, Comm: "gunicorn"})
	case "pidslimit":
		u.note(history.Record{Kind: history.KindNote, Warning: true, Text: "the limit on processes and threads was hit: 100 of 100 were taken"})
	case "leak":
		u.leak(pids[0], pids[1])
	case "obeys":
		u.sig.outcomes = []Outcome{{Ended: true, Known: true, Status: waitStatus(fields), After: 200 * time.Millisecond}}
	case "stop":
		n, _ := procfs.ParseSignal(fields[0])
		u.stop(n)
	case "container", "appears", "gone", "open":
		return u.node(verb, fields)
	case "select":
		u.choose(pids[0])
	case "selected":
		if got := u.selected(); got != pids[0] {
			return fmt.Errorf("the selected process is %d", got)
		}
	case "rows":
		if got := u.pids(); !slices.Equal(got, pids) {
			return fmt.Errorf("the rows are %v", got)
		}
	case "sent":
		want := make([]int, 0, len(fields))
		for _, f := range fields {
			if n, err := procfs.ParseSignal(f); err == nil {
				want = append(want, n)
			}
		}
		if !slices.Equal(u.sig.sent, want) && len(u.sig.sent)+len(want) > 0 {
			return fmt.Errorf("the signals sent are %v", u.sig.sent)
		}
	default:
		return fmt.Errorf("there is no such step")
	}
	return nil
}

// node plays the steps that are about containers.
func (u *user) node(verb string, fields []string) error {
	fleet := u.m.opts.Fleet.(*fakeFleet)
	if verb == "open" {
		if n, err := strconv.Atoi(fields[0]); err != nil || n != fleet.opened {
			return fmt.Errorf("%d are open", fleet.opened)
		}
		return nil
	}
	named := func(c fakeContainer) bool { return c.names.Name == fields[0] }
	if at := slices.IndexFunc(fleet.later, named); at >= 0 && verb == "appears" {
		fleet.all = append(fleet.all, fleet.later[at])
		return nil
	}
	at := slices.IndexFunc(fleet.all, named)
	if at < 0 {
		return fmt.Errorf("there is no container %s", fields[0])
	}
	if verb == "gone" {
		fleet.all = slices.Delete(fleet.all, at, at+1)
		return nil
	}
	x, err := &fleet.all[at], error(nil)
	if x.zombies, err = strconv.Atoi(fields[1]); err == nil {
		x.gained, err = strconv.Atoi(fields[2])
	}
	return err
}

// note adds a record of this run, of now.
func (u *user) note(r history.Record) {
	r.Seq, r.Run, r.Time = uint64(len(u.src.records)+1), 1, noon.Add(u.src.now)
	u.src.records = append(u.src.records, r)
}

// waitStatus reads "9" for a signal and "exit 3".
func waitStatus(fields []string) procfs.WaitStatus {
	n, _ := strconv.Atoi(fields[len(fields)-1])
	if len(fields) > 1 {
		n <<= 8
	}
	return procfs.WaitStatus(n)
}

// clickOn clicks on the first cell of a text, as a user does who aims with the eyes.
func (u *user) clickOn(text string, double bool) error {
	for y, line := range strings.Split(u.screen(), "\n") {
		if i := strings.Index(line, text); i >= 0 {
			msg := tea.MouseClickMsg{X: ansi.StringWidth(line[:i]), Y: y, Button: tea.MouseLeft}
			cmd := u.send(msg)
			if double { // The time between them, which cmd would wait for, does not pass.
				cmd = u.send(msg)
			}
			u.run(cmd)
			return nil
		}
	}
	return fmt.Errorf("there is no %q to click on", text)
}
