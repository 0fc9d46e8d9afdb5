package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"yinit/procfs"
	"yinit/procfs/verdict"
)

// A guard is a situation in which the sender is not the target's parent: it is inside the
// target's PID namespace, or another user. The sender is an observer, another process of
// this test binary.
type guard struct {
	situation
	inside bool   // the target is PID 1, and the sender one of its children
	uid    uint32 // of the sender
	owner  uint32 // of the target
	caps   []uintptr
	above  bool // the sender is in a new user namespace
	below  bool // the target is in a new user namespace
	spare  bool // skip KILL and STOP, which would have an effect
	want   map[int]verdict.Outcome
}

var (
	cont = int(unix.SIGCONT)
	// Root without CAP_SYS_PTRACE, as in a container.
	containerRoot = []uintptr{unix.CAP_KILL, unix.CAP_SETUID, unix.CAP_SETGID, unix.CAP_CHOWN, unix.CAP_DAC_OVERRIDE}
)

const nobody, somebody = 65534, 1000

var guards = []guard{
	{situation: situation{name: "PID 1, from inside", words: "default"}, inside: true},
	{situation: situation{name: "PID 1, from inside, caught", words: "caught"}, inside: true},
	{situation: situation{name: "PID 1, from inside, ignored", words: "ignored"}, inside: true},
	{situation: situation{name: "PID 1, from inside, blocked", words: "blocked"}, inside: true},
	{situation: situation{name: "PID 1, from inside, blocked and caught", words: "blocked caught"}, inside: true},
	{situation: situation{name: "PID 1, from inside, signalfd", words: "blocked signalfd"}, inside: true},
	{situation: situation{name: "PID 1, from inside, sigwait", words: "blocked waits thread-pings", threads: true}, inside: true},
	{
		situation: situation{name: "PID 1, from inside, a thread open", words: "blocked thread-open", threads: true, vague: true}, inside: true,
		want: map[int]verdict.Outcome{term: verdict.OutcomeUnknown, 64: verdict.OutcomeUnknown, int(unix.SIGQUIT): verdict.OutcomeShielded},
	},
	{
		situation: situation{name: "PID 1, from inside, a thread open, caught", words: "blocked caught thread-open", threads: true}, inside: true,
		want: map[int]verdict.Outcome{term: verdict.OutcomeHandler},
	},
	{
		situation: situation{name: "PID 1, from inside, a thread open, ignored", words: "blocked ignored thread-open", threads: true}, inside: true,
		want: map[int]verdict.Outcome{term: verdict.OutcomeIgnore},
	},
	{
		situation: situation{name: "PID 1, from inside, a thread in sigwait", words: "blocked thread-waits", threads: true}, inside: true,
		want: map[int]verdict.Outcome{term: verdict.OutcomeRead},
	},
	{ // While the main thread waits, real_blocked has the signal, so that it does not end PID 1.
		situation: situation{name: "PID 1, from inside, sigwait, a thread open", words: "blocked waits thread-open", silent: true}, inside: true,
		want: map[int]verdict.Outcome{term: verdict.OutcomeRead},
	},
	{
		situation: situation{name: "PID 1, from inside, main open, a thread open", words: "default thread-open", threads: true}, inside: true,
		want: map[int]verdict.Outcome{term: verdict.OutcomeShielded},
	},
	{
		situation: situation{name: "another user", words: "caught session"}, uid: nobody,
		want: map[int]verdict.Outcome{cont: verdict.OutcomeDenied, term: verdict.OutcomeDenied},
	},
	{
		situation: situation{name: "another user, same session", words: "caught", vague: true}, uid: nobody,
		want: map[int]verdict.Outcome{term: verdict.OutcomeDenied},
	},
	{
		situation: situation{name: "another user, zombie", words: "zombie", before: untilZombie}, uid: nobody,
		want: map[int]verdict.Outcome{term: verdict.OutcomeDenied},
	},
	{
		situation: situation{name: "the same user", words: "caught"}, uid: nobody, owner: nobody, spare: true,
		want: map[int]verdict.Outcome{term: verdict.OutcomeHandler},
	},
	{
		situation: situation{name: "the same user, not dumpable", words: "caught undumpable", vague: true}, uid: nobody, owner: nobody, spare: true,
		want: map[int]verdict.Outcome{term: verdict.OutcomeHandler, int(unix.SIGKILL): verdict.OutcomeTerminate},
	},
	{
		situation: situation{name: "CAP_KILL alone", words: "blocked", vague: true}, uid: nobody, caps: []uintptr{unix.CAP_KILL}, spare: true,
		want: map[int]verdict.Outcome{term: verdict.OutcomeUnknown, int(unix.SIGKILL): verdict.OutcomeTerminate},
	},
	{
		situation: situation{name: "root in a container", words: "caught"}, owner: somebody, caps: containerRoot, spare: true,
		want: map[int]verdict.Outcome{term: verdict.OutcomeHandler},
	},
	{
		situation: situation{name: "root in a container, sigwait", words: "blocked waits thread-pings", threads: true}, owner: somebody, caps: containerRoot, spare: true,
		want: map[int]verdict.Outcome{term: verdict.OutcomeRead},
	},
	{
		situation: situation{name: "root of a user namespace, outwards", words: "caught session"}, uid: nobody, above: true,
		want: map[int]verdict.Outcome{term: verdict.OutcomeDenied, cont: verdict.OutcomeDenied},
	},
	{ // It may signal the process but not inspect it.
		situation: situation{name: "root of a user namespace, its own user", words: "caught", vague: true}, uid: nobody, owner: nobody, above: true, spare: true,
		want: map[int]verdict.Outcome{term: verdict.OutcomeHandler, int(unix.SIGKILL): verdict.OutcomeTerminate},
	},
	{
		situation: situation{name: "into a user namespace", words: "caught"}, owner: somebody, below: true, spare: true,
		want: map[int]verdict.Outcome{term: verdict.OutcomeHandler},
	},
}

