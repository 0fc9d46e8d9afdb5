package initcore

import (
	"testing"

	"golang.org/x/sys/unix"

	"yinit/procfs"
)

// TestForwardable: the verdict about PID 1 knows the same signals. KILL and STOP
// never come to it.
func TestForwardable(t *testing.T) {
	for n := range 70 {
		sig := unix.Signal(n)
		want := procfs.Relayed(n) && sig != unix.SIGKILL && sig != unix.SIGSTOP
		if got := Forwardable(sig); got != want {
			t.Errorf("Forwardable(%d) = %v, want %v", n, got, want)
		}
	}
}
