package rehearsal

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"yinit/procfs"
	"yinit/procfs/verdict"
)

// proc returns a process that ended after a second by itself.
func proc(pid int, comm string, change ...func(*Process)) Process {
	p := Process{PID: pid, PPID: 1, Comm: comm, Outcome: verdict.OutcomeTerminate, Known: true, At: time.Second}
	for _, f := range change {
		f(&p)
	}
	return p
}

func does(o verdict.Outcome) func(*Process) { return func(p *Process) { p.Outcome = o } }
func at(d time.Duration) func(*Process)     { return func(p *Process) { p.At = d } }
func by(sig int) func(*Process)             { return func(p *Process) { p.Status = procfs.WaitStatus(sig) } }
func orphaned(p *Process)                   { p.Orphaned = true }
func late(p *Process)                       { p.Late = true }

// story tells a report in a line.
func story(r *Report) string {
	var b strings.Builder
	for i := range r.Judged {
		j := &r.Judged[i]
		fmt.Fprintf(&b, "%s got %s, %s; ", j.Name(), j.Got, j.How())
	}
	return fmt.Sprintf("%sexit %d, %d hard, %d left, docker %s, kubernetes %s, clean %v", b.String(), r.Exit, r.Hard, r.Left, r.Docker, r.Kubernetes, r.Clean())
}

