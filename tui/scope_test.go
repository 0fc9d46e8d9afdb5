package tui

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"yinit/procfs"
	"yinit/procfs/snapshot"
	"yinit/procfs/verdict"
)

// family returns a user of a container in which process 12 leads a session with two
// groups and two zombies, and top is 30.
func family(t *testing.T) *user {
	u := newUser(t, 100, 30, Options{})
	at := func(pid, ppid, group, session int, state string, sigs procfs.Signals) snapshot.Process {
		p := proc(pid, ppid, app, state, fmt.Sprintf("p%d", pid), sigs)
		p.PGRP, p.Session = group, session
		return p
	}
	none, ignores := procfs.Signals{Known: true}, procfs.Signals{Known: true, Ignored: procfs.NewSignalSet(15)}
	u.src.procs = []snapshot.Process{
		at(1, 0, 0, 0, "S", caught(15)),
		at(12, 1, 12, 12, "S", caught(15)),
		at(13, 12, 12, 12, "S", ignores),
		at(14, 12, 14, 12, "S", none),
		at(15, 14, 14, 12, "T", none),
		at(16, 14, 16, 16, "S", none), // a session of its own
		at(17, 12, 12, 12, "Z", none),
		at(30, 12, 14, 12, "R", caught(15)), // top
		at(40, 0, 0, 0, "S", none),
	}
	u.src.caller = verdict.Anyone()
	u.src.caller.PID = 30
	u.refresh()
	u.refresh()
	u.refresh() // what was there before has left the screen
	return u
}

func TestScopes(t *testing.T) {
	u := family(t)
	w := &u.m.world
	w.tags = map[procfs.ID]bool{}
	for _, p := range w.procs {
		if p.ID.PID == 13 || p.ID.PID == 40 || p.ID.PID == 17 {
			w.tags[p.ID] = true
		}
	}
	for _, test := range []struct {
		pid  int
		want string
	}{
		{12, "process 12; group 12 13; subtree 12 13 14 15 16; session 12 13 14 15; tagged 13 40"},
		{14, "process 14; group 14 15; subtree 14 15 16; session 12 13 14 15; tagged 13 40"},
		{16, "process 16; tagged 13 40"},
		{40, "process 40; tagged 13 40"}, // its group and session are outside
		{1, "process 1; subtree 1 12 13 14 15 16; tagged 13 40"},
	} {
		i := w.byPID[test.pid]
		var got []string
		for _, s := range w.scopes(w.procs[i]) {
			words := s.label
			for _, id := range s.ids() {
				words += fmt.Sprintf(" %d", id.PID)
			}
			got = append(got, words)
		}
		if got := strings.Join(got, "; "); got != test.want {
			t.Errorf("the scopes of %d are %q, want %q", test.pid, got, test.want)
		}
	}
}

// TestSignalGroup sends SIGTERM to the members of a session, and SIGKILL to those that
// are left.
func TestSignalGroup(t *testing.T) {
	u := family(t)
	ended := []Outcome{{Ended: true, After: 20 * time.Millisecond}}
	u.sig.fates = map[int][]Outcome{
		12: ended, 14: ended,
		13: append(slices.Repeat([]Outcome{{State: 'S', Sent: ignoring(15)}}, 16), ended...),
		15: append(slices.Repeat([]Outcome{{State: 'T'}}, 16), ended...),
	}
	u.choose(12).press("k")
	u.sees("[process]  group (2)  subtree (5)  session (4)", "▌ 15 TERM     handler")
	u.press("tab", "tab", "tab")
	u.sees("signal to session 12 (4 processes)", "▌ 15 TERM     1 IGNORE, 1 PENDING, 1 handler, 1 terminate", "2 will not end: 13 p13 IGNORE, 15 p15 PENDING")
	u.press("down")
	u.sees("▌  9 KILL     4 terminate")
	u.seesNot("will not end")
	u.press("up", "enter")
	u.sees("Send SIGTERM to session 12 (4 processes)?", "y send  n no")
	lines := u.menuRows()
	if !strings.Contains(lines[1], "13 p13") || !strings.Contains(lines[2], "15 p15") || !strings.Contains(lines[3], "12 p12") {
		t.Errorf("the question lists %q, want those first that will not end", lines)
	}
	u.press("enter")
	if u.sig.sent != nil {
		t.Fatal("Enter is an answer")
	}
	u.press("y")
	u.sees("SIGTERM → session 12: 2 of 4 ended after 20ms, 2 still there after 4s", "13 p13               still there after 4s, pending no: it ignores SIGTERM", "15 p15", "K send SIGKILL")
	u.seesNot("14 p14   ")
	u.sig.errs = map[int]error{12: procfs.ErrGone, 14: procfs.ErrGone}
	u.press("K")
	u.sees("Send SIGKILL to session 12 (2 processes)?")
	u.press("n")
	u.sees("2 still there after 4s", "K send SIGKILL")
	u.press("K", "enter", "y")
	u.sees("SIGKILL → session 12: both ended after 20ms")
	u.checkClosed(15, 9)
	if got := fmt.Sprint(u.sig.to); got != "[[12 13 14 15] [13 15]]" {
		t.Errorf("the signals went to %s", got)
	}
}

