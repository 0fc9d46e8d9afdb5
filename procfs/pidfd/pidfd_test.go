package pidfd_test

import (
	"errors"
	"os/exec"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"yinit/procfs"
	"yinit/procfs/pidfd"
)

// sleeper starts a child that waits to be killed, and returns it and its identity.
func sleeper(t *testing.T) (*exec.Cmd, procfs.ID) {
	t.Helper()
	cmd := exec.Command("sleep", "1000")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if cmd.ProcessState == nil {
			_ = cmd.Process.Kill()
			_ = cmd.Wait() // It was killed, which is an error to Wait.
		}
	})
	stat, err := procfs.FS{}.Stat(cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	return cmd, stat.ID()
}

func TestHold(t *testing.T) {
	cmd, id := sleeper(t)
	p, err := pidfd.Hold(procfs.FS{}, id)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if ended, err := p.Wait(0); ended || err != nil {
		t.Errorf("Wait = %v, %v, want that it runs", ended, err)
	}
	if stat, err := p.Stat(); err != nil || stat.ID() != id || p.ID() != id {
		t.Errorf("Stat = %+v, %v, want %+v", stat, err, id)
	}
	if err := p.Send(int(unix.SIGKILL)); err != nil {
		t.Errorf("Send = %v", err)
	}
	if ended, err := p.Wait(time.Minute); !ended || err != nil {
		t.Errorf("Wait = %v, %v, want that it has ended", ended, err)
	}
	if err := p.Send(int(unix.SIGTERM)); !errors.Is(err, procfs.ErrGone) {
		t.Errorf("Send to a zombie = %v, want ErrGone", err)
	}
	if status, known := p.ExitStatus(); !known || status.Signal() != int(unix.SIGKILL) {
		t.Errorf("ExitStatus of a zombie = %v, %v, want SIGKILL", status, known)
	}
	_ = cmd.Wait() // It was killed, which is an error to Wait.
	if err := p.Send(int(unix.SIGTERM)); !errors.Is(err, procfs.ErrGone) {
		t.Errorf("Send to one that was reaped = %v, want ErrGone", err)
	}
	if _, err := p.Stat(); !errors.Is(err, procfs.ErrGone) {
		t.Errorf("Stat of one that was reaped = %v, want ErrGone", err)
	}
	// Since Linux 6.15 the kernel reports the status even now.
	if status, known := p.ExitStatus(); known && status.Signal() != int(unix.SIGKILL) {
		t.Errorf("ExitStatus of one that was reaped = %v, want SIGKILL or nothing", status)
	}
	if _, err := pidfd.Hold(procfs.FS{}, id); !errors.Is(err, procfs.ErrGone) {
		t.Errorf("Hold of one that was reaped = %v, want ErrGone", err)
	}
}

// TestHoldComparesTheStart checks that Hold rejects a process that reuses the pid.
func TestHoldComparesTheStart(t *testing.T) {
	_, id := sleeper(t)
	id.Start++
	if p, err := pidfd.Hold(procfs.FS{}, id); !errors.Is(err, procfs.ErrGone) {
		t.Errorf("Hold with another start = %v, %v, want ErrGone", p, err)
	}
}

// TestWaitAny: it returns when the first process has ended, and leaves out nil.
func TestWaitAny(t *testing.T) {
	held := make([]*pidfd.Process, 3) // the last one stays nil
	var first *exec.Cmd
	for i := range 2 {
		cmd, id := sleeper(t)
		p, err := pidfd.Hold(procfs.FS{}, id)
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		held[i], first = p, cmd
	}
	if ended, err := pidfd.WaitAny(held, 0); err != nil || ended[0] || ended[1] || ended[2] {
		t.Errorf("while both run: %v, %v", ended, err)
	}
	if err := first.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if ended, err := pidfd.WaitAny(held, time.Minute); err != nil || ended[0] || !ended[1] || ended[2] {
		t.Errorf("after one has ended: %v, %v", ended, err)
	}
}
