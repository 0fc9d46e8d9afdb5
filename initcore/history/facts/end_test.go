package facts

import (
	"slices"
	"strings"
	"testing"
	"time"

	"yinit/initcore/history"
	"yinit/procfs"
	"yinit/procfs/explain"
)

// ended returns the exit record of process 37.
func ended(status procfs.WaitStatus, change func(*history.Record)) history.Record {
	r := history.Record{
		Seq: 9, Run: 1, Time: noon, Kind: history.KindExit, PID: 37, Start: 1300, Comm: "git", Cmdline: "git gc", PPID: 12, OriginPPID: 12, Parent: "sh",
		Known: true, Status: status, Runtime: 5 * time.Second,
	}
	change(&r)
	return r
}

func TestEnded(t *testing.T) {
	plain := func(*history.Record) {}
	because := func(why string) func(*history.Record) { return func(r *history.Record) { r.Text = why } }
	at := func(before time.Duration, r history.Record) history.Record {
		r.Time, r.Run = noon.Add(-before), 1
		return r
	}
	for name, tt := range map[string]struct {
		record    history.Record
		before    []history.Record
		summary   string // its end
		evidence  string // in one of them
		certainty explain.Certainty
		next      string // one of them
	}{
		"exited": {ended(1<<8, plain), nil, ": exited 1.", "ran 5s, until ", explain.Known, "yinit history --pid 37"},
		"killed by the memory limit": {
			ended(9, because("the memory limit was hit (oom_kill 0 → 1)")), nil, ": killed by SIGKILL: the memory limit was hit (oom_kill 0 → 1).",
			"parent: 12 (sh); reaped by ", explain.Known, "yinit top (M sorts by memory)",
		},
		"perhaps":       {ended(11, because("perhaps a stack overflow")), nil, "perhaps a stack overflow.", "command: git gc", explain.Likely, "yinit explain 12"},
		"KILL":          {ended(9, plain), nil, ": killed by SIGKILL.", "who sent SIGKILL is unknown", explain.Unknown, "dmesg | tail (on the machine)"},
		"TERM, no more": {ended(15, plain), nil, ": killed by SIGTERM.", "who sent SIGTERM, or what caused it, is not recorded", explain.Likely, "yinit history --pid 37"},
		"TERM, forwarded": {
			ended(15, plain),
			[]history.Record{at(20*time.Millisecond, history.Record{Kind: history.KindSignal, PID: 18, Comm: "bash", Signal: 15, Action: history.ActionForwarded, To: []int{37}})},
			": killed by SIGTERM.", "SIGTERM from pid 18 (bash) → forwarded to 37", explain.Known, "yinit history --pid 37",
		},
		"TERM to an earlier one": {
			ended(15, plain),
			[]history.Record{at(time.Minute, history.Record{Kind: history.KindSignal, PID: 18, Comm: "bash", Signal: 15, Action: history.ActionForwarded, To: []int{37}})},
			": killed by SIGTERM.", "is not recorded", explain.Likely, "yinit history --pid 37",
		},
		"unknown": {ended(0, func(r *history.Record) { r.Known = false }), nil, ": exit status unknown.", "the exit status was not recorded", explain.Unknown, "yinit history --pid 37"},
		"at a shutdown": {
			ended(0, plain),
			[]history.Record{at(time.Second, history.Record{Kind: history.KindStop, Text: "SIGTERM from outside the container"})},
			": exited 0.", "a shutdown began before: SIGTERM from outside the container", explain.Known, "yinit history --pid 37",
		},
		"as its child": {
			ended(139<<8, plain),
			[]history.Record{at(time.Millisecond, history.Record{Kind: history.KindExit, PID: 40, Comm: "gc", PPID: 37, Known: true, Status: 11})},
			": exited 139.", "139 is also how that child ended", explain.Known, "yinit explain 40",
		},
		"again": {
			ended(1<<8, plain),
			[]history.Record{at(time.Minute, ended(1<<8, func(r *history.Record) { r.PID = 30 }))},
			": exited 1.", "the 2nd time within 10 minutes", explain.Known, "yinit history --failed --since 10m",
		},
	} {
		t.Run(name, func(t *testing.T) {
			records := append(slices.Clone(tt.before), tt.record)
			if got := EndOf(records, 37); got != len(tt.before) {
				t.Fatalf("EndOf = %d, want %d", got, len(tt.before))
			}
			e := Ended(records, len(tt.before))
			if e.Subject != "37 git" || !strings.HasPrefix(e.Summary, "37 git gc ended at ") || !strings.HasSuffix(e.Summary, tt.summary) {
				t.Errorf("subject %q, summary %q, want %q at its end", e.Subject, e.Summary, tt.summary)
			}
			if !slices.ContainsFunc(e.Evidence, func(s string) bool { return strings.Contains(s, tt.evidence) }) {
				t.Errorf("the evidence is %q, want %q in it", e.Evidence, tt.evidence)
			}
			if e.Certainty != tt.certainty || !slices.Contains(e.Next, tt.next) {
				t.Errorf("%v, next %q; want %v, %q", e.Certainty, e.Next, tt.certainty, tt.next)
			}
		})
	}
}

