package tui

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"yinit/initcore/history"
	"yinit/initcore/history/historytest"
	"yinit/procfs"
)

// TestHistoryFollows checks that the page follows the newest record while the last one is
// selected, and otherwise stays where it is, also when old records are forgotten.
func TestHistoryFollows(t *testing.T) {
	u := newUser(t, 100, 20, Options{})
	u.press("4")
	u.sees("No process has ended yet.")
	add := func(n int) {
		for range n {
			seq := uint64(len(u.src.records) + 1)
			u.src.records = append(u.src.records, history.Record{Seq: seq, Time: noon.Add(time.Duration(seq) * time.Second), Kind: history.KindExit, PID: int(1000 + seq), Comm: fmt.Sprint("job", seq), Known: true})
		}
		u.refresh()
	}
	page := func() historyPage { return u.m.pages[3].(historyPage) }
	add(100)
	u.sees("1100 [job100]", "exited 0")
	add(1)
	u.sees("1101 [job101]")
	u.press("up")
	add(1)
	u.sees("2 newer below")
	line := page().cursor - page().top
	if p := page(); p.chosen != 100 {
		t.Errorf("record %d is selected, want that before the last", p.chosen)
	}
	add(keepEvents - 40)
	if p := page(); p.chosen != 100 || p.cursor-p.top != line {
		t.Errorf("record %d is selected in line %d, want the same in the same line", p.chosen, p.cursor-p.top)
	}
	add(keepEvents)
	if p := page(); p.cursor != 0 || p.chosen != uint64(len(u.src.records)-keepEvents+1) {
		t.Errorf("when the selected record is forgotten, record %d at %d is selected, want the oldest that there is", p.chosen, p.cursor)
	}
	u.press("end")
	add(1)
	u.sees(fmt.Sprintf("[job%d]", len(u.src.records)))
	u.press("pgup")
	top := page().top
	add(50)
	if p := page(); p.top != top-50 {
		t.Errorf("when 50 records are forgotten, the window goes from row %d to %d, want it to stay on its records", top, p.top)
	}
	u.press("f")
	u.sees(fmt.Sprintf("[job%d]", len(u.src.records)))
	u.press("f")
	last := page().chosen
	add(1)
	if p := page(); p.chosen != last {
		t.Errorf("after f the selection goes from %d to %d", last, p.chosen)
	}
	u.press("home", "down", "home", "end")
	u.send(tea.MouseWheelMsg{Button: tea.MouseWheelUp})
	u.sees("3 newer below")
}

// TestHistoryZone checks that times are in the zone of the snapshot, which the title
// names, and that the date is that of this zone.
func TestHistoryZone(t *testing.T) {
	u := newUser(t, 100, 20, Options{})
	u.src.records = []history.Record{
		{Seq: 1, Time: noon.Add(9 * time.Hour), Kind: history.KindExit, PID: 7, Comm: "job", Known: true},
		{Seq: 2, Time: noon.Add(11 * time.Hour), Kind: history.KindExit, PID: 8, Comm: "job", Known: true, Accounted: true},
	}
	msg := read(u.src, fleetOf{}, 0, wants{})().(readMsg)
	for _, test := range []struct {
		name   string
		offset int
		want   string
	}{
		{"CET", 3600, "TIME CET"},
		{"", 5*3600 + 1800, "TIME +0530"},
	} {
		msg.snap.Time = noon.In(time.FixedZone(test.name, test.offset))
		u.m.world.events = nil
		u.send(msg)
		u.press("4")
		u.sees(test.want)
	}
	u.sees("Tue 2026-11-24", "02:30:00.000", "04:30:00     ")
	u.send(tea.WindowSizeMsg{Width: 60, Height: 20})
	u.sees(" +0530", "02:30:00   ")
}

