package kill

import (
	"bufio"
	"errors"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"yinit/procfs"
	"yinit/procfs/proctest"
	"yinit/procfs/verdict"
)

// start starts a shell script in a process group of its own, and waits until it has printed
// a line. Whatever is left of the group is killed at the end of the test.
func start(t *testing.T, script string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command("sh", "-c", script)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // Perhaps nobody is left.
		_ = cmd.Wait()                                      // It was killed, which is an error to Wait.
	})
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatalf("%q printed no line: %v", script, err)
	}
	return cmd
}

// play carries out an order, and returns its members.
func play(t *testing.T, o Order, pids ...int) []*Member {
	t.Helper()
	if o.Signal == 0 {
		o.Signal = sigTerm
	}
	if o.Wait == 0 {
		o.Wait = time.Minute
	}
	k, err := Choose(verdict.NewReader(procfs.FS{}, nil), o, pids)
	if err != nil {
		t.Fatal(err)
	}
	defer k.Close()
	k.Send()
	told := 0
	k.Watch(func(*Member) { told++ })
	if told != len(k.Members) {
		t.Errorf("%d of %d members were reported", told, len(k.Members))
	}
	return k.Members
}

// TestOne signals processes of each kind.
func TestOne(t *testing.T) {
	number := func(name string) int {
		n, err := procfs.ParseSignal(name)
		proctest.Check(t, err)
		return n
	}
	for name, tt := range map[string]struct {
		script string
		order  Order
		before syscall.Signal // sent before
		want   Result
		done   bool
		text   string // in that of the member
	}{
		"no handler":       {script: "echo; exec sleep 100", want: Ended, done: true, text: "killed by SIGTERM "},
		"handler":          {script: "trap 'exit 3' TERM; echo; while :; do sleep 0.01; done", want: Ended, done: true, text: "exited 3 "},
		"stubborn":         {script: "trap '' TERM; echo; exec sleep 100", order: Order{Wait: 50 * time.Millisecond}, want: Waiting, text: ": it ignores SIGTERM, but SIGINT or SIGKILL ends it"},
		"escalated":        {script: "trap '' TERM; echo; exec sleep 100", order: Order{Wait: 50 * time.Millisecond, Escalate: true}, want: Ended, done: true, text: "killed by SIGKILL after "},
		"stopped":          {script: "echo; exec sleep 100", before: syscall.SIGSTOP, order: Order{Wait: 50 * time.Millisecond}, want: Waiting, text: ": it is stopped, so that SIGTERM waits"},
		"stopped, KILL":    {script: "echo; exec sleep 100", before: syscall.SIGSTOP, order: Order{Signal: 9}, want: Ended, done: true, text: "killed by SIGKILL "},
		"STOP":             {script: "echo; exec sleep 100", order: Order{Signal: number("STOP")}, want: Stopped, done: true, text: "stopped, SIGCONT resumes it"},
		"CONT, stopped":    {script: "echo; exec sleep 100", before: syscall.SIGSTOP, order: Order{Signal: number("CONT")}, want: Resumed, done: true, text: "resumed"},
		"CONT":             {script: "echo; exec sleep 100", order: Order{Signal: number("CONT")}, want: Running, done: true, text: "it was not stopped"},
		"TSTP, ignored":    {script: "trap '' TSTP; echo; exec sleep 100", order: Order{Signal: number("TSTP"), Wait: 50 * time.Millisecond}, want: Waiting, text: "not stopped after "},
		"USR1, handler":    {script: "trap : USR1; echo; while :; do sleep 0.01; done", order: Order{Signal: number("USR1")}, want: Delivered, done: true, text: "SIGUSR1 delivered"},
		"USR1, no handler": {script: "echo; exec sleep 100", order: Order{Signal: number("USR1")}, want: Ended, done: true, text: "killed by SIGUSR1 "},
		"WINCH":            {script: "echo; exec sleep 100", order: Order{Signal: number("WINCH")}, want: Dropped, text: "SIGWINCH has no effect: the default action is to ignore it"},
		"HUP, ignored":     {script: "trap '' HUP; echo; exec sleep 100", order: Order{Signal: 1}, want: Dropped, text: "SIGHUP has no effect: the program ignores it"},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := start(t, tt.script)
			if tt.before != 0 {
				proctest.Check(t, cmd.Process.Signal(tt.before))
				proctest.Eventually(t, "it is stopped", func() bool {
					s, err := procfs.FS{}.Stat(cmd.Process.Pid)
					return err == nil && s.State.Stopped()
				})
			}
			m := play(t, tt.order, cmd.Process.Pid)[0]
			if m.Result != tt.want || m.Done() != tt.done || !strings.Contains(m.Text(), tt.text) {
				t.Errorf("%v, done %v: %q; want %v, %v: %q", m.Result, m.Done(), m.Text(), tt.want, tt.done, tt.text)
			}
		})
	}
}