// TestSuspects: what ran when a signal of an unknown sender ended a process.
func TestSuspects(t *testing.T) {
	exit := func(after time.Duration, comm, line string, change ...func(*history.Record)) history.Record {
		r := history.Record{Run: 1, Kind: history.KindExit, Time: noon.Add(after), PID: 40, Comm: comm, Cmdline: line, Known: true}
		for _, f := range change {
			f(&r)
		}
		return r
	}
	ours := func(r *history.Record) { r.Inspector = true }
	accounted := func(r *history.Record) { r.Accounted = true }
	long := func(r *history.Record) { r.Runtime = time.Minute }
	const ran = "perhaps by 40 (kill -9 37), which ran at that time"
	for name, tt := range map[string]struct {
		status procfs.WaitStatus
		other  history.Record
		want   string // "": nobody
	}{
		"kill":                    {9, exit(0, "kill", "kill -9 37"), ran},
		"recorded before it":      {9, exit(-time.Second/2, "kill", "kill -9 37"), ran},
		"long before":             {9, exit(-2*time.Second, "kill", "kill -9 37"), ""},
		"of another process":      {9, exit(0, "kill", "kill -9 38"), ""},
		"by its name only":        {9, exit(time.Second/2, "kill", "", accounted), "perhaps by 40 (kill), which ran at that time"},
		"accounting, a second on": {9, exit(-1900*time.Millisecond, "kill", "", accounted), "perhaps by 40 (kill), which ran at that time"},
		"SIGTERM":                 {15, exit(0, "pkill", "pkill git"), "perhaps by 40 (pkill git), which ran at that time"},
		"timeout":                 {15, exit(time.Second/2, "timeout", "timeout 9 git gc", long), "perhaps by 40 (timeout 9 git gc), which ran at that time"},
		"it started later":        {9, exit(time.Second/2, "kill", "kill -9 37", func(r *history.Record) { r.Runtime = time.Millisecond }), ""},
		"yinit kill":              {9, exit(0, "yinit", "yinit kill 37", ours), "perhaps by 40 (yinit kill 37), which ran at that time"},
		"a command of yinit":      {9, exit(0, "yinit", "", ours), "perhaps by 40 (yinit), which ran at that time, if that was yinit kill"},
		"yinit ps":                {9, exit(0, "yinit", "yinit ps", ours), ""},
		"another program":         {9, exit(0, "sleep", "sleep 1"), ""},
		"another run":             {9, exit(0, "kill", "kill -9 37", func(r *history.Record) { r.Run = 2 }), ""},
		"it exited":               {1 << 8, exit(0, "kill", "kill -9 37"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			e := Ended([]history.Record{tt.other, ended(tt.status, func(*history.Record) {})}, 1)
			i := slices.IndexFunc(e.Evidence, func(s string) bool { return strings.HasPrefix(s, "perhaps by") })
			switch {
			case tt.want == "" && i >= 0, tt.want != "" && (i < 0 || e.Evidence[i] != tt.want):
				t.Errorf("the evidence is %q, want %q", e.Evidence, tt.want)
			case tt.want != "" && (e.Certainty != explain.Likely || !strings.Contains(e.Doubts, "who sent it is likely")):
				t.Errorf("%v, %q; want the sender to be likely", e.Certainty, e.Doubts)
			}
		})
	}
}

