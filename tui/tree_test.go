package tui

import (
	"errors"
	"slices"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"yinit/procfs/snapshot"
)

// pids returns the pids of the rows, from the top.
func (u *user) pids() []int {
	t := u.m.pages[0].(treePage)
	var pids []int
	for _, r := range t.rows {
		pids = append(pids, u.m.world.procs[r.Index].ID.PID)
	}
	return pids
}

func (u *user) seesRows(want ...int) {
	u.t.Helper()
	if got := u.pids(); !slices.Equal(got, want) {
		u.t.Errorf("the rows are %v, want %v", got, want)
	}
}

func TestSelectionFollowsProcess(t *testing.T) {
	u := newUser(t, 80, 24, Options{})
	u.choose(56)
	u.src.procs = append([]snapshot.Process{proc(13, 12, app, "S", "early", caught())}, u.src.procs...)
	u.src.procs[0].ID.Start = 1012
	u.refresh()
	if got := u.selected(); got != 56 {
		t.Errorf("after a row was inserted above, the selection is at %d, want 56", got)
	}
	u.press("f", "P", "t")
	if got := u.selected(); got != 56 {
		t.Errorf("after sorting while following, the selection is at %d, want 56", got)
	}
}

func TestSelectionStaysAtRowOfTheDead(t *testing.T) {
	u := newUser(t, 80, 24, Options{})
	u.choose(55)
	u.src.end(55, 9)
	u.refresh()
	u.sees("×", "killed by SIGKILL")
	u.refresh()
	if got := u.selected(); got != 55 {
		t.Errorf("while the dead row is shown, the selection is at %d, want 55", got)
	}
	u.refresh()
	if got := u.selected(); got != 56 {
		t.Errorf("when it is gone, the selection is at %d, want 56, which moved up", got)
	}
	u.seesNot("killed by")
}

func TestPidUsedAgain(t *testing.T) {
	u := newUser(t, 80, 24, Options{})
	u.choose(55)
	again := proc(55, 12, app, "S", "another", caught())
	again.ID.Start = 99999
	u.src.end(55, 0)
	u.src.procs = append(u.src.procs, again)
	u.refresh()
	p, _ := u.m.selected()
	if p.ID.Start == again.ID.Start {
		t.Errorf("the selection went from the dead process to another one with its pid")
	}
	u.sees("another", "exited 0 after 400ms")
}

func TestNewRowsAreMarked(t *testing.T) {
	u := newUser(t, 80, 24, Options{})
	u.seesNot("+ ")
	u.src.procs = append(u.src.procs, proc(4200, 12, app, "S", "fresh", caught()))
	for range markFor {
		u.refresh()
		u.sees("+ 4200")
	}
	u.refresh()
	u.seesNot("+ 4200")
	u.sees("4200")
}

func TestStartAtPid(t *testing.T) {
	u := newUser(t, 80, 24, Options{PID: 55})
	if got := u.selected(); got != 55 {
		t.Errorf("with Options.PID 55 the selection is at %d", got)
	}
}

func TestFilter(t *testing.T) {
	for _, test := range []struct {
		filter string
		want   []int
	}{
		{"", []int{1, 12, 37, 38, 44, 55, 56, 4120, 4125}},
		{"worker", []int{1, 12, 55, 56}},
		{"WORKER state:t", []int{1, 12, 56}},
		{"state:Z", []int{1, 12, 37, 38, 44}},
		{"state:z,T", []int{1, 12, 37, 38, 44, 56}},
		{"state:zom", []int{1, 12, 37, 38, 44}},
		{"user:root sleep", []int{4120, 4125}},
		{"pid:37", []int{1, 12, 37}},
		{"ignores:TERM", []int{1, 12, 55}},
		{"ignores:sigterm", []int{1, 12, 55}},
		{"catches:15", []int{1, 12}},
		{"blocks:USR2", []int{1, 12, 56}},
		{`"app:app"`, []int{1, 12}},
		{"nobody", nil},
		{"pid:37 or !state:Z user:root", []int{1, 12, 37, 4120, 4125}},
		{"exit!=0", []int{1, 12, 37, 38}},
	} {
		t.Run(test.filter, func(t *testing.T) {
			u := newUser(t, 80, 24, Options{})
			u.press("/").write(test.filter).press("enter")
			u.seesRows(test.want...)
		})
	}
}

