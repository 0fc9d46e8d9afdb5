package tui

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"yinit/initcore/history"
	"yinit/procfs"
	"yinit/procfs/verdict"
	"yinit/tui/text"
)

// TestLetters checks that each word of a verdict has a letter of its own.
func TestLetters(t *testing.T) {
	signs := map[string]bool{}
	for _, l := range letters {
		if signs[strings.ToLower(l.sign)] {
			t.Errorf("the letter %q is used twice", l.sign)
		}
		signs[strings.ToLower(l.sign)] = true
	}
	for o := range verdict.OutcomeDenied + 1 {
		f := prediction{verdict.Prediction{Outcome: o}}
		if got := letters[letterOf(f)]; got.word != f.String() {
			t.Errorf("the letter of %v is that of %q", o, got.word)
		}
		upper := letterSpan(f).text != strings.ToLower(letterSpan(f).text)
		if upper != f.Trouble() {
			t.Errorf("the letter of %v is %q, want upper case for trouble only", o, letterSpan(f).text)
		}
	}
	for _, f := range []prediction{{verdict.Prediction{Outcome: verdict.OutcomeHandler, Forward: 15}}, {verdict.Prediction{Outcome: verdict.OutcomeHandler, Drop: true}}} {
		if got := letters[letterOf(f)]; got.word != f.String() {
			t.Errorf("the letter of %v is that of %q", f, got.word)
		}
	}
}

// TestMatrix checks that the matrix has the verdicts of the Tree and of the menu.
func TestMatrix(t *testing.T) {
	u := newUser(t, 200, 60, Options{})
	u.press("3")
	w, page := &u.m.world, u.m.page().(signalsPage)
	if len(page.rows) != w.living {
		t.Fatalf("%d rows for %d processes", len(page.rows), w.living)
	}
	cols := page.place(w)
	term := slices.IndexFunc(cols, func(c placed) bool { return page.signals[c.at] == sigTERM })
	if term < 0 {
		t.Fatal("there is no column TERM")
	}
	lines := strings.Split(u.screen(), "\n")[4:]
	for row, i := range page.rows {
		p := &w.procs[i]
		want := letters[letterOf(w.term(p))].sign
		if got := lines[row][cols[term].x : cols[term].x+1]; got != want && row != page.cursor {
			t.Errorf("the letter for SIGTERM of %d is %q, want %q (%s):\n%s", p.ID.PID, got, want, w.term(p), lines[row])
		}
	}
	u.sees("I IGNORE", "P PENDING", "f forward", ". default-ignore", "? unknown")
}

// TestMatrixCloser checks that the page reads more of a process whose verdicts the
// snapshot does not tell, and of no other process.
func TestMatrixCloser(t *testing.T) {
	u := newUser(t, 100, 30, Options{})
	for i := range u.src.procs {
		if u.src.procs[i].ID.PID == 55 {
			u.src.procs[i].Sigs.Blocked = procfs.NewSignalSet(12)
		}
	}
	u.src.blind = 55
	u.refresh()
	u.press("3")
	w := &u.m.world
	if ids := u.m.wants().targets; len(ids) != 1 || ids[0].PID != 55 {
		t.Errorf("the page wants to read %v, want process 55", ids)
	}
	i := w.byPID[55]
	usr2, _ := procfs.ParseSignal("USR2")
	if f := predict(&w.procs[i], usr2, w.snap.Caller); f.Outcome != verdict.OutcomeUnknown {
		t.Fatalf("the snapshot tells %v already", f)
	}
	closer := judged(w.procs[i])
	u.src.closer = closer.Target
	u.refresh()
	if f := u.m.world.predict(&u.m.world.procs[i], usr2); f.Outcome != verdict.OutcomePending {
		t.Errorf("with what was read, USR2 would be %v, want PENDING", f)
	}
	u.press("1")
	if all := u.m.wants(); len(all.targets) != 0 {
		t.Errorf("the Tree wants to read %v", all.targets)
	}
}

func TestMatrixOrder(t *testing.T) {
	u := newUser(t, 120, 40, Options{})
	u.press("3").choose(55)
	if err := u.clickOn("TERM", false); err != nil {
		t.Fatal(err)
	}
	if u.selected() != 55 {
		t.Errorf("by TERM the first row is %d, want 55, which ignores it", u.selected())
	}
	u.press("end")
	if p, _ := u.m.selected(); !p.Dead() {
		t.Errorf("the last row is %d, want a zombie", p.ID.PID)
	}
	u.press("home", "r", "r", "down")
	chosen := u.selected()
	u.src.procs = append(u.src.procs, proc(2, 1, app, "S", "new", procfs.Signals{Known: true, Ignored: procfs.NewSignalSet(15)}))
	u.refresh()
	if u.selected() != chosen {
		t.Errorf("a refresh moved the selection from %d to %d", chosen, u.selected())
	}
	u.press("/").write("nothing").press("enter")
	u.sees("No process matches nothing. Esc clears the filter.")
	u.press("enter", "k")
	u.sees("no process is selected")
}

