package watch

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"yinit/initcore/history"
	"yinit/procfs"
	"yinit/procfs/zombie"
)

// init keeps the main thread for the main goroutine. A goroutine of a test that ends while
// it is locked to its thread ends the thread, unless that is the main thread: the Go
// runtime keeps it.
func init() { runtime.LockOSThread() }

// TestZombieOfATracer: the culprit is the debugger that has not waited, not the parent,
// which cannot reap before; the command zombies names the same process. When the debugger
// is gone, the parent reaps.
func TestZombieOfATracer(t *testing.T) {
	s := newShell(t)
	w, b := newWatcher(t, 0)
	pid := s.does("sleep 1000 & echo $!")
	w.scan(time.Now())
	traced, done, over := make(chan error), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(over)
		runtime.LockOSThread() // and never unlocked: the thread, which is the tracer, ends with the goroutine
		traced <- unix.PtraceSeize(pid)
		<-done
	}()
	check(t, <-traced)
	fmt.Fprintln(s.in, "wait")
	check(t, unix.Kill(pid, unix.SIGKILL))
	eventually(t, "a zombie", func() bool {
		w.Ready(time.Now())
		return !w.procs[pid].Dead.IsZero()
	})
	for range 3 {
		w.scan(time.Now().Add(11 * time.Second))
	}
	comm, err := procfs.FS{}.Comm(os.Getpid())
	check(t, err)
	want := fmt.Sprintf("%d (%s) has not waited for it; it holds 1 zombie", os.Getpid(), comm)
	if got := b.of(history.KindZombie, 0); len(got) != 1 || got[0].Text != want || got[0].PPID != s.cmd.Process.Pid {
		t.Errorf("after 11 s: %+v, want %q, and the shell as the parent", got, want)
	}
	found, err := zombie.Find(procfs.FS{}, zombie.Options{})
	check(t, err)
	var who []string
	for _, c := range found.Culprits {
		for _, z := range c.Zombies {
			who = append(who, fmt.Sprintf("%d by %d: %v", z.Stat.PID, c.Culprit, c.Cause))
		}
	}
	if want := fmt.Sprintf("%d by %d: debugged", pid, os.Getpid()); strings.Join(who, ", ") != want {
		t.Errorf("zombie.Find = %q, want %q", who, want)
	}
	close(done)
	<-over
	eventually(t, "the parent reaps it", func() bool {
		w.Ready(time.Now())
		w.scan(time.Now())
		return len(b.of(history.KindExit, pid)) == 1
	})
}