// TestFilterIsUnfinished checks that while a filter is not valid, the last valid one
// stays in force, the line says what is missing, and Enter does not accept it.
func TestFilterIsUnfinished(t *testing.T) {
	for _, width := range []int{120, 40} {
		u := newUser(t, width, 24, Options{})
		u.press("/").write("worker sta")
		u.seesRows()
		u.write("te:")
		u.seesRows()
		if width > 80 { // there is room for it beside the tabs
			u.sees(" filter: ")
		}
		u.sees("state: needs a ")
		u.press("enter")
		u.sees("state: needs a ")
		u.write("T")
		u.seesRows(1, 12, 56)
		u.seesNot("needs")
		u.press("enter")
		if u.m.line.open {
			t.Error("Enter does not accept a valid filter")
		}
		u.press("/").write(" !=")
		u.seesRows(1, 12, 56)
		u.sees("needs a key")
		if got := strings.TrimSpace(u.m.page().filter()); got != "worker state:T" {
			t.Errorf("the filter in force is %q, want the last valid one", got)
		}
		u.press("esc", "/")
		u.seesNot("needs")
	}
}

func TestFilterSession(t *testing.T) {
	u := newUser(t, 80, 24, Options{})
	u.press("/").write("worker")
	if got := u.selected(); got != 55 {
		t.Errorf("while typing, the selection is at %d, want the first match, 55", got)
	}
	u.press("enter", "n")
	if got := u.selected(); got != 56 {
		t.Errorf("n goes to %d, want 56", got)
	}
	if u.press("n"); u.selected() != 55 {
		t.Errorf("n after the last match goes to %d, want 55", u.selected())
	}
	u.sees("filter: worker")
	u.press("esc")
	u.seesNot("filter: worker")
	u.sees("4125")

	u.press("/").write("q")
	if u.quit {
		t.Error("q in the filter quits, want a letter")
	}
	u.press("backspace").write("xyz")
	u.seesRows()
	u.sees("filter: xyz")
	u.press("enter")
	u.sees("No match. Esc clears the filter")
	u.press("k", "enter", "n", "up", "left", "right", "space", "esc")
	u.send(tea.PasteMsg{Content: "not where nothing is typed"})
	u.press("/")
	u.send(tea.PasteMsg{Content: "wor\x1b[2J\nker"})
	u.sees("filter: wor[2Jker")
}

func TestFold(t *testing.T) {
	u := newUser(t, 80, 24, Options{})
	u.choose(12).press("space")
	u.seesRows(1, 12, 4120, 4125)
	u.sees("+5, 3 zombies")
	u.refresh()
	u.seesRows(1, 12, 4120, 4125)
	u.press("right")
	u.seesRows(1, 12, 37, 38, 44, 55, 56, 4120, 4125)
	u.press("right")
	if got := u.selected(); got != 37 {
		t.Errorf("right goes to %d, want the first child, 37", got)
	}
	u.press("left")
	if got := u.selected(); got != 12 {
		t.Errorf("left goes to %d, want the parent, 12", got)
	}
	u.press("left", "left", "left")
	u.seesRows(1, 4120, 4125)
	u.press("/").write("worker")
	u.seesRows(1, 12, 55, 56)
}

func TestFoldedAncestorTakesSelection(t *testing.T) {
	u := newUser(t, 80, 24, Options{})
	u.choose(12).press("space").choose(4120)
	u.src.procs[1].PPID = 1
	u.press("t").choose(55).press("t")
	if got := u.selected(); got != 12 {
		t.Errorf("back in the tree, where 55 is hidden, the selection is at %d, want 12", got)
	}
}

func TestSort(t *testing.T) {
	u := newUser(t, 80, 24, Options{})
	u.press("t")
	u.seesRows(1, 12, 37, 38, 44, 55, 56, 4120, 4125)
	u.press("P")
	if got := u.pids()[:2]; !slices.Equal(got, []int{55, 12}) {
		t.Errorf("by CPU the first are %v, want 55 12", got)
	}
	u.sees("flat, by CPU", "CPU▼")
	u.press("<")
	if got := u.pids()[:4]; !slices.Equal(got, []int{37, 38, 44, 56}) {
		t.Errorf("by state the first are %v, want the zombies and the stopped one", got)
	}
	u.press("r")
	if got := u.pids(); !slices.Equal(got[len(got)-3:], []int{37, 38, 44}) {
		t.Errorf("by state, reversed, the last are %v, want the zombies", got)
	}
	for range processColumns {
		u.press("s")
	}
	u.sees("by S")
}

func TestTermColumn(t *testing.T) {
	u := newUser(t, 80, 24, Options{})
	for pid, want := range map[string]string{"1 root": "forward", "12 app": "handler", "55 app": "IGNORE", "56 app": "PENDING", "4125 root": "terminate"} {
		for line := range strings.SplitSeq(u.screen(), "\n") {
			if strings.HasPrefix(strings.TrimLeft(line, " ▌"), pid) && !strings.Contains(line, " "+want+" ") {
				t.Errorf("the row of %s does not say %s: %s", pid, want, line)
			}
		}
	}
}

