package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"yinit/procfs"
)

// A subject is an init under test. The conformance cases run against any init, see
// `make conform`.
type subject struct {
	name    string
	command []string
	// options are its options for the features that cases need. A case that needs
	// a feature without an option is skipped.
	options map[string][]string
	most    time.Duration // see patience; 0: the usual
}

var yinit = subject{options: map[string][]string{
	"group": {"-g"}, "subreaper": {"-s"}, "expect": {"-e", "7"}, "rewrite": {"-r", "15:2"}, "drop": {"-r", "15:0"},
	"swap": {"-r", "INT:TERM", "-r", "TERM:INT"}, "ends": {"-r", "1:64", "-r", "64:1"}, "grace": {"--grace=300ms"}, "verbose": {"-vv"},
}}

var rivals = []subject{
	{name: "tini", command: []string{"tini"}, options: map[string][]string{
		"group": {"-g"}, "subreaper": {"-s"}, "expect": {"-e", "7"}, "verbose": {"-vvv"},
	}},
	{name: "dumb-init", command: []string{"dumb-init"}, options: map[string][]string{
		"group": {}, "rewrite": {"-r", "15:2"}, "drop": {"-r", "15:0"}, "swap": {"-r", "2:15", "-r", "15:2"}, "verbose": {"-v"},
	}},
	{name: "catatonit", command: []string{"catatonit"}, options: map[string][]string{"group": {"-g"}, "subreaper": {}}},
}

// patience is how long to wait for what an init should do. Other inits do not do all of
// it; if yinit does not, a test fails.
func (s subject) patience() time.Duration {
	switch {
	case s.most != 0:
		return s.most
	case s.name == "":
		return time.Minute
	default:
		return time.Second
	}
}

// with returns the command line of the init with the options of a feature and the
// program.
func (s subject) with(feature string, program ...string) []string {
	args := slices.Clone(s.command)
	args = append(args, s.options[feature]...)
	return append(append(args, "--"), program...)
}

// A conformance case runs an init as PID 1 of a namespace, and returns what the init did
// wrong.
type conformance struct {
	name  string
	needs string // a feature, "" for none
	run   func(s subject, dir string) error
}

var conformances = []conformance{
	{"every exit code from 0 to 255 passes", "", exitCodes},
	{"a program killed by TERM HUP QUIT KILL SEGV gives 128+n", "", deadlySignals},
	{"a missing program gives 127", "", wantStatus(127, "no-such-program")},
	{"a directory gives 126", "", wantStatus(126, "/etc")},
	{"a file that is not executable gives 126", "", notExecutable},
	{"-- -- runs a program called --", "", dashes},
	{"stdin reaches the program", "", stdinReaches},
	{"nothing of its own on stdout", "verbose", nothingOnStdout},
	{"-e maps the codes given", "expect", expectMaps},
	{"each signal arrives, once", "", eachSignal},
	{"real-time signals keep their order and their values", "", realTime},
	{"the group gets a signal that the program ignores", "group", groupGets},
	{"rewrite", "rewrite", rewrites("rewrite", unix.SIGTERM, unix.SIGINT)},
	{"drop", "drop", rewrites("drop", unix.SIGTERM, 0)},
	{"swap", "swap", rewrites("swap", unix.SIGTERM, unix.SIGINT, unix.SIGINT, unix.SIGTERM)},
	{"rewrite the lowest and the highest", "ends", rewrites("ends", unix.SIGHUP, 64, 64, unix.SIGHUP)},
	{"TERM ends a stopped program", "", termWhileStopped},
	{"TERM 0 to 5 ms after the start is not lost", "", earlyTerm},
	{"the child is as clean as under a plain exec", "", cleanChild},
	{"a descriptor passed in reaches the child, the init lets go of it", "", descriptors},
	{"the init's directory is /", "", rootDirectory},
	{"a fault signal that is sent does not end the init", "", sentFaults},
	{"100 orphans are reaped", "", orphans},
	{"100 orphans are reaped by a subreaper", "subreaper", orphansSubreaper},
	{"100 orphans are reaped under another init", "subreaper", orphansNested},
	{"50 deaths in one burst with the program's own", "", burst},
	{"a leftover may finish its work", "", leftoverFinishes},
	{"a leftover that ignores TERM does not hold up the end for long", "", leftoverStubborn},
	{"a broken stderr neither kills it nor makes it spin", "verbose", brokenStderr},
	{"a full stderr does not block it", "verbose", fullStderr},
	{"closed standard descriptors", "", closedStdio},
	{"no wake-ups when idle", "", idle},
	{"a service that outlives its program is named", "", daemonizes},
	{"a stop that the program ignores is reported at once", "", ignoredStop},
	{"Ctrl-Z without a shell does not stop the program for ever", "", ctrlZ},
	{"a signal that was blocked before the start is reported", "", inheritedMask},
}