var term = int(unix.SIGTERM)

// observed passes to TestVerdictObserver the index in guards, the pid, and the first
// signal.
const observed = "YINIT_TEST_OBSERVED"

func (g *guard) run(t *testing.T) {
	if !g.inside && os.Getenv(singleUser) != "" {
		t.Skip("there is only one user here: run the tests as root")
	}
	if g.inside {
		g.runInside(t)
		return
	}
	a := g.startBeside(t)
	defer a.end()
	cmd := observer(g, a.pid)
	cmd.ExtraFiles = []*os.File{a.events, a.pings}
	cmd.SysProcAttr = asOther(g.uid, g.above)
	cmd.SysProcAttr.AmbientCaps = g.caps
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	g.report(t, string(out))
}

// runInside starts the target as PID 1, and again each time a signal has ended it, which
// also ends its observer. The result of that signal is how the target ended.
func (g *guard) runInside(t *testing.T) {
	for next := 1; next <= 64; {
		cmd := g.startInside(t, next)
		var out bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &out
		err := cmd.Start()
		for _, f := range cmd.ExtraFiles { // The target ends when its ping pipe is closed.
			f.Close()
		}
		if err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait() // its ProcessState has the status
		seen := procfs.WaitStatus(cmd.ProcessState.Sys().(syscall.WaitStatus))
		last := lastTry(out.String())
		if strings.Contains(out.String(), "cells: ") {
			g.report(t, out.String())
			return
		}
		if strings.Contains(out.String(), "FAIL") || last.n == 0 {
			t.Errorf("PID 1: %s; before, the observer says\n%s", seen, out.String())
			return
		}
		t.Logf("%s: seen: %q, which ended the observer", procfs.SignalName(last.n), seen)
		if wrong := g.disagree(last, seen); wrong != "" {
			t.Error(wrong)
		}
		t.Logf("cells: %d", last.n-next+1)
		next = last.n + 1
	}
}

