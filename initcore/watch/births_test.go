package watch

import (
	"fmt"
	"os/exec"
	"runtime"
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
	w.scan(time.Now()) // finds sleep
	if born.PID == 0 {
		t.Fatal("no process was started in the scan")
	}
	reap(t, w, born)
	w.scan(time.Now())
	w.scan(time.Now())
	if b.missed != 0 {
		t.Errorf("%d were missed, want 0: the init has recorded it", b.missed)
	}
}

// TestLateAppearance: a process whose pid the last scan has seen, but not the process, is
// not counted as unseen if the init reaps it before the next scan.
func TestLateAppearance(t *testing.T) {
	w, b := newWatcher(t, 0)
	late := startTrue(t)
	w.scan(time.Now())
	w.forget(late.PID) // as if it had not been there yet
	w.unsure = append(w.unsure, late.PID)
	reap(t, w, late)
	w.scan(time.Now())
	w.scan(time.Now())
	if b.missed != 0 {
		t.Errorf("%d were missed, want 0: the init has recorded it", b.missed)
	}
}

// TestLongScan: a scan of many new processes takes several calls of Tick, and finds and
// counts all of them, whatever the init reaps in the meantime.
func TestLongScan(t *testing.T) {
	runtime.LockOSThread() // as PID 1 does: a part of a scan ends by the CPU time of the thread
	defer runtime.UnlockOSThread()
	reapOrphans()
	const living, ended, reaped = 300, 300, 50
	w, b := newWatcher(t, 0)
	w.piece = pieceTime / 10
	var pids []int
	for range living {
		pid, err := unixFork(t)
		check(t, err)
		pids = append(pids, pid)
		t.Cleanup(func() { _ = unix.Kill(pid, unix.SIGKILL); _, _ = unix.Wait4(pid, nil, 0, nil) })
	}
	s := newShell(t)
	s.does(fmt.Sprintf("i=0; while [ $i -lt %d ]; do /bin/true; i=$((i+1)); done; echo 0", ended))
	var ids []procfs.ID
	for range reaped {
		ids = append(ids, startTrue(t))
	}
	calls, now := 1, time.Now()
	for ; !w.Tick(now); calls++ {
		if w.Next() != now {
			t.Fatalf("Tick is due %v after a part of a scan, want at once", w.Next().Sub(now))
		}
		if len(ids) > 0 && calls > 1 {
			reap(t, w, ids[0])
			ids = ids[1:]
		}
	}
	for _, id := range ids {
		reap(t, w, id)
	}
	w.scan(time.Now())
	found := 0
	for _, pid := range pids {
		if w.procs[pid] != nil {
			found++
		}
	}
	if calls < 3 || found != living || b.missed < ended-ended/100 || b.missed > ended+ended/100 {
		t.Errorf("%d calls found %d of %d, and missed %d; want several calls, all, and %d within 1 %%", calls, found, living, b.missed, ended)
	}
}

// hasPidfd reports whether the watcher has recorded the process of a pidfd as watched.
func (w *Watcher) hasPidfd(fd int) bool {
	for _, p := range w.procs {
		if int(p.fd) == fd {
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