// TestDoubts: what is uncertain is the sender, not the end.
func TestDoubts(t *testing.T) {
	for status, want := range map[procfs.WaitStatus]string{
		1 << 8: "",
		9:      "that SIGKILL ended it is known, who sent it is not",
		11:     "that SIGSEGV ended it is known, what raised it is not",
		15:     "that SIGTERM ended it is known, who sent it is not",
	} {
		if got := Ended([]history.Record{ended(status, func(*history.Record) {})}, 0).Doubts; got != want {
			t.Errorf("%v: %q, want %q", status, got, want)
		}
	}
}

// TestLast: a later kill for the memory limit whose victim nobody saw is no less a failure.
func TestLast(t *testing.T) {
	kills := history.Record{Run: 1, Kind: history.KindOOM, Time: noon.Add(3 * time.Second), Text: "the memory limit was hit (oom_kill 1 → 4) by 3 processes whose exits were not seen"}
	seen, earlier := kills, kills
	seen.PID, earlier.Time = 50, noon.Add(-3*time.Second)
	for name, tt := range map[string]struct {
		others []history.Record
		lines  int // that name such a record
		more   string
	}{
		"one":           {[]history.Record{kills}, 1, ""},
		"many":          {[]history.Record{kills, kills, kills, kills, kills}, 3, "2 earlier records like these"},
		"seen, earlier": {[]history.Record{seen, earlier}, 0, ""},
	} {
		e := Last(append([]history.Record{ended(9, func(*history.Record) {})}, tt.others...), 0)
		n := 0
		for _, s := range e.Evidence {
			if strings.HasSuffix(s, "by 3 processes whose exits were not seen") {
				n++
			}
		}
		if n != tt.lines || tt.more != "" && !slices.Contains(e.Evidence, tt.more) || slices.Contains(e.Next, "yinit history --kind oom") != (n > 0) {
			t.Errorf("%s: the evidence is %q, next %q", name, e.Evidence, e.Next)
		}
	}
}

// TestLongCommand: a very long command line is cut.
func TestLongCommand(t *testing.T) {
	e := Ended([]history.Record{ended(1<<8, func(r *history.Record) { r.Cmdline = "git " + strings.Repeat("x", 5000) })}, 0)
	if n := len(e.Summary); n > 600 {
		t.Errorf("the summary has %d bytes", n)
	}
	for _, s := range e.Evidence {
		if len(s) > 600 {
			t.Errorf("%.40s… has %d bytes", s, len(s))
		}
	}
}

// TestLastFailureOrder: the death counts and not its record, helpers of scripts come last,
// and a crash comes before what followed from it.
func TestLastFailureOrder(t *testing.T) {
	exit := func(comm string, after time.Duration, status procfs.WaitStatus) history.Record {
		return ended(status, func(r *history.Record) { r.Comm, r.Time = comm, noon.Add(after) })
	}
	late := exit("app", 9*time.Second, 3<<8) // a zombie that was reaped late
	late.ZombieFor = 8500 * time.Millisecond
	for name, tt := range map[string]struct {
		records []history.Record
		want    int
	}{
		"a helper":              {[]history.Record{exit("app", 0, 3<<8), exit("grep", time.Second, 1<<8)}, 0},
		"only helpers":          {[]history.Record{exit("test", 0, 1<<8), exit("grep", time.Second, 1<<8)}, 1},
		"a helper that failed":  {[]history.Record{exit("app", 0, 3<<8), exit("grep", time.Second, 2<<8)}, 1},
		"the order of deaths":   {[]history.Record{exit("web", time.Second, 1<<8), late}, 0},
		"a crash and its shell": {[]history.Record{exit("app", 0, 11), exit("sh", 100*time.Millisecond, 139<<8)}, 0},
		"a crash before":        {[]history.Record{exit("app", 0, 11), exit("sh", 5*time.Second, 3<<8)}, 1},
	} {
		if got := LastFailure(tt.records); got != tt.want {
			t.Errorf("%s: %d, want %d", name, got, tt.want)
		}
	}
}

func TestLastFailure(t *testing.T) {
	failed := ended(1<<8, func(*history.Record) {})
	command := ended(1<<8, func(r *history.Record) { r.Inspector = true })
	other := ended(1<<8, func(r *history.Record) { r.Foreign = true })
	fine := ended(0, func(*history.Record) {})
	for want, records := range map[int][]history.Record{-1: {fine, command, other}, 1: {failed, failed, fine, command, other}} {
		if got := LastFailure(records); got != want {
			t.Errorf("LastFailure = %d, want %d", got, want)
		}
	}
}