// TestJudge judges a table of stops.
func TestJudge(t *testing.T) {
	handler, shielded := does(verdict.OutcomeHandler), does(verdict.OutcomeShielded)
	plan := Plan{Command: []string{"app"}, Init: "none", Signal: 15, Grace: 10 * time.Second}
	killed := func(at time.Duration, all ...Process) Facts {
		return Facts{Plan: plan, Sent: true, Killed: true, KilledAt: at, Takes: at + time.Millisecond, Status: 9, Processes: all}
	}
	ended := func(takes time.Duration, status procfs.WaitStatus, all ...Process) Facts {
		return Facts{Plan: plan, Sent: true, Takes: takes, Status: status, Processes: all}
	}
	with := func(f Facts, change func(*Facts)) Facts { change(&f); return f }
	for _, tt := range []struct {
		name string
		f    Facts
		want string
	}{
		{
			"a server that handles the signal", ended(time.Second, 0, proc(1, "nginx", handler), proc(7, "nginx", handler)),
			"1 (nginx) got yes, exited 0; 7 (nginx) got unknown, exited 0; exit 0, 0 hard, 0 left, docker yes, kubernetes yes, clean true",
		},
		{
			"PID 1 without a handler", killed(10*time.Second, proc(1, "sleep", shielded, by(9), at(10*time.Second))),
			"1 (sleep) got yes, killed by SIGKILL at the end of the grace; exit 137, 1 hard, 0 left, docker no, kubernetes no, clean false",
		},
		{
			"the same after a short grace", killed(3*time.Second, proc(1, "sleep", shielded, by(9), at(3*time.Second))),
			"1 (sleep) got yes, killed by SIGKILL at the end of the grace; exit 137, 1 hard, 0 left, docker no, kubernetes no, clean false",
		},
		{
			"a handler that takes longer than a short grace", killed(3*time.Second, proc(1, "db", handler, by(9), at(3*time.Second))),
			"1 (db) got yes, killed by SIGKILL at the end of the grace; exit 137, 1 hard, 0 left, docker unknown, kubernetes unknown, clean false",
		},
		{
			"a handler that takes 20 s of 30", ended(20*time.Second, 0, proc(1, "db", handler, at(20*time.Second))),
			"1 (db) got yes, exited 0; exit 0, 0 hard, 0 left, docker no, kubernetes yes, clean true",
		},
		{
			"a shell that forwards nothing", killed(10*time.Second, proc(1, "sh", shielded, by(9), at(10*time.Second)), proc(7, "app", by(9), at(10*time.Second))),
			"1 (sh) got yes, killed by SIGKILL at the end of the grace; 7 (app) got no, killed by SIGKILL together with PID 1; exit 137, 2 hard, 0 left, docker no, kubernetes no, clean false",
		},
		{
			"a child that is left behind", ended(time.Second, 3<<8, proc(1, "sh", handler), proc(7, "sleep", by(9), orphaned)),
			"1 (sh) got yes, exited 3; 7 (sleep) got no, killed by SIGKILL: left behind by PID 1; exit 3, 1 hard, 1 left, docker yes, kubernetes yes, clean false",
		},
		{
			"an init that forwards, and kills what is left", ended(4*time.Second, 143<<8, proc(1, "yinit", handler), proc(7, "app", by(15)),
				proc(8, "stubborn", does(verdict.OutcomeIgnore), by(9), orphaned, func(p *Process) { p.ByInit, p.Told = true, true })),
			"1 (yinit) got yes, exited 143; 7 (app) got yes, killed by SIGTERM; 8 (stubborn) got yes, killed by SIGKILL by PID 1; exit 143, 1 hard, 0 left, docker yes, kubernetes yes, clean false",
		},
		{
			"one that kills itself", ended(time.Second, 0, proc(1, "sh", handler), proc(7, "job", by(9), at(time.Millisecond))),
			"1 (sh) got yes, exited 0; 7 (job) got no, killed by SIGKILL; exit 0, 1 hard, 0 left, docker yes, kubernetes yes, clean false",
		},
		{
			"the signal is pending", killed(10*time.Second, proc(1, "sh", shielded, by(9), at(10*time.Second)),
				proc(7, "app", does(verdict.OutcomePending), by(9), at(10*time.Second), func(p *Process) { p.Pending = true })),
			"1 (sh) got yes, killed by SIGKILL at the end of the grace; 7 (app) got yes, killed by SIGKILL together with PID 1; exit 137, 2 hard, 0 left, docker no, kubernetes no, clean false",
		},
		{
			"a zombie, and helpers that come and go", ended(time.Second, 0, proc(1, "app", handler), proc(7, "git", at(-time.Second), func(p *Process) { p.Zombie = true }),
				proc(9, "rm", late), proc(10, "log", late, by(9), orphaned)),
			"1 (app) got yes, exited 0; 7 (git) got no, exited 0 before the stop; a zombie since; 10 (log) got no, killed by SIGKILL: left behind by PID 1; exit 0, 1 hard, 1 left, docker yes, kubernetes yes, clean false",
		},
		{
			"a pre-stop command that ends it", with(ended(-time.Second, 0, proc(1, "nginx", handler, at(-time.Second))), func(f *Facts) {
				f.Sent, f.PreStop = false, &Run{Took: 12 * time.Second}
			}),
			"1 (nginx) got no, exited 0; exit 0, 0 hard, 0 left, docker yes, kubernetes yes, clean true",
		},
		{
			"a pre-stop command that counts in Kubernetes only", with(ended(5*time.Second, 0, proc(1, "app", handler)), func(f *Facts) { f.PreStop = &Run{Took: 25 * time.Second} }),
			"1 (app) got yes, exited 0; exit 0, 0 hard, 0 left, docker yes, kubernetes no, clean true",
		},
		{
			"a check that fails", with(ended(time.Second, 0, proc(1, "app", handler)), func(f *Facts) { f.Check = &Run{Status: 7 << 8} }),
			"1 (app) got yes, exited 0; exit 0, 0 hard, 0 left, docker yes, kubernetes yes, clean false",
		},
		{
			"a pre-stop command that is cut off", with(ended(time.Second, 0, proc(1, "app", handler)), func(f *Facts) { f.PreStop = &Run{CutOff: true} }),
			"1 (app) got yes, exited 0; exit 0, 0 hard, 0 left, docker unknown, kubernetes unknown, clean false",
		},
		{
			"a status that is not known", ended(time.Second, 0, proc(1, "app", handler), proc(7, "x", func(p *Process) { p.Known = false })),
			"1 (app) got yes, exited 0; 7 (x) got unknown, exit status unknown; exit 0, 0 hard, 0 left, docker yes, kubernetes yes, clean true",
		},
		{
			"a kernel before 6.15: the end of a child beside that of PID 1", ended(time.Second, 0, proc(1, "app", handler), proc(7, "x", orphaned, func(p *Process) { p.Known = false })),
			"1 (app) got yes, exited 0; 7 (x) got unknown, exit status unknown: by itself, or killed with PID 1; exit 0, 0 hard, 0 left, docker yes, kubernetes yes, clean true",
		},
		{
			"a kernel before 6.15: the kernel kills all with PID 1", killed(10*time.Second, proc(1, "sh", shielded), proc(7, "app", at(10*time.Second), func(p *Process) { p.Known = false })),
			"1 (sh) got yes, killed by SIGKILL at the end of the grace; 7 (app) got no, killed by SIGKILL together with PID 1; exit 137, 2 hard, 0 left, docker no, kubernetes no, clean false",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := Judge(&tt.f)
			if got := story(r); got != tt.want {
				t.Errorf("\n got %s\nwant %s", got, tt.want)
			}
			if !r.Clean() && len(r.Why()) == 0 && r.Judged[1].By != ByUnknown {
				t.Error("it does not say why the stop was not clean")
			}
			readJUnit(t, JUnit(r, time.Unix(0, 0)), !r.Clean())
		})
	}
}

