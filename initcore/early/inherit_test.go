package early

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// inherited is the inherited state that a child reports.
func (c *child) inherited() (mask, ignored uint64, exact bool) {
	c.t.Helper()
	var layer string
	for _, line := range c.lines {
		if n, _ := fmt.Sscanf(line, "inherit %d %d %t %s", &mask, &ignored, &exact, &layer); n == 4 {
			return mask, ignored, exact
		}
	}
	c.t.Fatalf("the child says %q, not what it inherited", c.lines)
	return
}

const pipeAndHangup = 1<<(unix.SIGPIPE-1) | 1<<(unix.SIGHUP-1)

// seenLate are the ignored signals that a binary without -E can detect: for the
// others the runtime has installed its handler by then. It has none for 32, which
// GNU make ignores in its children (glibc's posix_spawn).
const seenLate = 1<<31 | 1<<(unix.SIGHUP-1) | 1<<(unix.SIGINT-1) | 1<<(unix.SIGCONT-1) | 1<<(unix.SIGTSTP-1) | 1<<(unix.SIGTTIN-1) | 1<<(unix.SIGTTOU-1)

func TestInheritedIgnored(t *testing.T) { eachLayer(t, inheritedIgnored) }

func inheritedIgnored(t *testing.T) {
	before := statusField(t, "self", "SigIgn")
	c := play(t, "awake", "/bin/sh", "-c", `trap "" PIPE HUP TTIN; exec "$0"`, binary(t))
	want := before | pipeAndHangup | 1<<(unix.SIGTTIN-1)
	if strings.HasSuffix(t.Name(), Initialiser.String()) {
		want &= seenLate
	}
	if _, got, _ := c.inherited(); got != want {
		t.Errorf("ignored %v, want %v", numbers(got), numbers(want))
	}
	c.rest()
	c = play(t, "awake")
	if _, got, _ := c.inherited(); got&^before != 0 {
		t.Errorf("ignored %#x, want at most %#x", got, before)
	}
	c.rest()
}

// TestInheritedMask: not every shell can block signals, so the test blocks them
// for itself.
func TestInheritedMask(t *testing.T) { eachLayer(t, inheritedMask) }

// unblocked are the signals that the Go runtime unblocks in each thread,
// whatever the mask was: more than os/signal documents (runtime, blockableSig).
var unblocked = []int{
	int(unix.SIGHUP), int(unix.SIGINT), int(unix.SIGQUIT), int(unix.SIGILL), int(unix.SIGTRAP), int(unix.SIGABRT), int(unix.SIGBUS), int(unix.SIGFPE),
	int(unix.SIGSEGV), int(unix.SIGTERM), int(unix.SIGSTKFLT), int(unix.SIGCHLD), int(unix.SIGURG), int(unix.SIGPROF), int(unix.SIGSYS), 32, 33, 34,
}

func inheritedMask(t *testing.T) {
	blocks := []int{int(unix.SIGUSR1), int(unix.SIGTERM), int(unix.SIGPROF), 40}
	want, entry := slices.Clone(blocks), strings.HasSuffix(t.Name(), Entry.String())
	if !entry {
		want = slices.DeleteFunc(want, func(sig int) bool { return slices.Contains(unblocked, sig) })
	}
	c := blocked(t, binary(t), blocks)
	mask, _, exact := c.inherited()
	if got := numbers(mask); exact != entry || !slices.Equal(got, sorted(want)) {
		t.Errorf("mask %v, exact %v; want %v, %v", got, exact, sorted(want), entry)
	}
	check(t, unix.Kill(c.pid(), unix.SIGTERM)) // blocked for the program, not for the init
	if got := parse(t, c.line()); got.Signal != int32(unix.SIGTERM) || int(got.PID) != os.Getpid() {
		t.Errorf("%+v, want SIGTERM from pid %d", got, os.Getpid())
	}
	c.rest()
}

// blocked starts a child from a thread that blocks signals.
func blocked(t *testing.T, binary string, signals []int, command ...string) *child {
	t.Helper()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var set, before unix.Sigset_t
	for _, sig := range signals {
		set.Val[0] |= 1 << (sig - 1)
	}
	check(t, unix.PthreadSigmask(unix.SIG_SETMASK, &set, &before))
	defer func() { check(t, unix.PthreadSigmask(unix.SIG_SETMASK, &before, nil)) }()
	return play(t, "awake", append(command, binary)...)
}

func numbers(set uint64) (list []int) {
	for sig := 1; sig <= 64; sig++ {
		if set>>(sig-1)&1 != 0 {
			list = append(list, sig)
		}
	}
	return list
}
