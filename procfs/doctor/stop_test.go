package doctor

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"yinit/procfs"
	"yinit/procfs/snapshot"
	"yinit/procfs/verdict"
)

// plainRelay is that of yinit without options.
type plainRelay struct{ to int }

func (r plainRelay) Forwards(n int) int {
	if n == sigTERM {
		return r.to
	}
	return n
}
func (r plainRelay) Drops(n int) bool  { return r.Forwards(n) == 0 }
func (r plainRelay) Reason(int) string { return "forwards it" }

// proc returns a process that has the signals at their default.
func proc(pid, ppid int, comm string, change ...func(*snapshot.Process)) snapshot.Process {
	p := snapshot.Process{
		ID: procfs.ID{PID: pid, Start: procfs.Ticks(1000 + pid)}, PPID: ppid, Threads: 1, State: procfs.StateSleeping, Comm: comm, Cmdline: []string{comm},
		Sigs: procfs.Signals{Known: true}, Age: time.Minute,
	}
	for _, f := range change {
		f(&p)
	}
	relay := verdict.Relay(nil)
	if p.Target != nil {
		relay = p.Target.Relay
	}
	t := verdict.NewTarget(&procfs.Stat{PID: pid, Start: p.ID.Start, Comm: comm, State: p.State, Threads: p.Threads, PPID: ppid},
		&procfs.Status{Sigs: p.Sigs, NSpid: []int{pid}})
	for i := range t.Tasks {
		t.Tasks[i].Sigwait = verdict.No
	}
	t.FDsRead, t.Relay = true, relay
	t.Before = before(&p)
	p.Target = t
	p.Term, _ = verdict.Of(t, sigTERM, verdict.Anyone())
	return p
}

func before(p *snapshot.Process) verdict.Masks {
	if p.Container != "inherited" {
		return verdict.Masks{}
	}
	return verdict.Masks{Blocked: p.Sigs.Blocked, Ignored: p.Sigs.Ignored}
}

func catches(n int) func(*snapshot.Process) {
	return func(p *snapshot.Process) { p.Sigs.Caught = p.Sigs.Caught.Add(n) }
}

func ignores(n int) func(*snapshot.Process) {
	return func(p *snapshot.Process) { p.Sigs.Ignored = p.Sigs.Ignored.Add(n) }
}

func blocks(n int) func(*snapshot.Process) {
	return func(p *snapshot.Process) { p.Sigs.Blocked = p.Sigs.Blocked.Add(n) }
}

// forking makes p a process that has just been forked and blocks all signals.
func forking(p *snapshot.Process) { p.Age, p.Sigs.Blocked = 10*time.Millisecond, ^procfs.SignalSet(0) }

func inherits(p *snapshot.Process) { p.Container = "inherited" }

func in(s procfs.State) func(*snapshot.Process) { return func(p *snapshot.Process) { p.State = s } }

func runs(words ...string) func(*snapshot.Process) {
	return func(p *snapshot.Process) { p.Cmdline = words }
}

func entered(age time.Duration) func(*snapshot.Process) {
	return func(p *snapshot.Process) { p.Outside, p.Age = true, age }
}

func dead(culprit int) func(*snapshot.Process) {
	return func(p *snapshot.Process) { p.State, p.Culprit, p.Cmdline = procfs.StateZombie, culprit, nil }
}

// yinit returns PID 1 that forwards SIGTERM as another signal; 0 drops it.
func yinit(to int) snapshot.Process {
	return proc(1, 0, "yinit", catches(sigTERM), catches(30), func(p *snapshot.Process) { p.Target = &verdict.Target{Relay: plainRelay{to}} })
}

// hidden returns PID 1 of which this user does not see how it waits.
func hidden() snapshot.Process {
	p := proc(1, 0, "sleep")
	p.Target.Tasks[0].Sigwait, p.Target.FDsRead = verdict.Unknown, false
	p.Term, _ = verdict.Of(p.Target, sigTERM, verdict.Anyone())
	return p
}

