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
