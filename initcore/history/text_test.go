package history_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"yinit/initcore/history"
	"yinit/initcore/history/historytest"
	"yinit/procfs"
	"yinit/procfs/snapshot/filter"
)

// TestWords: the texts contain the phrases that every part of yinit must use, and so
// does the JSON.
func TestWords(t *testing.T) {
	for _, c := range slices.Concat(historytest.Deaths(), historytest.Signals(), historytest.Others()) {
		line := c.Record.SignalText(" → ")
		if c.Record.Kind != history.KindSignal {
			line = ""
			for _, p := range c.Record.Parts() {
				line += p.Text + "  "
			}
		}
		fields := jsonTexts(t, &c.Record)
		for _, words := range c.Words {
			if !strings.Contains(line, words) {
				t.Errorf("%s: %q, want it to have %q", c.Name, line, words)
			}
			if !strings.Contains(fields, words) && !structured(words) {
				t.Errorf("%s: JSON\n%s, want it to have %q", c.Name, fields, words)
			}
		}
	}
}

// structured reports whether JSON has fields instead of this phrase: for the use of
// resources, and for the parent.
func structured(words string) bool {
	return slices.ContainsFunc([]string{"ran ", "cpu ", "peak ", "zombie for ", "orphan", "11 (gunicorn) has"}, func(s string) bool { return strings.HasPrefix(words, s) })
}

// jsonTexts returns the phrases in the JSON of the record.
func jsonTexts(t *testing.T, r *history.Record) string {
	t.Helper()
	var f struct{ Signal, From, Outcome, Ended, Reaper, Stranger, Text, Kind string }
	if err := json.Unmarshal([]byte(r.JSON()), &f); err != nil {
		t.Fatalf("%s: %v", r.JSON(), err)
	}
	all := []string{f.Signal + " from " + f.From, f.Outcome, "reaped by " + f.Reaper, f.Stranger, f.Text, f.Ended + "; " + f.Text, f.Ended}
	if !strings.HasPrefix(f.Text, f.Ended) {
		all = append(all, f.Ended+": "+f.Text)
	}
	return strings.Join(all, "\n")
}

func TestPartsOfLittle(t *testing.T) {
	for name, r := range map[string]history.Record{
		"start": {Kind: history.KindStart}, "no kind": {}, "signal": {Kind: history.KindSignal, Text: "x"},
	} {
		if got := r.Parts(); len(got) != 0 {
			t.Errorf("%s: Parts() = %v, want none", name, got)
		}
	}
	r := history.Record{Kind: history.KindSignal, Signal: 64, Text: "why"}
	if got, want := r.SignalText(" -> "), "SIGRTMAX from outside the container (why)"; got != want {
		t.Errorf("SignalText = %q, want %q", got, want)
	}
}

func TestFilter(t *testing.T) {
	var all []history.Record
	for _, c := range slices.Concat(historytest.Deaths(), historytest.Signals(), historytest.Others()) {
		if c.Record.PID == 40 {
			c.Record.User = "app"
		}
		all = append(all, c.Record)
	}
	chosen := func(f history.Filter) (n int) {
		for i := range all {
			if f.Match(&all[i]) {
				n++
			}
		}
		return n
	}
	if got := chosen(nil); got != len(all) {
		t.Errorf("the zero Filter chooses %d of %d", got, len(all))
	}
	for text, want := range map[string]int{
		"": len(all), "kind:exit": 17, "kind:exit,oom": 18, "kind:exit kind:oom": 0, "pid:40": 4, "pid:40,31": 21,
		"GUNICORN": 13, "git repack": 4, "memory": 2, "nothing": 0, "pid": 0,
		"exit!=0": 6, "exit!=0 kind:exit": 5, "exit:127": 1, "exit:0": 11, "signal:KILL": 2, "signal:SEGV,QUIT": 2, "signal:USR1": 1, "signal!=KILL kind:exit": 14,
		"ppid:12": 12, "age>4s": 1, "age<5s": 0, "cputime>300ms": 1, "cpu>6": 1, "cpu>7": 0, "mem>=8M": 1, "user:app": 4, "user:0 kind:adopt": 2,
		"state:Z": 0, "!state:Z": 0, "ignores:TERM": 0, "threads>0": 0,
	} {
		if got := chosen(history.Filter{matching(t, text)}); got != want {
			t.Errorf("%q chooses %d, want %d", text, got, want)
		}
	}
	since := history.Filter{history.Since(time.Date(2026, 11, 23, 8, 0, 10, 0, time.UTC)), history.OfKind(history.KindExit)}
	if got := chosen(since); got != 7 {
		t.Errorf("Since chooses %d, want the last 7 of 17", got)
	}
}

