package early

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// entryBinary is the test binary once more, linked as `make build` links yinit.
var entryBinary struct {
	sync.Once
	path string
	err  error
}

func buildEntry(t *testing.T) string {
	t.Helper()
	e := &entryBinary
	e.Do(func() {
		dir, err := os.MkdirTemp("", "early-test")
		if err != nil {
			e.err = err
			return
		}
		e.path = filepath.Join(dir, "entered")
		build := exec.Command("go", "test", "-c", "-o", e.path, "-ldflags", "-E yinit/initcore/early.entry", ".")
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			e.err = errors.New(err.Error() + "\n" + string(out))
		}
	})
	if e.err != nil {
		t.Fatalf("building a test binary with -E: %v", e.err)
	}
	return e.path
}

// binary is the program that a test plays with, by the layer that its name says.
func binary(t *testing.T) string {
	t.Helper()
	if strings.HasSuffix(t.Name(), "/"+Entry.String()) {
		return buildEntry(t)
	}
	return os.Args[0]
}

// eachLayer runs a test for each layer that has our handler. On amd64 and arm64
// both have to be there.
func eachLayer(t *testing.T, test func(*testing.T)) {
	needsHandler(t)
	if entered != 0 {
		t.Fatal("the tests were linked with -E, which they do themselves")
	}
	for _, l := range []Layer{Initialiser, Entry} {
		t.Run(l.String(), test)
	}
}

// TestLayer: a binary reports its layer.
func TestLayer(t *testing.T) { eachLayer(t, saysItsLayer) }

func saysItsLayer(t *testing.T) {
	c := play(t, "awake")
	_, want, _ := strings.Cut(t.Name(), "/")
	if got := c.lines[0]; !strings.HasSuffix(got, " "+want) {
		t.Errorf("the child says %q, want the layer %s", got, want)
	}
	c.rest()
}

// TestFallback: a build that has no handler says so.
func TestFallback(t *testing.T) {
	if !assembled && layer != OSSignal || assembled && layer == OSSignal {
		t.Errorf("layer %v in a build where assembled is %v", layer, assembled)
	}
	for l, want := range map[Layer]string{OSSignal: "os/signal", Initialiser: "initialiser", Entry: "entry", 9: "layer 9"} {
		if l.String() != want {
			t.Errorf("%d is called %q, want %q", int(l), l, want)
		}
	}
}

// queue sends a signal with a siginfo_t that the sender made up.
func queue(pid int, info Info) error {
	si := [4]Info{info} // siginfo_t has 128 bytes
	_, _, errno := unix.RawSyscall(unix.SYS_RT_SIGQUEUEINFO, uintptr(pid), uintptr(info.Signal), uintptr(unsafe.Pointer(&si)))
	if errno != 0 {
		return errno
	}
	return nil
}

// TestForged: a signal that only claims to be from the process itself is not treated as
// the process's own.
func TestForged(t *testing.T) { eachLayer(t, forged) }

func forged(t *testing.T) {
	c := play(t, "awake")
	for _, code := range []int32{-1, -2, -5, -60} {
		for _, sig := range []unix.Signal{unix.SIGURG, unix.SIGPIPE, unix.SIGSEGV, 40} {
			want := Info{Signal: int32(sig), Code: code, PID: int32(c.pid()), Value: 7}
			check(t, queue(c.pid(), want))
			got := parse(t, c.line())
			if got != want {
				t.Errorf("%+v came as %+v", want, got)
			}
			if !got.Claimed() || got.Own() {
				t.Errorf("%+v: Claimed %v, Own %v; want true, false", got, got.Claimed(), got.Own())
			}
		}
	}
	// No other process can forge a signal of the runtime.
	for _, code := range []int32{siTkill, 0, 1, 128} {
		if err := queue(c.pid(), Info{Signal: int32(unix.SIGURG), Code: code, PID: int32(c.pid())}); !errors.Is(err, unix.EPERM) {
			t.Errorf("the kernel let another process send si_code %d: %v, want EPERM", code, err)
		}
	}
	check(t, unix.Tgkill(c.pid(), c.pid(), unix.SIGURG))
	if got := parse(t, c.line()); got.Signal != int32(unix.SIGURG) || got.Code != siTkill || int(got.PID) != os.Getpid() {
		t.Errorf("tgkill(SIGURG) came as %+v", got)
	}
	c.rest()
}