// TestVerdicts checks that the list has all 64 signals, each once, with the verdicts of
// the menu, at any width.
func TestVerdicts(t *testing.T) {
	for _, width := range []int{40, 80, 120, 200} {
		u := newUser(t, width, 100, Options{})
		u.press("3").choose(55).press("enter")
		for n := 1; n <= 64; n++ {
			f := predict(&u.m.detail.proc, n, u.m.world.snap.Caller)
			u.sees(u.m.world.pad(fmt.Sprintf("%2d %s", n, text.Signal(n)), signalColumn) + " " + f.String())
		}
		if width >= 80 {
			u.sees("the program ignores it")
		}
	}
}

// TestSignalsLately checks which records are shown of a process.
func TestSignalsLately(t *testing.T) {
	u := newUser(t, 100, 30, Options{})
	u.press("3")
	u.sees("Only yinit as PID 1 records signals")
	add := func(r history.Record) {
		r.Kind, r.Seq, r.Run = history.KindSignal, uint64(len(u.src.records)+1), 1
		if r.Time.IsZero() {
			r.Time = noon.Add(u.src.now)
		}
		u.src.records = append(u.src.records, r)
	}
	add(history.Record{Signal: 1, Passed: 1, Action: history.ActionForwarded, To: []int{55}, Time: noon.Add(-90 * 60e9)}) // of another process 55
	add(history.Record{Signal: 10, Passed: 10, Action: history.ActionForwarded, To: []int{12}})
	add(history.Record{Signal: 12, Passed: 12, PID: 55, Comm: "gunicorn", Action: history.ActionForwarded, To: []int{12}})
	u.refresh()
	u.choose(55).press("o")
	u.sees("SIGUSR2 from pid 55 (gunicorn)")
	u.seesNot("SIGUSR1", "SIGHUP from")
	u.choose(12)
	u.sees("SIGUSR2 from", "SIGUSR1 from")
	u.choose(1)
	u.sees("SIGUSR2 from", "SIGUSR1 from", "SIGHUP from")
}

// TestLegendStands checks that the legend is the same whichever processes are on the screen,
// and explains all letters where there is room.
func TestLegendStands(t *testing.T) {
	for _, size := range [][2]int{{80, 24}, {120, 30}, {200, 40}, {60, 15}} {
		u := newUser(t, size[0], size[1], Options{})
		legend := func() string {
			lines := strings.Split(u.screen(), "\n")
			from := slices.IndexFunc(lines, func(s string) bool { return strings.Contains(s, "I IGNORE  P PENDING") })
			return strings.Join(lines[from:from+u.m.page().(signalsPage).layout(&u.m.world).legend], " ")
		}
		u.press("3")
		all := legend()
		u.src.procs = u.src.procs[:1]
		u.refresh()
		if got := legend(); got != all {
			t.Errorf("%v: the legend is %q, it was %q", size, got, all)
		}
		for _, l := range letters {
			if size[0] >= 80 && !strings.Contains(all, " "+l.sign+" "+l.word) {
				t.Errorf("%v: the legend %q does not have %s", size, all, l.word)
			}
		}
	}
}

// TestSentSignals checks that the page shows what this top has sent and what came of it, among
// the signals of the history.
func TestSentSignals(t *testing.T) {
	u := newUser(t, 120, 40, Options{})
	u.src.records = events()
	u.refresh()
	u.sig.outcomes = []Outcome{{Ended: true, Known: true, Status: 15, After: 200 * time.Millisecond}}
	u.choose(55).press("k", "enter", "enter")
	u.sig.outcomes, u.sig.sendErr = []Outcome{{State: 'S'}}, denied{}
	u.refresh()
	u.choose(56).press("k", "enter", "enter")
	u.sig.sendErr = nil
	u.choose(4120).press("k").write("hup").press("enter", "enter", "esc", "3")
	u.sees("signals that the init got or this top sent, newest first",
		"12:00:03.000 SIGHUP sent by this top → 4120 sh: still there after 4s",
		"12:00:03.000 SIGTERM sent by this top → 56 gunicorn: not permitted",
		"12:00:02.000 SIGTERM sent by this top → 55 gunicorn: ended after 200ms, killed by SIGTERM",
		"11:50:11.106 SIGHUP from pid 99 (killer.sh)")
	u.choose(56).press("o")
	u.sees("SIGTERM sent by this top → 56 gunicorn")
	u.seesNot("55 gunicorn: ended", "killer.sh")

	// The menu is closed before the answer comes.
	u = newUser(t, 120, 40, Options{})
	u.sig.outcomes = []Outcome{{State: 'S'}}
	u.choose(55).press("k", "enter")
	cmd := u.send(keyPress("enter"))
	u.press("3")
	u.seesNot("sent by this top →")
	u.press("esc")
	u.run(cmd)
	u.press("3")
	u.sees("SIGTERM sent by this top → 55 gunicorn")

	// An escalation is two signals.
	u = newUser(t, 120, 40, Options{})
	u.sig.outcomes = append(slices.Repeat([]Outcome{{State: 'S'}}, 40), Outcome{Ended: true, Known: true, Status: 9})
	u.choose(55).press("k", "e", "y", "3")
	u.sees("SIGTERM sent by this top → 55 gunicorn: still there after 10s", "SIGKILL sent by this top → 55 gunicorn: ended")
}