// TestLeft: the grace includes the pre-stop command, but 2 s remain.
func TestLeft(t *testing.T) {
	for _, tt := range []struct {
		preStop           string
		took, grace, want time.Duration
	}{
		{"", 0, 10 * time.Second, 10 * time.Second},
		{"", 0, 0, 0},
		{"sleep 4", 4 * time.Second, 10 * time.Second, 6 * time.Second},
		{"sleep 20", 10 * time.Second, 10 * time.Second, MinGrace},
	} {
		p := Plan{PreStop: tt.preStop, Grace: tt.grace}
		if got := p.Left(tt.took); got != tt.want {
			t.Errorf("%q took %s of %s: %s is left, want %s", tt.preStop, tt.took, tt.grace, got, tt.want)
		}
	}
}

// TestAdvice: why it failed, and what helps, which depends on that.
func TestAdvice(t *testing.T) {
	const end = 3 * time.Second
	kill := func(p *Process) { p.Status, p.At = 9, end }
	yinit := func(p *Process) { p.Outcome, p.Forward = verdict.OutcomeHandler, 15 }
	const more, another = "give it more time", "choose another stop signal"
	for _, tt := range []struct {
		name   string
		all    []Process
		why    string // a part of it; "": none
		advice string // likewise
		not    string // is not in the advice
		docker verdict.Answer
	}{
		{"clean", []Process{proc(1, "app")}, "", "", "", verdict.Yes},
		{"shielded", []Process{proc(1, "app", does(verdict.OutcomeShielded), kill)}, "1 (app) has no handler for SIGTERM", "run it under an init", more, verdict.No},
		{"it ignores", []Process{proc(1, "sh", does(verdict.OutcomeIgnore), kill), proc(2, "sleep", kill)}, "1 (sh) ignores SIGTERM, and was killed after 3s", "let 1 (sh) handle SIGTERM, or " + another, "init", verdict.No},
		{"it blocks", []Process{proc(1, "app", does(verdict.OutcomePending), kill)}, "1 (app) blocks SIGTERM", "unblock", more, verdict.No},
		{"nothing by default", []Process{proc(1, "app", does(verdict.OutcomeDefaultIgnore), kill)}, "nothing by default", another, "init", verdict.No},
		{"slow", []Process{proc(1, "app", does(verdict.OutcomeHandler), kill)}, "1 (app) has a handler for SIGTERM, but had not ended", more, "exec", verdict.Unknown},
		{"left", []Process{proc(1, "app"), proc(2, "job", kill, orphaned, at(time.Second))}, "PID 1 ended while these still ran", "let PID 1 wait", "", verdict.Yes},
		{"a shell", []Process{proc(1, "sh", does(verdict.OutcomeShielded), kill), proc(2, "job", kill)}, "no handler", "write exec", "", verdict.No},
		{"a shell with a trap", []Process{proc(1, "sh", does(verdict.OutcomeHandler), kill), proc(2, "job", kill)}, "a handler", "runs its trap only when its command has ended", "exec", verdict.Unknown},
		{"an init and a program that ignores", []Process{proc(1, "yinit", yinit, kill), proc(7, "sh", does(verdict.OutcomeIgnore), kill)}, "7 (sh) ignores SIGTERM; 1 (yinit) waited for it", "let 7 (sh) handle SIGTERM", more, verdict.No},
		{"an init and a slow program", []Process{proc(1, "yinit", yinit, kill), proc(7, "db", does(verdict.OutcomeHandler), kill)}, "7 (db) has a handler", more, "let", verdict.Unknown},
		{"an init that rewrites", []Process{proc(1, "yinit", yinit, func(p *Process) { p.Forward = 3 }, kill), proc(7, "db", does(verdict.OutcomeIgnore), kill)}, "waited for it", more, "let", verdict.Unknown},
		{"the pre-stop command's own", []Process{proc(1, "app"), proc(9, "sleep", late, kill, orphaned, func(p *Process) { p.Hook = true })}, "", "", "", verdict.Yes},
	} {
		f := &Facts{Plan: Plan{Init: "none", Signal: 15, Grace: end}, Sent: true, Status: tt.all[0].Status, Takes: time.Second, Processes: tt.all}
		if tt.all[0].Status == 9 {
			f.Killed, f.KilledAt, f.Takes = true, end, end
		}
		r := Judge(f)
		why, advice := strings.Join(r.Why(), "; "), strings.Join(r.Advice(), "; ")
		if !strings.Contains(why, tt.why) || (tt.why == "") != (why == "") || !strings.Contains(advice, tt.advice) || (tt.advice == "") != (advice == "") {
			t.Errorf("%s: %q, %q; want %q, %q", tt.name, why, advice, tt.why, tt.advice)
		}
		if tt.not != "" && strings.Contains(advice, tt.not) {
			t.Errorf("%s: the advice %q has %q", tt.name, advice, tt.not)
		}
		if r.Docker != tt.docker {
			t.Errorf("%s: Docker's time is enough: %s, want %s", tt.name, r.Docker, tt.docker)
		}
		f.Signal = sigKILL
		if advice := Judge(f).Advice(); f.Killed && len(advice) > 0 {
			t.Errorf("%s with SIGKILL: the advice is %q", tt.name, advice)
		}
	}
}