func TestOwn(t *testing.T) {
	self := pid
	for _, c := range []struct {
		info         Info
		claimed, own bool
	}{
		{Info{PID: self, Code: 0}, false, true}, // SI_USER: SIGPIPE of a broken pipe
		{Info{PID: self, Code: siTkill}, false, true},
		{Info{PID: self, Code: -1}, true, false},
		{Info{PID: self, Code: -60}, true, false},
		{Info{PID: self + 1, Code: 0}, false, false},
		{Info{PID: 0, Code: 128}, false, false},
		{Info{PID: senderUnknown}, false, false},
	} {
		if c.info.Claimed() != c.claimed || c.info.Own() != c.own {
			t.Errorf("%+v: Claimed %v, Own %v; want %v, %v", c.info, c.info.Claimed(), c.info.Own(), c.claimed, c.own)
		}
	}
}

// TestPreemption: the inspector's goroutines can be interrupted.
func TestPreemption(t *testing.T) { eachLayer(t, preempted) }

func preempted(t *testing.T) {
	c := play(t, "preempt")
	check(t, c.cmd.Wait())
}

// TestSlotIsNotTorn: a signal that arrives while its slot is read does not change what
// is read.
func TestSlotIsNotTorn(t *testing.T) { eachLayer(t, slotHolds) }

func slotHolds(t *testing.T) {
	c := play(t, "read a slot")
	check(t, unix.Kill(c.pid(), unix.SIGUSR1))
	pendingGone(t, c.pid())
	check(t, unix.Kill(c.pid(), unix.SIGUSR2))
	if got := c.line(); got != "unchanged true true" {
		t.Errorf("the child says %q, want the slot unchanged and not complete", got)
	}
	if got := c.line(); got != "taken 2" {
		t.Errorf("the child says %q, want both taken", got)
	}
	check(t, unix.Kill(c.pid(), unix.SIGUSR1))
	if got, want := c.line(), fmt.Sprintf("then %d", os.Getpid()); got != want {
		t.Errorf("the child says %q, want %q", got, want)
	}
	check(t, c.cmd.Wait())
}

// TestSlotWakes: a signal that is stored in its slot wakes the reader. It may have emptied
// the ring between the handler's look at the ring and its write to the slot.
func TestSlotWakes(t *testing.T) { eachLayer(t, slotWakes) }

func slotWakes(t *testing.T) {
	for _, sig := range []unix.Signal{unix.SIGTERM, rtMin} {
		c := play(t, "wake up for a slot")
		check(t, unix.Kill(c.pid(), sig))
		if got := c.line(); got != "awake 1 <nil>" {
			t.Errorf("signal %d: the child says %q, want it awake", sig, got)
		}
		check(t, c.cmd.Wait())
	}
}

// TestReleaseRepeats: signals that arrived before Release run the runtime's handlers.
func TestReleaseRepeats(t *testing.T) { eachLayer(t, releaseRepeats) }

func releaseRepeats(t *testing.T) {
	c := play(t, "late release")
	check(t, unix.Kill(c.pid(), unix.SIGTERM))
	if _, err := c.in.Write([]byte("release\n")); err != nil {
		t.Fatal(err)
	}
	var exit *exec.ExitError
	if err := c.cmd.Wait(); !errors.As(err, &exit) || waitStatus(exit).Signal() != unix.SIGTERM {
		t.Errorf("a SIGTERM before Release ended the child with %v, want killed by SIGTERM", err)
	}
}

// TestOtherCPUs: on a CPU without the assembly the build fails and says why.
func TestOtherCPUs(t *testing.T) {
	build := exec.Command("go", "build", "-o", os.DevNull, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOARCH=riscv64")
	out, err := build.CombinedOutput()
	if want := "yinit runs on amd64 and arm64 only"; err == nil || !strings.Contains(string(out), want) {
		t.Errorf("GOARCH=riscv64 go build: %v, want it to fail with %q:\n%s", err, want, out)
	}
}
