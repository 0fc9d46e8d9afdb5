package procfs_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"yinit/procfs"
	"yinit/procfs/proctest"
)

var check, eventually = proctest.Check, proctest.Eventually

// helperVar names the role that the test binary plays as a child of the tests.
const helperVar = "PROCFS_TEST_HELPER"

// The main thread of a helper must run main, because some helpers change state of the
// main thread only. Only an init function can ensure that.
func init() {
	if os.Getenv(helperVar) != "" {
		runtime.LockOSThread()
	}
}

func TestMain(m *testing.M) {
	if role := os.Getenv(helperVar); role != "" {
		play(role)
	}
	os.Exit(m.Run())
}

// play is the main function of a helper. It ends when its stdin does.
func play(role string) {
	switch role {
	case "wait":
	case "exit 7":
		os.Exit(7)
	case "dispositions":
		signal.Ignore(syscall.SIGUSR1)
		signal.Notify(make(chan os.Signal, 1), syscall.SIGUSR2)
	case "block in the main thread":
		block(syscall.SIGUSR2, syscall.SIGIO)
	case "block in all threads": // Threads of a new runtime get the mask that it starts with, less HUP, INT, TERM and QUIT.
		block(syscall.SIGUSR2, syscall.SIGIO)
		os.Setenv(helperVar, "wait")
		fmt.Fprintln(os.Stderr, syscall.Exec("/proc/self/exe", os.Args, os.Environ()))
		os.Exit(1)
	case "a hostile name":
		if err := os.WriteFile("/proc/self/comm", []byte("a) S 2 (\n\\n\x1b[2"), 0); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	case "exec in another thread":
		fmt.Println("ready")
		_, _ = os.Stdin.Read(make([]byte, 8))
		os.Setenv(helperVar, "wait")
		go func() { fmt.Fprintln(os.Stderr, syscall.Exec("/proc/self/exe", os.Args, os.Environ())) }()
		select {}
	case "keep with few descriptors":
		if err := keepWithFew(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	case "mount proc and fork":
		if err := mountProc(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		child := exec.Command("/proc/self/exe")
		child.Env = append(os.Environ(), helperVar+"=wait")
		child.Stdin, child.Stdout, child.Stderr = os.Stdin, os.Stdout, os.Stderr
		_ = child.Run()
		os.Exit(0)
	case "read in another thread": // which runs for a moment for each line, while the main thread sleeps
		go readLines(3)
		_, _, _ = syscall.RawSyscall6(syscall.SYS_PPOLL, 0, 0, 0, 0, 0, 0)
	case "end the main thread":
		go waitForEnd()
		_, _, _ = syscall.Syscall(syscall.SYS_EXIT, 0, 0, 0)
	}
	waitForEnd()
}

func waitForEnd() {
	fmt.Println("ready")
	_, _ = io.Copy(io.Discard, os.Stdin)
	os.Exit(0)
}

// readLines reads a pipe to its end, with system calls and not in the poller of the runtime.
func readLines(fd int) {
	runtime.LockOSThread()
	fmt.Println("ready")
	for b := make([]byte, 16); ; {
		if n, err := syscall.Read(fd, b); n <= 0 && err != syscall.EINTR {
			os.Exit(0)
		}
	}
}

// block blocks signals in the calling thread.
func block(signals ...syscall.Signal) {
	var set procfs.SignalSet
	for _, s := range signals {
		set = set.Add(int(s))
	}
	const sigBlock, setSize = 0, 8
	_, _, errno := syscall.RawSyscall6(syscall.SYS_RT_SIGPROCMASK, sigBlock,
		uintptr(unsafe.Pointer(&set)), 0, setSize, 0, 0)
	if errno != 0 {
		fmt.Fprintln(os.Stderr, "rt_sigprocmask:", errno)
		os.Exit(1)
	}
}

// helper starts the test binary in a role and waits until it reports that it is
// ready. Roles that end at once do not report it.
func helper(t *testing.T, role string, ready bool) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(context.Background(), os.Args[0])
	cmd.Env = append(os.Environ(), helperVar+"="+role)
	start(t, cmd, ready)
	return cmd
}

// firstProcess starts the first process of a PID namespace, which mounts its /proc and has a child.
func firstProcess(t *testing.T) *exec.Cmd {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can make PID namespaces without a user namespace")
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), helperVar+"=mount proc and fork")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWPID | syscall.CLONE_NEWNS}
	start(t, cmd, true)
	return cmd
}

// start starts cmd. It is killed and reaped after the test.
func start(t *testing.T, cmd *exec.Cmd, ready bool) {
	t.Helper()
	stdin, err := cmd.StdinPipe()
	check(t, err)
	stdout, err := cmd.StdoutPipe()
	check(t, err)
	cmd.Stderr = os.Stderr
	check(t, cmd.Start())
	t.Cleanup(func() {
		_ = stdin.Close()
		_ = cmd.Process.Signal(syscall.SIGCONT)
		_ = cmd.Wait() // The test may have killed or reaped it.
	})
	if !ready {
		return
	}
	if line, err := bufio.NewReader(stdout).ReadString('\n'); line != "ready\n" {
		t.Fatalf("%v printed %q, %v, want %q", cmd, line, err, "ready\n")
	}
}

// waitUntil waits until a child is in a state that waitid(2) reports, such as WEXITED.
// It does not reap the child.
func waitUntil(t *testing.T, pid, what int) {
	t.Helper()
	const pPID = 1
	var info [32]int32 // siginfo_t; the pid is its fifth number
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		_, _, errno := syscall.Syscall6(syscall.SYS_WAITID, pPID, uintptr(pid),
			uintptr(unsafe.Pointer(&info)), uintptr(what|syscall.WNOWAIT|syscall.WNOHANG), 0, 0)
		switch {
		case errno == 0 && info[4] != 0:
			return
		case errno != 0 && errno != syscall.EINTR:
			t.Fatalf("waitid(%d, %#x) = %v", pid, what, errno)
		case time.Now().After(deadline):
			status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
			t.Fatalf("waitid(%d, %#x): nothing in 10 s\n%s", pid, what, status)
		}
	}
}
