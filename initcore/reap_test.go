package initcore

import (
	"os/exec"
	"testing"

	"golang.org/x/sys/unix"
)

// TestReapStops stops and continues a child while its stops are being reaped: the last
// report says that it is stopped. A report that came between the two calls of reap was
// once taken for the one before.
func TestReapStops(t *testing.T) {
	cmd := exec.Command("sleep", "100")
	check(t, cmd.Start())
	pid := cmd.Process.Pid
	t.Cleanup(func() { _, _ = cmd.Process.Kill(), cmd.Wait() })
	k := &kernel{noProc: true}
	for range 1_000 {
		sent := make(chan error)
		go func() {
			var err error
			for _, sig := range []unix.Signal{unix.SIGCONT, unix.SIGSTOP, unix.SIGCONT, unix.SIGSTOP} {
				if e := unix.Kill(pid, sig); e != nil {
					err = e
				}
			}
			sent <- err
		}()
		var last unix.Signal
		reap := func() (more bool) {
			var d death
			check(t, k.reap(&d))
			if d.PID != 0 {
				last = d.Stopped
			}
			return d.PID != 0
		}
		for waiting := true; waiting; reap() {
			select {
			case err := <-sent:
				check(t, err)
				waiting = false
			default:
			}
		}
		eventually(t, "the last stop", func() bool { return !reap() && last == unix.SIGSTOP })
	}
}
