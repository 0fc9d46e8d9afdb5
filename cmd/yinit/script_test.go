package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"testing"
	"unsafe"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"

	"yinit/initcore/early"
)

// binary is the program under test, built as `make build` builds it.
var binary string

// TestMain builds yinit and the actor once, and puts them first in PATH.
func TestMain(m *testing.M) {
	testscript.Main(runner{m}, map[string]func(){
		"ns": func() { os.Exit(enterNamespace(os.Args[1:])) },
	})
}

type runner struct{ m *testing.M }

// builtIn names the directory of the binaries for a test binary that a test starts as
// another user.
const builtIn = "YINIT_TEST_BINARIES"

// Run implements testscript.TestingM.
func (r runner) Run() int {
	if dir := os.Getenv(builtIn); dir != "" { // a test binary started by a test
		binary = filepath.Join(dir, "yinit")
		return r.m.Run()
	}
	dir, err := os.MkdirTemp("", "yinit-test")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "yinit")
	for out, pkg := range map[string]string{binary: ".", filepath.Join(dir, "actor"): "./testdata/actor"} {
		build := exec.Command("go", buildFlags(early.Entry, out, pkg)...)
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "building %s: %v\n%s", pkg, err, out)
			return 1
		}
	}
	os.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	if err := os.Chmod(dir, 0o755); err != nil { // other users run it too
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return r.m.Run()
}

// TestScript runs the scripts in testdata/script. Each is a user's session with the real
// program in real PID namespaces.
func TestScript(t *testing.T) {
	requireNamespaces(t)
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			env.Setenv("TERM", "xterm")
			env.Setenv("BINARY", binary)
			env.Setenv("ODD", "\x1b[31mno-such\nprogram") // a name that would spoil a log
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"status": status},
		Condition: func(name string) (bool, error) {
			if name == "root" {
				return os.Getuid() == 0, nil
			}
			return false, fmt.Errorf("there is no condition %q", name)
		},
	})
}

// requireNamespaces fails if PID namespaces cannot be created: without them nothing
// important would be tested.
func requireNamespaces(t *testing.T) {
	t.Helper()
	if out, err := namespaced("true").CombinedOutput(); err != nil {
		t.Fatalf("no PID namespaces here (%v, %s): allow user namespaces, or run the tests as root", err, out)
	}
}

// status runs a program and checks its exit status, 128+n if a signal ended it:
//
//	status 143 ns yinit sleep 9
func status(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status N program [args...]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	if got := exitStatus(err); got != want {
		ts.Fatalf("exit status %d, want %d (%v)", got, want, err)
	}
}

func exitStatus(err error) int {
	state, ok := errors.AsType[*exec.ExitError](err)
	if !ok {
		if err != nil {
			return -1
		}
		return 0
	}
	if ws := state.Sys().(syscall.WaitStatus); ws.Signaled() {
		return 128 + int(ws.Signal())
	}
	return state.ExitCode()
}

// namespaced returns a command that runs args as PID 1 of a new PID namespace
// with its own /proc. It needs a user namespace where we are not root.
func namespaced(args ...string) *exec.Cmd {
	self, err := os.Executable()
	if err != nil {
		panic(err)
	}
	cmd := exec.Command(self)
	cmd.Args = append([]string{"ns", "--mount"}, args...)
	// testscript distinguishes its commands by argv[0].
	cmd.Path = self
	cmd.Env = append(os.Environ(), "YINIT_TEST_NS=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWPID | unix.CLONE_NEWNS}
	if os.Getuid() != 0 {
		cmd.SysProcAttr.Cloneflags |= unix.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	}
	return cmd
}

func init() {
	// The commands of testscript are found by argv[0] only once TestMain runs;
	// this one must start fast, it is PID 1 of a namespace.
	if os.Getenv("YINIT_TEST_NS") == "1" && len(os.Args) > 2 && os.Args[1] == "--mount" {
		os.Unsetenv("YINIT_TEST_NS")
		fmt.Fprintln(os.Stderr, mountAndExec(os.Args[2:]))
		os.Exit(120)
	}
}

func mountAndExec(args []string) error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return err
	}
	if err := unix.Mount("proc", "/proc", "proc", 0, ""); err != nil {
		return err
	}
	path, err := exec.LookPath(args[0])
	if err != nil {
		return err
	}
	return unix.Exec(path, args, os.Environ())
}

// enterNamespace is the command ns of the scripts. testscript kills it at the
// deadline of the tests; PID 1 of the namespace is then killed, too, since it
// holds the pipes for whose end testscript waits.
func enterNamespace(args []string) int {
	runtime.LockOSThread() // the parent of Pdeathsig is a thread
	cmd := namespaced(args...)
	cmd.SysProcAttr.Pdeathsig = unix.SIGKILL
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := cmd.Start(); err != nil {
		fmt.Fprintln(os.Stderr, "ns:", err)
		return 120
	}
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, unix.SIGTERM, unix.SIGINT)
	go func() {
		for s := range signals {
			_ = cmd.Process.Signal(s)
		}
	}()
	return exitStatus(cmd.Wait())
}

// sigqueue is sigqueue(3).
func sigqueue(pid int, sig unix.Signal, value int) error {
	var si [16]uint64
	info := (*early.Info)(unsafe.Pointer(&si))
	info.Signal, info.Code, info.PID, info.Value = int32(sig), -1, int32(os.Getpid()), uint64(value)
	_, _, errno := unix.RawSyscall(unix.SYS_RT_SIGQUEUEINFO, uintptr(pid), uintptr(sig), uintptr(unsafe.Pointer(&si)))
	if errno != 0 {
		return errno
	}
	return nil
}
