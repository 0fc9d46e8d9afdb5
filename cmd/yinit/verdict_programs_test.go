package main

import (
	"bufio"
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"yinit/procfs"
	"yinit/procfs/verdict"
)

// programs are real programs. Each prints "ready" or creates the file READY. Their manuals
// say what they do with signals.
var programs = []struct {
	name, pkg string
	needs     string // another program that must be installed
	words     []string
	config    string // for CONFIG
	signals   string // "NAME verdict", for some; all of usual are tried
	few       bool   // try only these signals, because it starts slowly
	runtime   string // the runtime that owns all its handlers, as the reasons name it
}{
	{name: "dash", pkg: "dash", words: []string{"dash", "-c", `trap "echo $" TERM; trap "" HUP; echo ready; while :; do read x; done`}, signals: "TERM handler HUP ignore USR1 terminate"},
	{name: "bash", pkg: "bash", words: []string{"bash", "--norc", "-c", `trap : TERM; trap "" QUIT; echo ready; while :; do read x; done`}, signals: "TERM handler QUIT ignore USR1 terminate"},
	{name: "busybox sh", pkg: "busybox-static", words: []string{"busybox", "sh", "-c", `trap : TERM; echo ready; while :; do read x; done`}, signals: "TERM handler HUP terminate"},
	{name: "busybox sleep", pkg: "busybox-static", words: []string{"busybox", "sh", "-c", `echo ready; exec busybox sleep 100`}, signals: "TERM terminate QUIT core TSTP stop"},
	{name: "tini", pkg: "tini", words: []string{"tini", "-s", "--", "sh", "-c", "echo ready; exec cat"}, signals: "TERM read USR1 read SEGV core"},
	{name: "dumb-init", pkg: "dumb-init", words: []string{"dumb-init", "sh", "-c", "echo ready; exec cat"}, signals: "USR1 read"},
	{name: "catatonit", pkg: "catatonit", words: []string{"catatonit", "--", "sh", "-c", "echo ready; exec cat"}, signals: "TERM read"},
	{name: "Go", needs: "gofmt", words: []string{"sh", "-c", "echo ready; exec gofmt"}, signals: "TERM handler USR1 handler TSTP stop"},
	{name: "CPython", pkg: "python3", words: []string{"python3", "-c", "import sys; print('ready', flush=True); sys.stdin.read()"}, signals: "TERM terminate INT handler PIPE ignore XFSZ ignore"},
	{name: "CPython, sigwait in a thread", pkg: "python3", words: []string{"python3", "-c", `
import signal, sys, threading
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM, signal.SIGUSR1])
threading.Thread(target=signal.sigwait, args=([signal.SIGTERM],), daemon=True).start()
print('ready', flush=True); sys.stdin.read()`}, signals: "TERM read USR1 pending USR2 terminate", few: true},
	{name: "Node", words: []string{"node", "-e", "console.log('ready'); setInterval(() => {}, 1000)"}, signals: "TERM handler INT handler USR1 handler HUP terminate PIPE ignore SEGV handler", few: true, runtime: "Node's"},
	{name: "the JVM", words: []string{"java", "CONFIG"}, config: `public class W { public static void main(String[] a) throws Exception { System.out.println("ready"); Thread.sleep(100000); } }`, signals: "TERM handler QUIT handler PIPE handler SEGV handler", few: true, runtime: "the JVM's"},
	{
		name: "nginx", pkg: "nginx-light", words: []string{"nginx", "-e", "stderr", "-c", "CONFIG"}, signals: "TERM handler QUIT handler HUP handler WINCH handler",
		config: "daemon off; pid DIR/pid; error_log stderr; events {} http { access_log off; client_body_temp_path DIR/a; proxy_temp_path DIR/b; fastcgi_temp_path DIR/c; uwsgi_temp_path DIR/d; scgi_temp_path DIR/e; server { listen unix:READY; } }",
	},
	{name: "redis", pkg: "redis-server", words: []string{"redis-server", "CONFIG"}, config: "port 0\nunixsocket READY\nsave \"\"\ndir DIR\n", signals: "TERM handler INT handler HUP ignore PIPE ignore"},
}

// usual are the signals that are sent to all programs.
const usual = "TERM INT HUP QUIT USR1 USR2 PIPE CHLD WINCH TSTP CONT KILL STOP RTMIN+3"

// TestVerdictsOfRealPrograms compares the verdicts on real programs with what the signals
// do.
func TestVerdictsOfRealPrograms(t *testing.T) {
	for _, p := range programs {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			if p.pkg != "" {
				program(t, p.words[0], p.pkg)
			} else if _, err := exec.LookPath(cmp.Or(p.needs, p.words[0])); err != nil {
				t.Skipf("left out: %s is not installed", cmp.Or(p.needs, p.words[0]))
			}
			want, names := map[string]string{}, strings.Fields(p.signals)
			for i := 0; i < len(names); i += 2 {
				want[names[i]] = names[i+1]
			}
			signals := append(strings.Fields(usual), firsts(names)...)
			if p.few {
				signals = firsts(names)
			}
			var told []string
			for _, name := range signals {
				told = append(told, tryProgram(t, p.words, p.config, name, want[name], p.runtime))
			}
			t.Log(strings.Join(told, ", "))
		})
	}
}

