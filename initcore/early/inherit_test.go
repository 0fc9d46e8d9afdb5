package early

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"testing"

	"golang.org/x/sys/unix"
)

// inherited is what a child says of what it was started with.
func (c *child) inherited() (mask, ignored uint64, exact bool) {
	c.t.Helper()
	var senders bool
	for _, line := range c.lines {
		if n, _ := fmt.Sscanf(line, "inherit %d %d %t %t", &mask, &ignored, &exact, &senders); n == 4 {
			return mask, ignored, exact
		}
	}
	c.t.Fatalf("the child says %q, not what it inherited", c.lines)
	return
}

const pipeAndHangup = 1<<(unix.SIGPIPE-1) | 1<<(unix.SIGHUP-1)

func TestInheritedIgnored(t *testing.T) {
	needsHook(t)
	before := statusField(t, "self", "SigIgn")
	c := play(t, "awake", "/bin/sh", "-c", `trap "" PIPE HUP; exec "$0"`, os.Args[0])
	if _, got, _ := c.inherited(); got&pipeAndHangup != pipeAndHangup || got&^before&^pipeAndHangup != 0 {
		t.Errorf("ignored %#x, want PIPE and HUP (%#x) and at most %#x", got, pipeAndHangup, before)
	}
	c.rest()
	c = play(t, "awake")
	if _, got, _ := c.inherited(); got&^before != 0 {
		t.Errorf("ignored %#x, want at most %#x", got, before)
	}
	c.rest()
}

// TestInheritedMask needs a binary that is linked as `make build` does it. Not
// every shell can block signals, so a first incarnation blocks them for itself.
func TestInheritedMask(t *testing.T) {
	needsHook(t)
	if entered != 0 {
		t.Fatal("the tests were linked with -E, which they do themselves")
	}
	goTool, err := exec.LookPath("go")
	if err != nil {
		t.Skip("no go tool to link a binary with -E")
	}
	binary := filepath.Join(t.TempDir(), "entered")
	build := exec.CommandContext(t.Context(), goTool, "test", "-c", "-o", binary, "-ldflags", "-E yinit/initcore/early.entry", ".")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", build, err, out)
	}
	want := []int{int(unix.SIGUSR1), int(unix.SIGTERM), 40}
	c := blocked(t, binary, want)
	mask, _, exact := c.inherited()
	if got := numbers(mask); !exact || !slices.Equal(got, sorted(want)) {
		t.Errorf("mask %v, exact %v; want %v, true", got, exact, sorted(want))
	}
	check(t, unix.Kill(c.pid(), unix.SIGTERM)) // blocked for the program, not for the init
	if got := parse(t, c.line()); got.Signal != int32(unix.SIGTERM) || int(got.PID) != os.Getpid() {
		t.Errorf("%+v, want SIGTERM from pid %d", got, os.Getpid())
	}
	c.rest()
}

// blocked starts a child from a thread that blocks signals.
func blocked(t *testing.T, binary string, signals []int) *child {
	t.Helper()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var set, before unix.Sigset_t
	for _, sig := range signals {
		set.Val[0] |= 1 << (sig - 1)
	}
	check(t, unix.PthreadSigmask(unix.SIG_SETMASK, &set, &before))
	defer func() { check(t, unix.PthreadSigmask(unix.SIG_SETMASK, &before, nil)) }()
	return play(t, "awake", binary)
}

func numbers(set uint64) (list []int) {
	for sig := 1; sig <= 64; sig++ {
		if set>>(sig-1)&1 != 0 {
			list = append(list, sig)
		}
	}
	return list
}
