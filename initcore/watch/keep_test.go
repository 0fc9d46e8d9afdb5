package watch

import (
	"fmt"
	"os"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"yinit/initcore/history"
	"yinit/procfs"
)

// newOldWatcher returns a watcher as on a kernel before Linux 6.15.
func newOldWatcher(t *testing.T) (*Watcher, *recorder) {
	t.Helper()
	w, b := newWatcher(t, 0)
	w.ask = func(int) (info, error) { return info{}, unix.ENOTTY }
	w.exitInfo = false
	w.keepMax = w.keepLimit()
	return w, b
}

// TestOldKernelTells: while its parent has not reaped it, /proc shows how a process
// ended. A parent that waits for something else gives all the time.
func TestOldKernelTells(t *testing.T) {
	for line, want := range map[string]procfs.WaitStatus{
		"exit 0": 0, "exit 7": 7 << 8, "kill -9 $$": 9, "kill -SEGV $$": 11,
	} {
		s := newShell(t)
		w, b := newOldWatcher(t)
		// The shell reads from us until it gets the line with wait.
		pid := s.does("sh -c 'sleep 0.1; ulimit -c 0; " + line + "' & echo $!")
		w.scan(time.Now())
		if p := w.procs[pid]; p == nil || p.statFD < 0 {
			t.Fatalf("%s: its stat file is not kept", line)
		}
		eventually(t, "its end is seen", func() bool { w.Ready(time.Now()); seen, _ := w.Recall(procfs.ID{PID: pid}); return !seen.Dead.IsZero() })
		if p := w.procs[pid]; p == nil || p.statFD >= 0 {
			t.Errorf("%s: its stat file is still open", line)
		}
		s.does("wait; echo 0")
		eventually(t, "the exit is recorded", func() bool { w.scan(time.Now()); w.Ready(time.Now()); return len(b.of(history.KindExit, pid)) > 0 })
		if r := b.of(history.KindExit, pid)[0]; !r.Known || r.Status != want {
			t.Errorf("%s: %+v, want %v", line, r, want)
		}
	}
}

// TestOldKernelRace: against a parent that is blocked in waitpid(2) some statuses are
// read in time. None of those is wrong. The log has the share.
func TestOldKernelRace(t *testing.T) {
	t.Chdir(t.TempDir())
	check(t, unix.Mkfifo("fifo", 0o600))
	w, b := newOldWatcher(t)
	const children = 60
	known := 0
	for i := range children {
		code := i % 3 * 7
		s := newShell(t)
		fmt.Fprintf(s.in, "sh -c 'echo $$; read x <fifo; exit %d'; echo $?\n", code) // it waits for its child
		var pid, told int
		_, err := fmt.Fscanln(s.out, &pid)
		check(t, err)
		w.scan(time.Now())
		check(t, os.WriteFile("fifo", []byte("\n"), 0o600))
		poll := []unix.PollFd{{Fd: int32(w.FD()), Events: unix.POLLIN}}
		for deadline := time.Now().Add(time.Minute); len(b.of(history.KindExit, pid)) == 0; {
			if time.Now().After(deadline) {
				t.Fatalf("the exit of %d is not recorded", pid)
			}
			_, _ = unix.Poll(poll, 10) // as the loop of the init does
			w.Ready(time.Now())
			w.scan(time.Now())
		}
		_, err = fmt.Fscanln(s.out, &told)
		check(t, err)
		if r := b.of(history.KindExit, pid)[0]; r.Known {
			known++
			if r.Status.ExitCode() != told || told != code {
				t.Errorf("%+v, but the parent got %d", r, told)
			}
		}
	}
	t.Logf("%d of %d statuses are known", known, children)
}

// TestOldKernelWithoutPermission: the kernel shows 0 to a reader without permission.
// That is not an exit with 0.
func TestOldKernelWithoutPermission(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var caps, fewer [2]unix.CapUserData
	check(t, unix.Capget(&header, &caps[0]))
	if os.Getuid() != 0 || caps[0].Effective&(1<<unix.CAP_SETUID) == 0 {
		t.Skip("needs the right to change the user")
	}
	for _, code := range []int{0, 3} {
		s := newShell(t)
		w, b := newOldWatcher(t)
		pid := s.does(fmt.Sprintf("setpriv --reuid 1000 --regid 1000 --clear-groups sh -c 'sleep 0.2; exit %d' & echo $!", code))
		fewer = caps
		fewer[0].Effective &^= 1 << unix.CAP_SYS_PTRACE
		check(t, unix.Capset(&header, &fewer[0]))
		w.scan(time.Now())
		eventually(t, "its end is seen", func() bool { w.Ready(time.Now()); seen, _ := w.Recall(procfs.ID{PID: pid}); return !seen.Dead.IsZero() })
		check(t, unix.Capset(&header, &caps[0]))
		s.does("wait; echo 0")
		eventually(t, "the exit is recorded", func() bool { w.scan(time.Now()); w.Ready(time.Now()); return len(b.of(history.KindExit, pid)) > 0 })
		if r := b.of(history.KindExit, pid)[0]; r.Known {
			t.Errorf("exit %d: %+v, want an unknown status", code, r)
		}
	}
}

// TestKeepWithinMemory: the number of open stat files is limited, and they make room if
// descriptors run out.
func TestKeepWithinMemory(t *testing.T) {
	s := newShell(t)
	w, _ := newOldWatcher(t)
	w.opt.Keep = func() int { return 3 }
	w.keepMax = w.keepLimit()
	s.sleepers(6)
	w.scan(time.Now())
	if w.kept != 3 || len(w.procs) < 6 {
		t.Errorf("%d stat files of %d processes are open, want 3", w.kept, len(w.procs))
	}
	most := w.opt.Max
	w.releaseDescriptors(time.Now())
	if w.kept != 0 || w.opt.Max != most {
		t.Errorf("%d stat files are open and %d processes may be watched, want 0 and still %d", w.kept, w.opt.Max, most)
	}
}

// TestOldKernelReaps: before Linux 6.9 no event says that a process was reaped. Its exit is
// nevertheless recorded before the init records the next death, and before the init ends.
func TestOldKernelReaps(t *testing.T) {
	for name, next := range map[string]func(w *Watcher){
		"a child of the init dies": func(w *Watcher) { w.Reaping(procfs.ID{PID: w.opt.Self}, true) },
		"the init ends":            func(w *Watcher) { w.Finish(time.Now()) },
	} {
		s := newShell(t)
		w, b := newOldWatcher(t)
		pid := s.does("sh -c 'sleep 0.1; exit 7' & echo $!")
		w.scan(time.Now())
		eventually(t, "its end is seen", func() bool { w.Ready(time.Now()); seen, _ := w.Recall(procfs.ID{PID: pid}); return !seen.Dead.IsZero() })
		check(t, unix.EpollCtl(w.epoll, unix.EPOLL_CTL_DEL, int(w.procs[pid].fd), nil)) // so that there are no events
		s.does("wait; echo 0")
		next(w)
		if n := len(b.of(history.KindExit, pid)); n != 1 {
			t.Errorf("%s: %d exits are recorded, want 1", name, n)
		}
	}
}
