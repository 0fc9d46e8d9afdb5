package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"yinit/initcore/early"
	"yinit/procfs"
)

// emulator returns the path of qemu-user for arm64.
func emulator(t *testing.T) string {
	t.Helper()
	if path, err := exec.LookPath("qemu-aarch64-static"); err == nil {
		return path
	}
	return program(t, "qemu-aarch64", "qemu-user")
}

// TestArm64 runs the arm64 binary as PID 1, under qemu-user on other CPUs. The programs
// that the init starts are native.
func TestArm64(t *testing.T) {
	requireNamespaces(t)
	qemu := emulator(t)
	path := filepath.Join(t.TempDir(), "yinit-arm64")
	build := exec.Command("go", buildFlags(early.Entry, path, ".")...)
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOARCH=arm64")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	s := yinit
	s.command, s.most = []string{qemu, path}, time.Minute
	out, err := exec.Command(qemu, path, "version").CombinedOutput()
	if err != nil || !strings.Contains(string(out), " linux/arm64 ") || !strings.HasSuffix(string(out), "signals: entry\n") {
		t.Fatalf("yinit version: %v, %q; want linux/arm64 and signals: entry", err, out)
	}
	for _, c := range []struct {
		name string
		run  func(subject, string) error
	}{
		{"exit codes", someExitCodes},
		{"deadly signals", deadlySignals},
		{"missing program", wantStatus(127, "no-such-program")},
		{"signals arrive", emulatedSignals},
		// qemu has a thread of its own that does not block SIGILL, SIGFPE and SIGSEGV, and
		// crashes if the kernel chooses it.
		{"fault signals that a process sent", arrive(unix.SIGTRAP, unix.SIGABRT, unix.SIGBUS, unix.SIGSYS)},
		{"3000 real-time signals", realTime},
		{"the sender's pid", tellsSender},
		{"rewrite", rewrites("rewrite", unix.SIGTERM, unix.SIGINT)},
		{"the group", groupGets},
		{"orphans", orphans},
		{"closed standard descriptors", closedStdio},
		{"variables of the Go runtime", hidesVariables},
	} {
		t.Run(strings.ReplaceAll(c.name, " ", "-"), func(t *testing.T) {
			if err := c.run(s, t.TempDir()); err != nil {
				t.Error(err)
			}
		})
	}
}

func someExitCodes(s subject, dir string) error {
	for _, code := range []int{0, 1, 7, 125, 128, 255} {
		if err := wantStatus(code, "sh", "-c", fmt.Sprintf("exit %d", code))(s, dir); err != nil {
			return err
		}
	}
	return nil
}

// hidesVariables checks that variables that would end the Go runtime, or have it write to
// stderr, reach only the program.
func hidesVariables(s subject, dir string) error {
	env := []string{"env", "GOMEMLIMIT=512MB", "GOMAXPROCS=1000000", "GODEBUG=inittrace=1"}
	init := s.with("", "sh", "-c", "test $GOMEMLIMIT$GOMAXPROCS$GODEBUG = 512MB1000000inittrace=1")
	if status, errs := statusOf(namespacedIn(dir, append(env, init...)...)); status != 0 || errs != "" {
		return fmt.Errorf("exit status %d, stderr %q", status, errs)
	}
	return nil
}

// emulatedSignals sends the signals that qemu delivers. glibc uses signals 32 and 33 of
// the host, and qemu uses the highest ones in their place.
func emulatedSignals(s subject, dir string) error {
	r, err := start(s, dir, "", "actor", "listen")
	if err != nil {
		return err
	}
	defer r.kill()
	for _, sig := range forwardable() {
		if sig == 32 || sig == 33 || sig >= 62 {
			continue
		}
		if err := r.send(sig); err != nil {
			return err
		}
		if line, want := r.line(r.most), fmt.Sprintf("%d 0", sig); line != want {
			return fmt.Errorf("%s came as %q", procfs.SignalName(int(sig)), line)
		}
	}
	return nil
}

// tellsSender checks that the init's log names the process that sent a signal.
func tellsSender(s subject, dir string) error {
	cmd := namespacedIn(dir, s.with("verbose", "sh", "-c", "echo $$; kill -USR1 1; exec sleep 100")...)
	var logged lockedBuffer
	cmd.Stderr = &logged
	if err := cmd.Start(); err != nil {
		return err
	}
	defer func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}()
	err := await(time.Minute, func() bool { return strings.Contains(logged.String(), "received SIGUSR1") })
	_, from, _ := strings.Cut(logged.String(), "received SIGUSR1")
	var pid int
	if n, _ := fmt.Sscanf(from, " (from pid %d (sh)", &pid); n != 1 || pid <= 1 {
		return fmt.Errorf("the log says %q, want the sender's pid and name (%v)", logged.String(), err)
	}
	return nil
}

// lockedBuffer collects the output of a program.
type lockedBuffer struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
