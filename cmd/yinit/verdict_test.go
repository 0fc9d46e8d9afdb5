package main

import (
	"bytes"
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"yinit/procfs"
	"yinit/procfs/verdict"
	"yinit/procfs/zombie"
)

// A situation is what a target does with signals, and which process sends them.
type situation struct {
	name  string
	words string // arguments of testdata/target
	attr  syscall.SysProcAttr
	// before is called when the target is ready.
	before func(t *testing.T, a *aim)
	// silent targets do not answer pings.
	silent bool
	// threads take signals while another one answers pings.
	threads bool
	// each signal has a fresh target.
	each bool
	// vague situations are those that the kernel does not always show.
	vague bool
	// open targets wait for signals that they did not block before, which the
	// kernel does not show.
	open bool
}

// situations are those in which the sender is the target's parent.
var situations = []situation{
	{name: "default", words: "default", each: true},
	{name: "default, core dumps off", words: "nocore", each: true},
	{name: "default, orphaned group", words: "session", each: true},
	{name: "ignored", words: "ignored"},
	{name: "caught", words: "caught"},
	{name: "blocked", words: "blocked"},
	{name: "blocked, caught", words: "blocked caught"},
	{name: "blocked, ignored", words: "blocked ignored"},
	{name: "signalfd", words: "blocked signalfd"},
	{name: "signalfd, caught", words: "blocked caught signalfd"},
	{name: "signalfd, ignored", words: "blocked ignored signalfd"},
	{name: "sigwait", words: "blocked waits", silent: true},
	{name: "sigwait, caught", words: "blocked caught waits", silent: true},
	{name: "sigwait, ignored", words: "blocked ignored waits", silent: true},
	{name: "sigwait, not blocked before", words: "default waits", silent: true, each: true, open: true},
	{name: "sigwait, not blocked before, caught", words: "caught waits", silent: true, open: true},
	{name: "sigwait, not blocked before, ignored", words: "ignored waits", silent: true, open: true},
	{name: "sigwait in a thread", words: "blocked thread-waits", threads: true},
	{name: "sigwait in a thread, ignored", words: "blocked ignored thread-waits", threads: true},
	{name: "a thread open", words: "blocked thread-open", threads: true, each: true},
	{name: "a thread open, caught", words: "blocked caught thread-open", threads: true},
	{name: "a thread open, ignored", words: "blocked ignored thread-open", threads: true},
	{name: "sigwait, a thread open", words: "blocked waits thread-open", silent: true},
	{name: "sigwait, a thread open, caught", words: "blocked caught waits thread-open", silent: true},
	{name: "main open, a thread in sigwait", words: "thread-waits caught"},
	{name: "two threads block", words: "blocked thread-pings", silent: true},
	{name: "main thread ended", words: "main-ends thread-pings", threads: true, each: true},
	{name: "main thread ended, caught", words: "main-ends caught thread-pings", threads: true},
	{name: "main thread ended, others block", words: "main-ends blocked thread-pings"},
	{name: "main thread ended open, others block, ignored", words: "main-ends ignored thread-pings"},
	{name: "stopped", words: "default", before: untilStopped},
	{name: "stopped, caught", words: "caught", before: untilStopped},
	{name: "stopped, ignored", words: "ignored", before: untilStopped},
	{name: "stopped, blocked", words: "blocked", before: untilStopped},
	{name: "stopped, signalfd", words: "blocked signalfd", before: untilStopped},
	{name: "stopped in sigwait", words: "blocked waits", before: untilStopped, silent: true},
	{name: "traced", words: "default", before: traced, each: true, vague: true},
	{name: "traced, ignored", words: "ignored", before: traced, each: true, vague: true},
	{name: "traced, blocked", words: "blocked", before: traced, each: true, vague: true},
	{name: "in vfork", words: "default vfork", before: untilVfork, silent: true},
	{name: "in vfork, caught", words: "caught vfork", before: untilVfork, silent: true},
	{name: "in vfork, ignored", words: "ignored vfork", before: untilVfork, silent: true},
	{name: "in vfork, blocked", words: "blocked vfork", before: untilVfork, silent: true},
	{name: "zombie", words: "zombie", before: untilZombie},
	{name: "PID 1, from outside", attr: inNamespace, words: "default"},
	{name: "PID 1, from outside, caught", attr: inNamespace, words: "caught"},
	{name: "PID 1, from outside, ignored", attr: inNamespace, words: "ignored"},
	{name: "PID 1, from outside, blocked", attr: inNamespace, words: "blocked"},
	{name: "PID 1, from outside, signalfd", attr: inNamespace, words: "blocked signalfd"},
	{name: "PID 1, from outside, a thread open", attr: inNamespace, words: "blocked thread-open", threads: true, vague: true},
	{name: "PID 1, from outside, a thread open, caught", attr: inNamespace, words: "blocked caught thread-open", threads: true},
	{name: "PID 1, from outside, stopped", attr: inNamespace, words: "default", before: untilStopped},
	{name: "PID 1, from outside, zombie", attr: inNamespace, words: "zombie", before: untilZombie},
}

