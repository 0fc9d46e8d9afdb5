package main

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"
	"time"

	"yinit/procfs"
	"yinit/procfs/verdict"
	"yinit/tui"
)

// startHeld starts a program that the test ends, and returns its identity.
func startHeld(t *testing.T, attr *syscall.SysProcAttr, args ...string) (*exec.Cmd, procfs.ID) {
	t.Helper()
	cmd := exec.Command(args[0], args[1:]...)
	cmd.SysProcAttr = attr
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

// TestTargetIsZombie checks that no signal is sent to a process that has ended, and that
// no effect is reported.
func TestTargetIsZombie(t *testing.T) {
	cmd, id := startHeld(t, nil, "sleep", "100")
	target, errs := signaller{}.Hold([]procfs.ID{id})
	defer target.Close()
	if errs[0] != nil {
		t.Fatal(errs[0])
	}
	_ = cmd.Process.Kill()
	if o := target.Watch(time.Minute)[0]; !o.Ended {
		t.Fatalf("Watch = %+v, want it to have ended", o)
	}
	if err := target.Send(15)[0]; !errors.Is(err, procfs.ErrGone) {
		t.Errorf("Send to a zombie: %v, want ErrGone", err)
	}
}

// TestTargetSeveral signals three processes at once: one ends, one ignores the signal and
// one has ended before. The target has a pid that belongs to another process now, too.
func TestTargetSeveral(t *testing.T) {
	_, ends := startHeld(t, nil, "sleep", "100")
	_, ignores := startHeld(t, nil, "sh", "-c", "trap '' TERM; exec sleep 100")
	eventually(t, "the trap", func() bool {
		sigs, err := procfs.FS{}.Signals(ignores.PID)
		return err == nil && sigs.Ignored.Has(15)
	})
	early, ended := startHeld(t, nil, "sleep", "100")
	reused := procfs.ID{PID: ends.PID, Start: ends.Start + 1}

	target, errs := signaller{}.Hold([]procfs.ID{ends, ignores, ended, reused})
	defer target.Close()
	for i, want := range []error{nil, nil, nil, procfs.ErrGone} {
		if !errors.Is(errs[i], want) {
			t.Errorf("Hold of process %d = %v, want %v", i, errs[i], want)
		}
	}
	_ = early.Process.Kill()
	_ = early.Wait() // It was killed, which is an error to Wait.
	errs = target.Send(15)
	for i, want := range []error{nil, nil, procfs.ErrGone, procfs.ErrGone} {
		if !errors.Is(errs[i], want) {
			t.Errorf("Send to process %d = %v, want %v", i, errs[i], want)
		}
	}
	var all []tui.Outcome
	eventually(t, "the first one ends", func() bool { all = target.Watch(50 * time.Millisecond); return all[0].Ended })
	if o := all[1]; o.Ended || o.State != procfs.StateSleeping || o.Sent == nil || o.Sent.Outcome != verdict.OutcomeIgnore || o.Sent.Obstacle.Does != "ignores SIGTERM" {
		t.Errorf("the one that ignores SIGTERM: %+v", o)
	}
	if first, later := all[0].After, target.Watch(time.Millisecond)[0].After; first <= 0 || later != first {
		t.Errorf("the first one ended after %v, later after %v, want the same time", first, later)
	}
	if errs := target.Send(9); errs[1] != nil || !errors.Is(errs[0], procfs.ErrGone) {
		t.Errorf("SIGKILL = %v, want ErrGone for the first and nil for the second", errs)
	}
	if o := target.Watch(time.Minute)[1]; !o.Ended {
		t.Errorf("after SIGKILL: %+v", o)
	}
}

// TestTargetOfAnotherUser has a process that this user may not signal.
func TestTargetOfAnotherUser(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("a process of another user needs root")
	}
	_, id := startHeld(t, &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 1001, Gid: 1001}}, "sleep", "100")
	errs := make(chan error)
	go func() {
		runtime.LockOSThread() // for ever: the thread ends with this goroutine, and its user with it
		const same = ^uintptr(0)
		if _, _, errno := syscall.RawSyscall(syscall.SYS_SETRESUID, same, 1002, same); errno != 0 {
			errs <- errno
			return
		}
		target, held := signaller{}.Hold([]procfs.ID{id})
		defer target.Close()
		errs <- errors.Join(held[0], target.Send(9)[0])
	}()
	if err := <-errs; !errors.Is(err, fs.ErrPermission) {
		t.Errorf("as user 1002: %v, want a permission error", err)
	}
}