// namespacedIn is [namespaced] in a directory.
func namespacedIn(dir string, args ...string) *exec.Cmd {
	cmd := namespaced(args...)
	cmd.Dir = dir
	return cmd
}

func statusOf(cmd *exec.Cmd) (int, string) {
	var errs bytes.Buffer
	if cmd.Stderr == nil {
		cmd.Stderr = &errs
	}
	return exitStatus(cmd.Run()), errs.String()
}

func wantStatus(want int, program ...string) func(subject, string) error {
	return func(s subject, dir string) error {
		if got, errs := statusOf(namespacedIn(dir, s.with("", program...)...)); got != want {
			return fmt.Errorf("exit status %d, want %d (%s)", got, want, strings.TrimSpace(errs))
		}
		return nil
	}
}

func exitCodes(s subject, dir string) error {
	codes, wrong := make(chan int), make(chan error, 256)
	var workers sync.WaitGroup
	for range runtime.NumCPU() {
		workers.Go(func() {
			for code := range codes {
				if err := wantStatus(code, "sh", "-c", "exit "+strconv.Itoa(code))(s, dir); err != nil {
					wrong <- err
				}
			}
		})
	}
	for code := range 256 {
		codes <- code
	}
	close(codes)
	workers.Wait()
	close(wrong)
	return <-wrong // nil if there is none
}

func deadlySignals(s subject, dir string) error {
	for _, sig := range []unix.Signal{unix.SIGTERM, unix.SIGHUP, unix.SIGQUIT, unix.SIGKILL, unix.SIGSEGV} {
		if err := wantStatus(128+int(sig), "sh", "-c", fmt.Sprintf("kill -%d $$", sig))(s, dir); err != nil {
			return err
		}
	}
	return nil
}

func notExecutable(s subject, dir string) error {
	if err := os.WriteFile(dir+"/plain", []byte("plain"), 0o644); err != nil {
		return err
	}
	return wantStatus(126, "./plain")(s, dir)
}

func dashes(s subject, dir string) error {
	if err := os.WriteFile(dir+"/--", []byte("#!/bin/sh\nexit 42\n"), 0o755); err != nil {
		return err
	}
	cmd := namespacedIn(dir, s.with("", "--")...)
	cmd.Env = append(cmd.Env, "PATH="+dir+":"+os.Getenv("PATH"))
	if got, errs := statusOf(cmd); got != 42 {
		return fmt.Errorf("exit status %d, want 42 (%s)", got, errs)
	}
	return nil
}

func stdinReaches(s subject, dir string) error {
	cmd := namespacedIn(dir, s.with("", "cat")...)
	cmd.Stdin = strings.NewReader("hello\n")
	if out, err := cmd.Output(); err != nil || string(out) != "hello\n" {
		return fmt.Errorf("cat printed %q, %v", out, err)
	}
	return nil
}

func nothingOnStdout(s subject, dir string) error {
	cmd := namespacedIn(dir, s.with("verbose", "sh", "-c", "(true &); exit 3")...)
	if out, _ := cmd.Output(); len(out) > 0 {
		return fmt.Errorf("it printed %q", out)
	}
	return nil
}

func expectMaps(s subject, dir string) error {
	for code, want := range map[int]int{7: 0, 8: 8, 0: 0} {
		if got, errs := statusOf(namespacedIn(dir, s.with("expect", "sh", "-c", fmt.Sprintf("exit %d", code))...)); got != want {
			return fmt.Errorf("-e 7: %d became %d, want %d (%s)", code, got, want, errs)
		}
	}
	return nil
}

// running is an init with a program that reports which signals it receives.
type running struct {
	cmd   *exec.Cmd
	stdin io.Closer // kept open, so that no program ends at the end of its input
	lines chan string
	most  time.Duration // how long to wait for a line
}