// TestNothingSent: a zombie, a process that does not exist, and one that has got the pid of
// the process that was chosen.
func TestNothingSent(t *testing.T) {
	dead := start(t, "echo; exec sleep 100")
	proctest.Check(t, dead.Process.Kill())
	proctest.Eventually(t, "it is a zombie", func() bool {
		s, err := procfs.FS{}.Stat(dead.Process.Pid)
		return err == nil && s.Dead()
	})
	got := play(t, Order{}, dead.Process.Pid, 1<<22+1)
	if m := got[0]; m.Result != Zombie || m.Done() || !strings.Contains(m.Text(), "a zombie, killed by SIGKILL: nothing sent; ") || !strings.Contains(m.Text(), " has not waited for it") {
		t.Errorf("a zombie: %v, %q", m.Result, m.Text())
	}
	if m := got[1]; m.Result != Missing || m.Done() || m.Text() != "there is no process 4194305" {
		t.Errorf("no process: %v, %q", m.Result, m.Text())
	}

	other := start(t, "echo; exec sleep 100")
	r := verdict.NewReader(procfs.FS{}, nil)
	k := &Kill{Order: Order{Signal: sigTerm}, reader: r, known: map[procfs.ID]bool{}}
	stat, err := procfs.FS{}.Stat(other.Process.Pid)
	proctest.Check(t, err)
	stat.Start-- // that of an earlier process
	m := &Member{ID: stat.ID()}
	k.hold(m, &stat)
	k.Members = []*Member{m}
	k.Send()
	if m.Result != Gone || m.Text() != "it has ended: nothing sent" {
		t.Errorf("a pid of another process: %v, %q", m.Result, m.Text())
	}
	if s, err := (procfs.FS{}).Stat(other.Process.Pid); err != nil || s.Dead() {
		t.Errorf("the process that has the pid now: %+v, %v, want that it runs", s, err)
	}
}

// TestJoined: a process that starts another one when it gets the signal. That one gets it,
// too, although its parent has ended by then.
func TestJoined(t *testing.T) {
	for _, scope := range []Scope{Group, Tree, Session} {
		t.Run(scope.String(), func(t *testing.T) {
			cmd := start(t, "trap 'sleep 200 & exit 0' TERM; echo; while :; do sleep 0.01; done")
			got := play(t, Order{Scope: scope}, cmd.Process.Pid)
			last := got[len(got)-1]
			if !slices.ContainsFunc(got, func(m *Member) bool { return m.Joined && m.Done() }) {
				t.Errorf("%d members, the last one %s: %s; want one that joined", len(got), last.Name(), last.Text())
			}
			stats := scan(t)
			if i := slices.IndexFunc(stats, func(s *procfs.Stat) bool { return s.PGRP == cmd.Process.Pid && !s.Dead() }); i >= 0 {
				t.Errorf("%d (%s) is left", stats[i].PID, stats[i].Comm)
			}
		})
	}
}

// TestLeaderless: a session whose leader has ended is found by its number.
func TestLeaderless(t *testing.T) {
	cmd := start(t, "sleep 300 & sleep 300 & echo; exit 0")
	_ = cmd.Wait()
	got := play(t, Order{Scope: Session}, cmd.Process.Pid)
	if len(got) != 2 || !got[0].Done() || !got[1].Done() {
		t.Errorf("%d members, want two that have ended", len(got))
	}
	if m := play(t, Order{Scope: Session}, cmd.Process.Pid)[0]; m.Result != Missing {
		t.Errorf("again: %v, want that nobody is left", m.Result)
	}
}