// story tells a stop in a line for each process.
func story(s *Stop) string {
	var b strings.Builder
	for i := range s.Steps {
		step := &s.Steps[i]
		fmt.Fprintf(&b, "%d %s", step.Process.ID.PID, step.Role)
		if step.Signal != 0 {
			fmt.Fprintf(&b, " %s %s", procfs.SignalName(step.Signal), step.Outcome)
		}
		fmt.Fprintf(&b, " %s", [...]string{"unknown", "ends", "handler", "killed", "last"}[step.Fate])
		if step.By != NoKiller {
			fmt.Fprintf(&b, " by %s", step.By)
		}
		fmt.Fprintf(&b, " at %s; ", step.At)
	}
	least := ""
	if s.AtLeast {
		least = " or more"
	}
	status := "unknown"
	if s.Known {
		status = fmt.Sprint(s.Status)
	}
	return fmt.Sprintf("%stakes %s%s, %d hard, status %s", b.String(), s.Takes, least, s.Hard, status)
}

// TestSimulate plays a stop in a table of containers.
func TestSimulate(t *testing.T) {
	one := func(n int) map[procfs.ID]int { return map[procfs.ID]int{{PID: 7, Start: 1007}: n} }
	known := func(p Policy) *Policy { p.Known = true; return &p }
	usual := known(Policy{Grace: 3 * time.Second})
	for _, tt := range []struct {
		name string
		f    Facts
		want string
	}{
		{"nothing was read", Facts{}, "takes 0s, 0 hard, status unknown"},
		{"the reader is PID 1", Facts{Procs: []snapshot.Process{proc(1, 0, "yinit")}, Reader: 1}, "takes 0s, 0 hard, status unknown"},
		{"a machine", Facts{Procs: []snapshot.Process{proc(1, 0, "systemd", catches(sigTERM)), proc(2, 0, "kthreadd", ignores(sigKILL))}}, "takes 0s, 0 hard, status unknown"},
		{
			"PID 1 without a handler",
			Facts{Procs: []snapshot.Process{proc(1, 0, "python3"), proc(7, 1, "worker"), proc(9, 0, "top")}, Reader: 9},
			"1 init SIGTERM shielded killed by engine at 10s; 7 rest killed by engine at 10s; takes 10s, 2 hard, status 137",
		},
		{
			"the same in Kubernetes",
			Facts{Procs: []snapshot.Process{proc(1, 0, "python3")}, Timeout: KubernetesTimeout},
			"1 init SIGTERM shielded killed by engine at 30s; takes 30s, 1 hard, status 137",
		},
		{
			"PID 1 with a handler",
			Facts{Procs: []snapshot.Process{proc(1, 0, "nginx", catches(sigTERM)), proc(7, 1, "nginx")}},
			"1 init SIGTERM handler handler at 0s; 7 rest last by kernel at 0s; takes 0s or more, 0 hard, status unknown",
		},
		{
			"another stop signal",
			Facts{Procs: []snapshot.Process{proc(1, 0, "httpd", catches(28))}, Signal: 28},
			"1 init SIGWINCH handler handler at 0s; takes 0s or more, 0 hard, status unknown",
		},
		{
			"a stop by SIGKILL",
			Facts{Procs: []snapshot.Process{yinit(15), proc(7, 1, "app")}, Signal: sigKILL},
			"1 init SIGKILL terminate killed by engine at 0s; 7 rest killed by engine at 0s; takes 0s, 2 hard, status 137",
		},
		{
			"yinit and a program",
			Facts{Procs: []snapshot.Process{yinit(15), proc(7, 1, "app")}, Stops: one(15), Policy: usual},
			"1 init SIGTERM handler ends at 0s; 7 program SIGTERM terminate ends at 0s; takes 0s, 0 hard, status 143",
		},
		{
			"a signal that yinit only forwards",
			Facts{Procs: []snapshot.Process{yinit(30), proc(7, 1, "app")}, Stops: one(15), Signal: 30, Policy: known(Policy{Delay: time.Second, KillAfter: time.Second})},
			"1 init SIGPWR handler ends at 0s; 7 program SIGPWR terminate ends at 0s; takes 0s, 0 hard, status 158",
		},
		{
			"the same with --stop-ok",
			Facts{Procs: []snapshot.Process{yinit(15), proc(7, 1, "app")}, Stops: one(15), Policy: known(Policy{StopOK: true, Grace: time.Second})},
			"1 init SIGTERM handler ends at 0s; 7 program SIGTERM terminate ends at 0s; takes 0s, 0 hard, status 0",
		},
		{
			"a stubborn descendant",
			Facts{Procs: []snapshot.Process{yinit(15), proc(7, 1, "app"), proc(8, 7, "child", ignores(sigTERM)), proc(5, 0, "sh")}, Stops: one(15), Policy: usual},
			"1 init SIGTERM handler ends at 3s; 7 program SIGTERM terminate ends at 0s; 5 rest SIGTERM terminate ends at 0s; 8 rest SIGTERM ignore killed by grace at 3s; takes 3s, 1 hard, status 143",
		},
		{
			"a checkpointer",
			Facts{Procs: []snapshot.Process{
				yinit(15), proc(7, 1, "postgres", catches(sigTERM), catches(2)), proc(8, 7, "postgres", ignores(sigTERM), catches(12)), proc(9, 7, "postgres", ignores(sigTERM)), proc(10, 7, "sh", ignores(sigTERM), catches(12)),
			}, Stops: one(2), Policy: usual},
			"1 init SIGTERM handler handler at 3s; 7 program SIGINT handler handler at 0s; 8 rest SIGUSR2 handler handler at 0s; 9 rest SIGTERM ignore killed by grace at 3s; 10 rest SIGTERM ignore killed by grace at 3s; takes 3s or more, 2 hard, status unknown",
		},
		{
			"a process that is being made",
			Facts{Procs: []snapshot.Process{yinit(15), proc(7, 1, "app"), proc(8, 7, "app", forking), proc(9, 7, "app", forking, in(procfs.StateStopped))}, Stops: one(15), Policy: usual},
			"1 init SIGTERM handler ends at 3s; 7 program SIGTERM terminate ends at 0s; 8 rest SIGTERM pending ends at 0s; 9 rest SIGTERM pending killed by grace at 3s; takes 3s, 1 hard, status 143",
		},
		{
			"the history is not known",
			Facts{Procs: []snapshot.Process{yinit(15), proc(7, 1, "app"), proc(9, 1, "orphan", blocks(sigTERM))}},
			"1 init SIGTERM handler ends at 3s; 7 program SIGTERM terminate ends at 0s; 9 rest SIGTERM pending killed by grace at 3s; takes 3s, 1 hard, status unknown",
		},
		{
			"a stubborn program",
			Facts{Procs: []snapshot.Process{yinit(15), proc(7, 1, "app", ignores(sigTERM)), proc(8, 7, "child")}, Stops: one(15), Policy: usual},
			"1 init SIGTERM handler killed by engine at 10s; 7 program SIGTERM ignore killed by engine at 10s; 8 rest killed by engine at 10s; takes 10s, 3 hard, status 137",
		},
		{
			"a stubborn program and --kill-after",
			Facts{Procs: []snapshot.Process{yinit(15), proc(7, 1, "app", ignores(sigTERM)), proc(8, 7, "child", ignores(sigTERM))}, Stops: one(15), Policy: known(Policy{KillAfter: 4 * time.Second, Grace: 3 * time.Second})},
			"1 init SIGTERM handler ends at 7s; 7 program SIGTERM ignore killed by kill-after at 4s; 8 rest SIGTERM ignore killed by grace at 7s; takes 7s, 2 hard, status 137",
		},
		{
			"a grace that is too long",
			Facts{Procs: []snapshot.Process{yinit(15), proc(7, 1, "app"), proc(8, 7, "child", ignores(sigTERM))}, Stops: one(15), Policy: known(Policy{Grace: time.Minute})},
			"1 init SIGTERM handler killed by engine at 10s; 7 program SIGTERM terminate ends at 0s; 8 rest SIGTERM ignore killed by engine at 10s; takes 10s, 2 hard, status 137",
		},
		{
			"--delay and no grace",
			Facts{Procs: []snapshot.Process{yinit(15), proc(7, 1, "app"), proc(8, 7, "child")}, Stops: one(15), Policy: known(Policy{Delay: 2 * time.Second})},
			"1 init SIGTERM handler ends at 2s; 7 program SIGTERM terminate ends at 2s; 8 rest killed by kernel at 2s; takes 2s, 1 hard, status 143",
		},
		{
			"a stopped program",
			Facts{Procs: []snapshot.Process{yinit(15), proc(7, 1, "app", in(procfs.StateStopped)), proc(8, 7, "child", in(procfs.StateStopped), blocks(sigTERM))}, Stops: one(15), Policy: usual},
			"1 init SIGTERM handler ends at 3s; 7 program SIGTERM terminate ends at 0s; 8 rest SIGTERM pending killed by grace at 3s; takes 3s, 1 hard, status 143",
		},
		{
			"its own stop signal",
			Facts{Procs: []snapshot.Process{yinit(3), proc(7, 1, "nginx", ignores(sigTERM), catches(3))}, Stops: one(3), Policy: usual},
			"1 init SIGTERM handler handler at 0s; 7 program SIGQUIT handler handler at 0s; takes 0s or more, 0 hard, status unknown",
		},
		{
			"SIGTERM is dropped",
			Facts{Procs: []snapshot.Process{yinit(0), proc(7, 1, "app")}, Stops: one(0), Policy: usual},
			"1 init SIGTERM handler killed by engine at 10s; 7 rest killed by engine at 10s; takes 10s, 2 hard, status 137",
		},
		{
			"the program is the one that looks",
			Facts{Procs: []snapshot.Process{yinit(15), proc(7, 1, "top"), proc(8, 7, "child")}, Reader: 7, Stops: one(15), Policy: usual},
			"1 init SIGTERM handler ends at 0s; 8 rest SIGTERM terminate ends at 0s; takes 0s, 0 hard, status unknown",
		},
		{
			"several programs",
			Facts{
				Procs:  []snapshot.Process{yinit(15), proc(7, 1, "a"), proc(8, 1, "b")},
				Stops:  map[procfs.ID]int{{PID: 7, Start: 1007}: 15, {PID: 8, Start: 1008}: 2},
				Policy: known(Policy{KillAfter: 20 * time.Second, Grace: 3 * time.Second}),
			},
			"1 init SIGTERM handler ends at 0s; 8 program SIGINT terminate ends at 0s; 7 program SIGTERM terminate ends at 0s; takes 0s, 0 hard, status 0",
		},
		{
			"a zombie does not count",
			Facts{Procs: []snapshot.Process{yinit(15), proc(7, 1, "app"), proc(8, 7, "git", dead(7))}, Stops: one(15), Policy: usual},
			"1 init SIGTERM handler ends at 0s; 7 program SIGTERM terminate ends at 0s; takes 0s, 0 hard, status 143",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := Simulate(&tt.f)
			if got := story(&s); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

// TestRules checks each finding with facts that just have it.
func TestRules(t *testing.T) {
	app := proc(7, 1, "app")
	many := []snapshot.Process{yinit(15), app}
	for i := range 9 {
		many = append(many, proc(100+i, 0, "sh", runs("sh", "-c", "/health"), entered(2*time.Hour)))
	}
	zombie := proc(8, 7, "git", dead(7))
	age := map[procfs.ID]time.Duration{zombie.ID: time.Minute}
	for _, tt := range []struct {
		name string
		f    Facts
		want string // ids and levels
		has  string // in one of the texts
	}{
		{"all is well", Facts{Procs: []snapshot.Process{yinit(15), app}, Host: snapshot.Host{Pids: 2, PidsMax: 100}}, "", ""},
		{"python as PID 1", Facts{Procs: []snapshot.Process{proc(1, 0, "python3")}}, "stop-ignored problem", "--init"},
		{"a shell as PID 1", Facts{Procs: []snapshot.Process{proc(1, 0, "sh", runs("sh", "-c", "app; true")), proc(7, 1, "app", runs("app", "x y"))}}, "stop-ignored problem, shell-pid1 problem", `CMD ["app", "x y"]`},
		{"a shell with a trap", Facts{Procs: []snapshot.Process{proc(1, 0, "bash", runs("bash", "/run.sh"), catches(sigTERM)), app}}, "shell-pid1 note", "exec PROGRAM"},
		{"a shell for a user", Facts{Procs: []snapshot.Process{proc(1, 0, "bash", runs("bash"), ignores(sigTERM)), app}}, "stop-ignored problem", ""},
		{"a zombie", Facts{Procs: []snapshot.Process{yinit(15), app, zombie}}, "zombies note", "7 app has not reaped 1 zombie"},
		{"an old zombie", Facts{Procs: []snapshot.Process{yinit(15), app, zombie}, Dead: age}, "zombies risk", "dead for at least 1m"},
		{"a leak", Facts{Procs: []snapshot.Process{yinit(15), app, zombie}, Growth: 2, UntilFull: 30 * time.Minute, Host: snapshot.Host{Pids: 40, PidsMax: 100}}, "zombies problem", "2.0 more each minute; the pids limit (100) is reached in about 30m00s"},
		{"PID 1 does not reap", Facts{Procs: []snapshot.Process{proc(1, 0, "node", catches(sigTERM)), proc(8, 1, "git", dead(1))}, Dead: map[procfs.ID]time.Duration{zombie.ID: time.Minute}}, "no-reaper problem, zombies risk", "does not reap"},
		{"the limit is near", Facts{Procs: []snapshot.Process{yinit(15), app}, Host: snapshot.Host{Pids: 85, PidsMax: 100}}, "pids-limit risk", "85 of 100"},
		{"the limit is hit", Facts{Procs: []snapshot.Process{yinit(15), app}, Host: snapshot.Host{Pids: 100, PidsMax: 100}}, "pids-limit problem", "EAGAIN"},
		{"no limit", Facts{Procs: []snapshot.Process{yinit(15), app}, Host: snapshot.Host{Pids: 2}}, "no-pids-limit note", "--pids-limit"},
		{"stopped", Facts{Procs: []snapshot.Process{yinit(15), proc(7, 1, "app", in(procfs.StateStopped))}}, "stopped risk", "yinit kill -s CONT 7"},
		{"traced", Facts{Procs: []snapshot.Process{yinit(15), proc(7, 1, "app", in(procfs.StateTraced))}}, "hard-kill risk, stopped risk", "let its debugger resume it, or end the debugger"},
		{"in D for a moment", Facts{Procs: []snapshot.Process{yinit(15), proc(7, 1, "app", in(procfs.StateDisk))}}, "", ""},
		{"in D", Facts{Procs: []snapshot.Process{yinit(15), proc(7, 1, "app", in(procfs.StateDisk))}, Stuck: map[procfs.ID]time.Duration{app.ID: time.Minute}}, "disk-sleep problem", "not even SIGKILL"},
		{"TERM blocked from the start", Facts{Procs: []snapshot.Process{yinit(15), proc(7, 1, "app", blocks(sigTERM), inherits)}}, "hard-kill risk, inherited-signals risk", "SIGTERM blocked"},
		{"PIPE ignored from the start", Facts{Procs: []snapshot.Process{yinit(15), proc(7, 1, "app", ignores(sigPIPE), inherits)}}, "inherited-signals note", "SIGPIPE ignored"},
		{"a program ignores TERM itself", Facts{Procs: []snapshot.Process{yinit(15), proc(7, 1, "app", ignores(sigTERM))}}, "hard-kill risk", "SIGTERM to 7 app: ignore"},
		{"probes that do not end", Facts{Procs: many}, "exec-pile problem", "sh -c /health: 9 times"},
		{"a reaction that is hidden", Facts{Procs: []snapshot.Process{hidden()}}, "not-seen note", "PID 1 (sleep) does with SIGTERM could not be determined"},
		{"not all was read", Facts{Procs: []snapshot.Process{yinit(15), app}, Host: snapshot.Host{NoAccess: "3 processes are hidden from this user"}}, "not-seen note", "hidden"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			found, _ := Examine(&tt.f)
			var got []string
			texts := ""
			for _, x := range found {
				got = append(got, x.ID+" "+x.Level.String())
				texts += x.What + "\n" + x.Evidence + "\n" + x.Why + "\n" + x.Do + "\n"
				if slices.Contains([]string{x.What, x.Evidence, x.Why, x.Do}, "") {
					t.Errorf("a text of %s is missing: %+v", x.ID, x)
				}
			}
			if words := strings.Join(got, ", "); words != tt.want {
				t.Errorf("found %s, want %s\n%s", words, tt.want, texts)
			}
			if !strings.Contains(texts, tt.has) {
				t.Errorf("no text has %q:\n%s", tt.has, texts)
			}
		})
	}
}