// start runs the program under the init and waits for its first line.
func start(s subject, dir, feature string, program ...string) (*running, error) {
	r := &running{cmd: namespacedIn(dir, s.with(feature, program...)...), lines: make(chan string, 1000), most: s.patience()}
	stdin, err := r.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := r.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	r.stdin = stdin
	if err := r.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		defer close(r.lines)
		for scanner := bufio.NewScanner(stdout); scanner.Scan(); {
			r.lines <- scanner.Text()
		}
	}()
	if line := r.line(time.Minute); line != "ready" {
		r.kill()
		return nil, fmt.Errorf("the program did not start: %q", line)
	}
	return r, nil
}

// line returns the next line of the program, "" if there is none in time. It skips the
// SIGCONT that may follow a SIGTERM.
func (r *running) line(patience time.Duration) string {
	timeout := time.After(patience)
	for {
		select {
		case line := <-r.lines:
			if line != "18 0" {
				return line
			}
		case <-timeout:
			return ""
		}
	}
}

func (r *running) send(sig unix.Signal) error { return r.cmd.Process.Signal(sig) }

func (r *running) kill() {
	_ = r.cmd.Process.Kill()
	for range r.lines { // read to the end before Wait closes the pipe
	}
	_ = r.cmd.Wait()
}

// forwardable are the signals that an init can forward.
func forwardable() (list []unix.Signal) {
	for sig := unix.Signal(1); sig <= 64; sig++ {
		switch sig {
		case unix.SIGKILL, unix.SIGSTOP, unix.SIGCHLD, unix.SIGSEGV, unix.SIGBUS, unix.SIGFPE, unix.SIGILL, unix.SIGTRAP, unix.SIGABRT, unix.SIGSYS, unix.SIGCONT:
		default:
			list = append(list, sig)
		}
	}
	return list
}

func eachSignal(s subject, dir string) error {
	r, err := start(s, dir, "", "actor", "listen")
	if err != nil {
		return err
	}
	defer r.kill()
	var lost, twice []string
	const short = 5 * time.Millisecond
	for _, sig := range forwardable() {
		if err := r.send(sig); err != nil {
			return err
		}
		want := fmt.Sprintf("%d 0", sig)
		if line := r.line(r.most); line == "" {
			lost = append(lost, procfs.SignalName(int(sig)))
		} else if line != want {
			return fmt.Errorf("%s came as %q", procfs.SignalName(int(sig)), line)
		}
		if line := r.line(short); line != "" {
			twice = append(twice, procfs.SignalName(int(sig)))
		}
	}
	if len(lost)+len(twice) > 0 {
		return fmt.Errorf("lost: %s; more than once: %s", strings.Join(lost, " "), strings.Join(twice, " "))
	}
	return nil
}

// realTime queues more signals than any buffer of an init can hold, while the init
// is stopped.
func realTime(s subject, dir string) error {
	r, err := start(s, dir, "", "actor", "listen")
	if err != nil {
		return err
	}
	defer r.kill()
	const many = 3000
	_ = r.send(unix.SIGSTOP)
	if err := await(time.Minute, func() bool { return stateOf(r.cmd.Process.Pid) == procfs.StateStopped }); err != nil {
		return err
	}
	for i := range many {
		if err := sigqueue(r.cmd.Process.Pid, 40, i); err != nil {
			return err
		}
	}
	_ = r.send(unix.SIGCONT)
	for i := range many {
		if line := r.line(r.most); line != fmt.Sprintf("40 %d", i) {
			return fmt.Errorf("number %d came as %q", i, line)
		}
	}
	return nil
}

func groupGets(s subject, dir string) error {
	r, err := start(s, dir, "group", "sh", "-c", "trap '' USR1; actor listen & wait; wait; wait")
	if err != nil {
		return err
	}
	defer r.kill()
	if err := r.send(unix.SIGUSR1); err != nil {
		return err
	}
	if line := r.line(r.most); line != "10 0" {
		return fmt.Errorf("the program's child got %q", line)
	}
	return nil
}