// TestParentNow checks that a record never leads to another process with the same pid.
func TestParentNow(t *testing.T) {
	u := newUser(t, 100, 20, Options{})
	w := &u.m.world
	w.events = []history.Record{{Seq: 1, Run: 2}}
	start := procfs.Ticks(1012) // of process 12
	const year = 365 * 24 * time.Hour
	for name, test := range map[string]struct {
		r    history.Record
		want string
	}{
		"it lives":                      {history.Record{Kind: history.KindExit, PPID: 12, Start: start + 1}, ""},
		"they started together":         {history.Record{Kind: history.KindExit, PPID: 12, Start: start}, ""},
		"a later process":               {history.Record{Kind: history.KindExit, PPID: 12, Start: start - 1}, "it has ended, and 12 is now gunicorn"},
		"it has ended":                  {history.Record{Kind: history.KindExit, PPID: 13, Start: start + 1}, "it has ended"},
		"outside":                       {history.Record{Kind: history.KindExit, PPID: 0, Start: start}, "it is outside the container"},
		"an earlier run":                {history.Record{Kind: history.KindExit, PPID: 12, Start: start + 1, Run: 1}, "the record is from an earlier run of the init"},
		"by its time":                   {history.Record{Kind: history.KindExit, PPID: 12, Time: noon}, ""},
		"by its time, a later process":  {history.Record{Kind: history.KindExit, PPID: 12, Time: noon.Add(-year)}, "it has ended, and 12 is now gunicorn"},
		"by its start, a later process": {history.Record{Kind: history.KindExit, PPID: 12, Time: noon, Runtime: year}, "it has ended, and 12 is now gunicorn"},
		"the sender of a signal":        {history.Record{Kind: history.KindSignal, PID: 12, Start: start}, ""},
		"another sender":                {history.Record{Kind: history.KindSignal, PID: 12, Start: start + 1}, "it has ended, and 12 is now gunicorn"},
		"a signal from outside":         {history.Record{Kind: history.KindSignal}, "it is outside the container"},
		"a note":                        {history.Record{Kind: history.KindNote, PID: 12}, "the record is not about a process"},
	} {
		p, why := w.parentNow(&test.r)
		if why != test.want || (p != nil) != (why == "") {
			t.Errorf("%s: %v, %q, want %q", name, p, why, test.want)
		}
	}
}

// TestOnlyProblems checks that a key shows the records with the sign, together with a
// filter, which the user types as always.
func TestOnlyProblems(t *testing.T) {
	u := newUser(t, 100, 30, Options{})
	u.src.records = events()
	u.refresh()
	u.press("4", "!")
	u.sees("only problems")
	h := u.m.page().(historyPage)
	want := 0
	for _, r := range events() {
		if problem(&r) {
			want++
		}
	}
	if got := len(h.found(&u.m.world)); got != want || want == 0 {
		t.Errorf("%d records are shown, want the %d problems", got, want)
	}
	u.press("/")
	u.write("no-such-command")
	u.press("enter")
	u.sees("No problem matches no-such-command. Esc clears the filter, ! shows all records.")
	u.press("esc")
	u.sees("only problems")
	u.press("esc")
	u.seesNot("only problems")
}

// TestLikeness checks which records share a row.
func TestLikeness(t *testing.T) {
	exit := history.Record{Kind: history.KindExit, Comm: "git", Cmdline: "/usr/bin/git gc", Known: true, Status: 1 << 8, Time: noon}
	for name, test := range map[string]struct {
		change func(*history.Record)
		want   bool
	}{
		"the same":                  {func(*history.Record) {}, true},
		"soon after":                {func(r *history.Record) { r.Time = noon.Add(9 * time.Minute) }, true},
		"another period":            {func(r *history.Record) { r.Time = noon.Add(10 * time.Minute) }, false},
		"another place":             {func(r *history.Record) { r.Cmdline = "/bin/git gc" }, true},
		"another command":           {func(r *history.Record) { r.Cmdline = "git fetch" }, false},
		"another status":            {func(r *history.Record) { r.Status = 2 << 8 }, false},
		"an unknown status":         {func(r *history.Record) { r.Known = false }, false},
		"a reason":                  {func(r *history.Record) { r.Text = "the memory limit was hit (oom_kill 3 -> 4)" }, false},
		"another kind":              {func(r *history.Record) { r.Kind = history.KindAdopt }, false},
		"another run":               {func(r *history.Record) { r.Run = 2 }, false},
		"another parent, all alike": {func(r *history.Record) { r.PPID = 99 }, true},
	} {
		r := exit
		test.change(&r)
		a, _ := likeness(&exit)
		b, _ := likeness(&r)
		if (a == b) != test.want {
			t.Errorf("%s: %+v and %+v", name, a, b)
		}
	}
	if a, b := withoutNumbers("killed by SIGKILL: the memory limit was hit (oom_kill 3 -> 4)"), withoutNumbers("killed by SIGKILL: the memory limit was hit (oom_kill 4 -> 5)"); a != b {
		t.Errorf("%q and %q", a, b)
	}
	if a, b := withoutNumbers("sender was pid 37"), withoutNumbers("sender was pid 41"); a != b {
		t.Errorf("%q and %q", a, b)
	}
	if _, ok := likeness(&history.Record{Kind: history.KindSignal}); ok {
		t.Error("signals share a row")
	}
}