var inNamespace = syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWPID}

// TestVerdictAgreesWithTheKernel gets the verdict on each signal in each situation, sends
// the signal, and checks its effect. All of it runs in a new PID namespace, which ends
// with the test.
func TestVerdictAgreesWithTheKernel(t *testing.T) {
	began := time.Now()
	cmd := namespaced(os.Args[0], "-test.run=^TestVerdictCells$", "-test.v", "-test.timeout=20m")
	cmd.Env = append(cmd.Env, builtIn+"="+filepath.Dir(binary), aimBinary+"="+buildTarget(t), "TMPDIR="+t.TempDir())
	if os.Getuid() != 0 {
		cmd.Env = append(cmd.Env, singleUser+"=1")
	}
	cmd.SysProcAttr.Setsid = true // so that /proc shows the session
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	cells := 0
	for line := range bytes.Lines(out) {
		var n int
		if _, text, ok := strings.Cut(string(line), "cells: "); ok {
			_, _ = fmt.Sscan(text, &n)
		}
		cells += n
	}
	t.Logf("%d cells in %v", cells, time.Since(began).Round(time.Millisecond))
	if want := 64 * len(situations); cells < want {
		t.Errorf("%d cells were tried, want at least %d:\n%s", cells, want, out)
	}
}

const (
	aimBinary  = "YINIT_TEST_TARGET"      // names the target's binary for TestVerdictCells
	singleUser = "YINIT_TEST_SINGLE_USER" // says that the namespace has one user only
)

// buildTarget compiles testdata/target, which has to be C: a Go program has the
// runtime's threads and handlers.
var buildTargetOnce sync.Once

func buildTarget(t *testing.T) string {
	t.Helper()
	gcc := program(t, "gcc", "gcc libc6-dev")
	out := filepath.Join(filepath.Dir(binary), "target")
	buildTargetOnce.Do(func() {
		build := exec.Command(gcc, "-Wall", "-Wextra", "-Werror", "-O1", "-static", "-pthread", "-o", out, "testdata/target/target.c")
		if text, err := build.CombinedOutput(); err != nil {
			t.Fatalf("building the target: %v\n%s", err, text)
		}
		// Other users may not read the directory of the test binary.
		if text, err := exec.Command("cp", os.Args[0], filepath.Join(filepath.Dir(binary), "observer")).CombinedOutput(); err != nil {
			t.Fatalf("cp: %v\n%s", err, text)
		}
	})
	return out
}

// TestVerdictCells is the part of the test above that runs in the namespace.
func TestVerdictCells(t *testing.T) {
	if os.Getenv(aimBinary) == "" {
		t.Skip("TestVerdictAgreesWithTheKernel runs this one")
	}
	t.Chdir(t.TempDir()) // for core dumps of other users' processes
	t.Run("all", func(t *testing.T) {
		for _, s := range situations {
			t.Run(s.name, func(t *testing.T) {
				t.Parallel()
				t.Logf("cells: %d", s.run(t))
			})
		}
		for _, g := range guards {
			t.Run(g.name, func(t *testing.T) {
				t.Parallel()
				g.run(t)
			})
		}
	})
}