func TestFailedReadKeepsRows(t *testing.T) {
	u := newUser(t, 100, 24, Options{})
	u.src.fail = errors.New("open /proc: too many \x1b open files")
	u.refresh()
	u.sees("gunicorn: worker", `showing data from 12:00:01: open /proc: too many \x1b open files`)
	u.src.fail = nil
	u.refresh()
	u.seesNot("open files")

	u.src.noLog = errors.New("permission denied")
	u.refresh()
	u.press("4")
	u.sees("The history cannot be read: permission denied")
}

func TestFirstReadFails(t *testing.T) {
	src := newFakeSource()
	src.fail = errors.New("no /proc")
	u := &user{t: t, src: src, sig: &fakeSignaller{}}
	u.m = New(src, u.sig, Options{})
	u.send(tea.WindowSizeMsg{Width: 80, Height: 24})
	u.sees("reading the processes")
	u.press("k", "enter", "down", "4", "1", "/", "a", "esc")
	u.refresh()
	u.sees("cannot read the processes: no /proc")
}

// TestReadsDoNotPileUp counts the reads that start while one has not returned.
func TestReadsDoNotPileUp(t *testing.T) {
	u := newUser(t, 80, 24, Options{})
	gen := u.m.gen
	if cmd := u.send(tickMsg{gen}); cmd == nil {
		t.Fatal("a tick starts no reading")
	}
	for range 3 {
		if cmd := u.send(tickMsg{gen}); cmd != nil {
			t.Error("a tick starts a reading while the one before is under way")
		}
	}
	u.refresh()
	if u.m.gen == gen {
		t.Error("after a reading no new tick was asked for")
	}
	if cmd := u.send(tickMsg{gen}); cmd != nil {
		t.Error("a tick that is left over starts a reading")
	}
}

func TestPause(t *testing.T) {
	u := newUser(t, 80, 24, Options{})
	u.send(keyPress("p"))
	u.sees("PAUSED")
	if cmd := u.send(tickMsg{u.m.gen}); cmd != nil {
		t.Error("a tick starts a reading while paused")
	}
	if cmd := u.send(keyPress("p")); cmd == nil || !u.m.reading {
		t.Error("going on starts no reading")
	}
	u.seesNot("PAUSED")
}

func TestInterval(t *testing.T) {
	u := newUser(t, 80, 24, Options{})
	u.send(keyPress("+"))
	u.sees("refresh every 2s")
	for range 20 {
		u.send(keyPress("-"))
	}
	u.sees("refresh every 100ms")
	for range 20 {
		u.send(keyPress("+"))
	}
	u.sees("refresh every 1m00s")
}

func TestDetails(t *testing.T) {
	u := newUser(t, 80, 24, Options{})
	u.choose(55).press("enter")
	u.sees("/usr/bin/python3.13", "ignored   HUP TERM", "caught    CHLD", "12 gunicorn, child of 1 yinit", "ignores SIGTERM")
	u.src.end(55, 9)
	u.refresh()
	u.sees("55 gunicorn has ended: killed by SIGKILL")
	u.press("esc").choose(37).press("enter")
	u.sees("A zombie takes no signals", "exited 1")
	u.press("q")
	u.seesNot("A zombie takes no signals")
	if u.quit {
		t.Error("q in the details quits, want them closed")
	}
}

func TestHelpAndQuit(t *testing.T) {
	for _, key := range []string{"q", "f10", "ctrl+c"} {
		u := newUser(t, 80, 24, Options{})
		if u.press(key); !u.quit {
			t.Errorf("%s does not quit", key)
		}
	}
	for _, open := range []string{"?", "/", "k", "enter"} {
		u := newUser(t, 80, 24, Options{})
		if u.press(open, "ctrl+c"); !u.quit {
			t.Errorf("ctrl+c after %s does not quit", open)
		}
	}
	u := newUser(t, 80, 24, Options{ReadOnly: true})
	u.press("f1")
	u.sees("MOVE", "previous or next row")
	u.seesNot("send a signal")
	u.press("x")
	u.seesNot("previous or next row")
	u.choose(55).press("f9")
	u.seesNot("signal to")
	if u.press("k"); u.selected() != 55 {
		t.Errorf("k where nothing can be signalled goes to %d, want it to stay at 55", u.selected())
	}
	u.sees("no signals: top was started with --readonly")
}

func TestMouse(t *testing.T) {
	u := newUser(t, 80, 24, Options{})
	u.send(tea.MouseClickMsg{X: 10, Y: 5, Button: tea.MouseLeft})
	if got := u.selected(); got != 12 {
		t.Errorf("a click on the second row selects %d, want 12", got)
	}
	u.send(tea.MouseWheelMsg{Button: tea.MouseWheelDown})
	if got := u.selected(); got != 44 {
		t.Errorf("the wheel goes to %d, want 44", got)
	}
	for y := range 26 {
		u.send(tea.MouseClickMsg{X: 10, Y: y - 1, Button: tea.MouseLeft})
	}
}
