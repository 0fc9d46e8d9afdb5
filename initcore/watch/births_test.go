package watch

import (
	"os/exec"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"yinit/procfs"
)

// TestStartsDuringScan: a process that starts while a scan goes on, and that the init reaps
// before the next one, is recorded and not counted as unseen.
func TestStartsDuringScan(t *testing.T) {
	s := newShell(t)
	w, b := newWatcher(t, 0)
	var born procfs.ID
	w.ask = func(fd int) (info, error) {
		if w.scans > 1 && !w.hasPidfd(fd) && born.PID == 0 { // it is a new process
			born = startTrue(t)
			time.Sleep(30 * time.Millisecond) // longer than a tick of the start times
		}
		return ask(fd)
	}
	s.children = append(s.children, s.does("sleep 1000 & echo $!"))
	w.Tick(time.Now()) // finds sleep
	if born.PID == 0 {
		t.Fatal("no process was started in the scan")
	}
	reap(t, w, born)
	w.Tick(time.Now())
	w.Tick(time.Now())
	if b.missed != 0 {
		t.Errorf("%d were missed, want 0: the init has recorded it", b.missed)
	}
}

// TestLateAppearance: a process whose pid the last scan has seen, but not the process, is
// not counted as unseen if the init reaps it before the next scan.
func TestLateAppearance(t *testing.T) {
	w, b := newWatcher(t, 0)
	late := startTrue(t)
	w.Tick(time.Now())
	w.forget(late.PID) // as if it had not been there yet
	w.unsure = append(w.unsure, late.PID)
	reap(t, w, late)
	w.Tick(time.Now())
	w.Tick(time.Now())
	if b.missed != 0 {
		t.Errorf("%d were missed, want 0: the init has recorded it", b.missed)
	}
}

// hasPidfd reports whether the watcher has recorded the process of a pidfd as watched.
func (w *Watcher) hasPidfd(fd int) bool {
	for _, p := range w.procs {
		if p.fd == fd {
			return true
		}
	}
	return false
}

// startTrue starts true(1), and returns when it has ended.
func startTrue(t *testing.T) procfs.ID {
	t.Helper()
	cmd := exec.Command("true")
	check(t, cmd.Start())
	check(t, unix.Waitid(unix.P_PID, cmd.Process.Pid, nil, unix.WEXITED|unix.WNOWAIT, nil))
	stat, err := procfs.FS{}.Stat(cmd.Process.Pid)
	check(t, err)
	return stat.ID()
}

// reap does what the init does with a child that has ended.
func reap(t *testing.T, w *Watcher, id procfs.ID) {
	t.Helper()
	w.Reaping(id, true)
	_, err := unix.Wait4(id.PID, nil, 0, nil)
	check(t, err)
	w.Reaped(id)
}