// TestHistoryWidth checks that a long command is not cut while there is room beside it.
func TestHistoryWidth(t *testing.T) {
	command := "python3 -m celery worker --app=shop.tasks --queues=mail,invoices,reports --loglevel=info --concurrency=8"
	u := newUser(t, 200, 20, Options{})
	u.src.records = []history.Record{{Seq: 1, Time: noon, Kind: history.KindExit, PID: 7, Comm: "python3", Cmdline: command, Known: true, Status: 1 << 8}}
	u.refresh()
	u.press("4")
	u.sees(command, "exited 1")
	u.send(tea.WindowSizeMsg{Width: 150, Height: 20})
	u.sees(command, "exited 1")
	u.send(tea.WindowSizeMsg{Width: 80, Height: 20})
	u.sees("python3 -m", "exited 1")
	u.press("enter")
	for _, word := range strings.Fields(command) {
		u.sees(word)
	}
}

func TestHistoryFilter(t *testing.T) {
	u := newUser(t, 100, 30, Options{})
	u.src.records = events()
	u.refresh()
	u.sees("4 History•3")
	u.press("4")
	for filter, want := range map[string]int{
		"": 14, "exit!=0 kind:exit": 3, "kind:exit": 6, "kind:exit,signal": 8, "pid:55": 1, "GIT": 8, "oom exit!=0": 1, "nothing": 0,
	} {
		u.press("/", "ctrl+u").write(filter).press("enter")
		if got := len(u.m.pages[3].(historyPage).found(&u.m.world)); got != want {
			t.Errorf("the filter %q finds %d records, want %d", filter, got, want)
		}
	}
	u.press("1")
	u.sees("4 History ")
	u.seesNot("History•")
}

func TestHistoryLost(t *testing.T) {
	u := newUser(t, 100, 30, Options{})
	u.send(readMsg{hist: History{Lost: 12, Since: "kept by yinit"}})
	u.press("4")
	u.sees("kept by yinit · 12 records were overwritten before they were read")
}

// TestHistoryWords checks that the page uses the same words for records as the other
// outputs.
func TestHistoryWords(t *testing.T) {
	u := newUser(t, 200, 60, Options{})
	cases := slices.Concat(historytest.Deaths(), historytest.Signals(), historytest.Others())
	for i := range cases {
		cases[i].Record.Seq = uint64(i + 1)
		cases[i].Record.Time = cases[i].Record.Time.Add(time.Duration(i) * likeFor) // so that they do not share a row
		cases[i].Record.Last = cases[i].Record.Time.Add(time.Second)
		u.src.records = append(u.src.records, cases[i].Record)
	}
	u.refresh()
	u.press("4")
	for _, c := range cases {
		u.sees(c.Words...)
		line := ansi.Strip(strings.Join(recordPane{chosenRecord: chosenRecord{Record: c.Record}}.lines(&u.m.world), " "))
		for _, words := range c.Words {
			words = strings.TrimPrefix(words, "reaped by ")
			if strings.HasPrefix(words, "zombie for") || strings.HasPrefix(words, "orphan") || strings.HasPrefix(words, "exited 1; ") || words == "peak 8 MiB" {
				continue // The pane has a line for each of these facts.
			}
			if !strings.Contains(strings.Join(strings.Fields(line), " "), strings.TrimPrefix(strings.TrimPrefix(words, "ran "), "cpu ")) {
				t.Errorf("%s: the record in full is %q, want it to have %q", c.Name, line, words)
			}
		}
	}
}

// TestRecordSaysOnce checks that a reason that begins with how the process ended is not
// shown twice, in any place.
func TestRecordSaysOnce(t *testing.T) {
	const oom = "killed by SIGKILL: the memory limit was hit (oom_kill 3 -> 4)"
	for _, width := range []int{40, 80, 200} {
		u := newUser(t, width, 24, Options{})
		u.src.end(55, 9)
		u.src.records[0].Text = oom
		u.refresh()
		screens := u.screen()
		u.press("4")
		screens += u.screen()
		u.press("enter")
		screens += u.screen()
		words := strings.Join(strings.Fields(screens), " ")
		for _, twice := range []string{"SIGKILL: killed", "SIGKILL, killed", "SIGKILL; killed"} {
			if strings.Contains(words, twice) {
				t.Errorf("at width %d there is %q:\n%s", width, twice, screens)
			}
		}
	}
}

