package doctor

import (
	"slices"
	"strings"
	"testing"
	"time"

	"yinit/procfs"
	"yinit/procfs/snapshot"
)

// failures returns n failures of a command, one each step, the last one age before noon.
func failures(n int, step, age time.Duration, change func(i int, x *Failure)) []Failure {
	all := make([]Failure, n)
	for i := range all {
		all[i] = Failure{
			Time: noon.Add(-age - time.Duration(n-1-i)*step), PID: 100 + i, PPID: 7, Comm: "worker", Parent: "app",
			Command: "worker --queue mail", Status: 4 << 8,
		}
		if change != nil {
			change(i, &all[i])
		}
	}
	return all
}

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

// TestPastRules checks what the doctor makes of what has happened.
func TestPastRules(t *testing.T) {
	const step = 4 * time.Second
	limits := func(hits uint64) snapshot.Host { return snapshot.Host{Pids: 2, PidsMax: 100, PidsHits: hits} }
	others := func(i int, x *Failure) { x.Command = "worker " + string(rune('a'+i%4)) }
	for _, tt := range []struct {
		name string
		f    Facts
		want string   // the finding and its level
		has  []string // in its texts
	}{
		{"nothing", Facts{}, "", nil},
		{"four failures", Facts{Failures: failures(4, step, 0, nil)}, "", nil},
		{"28 failures", Facts{Failures: failures(28, step, 8*time.Second, nil)}, "crash-loop risk", []string{
			"worker (child of 7 app) failed 28 times in the last 1m56s: exited 4", "the last one was 127 at 11:59:52, 8s ago: worker --queue mail", "yinit history --failed",
		}},
		{"the user ends it", Facts{Failures: failures(9, step, 0, func(i int, x *Failure) { x.Status = procfs.WaitStatus([]int{1, 2, 15}[i%3]) })}, "", nil},
		{"a script asks", Facts{Failures: failures(9, step, 0, func(_ int, x *Failure) { x.Comm, x.Status = "grep", 1<<8 })}, "", nil},
		{"a script cannot ask", Facts{Failures: failures(9, step, 0, func(_ int, x *Failure) { x.Comm, x.Status = "grep", 2<<8 })}, "crash-loop risk", []string{"grep", "exited 2"}},
		{"most are too old", Facts{Failures: failures(9, 3*time.Minute, 0, nil)}, "", nil},
		{"all are too old", Facts{Failures: failures(9, step, time.Hour, nil)}, "", nil},
		{"workers that fail together", Facts{Failures: failures(9, 100*time.Millisecond, 0, nil)}, "", nil},
		{"as fast as it can", Facts{Failures: failures(100, 25*time.Millisecond, 0, nil)}, "crash-loop risk", []string{"in the last 2s: exited 4", "0s ago"}},
		{"in several ways", Facts{Failures: failures(6, step, 0, func(i int, x *Failure) {
			if i%2 == 1 {
				x.Status = 11
			}
		})}, "crash-loop risk", []string{"the last one killed by SIGSEGV"}},
		{"other arguments", Facts{Failures: failures(16, step, 0, others)}, "", nil},
		{"several commands", Facts{Failures: failures(24, step, 0, others)}, "crash-loop risk", []string{"failed 6 times", "3 other commands fail as well"}},
		{"some command lines are unknown", Facts{Failures: failures(8, step, 0, func(i int, x *Failure) {
			if i%2 == 1 {
				x.Command = ""
			}
		})}, "crash-loop risk", []string{"failed 8 times in the last 28s", "the last one was 107", "0s ago: worker --queue mail"}},
		{"no command line is known", Facts{Failures: failures(8, step, 0, func(_ int, x *Failure) { x.Command = "" })}, "crash-loop risk", []string{"failed 8 times", "0s ago: worker"}},
		{"whose they are is unknown", Facts{Failures: failures(24, step, 0, func(i int, x *Failure) {
			if x.Command = "worker a"; i%3 == 1 {
				x.Command = "worker b"
			} else if i%3 == 2 {
				x.Command = ""
			}
		})}, "crash-loop risk", []string{"failed 8 times", "2 other commands fail as well"}},
		{"several parents", Facts{Failures: failures(5, step, 0, func(i int, x *Failure) { x.PPID = 7 + i })}, "crash-loop risk", []string{"worker failed 5 times"}},
		{"no parent inside", Facts{Failures: failures(5, step, 0, func(_ int, x *Failure) { x.PPID = 0 })}, "crash-loop risk", []string{"worker failed 5 times"}},
		{"a parent without a name", Facts{Failures: failures(5, step, 0, func(_ int, x *Failure) { x.Parent = "" })}, "crash-loop risk", []string{"worker (child of 7) failed"}},
		{"without names", Facts{Failures: failures(5, step, 0, func(_ int, x *Failure) { x.Comm, x.Command = "", "" })}, "", nil},
		{"the clock was set back", Facts{Failures: failures(5, step, -time.Hour, nil)}, "crash-loop risk", []string{"0s ago"}},

		{"the limit was hit", Facts{Host: limits(0), PidsHit: Hit{noon.Add(-time.Minute), "the init noted it"}}, "pids-limit-hit problem", []string{"was hit 1m00s ago", "the init noted it", "--pids-limit"}},
		{"long ago", Facts{Host: limits(3), PidsHit: Hit{noon.Add(-time.Hour), "the init noted it"}}, "pids-limit-hit note", []string{"was hit 1h00m ago"}},
		{"a counter", Facts{Host: limits(3)}, "pids-limit-hit note", []string{"pids.events has counted 3 starts that failed; when is not known"}},
		{"a counter that has grown", Facts{Host: limits(1), PidsHit: Hit{Time: noon}}, "pids-limit-hit problem", []string{"was hit 0s ago", "1 start that failed"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.f.Now = noon
			tt.f.Procs = []snapshot.Process{yinit(15), proc(7, 1, "app")}
			if tt.f.Host.Pids == 0 {
				tt.f.Host = limits(0)
			}
			found, _ := Examine(&tt.f)
			got, texts := "", ""
			for _, x := range found {
				got += x.ID + " " + x.Level.String()
				texts += x.What + "\n" + x.Evidence + "\n" + x.Why + "\n" + x.Do + "\n"
				if slices.Contains([]string{x.What, x.Evidence, x.Why, x.Do}, "") {
					t.Errorf("a text of %s is missing: %+v", x.ID, x)
				}
			}
			if got != tt.want {
				t.Errorf("found %q, want %q\n%s", got, tt.want, texts)
			}
			for _, s := range tt.has {
				if !strings.Contains(texts, s) {
					t.Errorf("no text has %q:\n%s", s, texts)
				}
			}
		})
	}
}