// TestRefused: PID 1 and the process itself.
func TestRefused(t *testing.T) {
	for _, pid := range []int{1, os.Getpid()} {
		_, err := Choose(verdict.NewReader(procfs.FS{}, nil), Order{Signal: sigTerm}, []int{pid})
		if _, ok := errors.AsType[*RefusedError](err); !ok {
			t.Errorf("Choose(%d) = %v, want a RefusedError", pid, err)
		}
	}
	o := Order{Signal: 19, Escalate: true}
	if o.Validate() == nil {
		t.Error("SIGKILL after SIGSTOP is valid, want an error")
	}
}

func scan(t *testing.T) []*procfs.Stat {
	t.Helper()
	r := verdict.NewReader(procfs.FS{}, nil)
	proctest.Check(t, r.Scan())
	return r.Processes
}

// TestChoice chooses among processes that do not exist.
func TestChoice(t *testing.T) {
	self := os.Getpid()
	p := func(pid, ppid, group, session int, start procfs.Ticks) *procfs.Stat {
		return &procfs.Stat{PID: pid, PPID: ppid, PGRP: group, Session: session, Start: start, State: procfs.StateSleeping, Threads: 1}
	}
	zombie := p(15, 10, 10, 10, 7)
	zombie.State = procfs.StateZombie
	kernel := p(16, 10, 10, 10, 7)
	kernel.Flags = 0x00200000 // PF_KTHREAD
	first := []*procfs.Stat{
		p(1, 0, 10, 10, 1), p(10, 1, 10, 10, 5), p(11, 10, 11, 10, 6), p(12, 11, 11, 10, 7), zombie, kernel,
		p(20, 1, 20, 20, 5), p(21, 20, 20, 20, 6), p(30, 20, 10, 10, 8), p(self, 11, 11, 10, 9),
		p(40, 1, 40, 40, 4), p(9, 40, 40, 40, 5),
		p(50, 51, 50, 50, 3), p(51, 1, 51, 51, 4), // 51 is not the parent that 50 had
	}
	for name, tt := range map[string]struct {
		order Order
		pids  []int
		later []*procfs.Stat
		want  []int
	}{
		"one":                    {Order{}, []int{10}, nil, []int{10}},
		"group":                  {Order{Scope: Group}, []int{10}, nil, []int{10, 30}},
		"group, forced":          {Order{Scope: Group, Force: true}, []int{10}, nil, []int{1, 10, 30}},
		"session":                {Order{Scope: Session}, []int{12}, nil, []int{10, 11, 12, 30}},
		"tree":                   {Order{Scope: Tree}, []int{10}, nil, []int{10, 11, 12}},
		"two trees":              {Order{Scope: Tree}, []int{20, 40}, nil, []int{40, 9, 20, 21, 30}},
		"a parent that is later": {Order{Scope: Tree}, []int{51}, nil, []int{51}},
		"a child of a member":    {Order{Scope: Tree}, []int{20}, []*procfs.Stat{p(60, 21, 60, 20, 20), p(61, 60, 60, 20, 20)}, []int{20, 21, 30, 60, 61}},
		"an orphan of a group":   {Order{Scope: Tree}, []int{20}, []*procfs.Stat{p(60, 1, 20, 20, 20)}, []int{20, 21, 30, 60}},
		"that was there before":  {Order{Scope: Tree}, []int{20}, []*procfs.Stat{p(60, 1, 20, 20, 2)}, []int{20, 21, 30}},
		"of a group with others": {Order{Scope: Tree}, []int{10}, []*procfs.Stat{p(60, 1, 10, 10, 20)}, []int{10, 11, 12}},
	} {
		t.Run(name, func(t *testing.T) {
			c, missing := newChoice(tt.order, tt.pids, os.Getpid(), first)
			if len(missing) > 0 {
				t.Fatalf("%v are missing", missing)
			}
			var got []int
			for _, stats := range [][]*procfs.Stat{first, append(slices.Clone(first), tt.later...)} {
				found, _ := c.members(stats)
				got = nil
				for _, s := range found {
					got = append(got, s.PID)
				}
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("the members are %v, want %v", got, tt.want)
			}
		})
	}
}