// menuRows returns the lines of the menu below its title.
func (u *user) menuRows() []string {
	lines := strings.Split(u.screen(), "\n")
	i := slices.IndexFunc(lines, func(s string) bool { return strings.Contains(s, "signal to") })
	return lines[i+1:]
}

// TestGroupInPart has members that end before the signal, or may not be signalled.
func TestGroupInPart(t *testing.T) {
	gone := func(pids ...int) map[int]error {
		errs := map[int]error{}
		for _, pid := range pids {
			errs[pid] = procfs.ErrGone
		}
		return errs
	}
	refused := gone(13)
	refused[14] = denied{}
	for _, test := range []struct {
		name string
		errs map[int]error
		want string
	}{
		{"one has ended", gone(13), "SIGTERM → session 12: all 3 ended after 250ms, 1 had ended before"},
		{"one is left", gone(12, 13, 14), "SIGTERM → session 12: 1 of 1 ended after 250ms, 3 had ended before"},
		{"all have ended", gone(12, 13, 14, 15), "SIGTERM → session 12: all have ended: nothing sent"},
		{"one is another user's", refused, "both ended after 250ms, 1 refused"},
	} {
		t.Run(test.name, func(t *testing.T) {
			u := family(t)
			u.sig.outcomes = []Outcome{{Ended: true}}
			u.sig.errs = test.errs
			u.choose(12).press("k", "left", "enter", "y")
			u.sees(test.want)
			if test.errs[14] == (denied{}) {
				u.sees("14 p14               not permitted, although the user IDs permit it")
				u.seesNot("K send")
			}
			u.press("esc")
			u.checkClosed(15)
		})
	}
	// One ends while the menu is open.
	u := family(t)
	u.sig.outcomes = []Outcome{{Ended: true}}
	u.choose(12).press("k", "left")
	u.src.end(14, 0)
	u.refresh()
	u.sees("signal to session 12 (4 processes), 1 ended")
	u.press("enter")
	u.sees("Send SIGTERM to session 12 (3 processes)?", "Only these 3 get SIGTERM")
	for _, pid := range []int{12, 13} {
		u.src.end(pid, 0)
	}
	u.refresh()
	u.sees("Send SIGTERM to session 12 (1 process)?", "Only the one that is left gets SIGTERM")
	u.src.end(15, 0)
	u.refresh()
	u.sees("All have ended: none gets SIGTERM.")
	u.press("esc", "esc")
	u.checkClosed()
}

// TestCancelGroup cancels the SIGKILL to a session of which a part has ended, and ends what is
// left of it by SIGKILL.
func TestCancelGroup(t *testing.T) {
	escalate := func() (*user, tea.Cmd) {
		u := family(t)
		u.sig.errs = map[int]error{14: procfs.ErrGone}
		u.sig.outcomes = append(slices.Repeat([]Outcome{{State: 'S', Sent: ignoring(15)}}, 40), Outcome{Ended: true})
		u.sig.fates = map[int][]Outcome{12: {{Ended: true, After: 20 * time.Millisecond}}}
		u.choose(12).press("k", "left", "e")
		return u, u.send(keyPress("y"))
	}
	u, cmd := escalate()
	for range 5 { // the answers to Send and Watch
		cmd = u.send(cmd())
	}
	u.sees("1 of 3 ended, SIGKILL in", "Esc cancel SIGKILL")
	u.press("esc")
	u.sees("SIGTERM was sent to session 12 (3); SIGKILL after 10s is cancelled")
	u.run(cmd)
	u.checkClosed(15)

	u, cmd = escalate()
	u.send(u.size(80, 24))
	u.run(cmd)
	u.sees("SIGTERM did not end all in 10s, SIGKILL")
	u.checkClosed(15, 9)
}