// TestPreStop: a pre-stop command that was cut off.
func TestPreStop(t *testing.T) {
	f := &Facts{Plan: Plan{Init: "none", Signal: 15}, Sent: true, Takes: time.Second, Processes: []Process{proc(1, "app")}, PreStop: &Run{CutOff: true, Took: 3 * time.Second}}
	r := Judge(f)
	if advice := strings.Join(r.Advice(), "; "); r.Docker != verdict.Unknown || r.Kubernetes != verdict.Unknown || !strings.Contains(advice, "make the pre-stop command shorter") {
		t.Errorf("%s, %s, %q", r.Docker, r.Kubernetes, advice)
	}
	if got := f.PreStop.EndedAfter(); got != "did not end within 3s" {
		t.Errorf("it ended: %s", got)
	}
}

type junitCounts struct {
	Tests    int     `xml:"tests,attr"`
	Failures int     `xml:"failures,attr"`
	Errors   int     `xml:"errors,attr"`
	Time     float64 `xml:"time,attr"`
}

// readJUnit reads a report as strictly as a CI system does.
func readJUnit(t *testing.T, text string, fails bool) {
	t.Helper()
	var all struct {
		XMLName xml.Name `xml:"testsuites"`
		junitCounts
		Suites []struct {
			junitCounts
			Name      string `xml:"name,attr"`
			Timestamp string `xml:"timestamp,attr"`
			Cases     []struct {
				Class   string  `xml:"classname,attr"`
				Name    string  `xml:"name,attr"`
				Time    float64 `xml:"time,attr"`
				Failure *struct {
					Message string `xml:"message,attr"`
					Text    string `xml:",chardata"`
				} `xml:"failure"`
				Error *struct {
					Message string `xml:"message,attr"`
				} `xml:"error"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	d := xml.NewDecoder(strings.NewReader(text))
	if err := d.Decode(&all); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if _, err := d.Token(); err != nil {
		t.Errorf("no line break at the end: %v", err)
	}
	if _, err := d.Token(); err != io.EOF {
		t.Errorf("something follows the report: %v\n%s", err, text)
	}
	if len(all.Suites) != 1 || all.junitCounts != all.Suites[0].junitCounts {
		t.Fatalf("want one suite with the counts of the whole:\n%s", text)
	}
	s, names, bad := all.Suites[0], map[string]bool{}, 0
	for _, c := range s.Cases {
		if c.Class == "" || c.Name == "" || names[c.Name] {
			t.Errorf("a case has no name of its own: %+v", c)
		}
		names[c.Name] = true
		if c.Failure != nil && c.Failure.Message != "" || c.Error != nil && c.Error.Message != "" {
			bad++
		}
	}
	if s.Tests != len(s.Cases) || s.Failures+s.Errors != bad || bad > 0 != fails {
		t.Errorf("%d cases, %d of them bad, want bad ones: %v\n%s", len(s.Cases), bad, fails, text)
	}
	if _, err := time.Parse("2006-01-02T15:04:05", s.Timestamp); err != nil || s.Name == "" {
		t.Errorf("the suite is %q at %q", s.Name, s.Timestamp)
	}
}

// TestJUnitNames: any name of a process is valid in XML.
func TestJUnitNames(t *testing.T) {
	odd := "\x1b<a&b>\"\xff\ufffe\n"
	f := Facts{Plan: Plan{Command: []string{odd}, Init: "yinit"}, Status: 9, Processes: []Process{proc(1, odd), proc(2, odd), proc(3, odd)}, Check: &Run{Command: odd, Status: 1 << 8}}
	readJUnit(t, JUnit(Judge(&f), time.Unix(0, 0)), true)
	readJUnit(t, JUnitError(&f.Plan, odd, time.Unix(0, 0)), true)
}

// TestWords: each constant has a word.
func TestWords(t *testing.T) {
	for k := ByEngine; k <= ByUnknown; k++ {
		if k.String() == "" {
			t.Errorf("killer %d has no word", k)
		}
	}
	for _, a := range []verdict.Answer{verdict.Unknown, verdict.No, verdict.Yes} {
		if Enough(a) == "" {
			t.Errorf("%s has no word", a)
		}
	}
}