// run tries all signals and returns their number.
func (s *situation) run(t *testing.T) (cells int) {
	var a *aim
	defer func() { a.end() }()
	for n := 1; n <= 64; n++ {
		if a == nil || a.spent || s.each || n == int(unix.SIGCONT) {
			a.end()
			a = s.start(t)
		}
		if !a.try(t, n) {
			a.spent = true
		}
		cells++
	}
	return cells
}

// try compares the verdict on a signal with the effect of the signal.
func (a *aim) try(t *testing.T, n int) bool {
	t.Helper()
	a.rest(t)
	target, err := a.targets.Read(a.pid)
	if err != nil {
		t.Fatalf("before %s: %v", procfs.SignalName(n), err)
	}
	outcome, why := verdict.Of(target, n, a.targets.Caller)
	want := visible(outcome, n)
	if a.s.open && strings.Contains(why, "if it was blocked before") {
		want = openSigwait(target, n)
	}
	got := a.send(t, n, want, why)
	if outcome == verdict.OutcomeUnknown && a.s.vague {
		want = got
	}
	if got != want || why == "" {
		t.Errorf("%s: the verdict is %v (%s), which looks like %q; seen: %q", procfs.SignalName(n), outcome, why, want, got)
		return false
	}
	return true
}

// openSigwait returns the effect of a signal that a thread waits for without having
// blocked it, if the kernel acts on the signal before that thread gets it.
func openSigwait(target *verdict.Target, n int) string {
	if target.Sigs.Disposition(n) == procfs.Default && procfs.DefaultActionOf(n) == procfs.Terminate {
		return visible(verdict.OutcomeTerminate, n)
	}
	return visible(verdict.OutcomeIgnore, n)
}

// visible returns the effect of an outcome as seen from outside.
func visible(o verdict.Outcome, n int) string {
	switch o {
	case verdict.OutcomeTerminate, verdict.OutcomeCore:
		return "killed by " + procfs.SignalName(n)
	case verdict.OutcomeStop:
		return "stopped"
	case verdict.OutcomeContinue:
		return "resumed"
	case verdict.OutcomeHandler:
		return fmt.Sprintf("h%d", n)
	case verdict.OutcomeRead:
		return fmt.Sprintf("r%d", n)
	case verdict.OutcomePending:
		return "pending"
	case verdict.OutcomeDenied:
		return "EPERM"
	case verdict.OutcomeUnknown:
		return "unknown"
	default:
		return "nothing"
	}
}

// An aim is a process that signals are sent to.
type aim struct {
	s        *situation
	targets  *verdict.Reader // reads the target
	pid      int
	events   *os.File // written by the target
	pings    *os.File // the target ends when this is closed
	reap     bool     // the target is our child
	spent    bool     // the target has changed and cannot be used again
	released bool     // its vfork child has ended
	state    procfs.State
	core     bool
}

func (s *situation) start(t *testing.T) *aim {
	t.Helper()
	tells, hears := pipes(t)
	cmd := exec.Command(os.Getenv(aimBinary), append([]string{"3", "4"}, strings.Fields(s.words)...)...)
	cmd.ExtraFiles = []*os.File{tells[1], hears[0]}
	if s.attr.Credential == nil {
		cmd.Dir = t.TempDir() // two processes that dump their cores into one file at once disturb each other
	}
	attr := s.attr
	attr.Setpgid = !strings.Contains(s.words, "session")
	cmd.SysProcAttr = &attr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	tells[1].Close()
	hears[0].Close()
	a := &aim{s: s, pid: cmd.Process.Pid, events: tells[0], pings: hears[1], reap: true, core: !strings.Contains(s.words, "nocore")}
	if got := a.hear(time.Minute); got != "p0" {
		t.Fatalf("%s: the target says %q, not that it is ready", s.name, got)
	}
	if s.before != nil {
		s.before(t, a)
	}
	a.settle(t)
	return a
}

func pipes(t *testing.T) (tells, hears [2]*os.File) {
	t.Helper()
	for _, p := range []*[2]*os.File{&tells, &hears} {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		*p = [2]*os.File{r, w}
	}
	return tells, hears
}

