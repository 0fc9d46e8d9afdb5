package early

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// roleVar names what the test binary plays as a child of the tests.
const roleVar = "EARLY_TEST_ROLE"

func TestMain(m *testing.M) {
	switch role := os.Getenv(roleVar); role {
	case "":
		Release()
		status := m.Run()
		if path := entryBinary.path; path != "" {
			_ = os.RemoveAll(filepath.Dir(path))
		}
		os.Exit(status)
	case "release", "notify after release", "write to stdout", "preempt", "late release":
		played(role)
	case "read a slot":
		readSlot()
	case "wake up for a slot":
		wakeForSlot()
	default:
		f, err := Take()
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		if unix.Gettid() != os.Getpid() {
			fmt.Println("not on the main thread")
			os.Exit(1)
		}
		listen(f, role)
	}
}

// played are the roles that give the signals back.
func played(role string) {
	stdin := bufio.NewReader(os.Stdin)
	if role == "write to stdout" {
		Release()
		_, err := os.Stdout.Write([]byte("x")) // the pipe has no reader
		fmt.Fprintln(os.Stderr, "still alive:", err)
		os.Exit(1)
	}
	if role == "late release" {
		fmt.Println("ready")
		_, _ = stdin.ReadString('\n') // a signal arrives first
	}
	Release()
	if role == "preempt" {
		preempt()
		return
	}
	came := make(chan os.Signal, 1)
	if role == "notify after release" {
		signal.Notify(came, syscall.SIGTERM)
	}
	fmt.Println("ready")
	if role == "notify after release" {
		fmt.Println(<-came)
		return
	}
	_, _ = stdin.ReadByte()
}

// listen plays the roles that read the feed. They end when their stdin does.
func listen(f *Feed, role string) {
	fmt.Println("inherit", f.Inherit.Mask, f.Inherit.Ignored, f.Inherit.Exact, f.Layer)
	fmt.Println("ready")
	stdin := bufio.NewReader(os.Stdin)
	if role == "asleep" { // the feed is not read before a line arrives
		_, _ = stdin.ReadString('\n')
	}
	ended := make(chan bool)
	go func() {
		_, _ = io.Copy(io.Discard, stdin)
		close(ended)
	}()
	tick := time.NewTicker(time.Millisecond)
	out := bufio.NewWriter(os.Stdout)
	for {
		var buf [8]Info
		for n := f.Read(buf[:]); n > 0; n = f.Read(buf[:]) {
			for _, i := range buf[:n] {
				fmt.Fprintln(out, "signal", i.Signal, i.PID, i.UID, i.Code, i.Value)
			}
		}
		_ = out.Flush()
		select {
		case <-ended:
			if role == "fault" {
				write(nil) // the kernel raises SIGSEGV
			}
			return
		case <-tick.C:
		}
	}
}

func write(p *int) { *p = 1 }

// preempt needs the runtime to interrupt a goroutine that never calls anything.
func preempt() {
	runtime.GOMAXPROCS(1)
	go func() {
		for n := 0; n >= 0; n += 2 { // for ever, as far as this test goes
		}
	}()
	for range 10 {
		runtime.Gosched() // it gets the CPU
	}
	fmt.Println("ready")
}

// readSlot is takeKept interrupted within a slot by a signal for the same slot.
func readSlot() {
	const usr1, usr2 = uint64(1) << (unix.SIGUSR1 - 1), uint64(1) << (unix.SIGUSR2 - 1)
	setMask(&none)
	atomic.StoreUint64(&tail, atomic.LoadUint64(&head)+ringSize) // the ring is full
	first := Info{Signal: int32(unix.SIGUSR1), PID: 1, UID: 2, Value: 3}
	slots[unix.SIGUSR1] = first
	atomic.OrUint64(&claimed, usr1)
	fmt.Println("ready")
	for atomic.LoadUint64(&kept)&usr2 == 0 {
		_ = unix.Nanosleep(&unix.Timespec{Nsec: 1e6}, nil)
	}
	fmt.Println("unchanged", slots[unix.SIGUSR1] == first, atomic.LoadUint64(&kept)&usr1 == 0)
	// Once the slot has been read, the next signal gets it.
	atomic.OrUint64(&kept, usr1)
	var buf [8]Info
	fmt.Println("taken", takeKept(buf[:]))
	setMask(&none) // the handler has blocked what merged
	for atomic.LoadUint64(&kept)&usr1 == 0 {
		_ = unix.Nanosleep(&unix.Timespec{Nsec: 1e6}, nil)
	}
	fmt.Println("then", slots[unix.SIGUSR1].PID)
}

