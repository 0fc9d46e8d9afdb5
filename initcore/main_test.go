package initcore

import (
	"os"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"yinit/initcore/early"
	"yinit/procfs/proctest"
)

var check, eventually = proctest.Check, proctest.Eventually

// Only an initialiser runs on the main thread for sure, which Release needs. No
// test runs there.
func init() { runtime.LockOSThread() }

// TestMain releases the signals: otherwise no signal could end the tests. Standard
// input becomes a directory: an empty [early.Feed] reads it, and fails.
func TestMain(m *testing.M) {
	early.Release()
	if root, err := unix.Open("/", unix.O_RDONLY|unix.O_CLOEXEC, 0); err != nil || unix.Dup3(root, 0, 0) != nil {
		os.Exit(2)
	}
	os.Exit(m.Run())
}

// returns fails the test if f does not return within a minute.
func returns(t *testing.T, what string, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	select {
	case <-done:
	case <-time.After(time.Minute):
		t.Fatalf("it hangs: %s", what)
	}
}

// pipe returns both ends of a pipe that are closed after the test.
func pipe(t *testing.T) (r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	check(t, err)
	t.Cleanup(func() { _, _ = r.Close(), w.Close() })
	return r, w
}

// rawPipe returns both ends as blocking descriptors that the caller closes.
func rawPipe(t *testing.T) (r, w int) {
	t.Helper()
	var p [2]int
	check(t, unix.Pipe2(p[:], unix.O_CLOEXEC))
	return p[0], p[1]
}