// settle waits until the target is in its situation, and records that state.
func (a *aim) settle(t *testing.T) {
	t.Helper()
	a.rest(t)
	stat, err := procfs.FS{}.Stat(a.pid)
	if err != nil {
		t.Fatal(err)
	}
	a.state = stat.State
	if a.targets, err = newTargets(procfs.FS{}); err != nil {
		t.Fatal(err)
	}
}

// rest waits until every thread sleeps, and one is in sigwait if the situation needs it.
func (a *aim) rest(t *testing.T) {
	t.Helper()
	waits := strings.Contains(a.s.words, "waits") && a.s.before == nil
	eventually(t, a.s.name+": every thread rests", func() bool {
		threads, err := procfs.FS{}.Threads(a.pid)
		waiting := 0
		for _, tid := range threads {
			b, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/stat", a.pid, tid))
			if stat, bad := procfs.ParseStat(b); err != nil || bad != nil || stat.State == procfs.StateRunning {
				return false
			}
			if name, _ := (procfs.FS{}).Wchan(a.pid, tid); strings.Contains(name, "sigtimedwait") {
				waiting++
			}
		}
		return err == nil && (!waits || waiting > 0 || a.s.vague || os.Getuid() == 0 && os.Getenv(observed) != "")
	})
}

func untilStopped(t *testing.T, a *aim) {
	if err := unix.Kill(a.pid, unix.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	eventually(t, "stopped", func() bool {
		stat, err := procfs.FS{}.Stat(a.pid)
		return err == nil && stat.State == procfs.StateStopped
	})
}

// untilVfork waits until the target waits for its vfork child.
func untilVfork(t *testing.T, a *aim) {
	eventually(t, "in vfork", func() bool {
		target, err := verdict.Read(procfs.FS{}, a.pid, verdict.Anyone())
		return err == nil && target.InVfork()
	})
}

// vforkChild returns the only child of the target, found as package zombie does.
func vforkChild(t *testing.T, a *aim) int {
	r, err := zombie.ReadReaper(procfs.FS{}, a.pid)
	if err != nil || !r.InVfork || r.Child == 0 {
		t.Fatalf("Reaper = %+v, %v, want that it waits for its vfork child", r, err)
	}
	return r.Child
}

// traced makes one of our threads the target's tracer. It detaches when the thread ends.
func traced(t *testing.T, a *aim) {
	result, done := make(chan error), make(chan struct{})
	t.Cleanup(func() { close(done) })
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
		result <- unix.PtraceSeize(a.pid)
		<-done
	}()
	if err := <-result; err != nil {
		t.Fatalf("ptrace: %v", err)
	}
}

func untilZombie(t *testing.T, a *aim) {
	eventually(t, "a zombie", func() bool {
		stat, err := procfs.FS{}.Stat(a.pid)
		return err == nil && stat.Zombie()
	})
}

// end ends the target.
func (a *aim) end() {
	if a == nil {
		return
	}
	_ = unix.Kill(a.pid, unix.SIGKILL)
	if a.reap && a.pid != 0 {
		_, _ = unix.Wait4(a.pid, nil, 0, nil)
	}
	a.events.Close()
	a.pings.Close()
}

// send sends the signal and returns its effect.
func (a *aim) send(t *testing.T, n int, want, why string) string {
	t.Helper()
	if err := unix.Kill(a.pid, unix.Signal(n)); err != nil {
		return cmp.Or(map[error]string{unix.EPERM: "EPERM"}[err], err.Error())
	}
	if strings.Contains(why, "not until its vfork child") {
		if got := a.quiet(n); got != "pending" {
			return fmt.Sprintf("%q before its vfork child ends", got)
		}
		a.spent, a.released = true, true
		if err := unix.Kill(vforkChild(t, a), unix.SIGKILL); err != nil {
			t.Fatal(err)
		}
	}
	w := watching{aim: a, n: n, want: want, pong: fmt.Sprintf("p%d", n), began: time.Now()}
	for time.Since(w.began) < time.Minute {
		if got := w.look(); got != "" {
			return got
		}
	}
	return "it never came to rest"
}