// TestStopAndContinueGroup counts what was stopped and resumed.
func TestStopAndContinueGroup(t *testing.T) {
	for _, test := range []struct {
		signal string
		state  procfs.State
		want   string
	}{
		{"stop", 'T', "SIGSTOP → session 12: sent to 4 processes, 3 stopped until SIGCONT, 1 still there after 1s"},
		{"cont", 'S', "SIGCONT → session 12: sent to 4 processes, 1 resumed, 3 still there after 1s"},
	} {
		u := family(t)
		u.sig.outcomes = []Outcome{{State: test.state}}
		u.choose(12).press("k", "left").write(test.signal).press("enter", "y")
		u.sees(test.want)
		u.checkClosed(u.sig.sent...)
	}
}

// TestTagged checks that the menu starts with the tagged processes, if there are any, and
// asks for y.
func TestTagged(t *testing.T) {
	u := family(t)
	u.sig.outcomes = []Outcome{{Ended: true}}
	u.m.world.tags = map[procfs.ID]bool{u.src.procs[2].ID: true, u.src.procs[3].ID: true}
	u.choose(12).press("k")
	u.sees("signal to 2 tagged processes, NOT to 12 p12 under the cursor", "[tagged (2)]", "Only these 2 get SIGTERM.")
	u.press("tab") // to the process
	u.seesNot("under the cursor")
	u.press("left")
	u.press("enter", "y")
	u.sees("SIGTERM → tagged processes: both ended")
	if got := fmt.Sprint(u.sig.to); got != "[[13 14]]" {
		t.Errorf("the signal went to %s, want the tagged processes", got)
	}
	// The selected process may be a zombie.
	u.choose(17).press("k")
	u.sees("signal to 2 tagged processes, NOT to 17 p17 under the cursor")
	u.send(u.size(40, 10))
	u.sees("signal to 2 tagged, NOT 17 p17")
	u.send(u.size(100, 30))
	u.press("esc")
	u.checkClosed(15)
	// It is one of them.
	u.choose(14).press("k")
	u.sees("signal to 2 tagged processes")
	u.seesNot("NOT to")
	u.press("esc")
}

// TestJoined has processes that come to the group after the menu opened: it says that they
// do not get the signal, before and after.
func TestJoined(t *testing.T) {
	u := family(t)
	u.sig.outcomes = []Outcome{{State: 'S'}}
	late := func(pid int) {
		p := proc(pid, 12, app, "S", "late", caught())
		p.PGRP, p.Session = 12, 12
		u.src.procs = append(u.src.procs, p)
		u.refresh()
	}
	u.choose(12).press("k", "tab")
	u.sees("signal to process group 12 (2 processes)", "Only these 2 get SIGTERM: not what comes to the group while the menu is open.")
	u.seesNot("that came since")
	late(60)
	u.sees("signal to process group 12 (2 processes), not to 1 that came since", "1 process has come to the group since the menu opened: open it again.")
	u.press("enter", "y")
	u.sees("2 still there", "not to 1 that came since")
	late(61)
	u.sees("not to 2 that came since")
	u.press("esc", "k", "tab")
	u.sees("signal to process group 12 (4 processes)")
	u.seesNot("that came since")
	u.press("left") // The process alone has nobody who joins.
	late(62)
	u.seesNot("that came since")
	u.press("esc")
}

// TestFrozen marks the header, which does not change while a menu is open.
func TestFrozen(t *testing.T) {
	u := newUser(t, 100, 30, Options{})
	u.seesNot("FROZEN")
	u.choose(12).press("k")
	u.src.host.Pids = 77
	u.refresh()
	u.sees("FROZEN  as of 12:00:01", "45/100")
	u.press("enter")
	u.sees("FROZEN  as of 12:00:01")
	u.press("esc", "esc")
	u.sees("77/100")
	u.seesNot("FROZEN")
}