// wakeForSlot receives a signal while the ring is full, and the bell is silent.
func wakeForSlot() {
	setMask(&none)
	f := new(Feed)
	if err := f.open(); err != nil {
		fmt.Println(err)
	}
	atomic.StoreUint64(&tail, atomic.LoadUint64(&head)+ringSize) // the ring is full
	fmt.Println("ready")
	poll := []unix.PollFd{{Fd: int32(f.FD()), Events: unix.POLLIN}}
	for atomic.LoadUint64(&kept) == 0 {
		_ = unix.Nanosleep(&unix.Timespec{Nsec: 1e6}, nil)
	}
	// The handler may still be about to write.
	n, err := unix.Poll(poll, 10_000)
	for errors.Is(err, unix.EINTR) {
		n, err = unix.Poll(poll, 10_000)
	}
	fmt.Println("awake", n, err)
}

// child is the test binary in a role.
type child struct {
	t     *testing.T
	cmd   *exec.Cmd
	in    io.WriteCloser
	out   *bufio.Reader
	lines []string // before "ready"
}

func play(t *testing.T, role string, command ...string) *child {
	t.Helper()
	if len(command) == 0 {
		command = []string{binary(t)}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Env = append(os.Environ(), roleVar+"="+role)
	in, err := cmd.StdinPipe()
	check(t, err)
	out, err := cmd.StdoutPipe()
	check(t, err)
	cmd.Stderr = os.Stderr
	check(t, cmd.Start())
	t.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Wait() // many tests have done so
		cancel()
	})
	c := &child{t: t, cmd: cmd, in: in, out: bufio.NewReader(out)}
	for role != "write to stdout" {
		line := c.line()
		if line == "ready" {
			break
		}
		c.lines = append(c.lines, line)
	}
	return c
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (c *child) line() string {
	c.t.Helper()
	line, err := c.out.ReadString('\n')
	if err != nil {
		c.t.Fatalf("the child ended: %v", err)
	}
	return strings.TrimSuffix(line, "\n")
}

func (c *child) pid() int { return c.cmd.Process.Pid }

// rest ends the child and returns the signals that it has read.
func (c *child) rest() []Info {
	c.t.Helper()
	check(c.t, c.in.Close())
	b, err := io.ReadAll(c.out)
	check(c.t, err)
	if err := c.cmd.Wait(); err != nil {
		c.t.Errorf("the child ended with %v, want 0", err)
	}
	var list []Info
	for line := range bytes.Lines(b) {
		list = append(list, parse(c.t, string(line)))
	}
	return list
}

func parse(t *testing.T, line string) (i Info) {
	t.Helper()
	if _, err := fmt.Sscanf(line, "signal %d %d %d %d %d", &i.Signal, &i.PID, &i.UID, &i.Code, &i.Value); err != nil {
		t.Fatalf("the child printed %q: %v", line, err)
	}
	return i
}

// needsHandler skips, in the builds that fall back on os/signal, what only our
// handler can do. In all others the handler has to be there.
func needsHandler(t *testing.T) {
	t.Helper()
	if !assembled {
		t.Skip("the race detector, or the tag early_osignal: os/signal does not report senders")
	}
	if layer == OSSignal {
		t.Fatal("our handler is not installed: signals arrive through os/signal")
	}
}

// asynchronous are all signals that are ours but SIGCHLD.
func asynchronous() (list []int) {
	for sig := 1; sig <= 64; sig++ {
		if taken>>(sig-1)&1 != 0 && sig != int(unix.SIGCHLD) && sig != 32 && sig != 33 { // the last two are libc's
			list = append(list, sig)
		}
	}
	return list
}

// TestSentFaults: a synchronous signal that a process sent arrives like any other.
func TestSentFaults(t *testing.T) { eachLayer(t, sentFaults) }