// disagree compares the verdict on the last signal with how PID 1 then ended, "" if they
// agree. The observer ended with it, so this is all that was seen.
func (g *guard) disagree(last trial, seen procfs.WaitStatus) string {
	if last.want == seen.String() || g.vague && last.want == "unknown" && seen.Signaled() && seen.Signal() == last.n {
		return ""
	}
	return fmt.Sprintf("%s: the verdict looks like %q; seen: %q, which ended the observer", procfs.SignalName(last.n), last.want, seen)
}

// trial is a line that an observer writes before it sends a signal, so that the test knows
// the signal if the observer dies with the target.
type trial struct {
	n    int
	want string
}

func (l trial) String() string { return fmt.Sprintf("sends %d, which looks like %q", l.n, l.want) }

// lastTry returns the last signal that the observer sent, the zero value if none.
func lastTry(out string) (last trial) {
	for line := range strings.Lines(out) {
		var l trial
		if n, _ := fmt.Sscanf(line, "sends %d, which looks like %q", &l.n, &l.want); n == 2 {
			last = l
		}
	}
	return last
}

// report adds the results of an observer that has finished.
func (g *guard) report(t *testing.T, out string) {
	t.Helper()
	if strings.Contains(out, "FAIL") || !strings.Contains(out, "cells: ") {
		t.Errorf("the observer says\n%s", out)
	}
	for line := range strings.Lines(out) {
		if _, cells, ok := strings.Cut(line, "cells: "); ok {
			t.Logf("cells: %s", strings.TrimSpace(cells))
		}
	}
}

// observer returns a command that sends the signals. Its file descriptors 3 and 4 are the
// events and pings of the target.
func observer(g *guard, pid int) *exec.Cmd {
	cmd := exec.Command(filepath.Join(filepath.Dir(binary), "observer"), "-test.run=^TestVerdictObserver$", "-test.v", "-test.timeout=20m")
	cmd.Env = append(os.Environ(), observed+"="+fmt.Sprintf("%d,%d,1", g.index(), pid), "TMPDIR=/tmp")
	return cmd
}

func (g *guard) index() int {
	for i := range guards {
		if guards[i].name == g.name {
			return i
		}
	}
	return -1
}

// startBeside starts the target as its owner.
func (g *guard) startBeside(t *testing.T) *aim {
	s := g.situation
	s.attr = *asOther(g.owner, g.below)
	return s.start(t)
}

// asOther starts a process as a user, or as the root of a user namespace that maps only
// this user.
func asOther(uid uint32, namespace bool) *syscall.SysProcAttr {
	if !namespace {
		return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
	}
	ids := []syscall.SysProcIDMap{{HostID: int(uid), Size: 1}}
	return &syscall.SysProcAttr{
		Cloneflags: unix.CLONE_NEWUSER, UidMappings: ids, GidMappings: ids,
		Credential: &syscall.Credential{NoSetGroups: true},
	}
}