func TestParseKinds(t *testing.T) {
	if got, err := history.ParseKinds("exit,,signal"); err != nil || !slices.Equal(got, []history.Kind{history.KindExit, history.KindSignal}) {
		t.Errorf("ParseKinds = %v, %v", got, err)
	}
	if got, err := history.ParseKinds(""); err != nil || got != nil {
		t.Errorf("ParseKinds of nothing = %v, %v", got, err)
	}
	if _, err := history.ParseKinds("exit,end"); err == nil || err.Error() != `unknown kind "end"` {
		t.Errorf("ParseKinds of an unknown kind: %v", err)
	}
}

// TestFilterKinds checks that the filter language knows every kind.
func TestFilterKinds(t *testing.T) {
	for k := history.KindStart; k <= history.KindNote; k++ {
		r := history.Record{Kind: k}
		if !matching(t, "kind:"+k.String())(&r) {
			t.Errorf("kind:%v does not match", k)
		}
	}
	if got := (history.KindNote + 1).String(); got != "kind9" {
		t.Errorf("there is a kind %q that is not tested", got)
	}
}

func matching(t *testing.T, text string) history.Condition {
	t.Helper()
	f, err := filter.Parse(text)
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return history.Matching(f)
}

func BenchmarkFilter(b *testing.B) {
	r := historytest.Deaths()[0].Record
	chosen, err := filter.Parse("kind:exit repack")
	if err != nil {
		b.Fatal(err)
	}
	f := history.Filter{history.Matching(chosen)}
	b.ReportAllocs()
	for b.Loop() {
		f.Match(&r)
	}
}

// How a process ended, and why.
func ExampleRecord_Parts() {
	r := history.Record{
		Kind: history.KindExit, Known: true, Status: 9, Text: "killed by SIGKILL: the memory limit was hit",
		Runtime: 2 * time.Second, ReapedByInit: true,
	}
	for _, p := range r.Parts() {
		fmt.Println(p.Text)
	}
	// Output:
	// killed by SIGKILL: the memory limit was hit
	// ran 2s
	// reaped by the init
}

// A filter as a user types it, and as a program builds it.
func ExampleFilter() {
	typed, err := filter.Parse("exit!=0 git")
	built := history.Filter{history.Matching(typed), history.Since(time.Now().Add(-time.Hour))}
	r := history.Record{Kind: history.KindExit, Comm: "git", Known: true, Status: 1 << 8, Time: time.Now()}
	fmt.Println(built.Match(&r), err)
	// Output: true <nil>
}

func ExampleRecord_SignalText() {
	r := history.Record{Kind: history.KindSignal, Signal: 15, PID: 18, Comm: "sh", Action: history.ActionForwarded, To: []int{11}}
	fmt.Println(r.SignalText(" → "))
	// Output: SIGTERM from pid 18 (sh) → forwarded to 11
}

func TestTitle(t *testing.T) {
	for cmdline, want := range map[string]string{
		"":                                     "comm",
		"/usr/bin/python3 /app/worker.py -v":   "python3 /app/worker.py -v",
		"./run.sh":                             "run.sh",
		"nginx: master process /usr/bin/nginx": "nginx: master process /usr/bin/nginx",
		"-bash":                                "-bash",
		"/ x":                                  "/ x",
		"dir/ x":                               "dir/ x",
	} {
		r := history.Record{Comm: "comm", Cmdline: cmdline}
		if got := r.Title(); got != want {
			t.Errorf("Title of %q = %q, want %q", cmdline, got, want)
		}
	}
}

