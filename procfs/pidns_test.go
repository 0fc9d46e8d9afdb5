package procfs_test

import (
	"errors"
	"os"
	"syscall"
	"testing"

	"yinit/procfs"
)

// TestOpenPIDNamespace asks for pids in the PID namespace of a child, which has a child in turn.
func TestOpenPIDNamespace(t *testing.T) {
	own, err := procfs.FS{}.OpenPIDNamespace(os.Getpid())
	check(t, err)
	defer own.Close()
	switch pid, err := own.PID(os.Getpid()); {
	case errors.Is(err, syscall.ENOTTY):
		t.Skip("the kernel is older than Linux 6.11, so that yinit reads files instead")
	case err != nil || pid != os.Getpid():
		t.Errorf("PID of this process in its own namespace: %d, %v, want %d", pid, err, os.Getpid())
	}
	first := firstProcess(t).Process.Pid
	below, err := procfs.FS{}.OpenPIDNamespace(first)
	check(t, err)
	defer below.Close()
	if pid, err := below.PID(first); err != nil || pid != 1 {
		t.Errorf("PID of the first process: %d, %v, want 1", pid, err)
	}
	child := 0
	threads, err := procfs.FS{}.Threads(first)
	check(t, err)
	for _, tid := range threads {
		if children, err := (procfs.FS{}).Children(first, tid); err == nil && len(children) > 0 {
			child = children[0]
		}
	}
	status, err := procfs.FS{}.Status(child)
	check(t, err)
	if pid, err := below.PID(child); err != nil || pid == 1 || pid != status.NSpid[1] {
		t.Errorf("PID of its child: %d, %v, want %d", pid, err, status.NSpid[1])
	}
	for _, pid := range []int{os.Getpid(), 1 << 30} { // outside, and not there
		if inside, err := below.PID(pid); !errors.Is(err, syscall.ESRCH) {
			t.Errorf("PID(%d) = %d, %v, want ESRCH", pid, inside, err)
		}
	}
	if _, err := (procfs.FS{}).OpenPIDNamespace(1 << 30); !errors.Is(err, procfs.ErrGone) {
		t.Errorf("OpenPIDNamespace of no process: %v, want ErrGone", err)
	}
}
