package procfs_test

import (
	"testing"
	"time"

	"yinit/procfs"
)

func TestWaitStatus(t *testing.T) {
	for name, test := range map[string]struct {
		status              procfs.WaitStatus
		text                string
		code, signal, shell int
		core                bool
	}{
		"exit 0":      {0, "exited 0", 0, 0, 0, false},
		"exit 255":    {255 << 8, "exited 255", 255, 0, 255, false},
		"killed":      {9, "killed by SIGKILL", -1, 9, 137, false},
		"core dumped": {11 | 0x80, "killed by SIGSEGV (core dumped)", -1, 11, 139, true},
		"real-time":   {64, "killed by SIGRTMAX", -1, 64, 192, false},
	} {
		s := test.status
		if s.String() != test.text || s.ExitCode() != test.code || s.Signal() != test.signal ||
			s.Shell() != test.shell || s.CoreDumped() != test.core || s.Signaled() != (test.signal != 0) {
			t.Errorf("%s: %v, exit code %d, signal %d, in a shell %d, core %t, want %+v",
				name, s, s.ExitCode(), s.Signal(), s.Shell(), s.CoreDumped(), test)
		}
	}
}

func TestUnits(t *testing.T) {
	if got, want := procfs.Ticks(250).Duration(), 2500*time.Millisecond; got != want {
		t.Errorf("Ticks(250).Duration() = %v, want %v", got, want)
	}
	if got, want := procfs.Pages(3).Bytes(4096), 12*procfs.KiB; got != want {
		t.Errorf("Pages(3).Bytes(4096) = %d, want %d", got, want)
	}
	if got := procfs.Pages(-3).Bytes(4096); got != 0 {
		t.Errorf("Pages(-3).Bytes(4096) = %d, want 0", got)
	}
}

func TestID(t *testing.T) {
	if id := (procfs.ID{PID: 37, Start: 9}); id.String() != "37" || id.IsZero() || !(procfs.ID{}).IsZero() {
		t.Errorf("ID = %q, zero %t, want 37 and not zero", id, id.IsZero())
	}
}