// TestEnds: a container ends with a program of yinit, and with no other process, as far as is
// known; the advice about zombies of the program follows from that.
func TestEnds(t *testing.T) {
	id := procfs.ID{PID: 7, Start: 1007}
	known := map[procfs.ID]int{id: sigTERM}
	for name, tt := range map[string]struct {
		f    Facts
		ppid int
		want bool
	}{
		"a program":            {Facts{Stops: known}, 1, true},
		"a policy":             {Facts{Stops: known, Policy: &Policy{}}, 1, true},
		"it is restarted":      {Facts{Stops: known, Policy: &Policy{Stays: true}}, 1, false},
		"the history is empty": {Facts{}, 1, false},
		"another process":      {Facts{Stops: map[procfs.ID]int{{PID: 9, Start: 1009}: sigTERM}}, 1, false},
		"the pid is reused":    {Facts{Stops: map[procfs.ID]int{{PID: 7, Start: 3}: sigTERM}}, 1, false},
		"another parent":       {Facts{Stops: known}, 5, false},
	} {
		tt.f.Procs = []snapshot.Process{yinit(15), proc(7, tt.ppid, "app"), proc(8, 7, "git", dead(7))}
		if got := tt.f.Ends(&tt.f.Procs[1]); got != tt.want {
			t.Errorf("%s: Ends = %t, want %t", name, got, tt.want)
		}
		found, _ := Examine(&tt.f)
		i := slices.IndexFunc(found, func(x Finding) bool { return x.ID == "zombies" })
		if i < 0 || strings.Contains(found[i].Do, "ending it ends the container") != tt.want || strings.Contains(found[i].Do, "or end it") == tt.want {
			t.Errorf("%s: the findings are %+v", name, found)
		}
	}
}