// TestExplainRecord presses e on records: it explains the process if that still lives, and
// shows the record otherwise.
func TestExplainRecord(t *testing.T) {
	u := newUser(t, 100, 30, Options{})
	u.src.records = []history.Record{
		{Kind: history.KindStart, PID: 12, PPID: 1, Comm: "gunicorn", Time: noon.Add(-75 * time.Hour)},
		{Kind: history.KindZombie, PID: 37, Start: 1037, PPID: 12, Comm: "git", ZombieFor: 10 * time.Second, Time: noon.Add(-time.Minute)},
		{Kind: history.KindExit, PID: 37, Start: 37, PPID: 12, Comm: "git", Time: noon.Add(-time.Minute)},
		{Kind: history.KindSignal, PID: 12, Start: 1012, Signal: 1, Time: noon.Add(-time.Minute)},
		{Kind: history.KindNote, Text: "no /sys/fs/cgroup", Time: noon.Add(-time.Minute)},
	}
	for i := range u.src.records {
		u.src.records[i].Seq, u.src.records[i].Run = uint64(i+1), 1
	}
	u.refresh()
	u.press("4")
	const known = "this record is all that is known of it"
	for _, want := range []string{known, "12 gunicorn, child of 1 yinit, has not waited", known, "37 git is a zombie", "12 gunicorn, child of 1 yinit, has not waited"} {
		u.press("e")
		u.sees(want)
		u.press("esc", "up")
	}
	// From the record in full, and back to it.
	u.press("home", "down", "enter")
	u.sees("meaning   recorded when a process had been a zombie for 10 s; the next record of the same culprit", "since     11:58:50.000, 10s before this record")
	u.press("e")
	u.sees("37 git is a zombie")
	u.press("esc")
	u.sees("meaning   recorded")
	// A start is not that of a later process with the pid.
	u.src.records = append(u.src.records, history.Record{Kind: history.KindExit, Seq: 6, Run: 1, PID: 12, PPID: 1, Time: noon.Add(-time.Minute)})
	u.refresh()
	u.press("esc", "home", "e")
	u.sees(known)
}

// TestExplainIsNeverSilent presses e where no process is selected.
func TestExplainIsNeverSilent(t *testing.T) {
	u := newUser(t, 100, 30, Options{})
	u.press("4", "e")
	u.sees("no process of this container is selected")
	u.src.procs = u.src.procs[1:] // PID 1 cannot be read.
	u.src.host.Pids, u.src.host.PidsMax = 100, 100
	u.refresh()
	u.press("5", "home", "left")
	u.seesNot("seen  ")
	u.press("e")
	u.sees("seen  ", "why   ", "do    ")
}

// TestInTurn checks that the rows of programs that fail in turn say so.
func TestInTurn(t *testing.T) {
	u := newUser(t, 140, 30, Options{})
	for i := range 12 {
		u.burst(1, 0, 1+i%2, "worker")
		u.src.records[i].Time = noon.Add(time.Duration(i-60) * time.Second)
	}
	u.refresh()
	u.press("4")
	u.sees("exited 1 × 6 since 11:59:00  in turn with exited 2", "exited 2 × 6 since 11:59:01  in turn with exited 1",
		"worker: exited 2 × 6, 11:59:01 to 11:59:11, in turn with exited 1; Right shows each.")
	// One after the other.
	u = newUser(t, 140, 30, Options{})
	u.burst(6, time.Second, 1, "worker").burst(6, time.Second, 2, "worker").refresh()
	u.press("4")
	u.sees("exited 1 × 6 since", "exited 2 × 6 since")
	u.seesNot("in turn")
	// Three of them, by different names.
	u = newUser(t, 140, 30, Options{})
	for i := range 15 {
		u.burst(1, 0, 1, []string{"one", "two", "three"}[i%3])
	}
	u.refresh()
	u.press("4")
	if n := strings.Count(u.screen(), "in turn with 2 other rows"); n != 4 { // three rows and the footer
		t.Errorf("%d rows are in turn with 2 others, want 3 and the footer:\n%s", n, u.screen())
	}
}