// rewrites checks pairs of a signal that is sent and the one that arrives, 0 for none.
func rewrites(feature string, pairs ...unix.Signal) func(subject, string) error {
	return func(s subject, dir string) error {
		r, err := start(s, dir, feature, "actor", "listen")
		if err != nil {
			return err
		}
		defer r.kill()
		for i := 0; i < len(pairs); i += 2 {
			_ = r.send(pairs[i])
			want := fmt.Sprintf("%d 0", pairs[i+1])
			if pairs[i+1] == 0 {
				_ = r.send(unix.SIGUSR1)
				want = "10 0"
			}
			if line := r.line(r.most); line != want {
				return fmt.Errorf("%v came as %q, want %q", pairs[i], line, want)
			}
		}
		return nil
	}
}

func termWhileStopped(s subject, dir string) error {
	r, err := start(s, dir, "", "sh", "-c", "echo ready; kill -STOP $$; sleep 100")
	if err != nil {
		return err
	}
	defer r.kill()
	pid := 0
	if err := await(time.Minute, func() bool { pid = childOf(r.cmd.Process.Pid); return stateOf(pid) == 'T' }); err != nil {
		return fmt.Errorf("the program never stopped: %w", err)
	}
	_ = r.send(unix.SIGTERM)
	if err := await(r.most, func() bool { return stateOf(pid) != 'T' }); err != nil {
		return fmt.Errorf("it is still stopped, SIGTERM pending")
	}
	return nil
}

// childOf returns the first child of a process, 0 if it has none.
func childOf(pid int) int {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	child, _, _ := strings.Cut(string(b), " ")
	n, _ := strconv.Atoi(child)
	return n
}

func stateOf(pid int) procfs.State {
	st, err := procfs.FS{}.Stat(pid)
	if err != nil {
		return 0
	}
	return st.State
}

// await polls until f is true.
func await(most time.Duration, f func() bool) error {
	for deadline := time.Now().Add(most); !f(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			return fmt.Errorf("it took longer than %v", most)
		}
	}
	return nil
}

// earlyTerm sends SIGTERM 0 to 5 ms after the exec of the init. The program would run
// for ever.
func earlyTerm(s subject, dir string) error {
	lost, odd := lostEarly(s, dir)
	if len(odd) > 0 {
		return fmt.Errorf("exit statuses %v, want 143", odd)
	}
	// No program can catch a signal during its execve. So tini, which starts faster
	// than a Go program can, sets the limit.
	if allowed := lostByTini(dir); lost > allowed+earlyTries/20 {
		return fmt.Errorf("%d of %d were lost, %d by tini", lost, earlyTries, allowed)
	}
	return nil
}

func lostByTini(dir string) int {
	if _, err := exec.LookPath("tini"); err != nil {
		return 0
	}
	lost, _ := lostEarly(rivals[0], dir)
	return lost
}

// earlyTries is how many signals are sent. An emulated CPU is slow.
var earlyTries = map[bool]int{false: 100, true: 20}[inGuest]

// lostEarly returns how many SIGTERM were lost, and exit statuses that are wrong. A second
// signal, sent once the program runs, ends it if the first one was lost. It has the higher
// number, so that it comes second even if the init gets both at once.
func lostEarly(s subject, dir string) (lost int, odd []int) {
	const second = unix.SIGVTALRM
	for i := range earlyTries {
		cmd := namespacedIn(dir, s.with("", "sleep", "100")...)
		exe, _ := os.Readlink("/proc/self/exe")
		if err := cmd.Start(); err != nil {
			return earlyTries, nil
		}
		// The time counts from when the first process of the namespace has become the init.
		for began := time.Now(); time.Since(began) < time.Minute; {
			if now, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", cmd.Process.Pid)); err != nil || now != exe {
				break
			}
		}
		for began := time.Now(); time.Since(began) < time.Duration(i)*5*time.Millisecond/time.Duration(earlyTries); {
		}
		_ = cmd.Process.Signal(unix.SIGTERM)
		_ = await(time.Minute, func() bool { return childOf(cmd.Process.Pid) != 0 || stateOf(cmd.Process.Pid) == procfs.StateZombie })
		_ = cmd.Process.Signal(second)
		timer := time.AfterFunc(time.Minute, func() { _ = cmd.Process.Kill() })
		switch status := exitStatus(cmd.Wait()); status {
		case 128 + int(unix.SIGTERM):
		case 128 + int(second):
			lost++
		default:
			odd = append(odd, status)
		}
		timer.Stop()
	}
	return lost, odd
}