// TestMenuSentence checks that the line below the menu is about the selected signal, and
// says the same as the table.
func TestMenuSentence(t *testing.T) {
	u := newUser(t, 100, 30, Options{})
	u.choose(55).press("k")
	u.sees("SIGTERM to 55 gunicorn: IGNORE, the program ignores it")
	u.press("down")
	u.sees("SIGKILL to 55 gunicorn: terminate, cannot be caught")
	u.write("usr1")
	u.sees("SIGUSR1 to 55 gunicorn: terminate, it has no handler")
	u.press("enter")
	u.sees("SIGUSR1 to 55 gunicorn: terminate")
	u.press("esc", "esc").choose(37).press("k")
	u.seesNot("SIGTERM")
}

// TestStays warns of the descendants that do not end with the process.
func TestStays(t *testing.T) {
	u := family(t)
	for _, test := range []struct {
		pid   int
		typed string
		want  string
	}{
		{12, "", "2 descendants will stay: 13 p13 IGNORE, 15 p15 PENDING"},
		{12, "hup", ""},
		{12, "kill", "its 4 descendants do not get SIGKILL and may stay"},
		{14, "", "its child 15 (p15) does not act on SIGTERM now and will stay"},
		{13, "", ""},
		{16, "kill", ""},
	} {
		u.choose(test.pid).press("k").write(test.typed)
		if test.want == "" {
			u.seesNot("will stay", "may stay")
		} else {
			u.sees(test.want)
		}
		u.press("esc")
	}
	// One ignores it, one ends before the question.
	u.src.procs = slices.DeleteFunc(u.src.procs, func(p snapshot.Process) bool { return p.ID.PID == 15 })
	for range 4 {
		u.refresh()
	}
	u.choose(12).press("k")
	u.sees("its child 13 (p13) ignores SIGTERM and will stay")
	u.press("enter")
	u.sees("Send SIGTERM to 12 p12?", "its child 13 (p13) ignores SIGTERM and will stay")
	u.press("esc", "tab")
	u.seesNot("will stay")
	u.press("esc")
}

// TestNarrowReport checks that a narrow screen shows what happened, if not all of it.
func TestNarrowReport(t *testing.T) {
	for _, test := range []struct {
		keys string
		o    Outcome
		want string
	}{
		{"enter y", Outcome{Ended: true, Known: true, Status: 9}, " 55 gunicorn: killed by SIGKILL"},
		{"enter y", Outcome{State: 'S', Sent: ignoring(15)}, " 55 gunicorn ignores SIGTERM"},
		{"enter y", Outcome{State: 'S'}, " 55 gunicorn: still there after 4s"},
		{"e y", Outcome{Ended: true, Known: true, Status: 256}, " 55 gunicorn: exited 1"},
		{"tab enter y", Outcome{State: 'T'}, " sent to 6 processes, 5 stopped until S…"},
	} {
		u := newUser(t, 40, 10, Options{})
		u.sig.outcomes = []Outcome{test.o}
		u.choose(55).press("k").press(strings.Fields(test.keys)...)
		u.sees(test.want)
		u.press("esc", "esc")
	}
}

// TestMenuOfMany opens the menu of 10,000 processes.
func TestMenuOfMany(t *testing.T) {
	u := newUser(t, 200, 60, Options{})
	u.src.procs = crowd(10000).Procs
	u.refresh()
	u.sig.outcomes = []Outcome{{Ended: true}}
	u.press("home", "k", "tab")
	u.sees("signal to process group 4 (9,800 processes)", "15 TERM     9800 handler")
	u.press("enter", "pgdown", "end", "y")
	u.sees("SIGTERM → process group 4: all 9800 ended")
}

func BenchmarkMenu10000(b *testing.B) {
	s := crowd(10000)
	for i := range s.Procs {
		s.Procs[i] = judged(s.Procs[i])
	}
	after, _ := crowded(0).Update(readMsg{snap: s})
	m := after.(Model)
	p, _ := m.selected()
	b.ReportAllocs()
	for b.Loop() {
		u := m.menu.show(&m.world, p)
		u.scope = len(u.scopes) - 1
		_ = u.restart(&m.world).view(&m.world)
	}
}