// firsts returns every other word.
func firsts(words []string) (firsts []string) {
	for i := 0; i < len(words); i += 2 {
		firsts = append(firsts, words[i])
	}
	return firsts
}

// tryProgram sends one signal to a new process of the program.
func tryProgram(t *testing.T, words []string, config, name, want, runtime string) string {
	t.Helper()
	n, err := procfs.ParseSignal(name)
	if err != nil {
		t.Fatal(err)
	}
	pid := startProgram(t, words, config)
	r, err := newTargets(procfs.FS{})
	if err != nil {
		t.Fatal(err)
	}
	target, err := r.Read(pid)
	if err != nil {
		t.Fatal(err)
	}
	outcome, why := verdict.Of(target, n, r.Caller)
	// The leader of our session may be outside our PID namespace.
	session, err := unix.Getsid(0)
	hidden := err == nil && session == 0 && outcome == verdict.OutcomeUnknown && procfs.DefaultActionOf(n) == procfs.Stop
	if want != "" && outcome.String() != want && !hidden {
		t.Errorf("%s: the verdict is %v (%s), want %s", name, outcome, why, want)
	}
	for caught := range target.Sigs.Caught.Numbers() {
		if _, why := verdict.Of(target, caught, r.Caller); runtime != "" && !strings.Contains(why, runtime) && !strings.Contains(why, "C library") {
			t.Errorf("%s: the reason is %q, want that the handler is %s", procfs.SignalName(caught), why, runtime)
		}
	}
	if err := unix.Kill(pid, unix.Signal(n)); err != nil {
		t.Fatal(err)
	}
	seen := becameOf(t, pid, outcome)
	switch outcome {
	case verdict.OutcomeTerminate, verdict.OutcomeCore:
		want = "killed by " + procfs.SignalName(n)
	case verdict.OutcomeStop:
		want = "stopped"
	case verdict.OutcomeHandler, verdict.OutcomeRead:
		want = seen // its handler may do anything
	default:
		want = "alive"
	}
	if hidden {
		want = seen
	}
	if strings.Contains(why, "which does nothing") {
		want = "alive"
	}
	if seen != want {
		t.Errorf("%s: the verdict is %v (%s); seen: %s", name, outcome, why, seen)
	}
	return fmt.Sprintf("%s %v: %s", name, outcome, seen)
}

// becameOf waits until the state of the process has changed, or for a moment.
func becameOf(t *testing.T, pid int, o verdict.Outcome) string {
	t.Helper()
	patience := 50 * time.Millisecond
	if o == verdict.OutcomeTerminate || o == verdict.OutcomeCore || o == verdict.OutcomeStop {
		patience = time.Minute
	}
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	for began := time.Now(); time.Since(began) < patience; {
		poll := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		_, _ = unix.Poll(poll, 5)
		stat, err := procfs.FS{}.Stat(pid)
		switch {
		case err != nil:
			t.Fatal(err)
		case stat.Zombie():
			return strings.TrimSuffix(stat.ExitCode.String(), " (core dumped)")
		case stat.State == procfs.StateStopped:
			return "stopped"
		}
	}
	return "alive"
}

// startProgram starts a program in its own directory, and returns when it is ready.
func startProgram(t *testing.T, words []string, config string) (pid int) {
	t.Helper()
	dir := t.TempDir()
	ready := filepath.Join(dir, "ready")
	config = strings.NewReplacer("DIR", dir, "READY", ready).Replace(config)
	file := filepath.Join(dir, "W.java")
	if err := os.WriteFile(file, []byte(config), 0o644); err != nil {
		t.Fatal(err)
	}
	args := make([]string, len(words))
	for i, word := range words {
		args[i] = strings.ReplaceAll(word, "CONFIG", file)
	}
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir = dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	pid = cmd.Process.Pid
	t.Cleanup(func() {
		stdin.Close()
		// An init puts its program into a new process group, and may have stopped it.
		children, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
		for _, child := range strings.Fields(string(children)) {
			if n, err := strconv.Atoi(child); err == nil {
				_ = unix.Kill(n, unix.SIGKILL)
			}
		}
		_ = unix.Kill(-pid, unix.SIGKILL)
		_, _ = unix.Wait4(pid, nil, 0, nil)
		stdout.Close()
	})
	if strings.Contains(config, ready) {
		eventually(t, args[0]+" listens", func() bool {
			_, err := os.Stat(ready)
			return err == nil
		})
	} else if line, err := bufio.NewReader(stdout).ReadString('\n'); line != "ready\n" {
		t.Fatalf("%v says %q, %v, not that it is ready", cmd, line, err)
	}
	untilAsleep(t, pid)
	return pid
}

// untilAsleep waits until the process has slept for a moment: by then exec and the runtime
// have finished their changes.
func untilAsleep(t *testing.T, pid int) {
	t.Helper()
	last, same := procfs.Signals{}, 0
	eventually(t, "the program rests", func() bool {
		stat, err := procfs.FS{}.Stat(pid)
		sigs, err2 := procfs.FS{}.Signals(pid)
		if err != nil || err2 != nil {
			t.Fatal(err, err2)
		}
		if stat.State != procfs.StateSleeping || sigs != last {
			same = 0
		}
		last = sigs
		same++
		return same > 2
	})
}