// TestWhy checks that the reason does not repeat how the process ended.
func TestWhy(t *testing.T) {
	for _, test := range []struct {
		name     string
		known    bool
		status   procfs.WaitStatus
		text     string
		how, why string
	}{
		{"none", true, 9, "", "killed by SIGKILL", ""},
		{"a reason", true, 9, "by kill(1)", "killed by SIGKILL: by kill(1)", "by kill(1)"},
		{"with the status", true, 9, "killed by SIGKILL: the memory limit was hit", "killed by SIGKILL: the memory limit was hit", "the memory limit was hit"},
		{"with a core", true, 11 | 0x80, "killed by SIGSEGV (core dumped): it is in /core", "killed by SIGSEGV (core dumped): it is in /core", "it is in /core"},
		{"a core without the words", true, 11 | 0x80, "killed by SIGSEGV: it is in /core", "killed by SIGSEGV (core dumped): it is in /core", "it is in /core"},
		{"the status alone", true, 9, "killed by SIGKILL", "killed by SIGKILL", ""},
		{"a sentence", true, 9, "killed by SIGKILL because it did not end", "killed by SIGKILL because it did not end", "killed by SIGKILL because it did not end"},
		{"unknown", false, 0, "its parent ignores SIGCHLD", "exit status unknown: its parent ignores SIGCHLD", "its parent ignores SIGCHLD"},
		{"another status", true, 1 << 8, "exited 12: no", "exited 1: exited 12: no", "exited 12: no"},
	} {
		r := history.Record{Kind: history.KindExit, Known: test.known, Status: test.status, Text: test.text}
		if how, why := r.How(), r.Why(); how != test.how || why != test.why {
			t.Errorf("%s: %q and %q, want %q and %q", test.name, how, why, test.how, test.why)
		}
	}
}

// TestFields checks that the fields of a record say all that its parts say.
func TestFields(t *testing.T) {
	for _, c := range slices.Concat(historytest.Deaths(), historytest.Signals(), historytest.Others()) {
		all := map[string]string{}
		for _, f := range c.Record.Fields() {
			if _, twice := all[f.Name]; twice || f.Text == "" || len(f.Name) > 9 {
				t.Errorf("%s: the field %q is %q", c.Name, f.Name, f.Text)
			}
			all[f.Name] = f.Text
		}
		if all["record"] == "" || all["event"] == "" {
			t.Errorf("%s: %v", c.Name, all)
		}
	}
	r := history.Record{
		Kind: history.KindExit, Seq: 12, Run: 2, PID: 37, Comm: "git", Cmdline: "git gc", PPID: 12, Parent: "gunicorn", OriginPPID: 30, UID: 1000, User: "app",
		Known: true, Status: 9, Text: "killed by SIGKILL: the memory limit was hit", Runtime: 2 * time.Second, CPU: time.Second, MaxRSS: 8 * procfs.MiB, ZombieFor: 3 * time.Second,
	}
	var lines []string
	for _, f := range r.Fields() {
		lines = append(lines, f.Name+" "+f.Text)
	}
	want := []string{
		"event a process ended", "ended killed by SIGKILL", "why the memory limit was hit", "pid 37", "command git gc", "name git", "ran 2s",
		"cpu 1s, 50 % of one CPU", "memory at most 8 MiB resident", "zombie for 3s, until it was reaped", "parent 12 (gunicorn)", "original its first parent was 30",
		"reaper 12 (gunicorn)", "stranger 12 (gunicorn) reaped a process that it did not start", "user app (1000)",
		"source the watcher of the init, which waits for the ends of other processes", "record 12, in run 2 of the init",
	}
	if !slices.Equal(lines, want) {
		t.Errorf("the fields are\n%s\nwant\n%s", strings.Join(lines, "\n"), strings.Join(want, "\n"))
	}
}