func sentFaults(t *testing.T) {
	c := play(t, "awake")
	for _, sig := range numbers(synchronous) {
		check(t, unix.Kill(c.pid(), unix.Signal(sig)))
		if got := parse(t, c.line()); int(got.Signal) != sig || got.Code != 0 || int(got.PID) != os.Getpid() {
			t.Errorf("kill(%d): %+v", sig, got)
		}
		want := Info{Signal: int32(sig), Code: -1, PID: int32(os.Getpid()), UID: uint32(os.Getuid()), Value: 7}
		check(t, queue(c.pid(), want))
		if got := parse(t, c.line()); got != want {
			t.Errorf("%+v came as %+v", want, got)
		}
		check(t, unix.Tgkill(c.pid(), c.pid(), unix.Signal(sig)))
		if got := parse(t, c.line()); int(got.Signal) != sig || got.Code != siTkill {
			t.Errorf("tgkill(%d): %+v", sig, got)
		}
	}
	c.rest()
}

// TestFaultBeforeStart: a synchronous signal that is pending when the process starts is
// not lost, and does not end the process.
func TestFaultBeforeStart(t *testing.T) {
	needsHandler(t)
	t.Run(Entry.String(), func(t *testing.T) {
		for _, sig := range numbers(synchronous) {
			c := blocked(t, binary(t), []int{sig}, "sh", "-c", fmt.Sprintf(`kill -%d $$; exec "$0"`, sig))
			if got := parse(t, c.line()); int(got.Signal) != sig || int(got.PID) != c.pid() {
				t.Errorf("signal %d: %+v", sig, got)
			}
			c.rest()
		}
	})
}

// TestOwnFault: what the kernel raises for an error of the process itself ends it.
func TestOwnFault(t *testing.T) { eachLayer(t, ownFault) }

func ownFault(t *testing.T) {
	c := play(t, "fault")
	check(t, c.in.Close())
	b, _ := io.ReadAll(c.out)
	var exit *exec.ExitError
	if err := c.cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != 2 || len(b) != 0 {
		t.Errorf("a fault ended the child with %v and %q, want exit status 2 from the runtime and no signal", err, b)
	}
}

func TestTakenSignals(t *testing.T) {
	for _, sig := range []unix.Signal{unix.SIGKILL, unix.SIGSTOP, unix.SIGSEGV, unix.SIGBUS, unix.SIGFPE, unix.SIGILL, unix.SIGTRAP, unix.SIGABRT, unix.SIGSYS} {
		if taken>>(sig-1)&1 != 0 {
			t.Errorf("%v is taken, want it left alone", sig)
		}
	}
	if n := len(asynchronous()); n != 64-9-1-2 {
		t.Errorf("%d signals are taken, want %d", n, 64-9-1-2)
	}
}

// TestAllSignals: each signal arrives with its number, its sender's pid and uid.
func TestAllSignals(t *testing.T) { eachLayer(t, allSignals) }

func allSignals(t *testing.T) {
	c := play(t, "awake")
	for _, sig := range asynchronous() {
		check(t, unix.Kill(c.pid(), unix.Signal(sig)))
		got := parse(t, c.line())
		if want := (Info{Signal: int32(sig), PID: int32(os.Getpid()), UID: uint32(os.Getuid())}); got.Signal != want.Signal || got.PID != want.PID || got.UID != want.UID || got.Code != 0 {
			t.Errorf("kill(%d): %+v, want %+v", sig, got, want)
		}
	}
	if rest := c.rest(); len(rest) != 0 {
		t.Errorf("signals that were not sent, or that arrived twice: %+v", rest)
	}
}

// TestChild: any number of SIGCHLD may be merged into one, but at least one arrives.
func TestChild(t *testing.T) { eachLayer(t, deaths) }

func deaths(t *testing.T) {
	c := play(t, "asleep")
	for range 100 {
		check(t, unix.Kill(c.pid(), unix.SIGCHLD))
	}
	pendingGone(t, c.pid()) // the lower number would overtake
	check(t, unix.Kill(c.pid(), unix.SIGUSR1))
	pendingGone(t, c.pid())
	_, err := io.WriteString(c.in, "wake up\n")
	check(t, err)
	n := 0
	for parse(t, c.line()).Signal == int32(unix.SIGCHLD) {
		n++
	}
	if n != 1 {
		t.Errorf("100 SIGCHLD arrived as %d while the feed was not read, want 1", n)
	}
	for range 20 { // each one after the last was read
		check(t, unix.Kill(c.pid(), unix.SIGCHLD))
		if got := parse(t, c.line()); got.Signal != int32(unix.SIGCHLD) {
			t.Errorf("%+v, want SIGCHLD", got)
		}
	}
	c.rest()
}