// watching observes a target after a signal.
type watching struct {
	*aim
	n        int
	want     string // the expected effect, from the verdict
	pong     string // the answer to our ping
	pinged   bool
	answered bool
	began    time.Time
}

// look returns the effect of the signal, "" if it is not clear yet.
func (w *watching) look() string {
	stat, err := procfs.FS{}.Stat(w.pid)
	switch {
	case w.state == procfs.StateZombie && err == nil && stat.Threads <= 1 && w.s.before != nil:
		return "nothing"
	case err != nil, stat.Zombie():
		return w.exit(w.n)
	case stat.State == procfs.StateTraced:
		w.spent = true
		return "a debugger has it"
	case w.state == procfs.StateStopped && stat.State == procfs.StateStopped:
		return w.quiet(w.n)
	case stat.State == procfs.StateStopped || w.threadStopped():
		w.spent = true
		return "stopped"
	case !w.pinged && !w.s.silent:
		w.pinged = true
		_, _ = w.pings.Write([]byte{byte(w.n)})
	}
	switch got := w.hear(2 * time.Millisecond); got {
	case w.pong:
		w.answered = true
	case "end": // it ends, or runs on detached
	case "":
	default:
		if w.released && got == visible(verdict.OutcomeHandler, int(unix.SIGCHLD)) && got != w.want {
			break // that was the death of its child
		}
		return w.alive(got)
	}
	// The target acted on the signal before it answered the ping. Only other threads
	// may act later, if the machine is busy.
	if w.answered && !w.s.threads {
		return w.alive(w.quiet(w.n))
	}
	if took := time.Since(w.began); (w.answered || w.s.silent) && took > 15*time.Millisecond {
		if got := w.quiet(w.n); got == w.want || w.want == "unknown" || w.want == "resumed" || took > 10*time.Second {
			return w.alive(got)
		}
	}
	return ""
}

// alive returns what the living target did, or that it resumed.
func (w *watching) alive(got string) string {
	for answer := ""; w.pinged && !w.answered && answer != "end"; {
		answer = w.hear(time.Minute)
		w.answered = answer == w.pong
	}
	if w.state == procfs.StateStopped && got != "" {
		w.spent = true
		return "resumed"
	}
	return got
}

// threadStopped reports whether a process without its main thread is stopped.
func (a *aim) threadStopped() bool {
	target, err := verdict.Read(procfs.FS{}, a.pid, verdict.Anyone())
	return err == nil && target.State.Zombie() && len(target.Tasks) > 0 && target.Tasks[0].State == procfs.StateStopped
}

// quiet returns whether a signal without an effect is pending or was dropped.
func (a *aim) quiet(n int) string {
	sigs, err := procfs.FS{}.Signals(a.pid)
	stat, err2 := procfs.FS{}.Stat(a.pid)
	switch {
	case err != nil || err2 != nil || stat.Zombie() || stat.State == procfs.StateStopped && a.state != procfs.StateStopped:
		return "" // it has just changed
	case sigs.SharedPending.Has(n):
		return "pending"
	default:
		return "nothing"
	}
}

// exit reaps the target and returns how it ended.
func (a *aim) exit(n int) string {
	var ws unix.WaitStatus
	a.spent = true
	if !a.reap {
		return "it has ended"
	}
	pid, err := unix.Wait4(a.pid, &ws, 0, nil)
	if err != nil || pid != a.pid {
		return fmt.Sprintf("wait4: %v", err)
	}
	a.reap = false
	status := procfs.WaitStatus(ws)
	core := procfs.DefaultActionOf(n) == procfs.Core && a.core
	if status.Signaled() && status.CoreDumped() != core {
		return status.String() + fmt.Sprintf(", want a core dump: %t", core)
	}
	return strings.TrimSuffix(status.String(), " (core dumped)")
}

// hear reads one event, "" if none arrives in time.
func (a *aim) hear(patience time.Duration) string {
	_ = a.events.SetReadDeadline(time.Now().Add(patience))
	var b [2]byte
	n, err := a.events.Read(b[:])
	switch {
	case n == 2:
		return fmt.Sprintf("%c%d", b[0], b[1])
	case os.IsTimeout(err):
		return ""
	default:
		return "end"
	}
}