// startInside returns a command for the target as PID 1 of a new namespace. The target
// starts the observer, which begins with signal from.
func (g *guard) startInside(t *testing.T, from int) *exec.Cmd {
	tells, hears := pipes(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	args := append([]string{os.Getenv(aimBinary), "3", "4"}, strings.Fields(g.words)...)
	args = append(args, "--", self, "-test.run=^TestVerdictObserver$", "-test.v", "-test.timeout=20m")
	cmd := namespaced(args...)
	cmd.Env = append(cmd.Env, observed+"="+fmt.Sprintf("%d,1,%d", g.index(), from))
	cmd.ExtraFiles = []*os.File{tells[1], hears[0], tells[0], hears[1]}
	cmd.SysProcAttr.Setsid = true
	return cmd
}

// TestLastTry checks that the last signal of an observer that died is found in its output.
func TestLastTry(t *testing.T) {
	want := trial{15, visible(verdict.OutcomeTerminate, 15)}
	for out, want := range map[string]trial{
		"": {}, "=== RUN\nFAIL\n": {}, "sends 1\n": {},
		fmt.Sprintln(trial{1, "nothing"}) + fmt.Sprintln(want) + "sends 16, wh": want,
	} {
		if got := lastTry(out); got != want {
			t.Errorf("lastTry(%q) = %+v, want %+v", out, got, want)
		}
	}
}

// TestObserverDies checks what is said of a signal that ends PID 1 and with it the
// observer, which most kernels do not show.
func TestObserverDies(t *testing.T) {
	sure, vague := &guard{}, &guard{situation: situation{vague: true}}
	killed := visible(verdict.OutcomeTerminate, term)
	for _, test := range []struct {
		g    *guard
		last trial
		seen procfs.WaitStatus
		want string
	}{
		{sure, trial{term, killed}, 15, ""},
		{sure, trial{term, "nothing"}, 15, `SIGTERM: the verdict looks like "nothing"; seen: "killed by SIGTERM", which ended the observer`},
		{sure, trial{term, "unknown"}, 15, `SIGTERM: the verdict looks like "unknown"; seen: "killed by SIGTERM", which ended the observer`},
		{vague, trial{term, "unknown"}, 15, ""},
		{vague, trial{term, "unknown"}, 9, `SIGTERM: the verdict looks like "unknown"; seen: "killed by SIGKILL", which ended the observer`},
		{vague, trial{term, "nothing"}, 15, `SIGTERM: the verdict looks like "nothing"; seen: "killed by SIGTERM", which ended the observer`},
		{vague, trial{term, "unknown"}, 5 << 8, `SIGTERM: the verdict looks like "unknown"; seen: "exited 5", which ended the observer`},
	} {
		if got := test.g.disagree(test.last, test.seen); got != test.want {
			t.Errorf("disagree(%v, %v) = %q, want %q", test.last, test.seen, got, test.want)
		}
	}
}

// TestVerdictObserver sends the signals of one guard.
func TestVerdictObserver(t *testing.T) {
	var index, pid, from int
	if _, err := fmt.Sscanf(os.Getenv(observed), "%d,%d,%d", &index, &pid, &from); err != nil {
		t.Skip("TestVerdictAgreesWithTheKernel runs this one")
	}
	g := &guards[index]
	first := 3
	if g.inside {
		first = 5
	}
	a := &aim{s: &g.situation, pid: pid, events: nonblocking(t, first), pings: nonblocking(t, first+1)}
	if g.inside {
		if got := a.hear(time.Minute); got != "p0" {
			t.Fatalf("PID 1 says %q, not that it is ready", got)
		}
	}
	a.settle(t)
	cells := 0
	for n := from; n <= 64; n++ {
		a.rest(t) // A running thread is known not to be in sigwait.
		target, err := a.targets.Read(pid)
		if err != nil {
			t.Fatal(err)
		}
		outcome, why := verdict.Of(target, n, a.targets.Caller)
		g.check(t, target, n, a.targets.Caller)
		if want, ok := g.want[n]; ok && outcome != want {
			t.Errorf("%s: the verdict is %v (%s), want %v", procfs.SignalName(n), outcome, why, want)
		}
		if g.spare && (n == int(unix.SIGKILL) || n == int(unix.SIGSTOP)) {
			continue
		}
		fmt.Println(trial{n, visible(outcome, n)})
		a.try(t, n)
		cells++
	}
	t.Logf("cells: %d", cells)
}

// check compares the kernel's permission with that of our own rule, unless the rule does
// not know.
func (g *guard) check(t *testing.T, target *verdict.Target, n int, caller verdict.Caller) {
	t.Helper()
	unasked := *target
	unasked.Permitted = verdict.Unknown
	outcome, _ := verdict.Of(target, n, caller)
	ours, why := verdict.Of(&unasked, n, caller)
	if (ours == verdict.OutcomeDenied) != (outcome == verdict.OutcomeDenied) && !strings.Contains(why, "cannot tell whether the caller may") {
		t.Errorf("%s: by our rule it is %v (%s), and %v by that of the kernel", procfs.SignalName(n), ours, why, outcome)
	}
}

// nonblocking returns a file with deadlines for an inherited file descriptor.
func nonblocking(t *testing.T, fd int) *os.File {
	if err := unix.SetNonblock(fd, true); err != nil {
		t.Fatal(err)
	}
	return os.NewFile(uintptr(fd), "pipe")
}