// TestFullRing: while the ring is full, one signal of each number stays pending.
func TestFullRing(t *testing.T) { eachLayer(t, fullRing) }

func fullRing(t *testing.T) {
	c := play(t, "asleep")
	const many = ringSize + 200
	for range ringSize + 1 { // the last one is in its slot
		check(t, unix.Kill(c.pid(), unix.SIGUSR1))
		pendingGone(t, c.pid())
	}
	for _, sig := range asynchronous() {
		check(t, unix.Kill(c.pid(), unix.Signal(sig)))
		if sig < rtMin { // the others are blocked from the first one on
			pendingGone(t, c.pid()) // SIGTSTP would take back a pending SIGCONT, see signal(7)
		}
	}
	for range many { // these merge, and the signal is blocked
		check(t, unix.Kill(c.pid(), unix.SIGUSR1))
	}
	_, err := io.WriteString(c.in, "wake up\n")
	check(t, err)
	check(t, unix.Kill(c.pid(), unix.SIGUSR2)) // and it goes on
	pendingGone(t, c.pid())                    // the real-time ones, too
	got, seen := c.rest(), map[int]bool{}
	for _, i := range got {
		seen[int(i.Signal)] = true
		if int(i.PID) != os.Getpid() {
			t.Fatalf("%+v, want it from pid %d", i, os.Getpid())
		}
	}
	for _, sig := range asynchronous() {
		if !seen[sig] {
			t.Errorf("signal %d was lost", sig)
		}
	}
	if len(got) < ringSize || len(got) >= many {
		t.Errorf("%d signals were read, want the %d that fit, and one of each kind that did not", len(got), ringSize)
	}
}

// pendingGone waits until the kernel has delivered what is pending, so that
// equal signals do not merge before they reach the handler.
func pendingGone(t *testing.T, pid int) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); {
		if statusField(t, strconv.Itoa(pid), "ShdPnd") == 0 {
			return
		}
	}
	t.Fatal("signals stay pending")
}

func statusField(t *testing.T, pid, field string) uint64 {
	t.Helper()
	n, err := readStatusField(pid, field)
	check(t, err)
	return n
}

func readStatusField(pid, field string) (uint64, error) {
	b, err := os.ReadFile("/proc/" + pid + "/status")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(b)) {
		if v, ok := strings.CutPrefix(line, field+":"); ok {
			return strconv.ParseUint(strings.TrimSpace(v), 16, 64)
		}
	}
	return 0, fmt.Errorf("/proc/%s/status has no %s", pid, field)
}

func TestReleaseGivesBackTERM(t *testing.T) { eachLayer(t, releaseGivesBackTERM) }

func releaseGivesBackTERM(t *testing.T) {
	c := play(t, "release")
	check(t, unix.Kill(c.pid(), unix.SIGTERM))
	var exit *exec.ExitError
	if err := c.cmd.Wait(); !errors.As(err, &exit) || !exit.Sys().(syscall.WaitStatus).Signaled() || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGTERM {
		t.Errorf("after Release a SIGTERM ended the child with %v, want killed by SIGTERM", err)
	}
}

func TestNotifyAfterRelease(t *testing.T) { eachLayer(t, notifyAfterRelease) }

func notifyAfterRelease(t *testing.T) {
	c := play(t, "notify after release")
	check(t, unix.Kill(c.pid(), unix.SIGTERM))
	if got := c.line(); got != "terminated" {
		t.Errorf("os/signal got %q, want terminated", got)
	}
	check(t, c.cmd.Wait())
}

func TestBrokenStdoutAfterRelease(t *testing.T) { eachLayer(t, brokenStdoutAfterRelease) }

func brokenStdoutAfterRelease(t *testing.T) {
	r, w, err := os.Pipe()
	check(t, err)
	cmd := exec.CommandContext(t.Context(), binary(t))
	cmd.Env, cmd.Stdout = append(os.Environ(), roleVar+"=write to stdout"), w
	check(t, r.Close())
	err = cmd.Run()
	_ = w.Close()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGPIPE {
		t.Errorf("writing to a pipe without a reader ended the child with %v, want killed by SIGPIPE", err)
	}
}

func waitStatus(e *exec.ExitError) syscall.WaitStatus { return e.Sys().(syscall.WaitStatus) }

func sorted(list []int) []int { return slices.Sorted(slices.Values(list)) }
