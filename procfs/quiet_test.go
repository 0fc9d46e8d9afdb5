package procfs_test

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"

	"yinit/procfs"
)

// TestQuietIsNotRead: a Scanner that keeps files does not read the stat of a process that
// sleeps, and sees at once that it has run, was stopped, or has ended.
func TestQuietIsNotRead(t *testing.T) {
	cmd := exec.Command("sh", "-c", "while read line; do :; done")
	in, err := cmd.StdinPipe()
	check(t, err)
	check(t, cmd.Start())
	defer func() { _ = cmd.Process.Kill(); _, _ = cmd.Process.Wait() }()
	pid := cmd.Process.Pid
	s := newKeeper(t, procfs.FS{})
	same := func() bool {
		stats, err := s.Scan(nil)
		check(t, err)
		i := slices.IndexFunc(stats, func(s procfs.Stat) bool { return s.PID == pid })
		if i < 0 {
			t.Fatal("Scan does not find the process")
		}
		return s.Same(i)
	}
	quietIn := func(scans int) (n int) {
		for range scans {
			if same() {
				n++
			}
		}
		return n
	}
	ran := func() string {
		b, err := os.ReadFile(fmt.Sprintf("/proc/%d/schedstat", pid))
		check(t, err)
		return string(b)
	}
	quiet := 0
	for deadline := time.Now().Add(time.Minute); ; {
		before := ran()
		quietIn(2)
		if quiet = quietIn(32); ran() == before || time.Now().After(deadline) { // it read all the time
			break
		}
	}
	if quiet != 32 {
		t.Errorf("it has not run in %d of 32 scans, want all", quiet)
	}
	if s.KeptAs(pid) >= 0 {
		t.Error("the stat of a quiet process is kept")
	}
	before := ran()
	_, err = fmt.Fprintln(in, "run")
	check(t, err)
	waitFor(t, "it runs", func() bool { return ran() != before })
	if same() {
		t.Error("it has run, and its stat was not read")
	}
	quietIn(1)
	for _, step := range []struct {
		sig  syscall.Signal
		want procfs.State
	}{{syscall.SIGSTOP, procfs.StateStopped}, {syscall.SIGCONT, procfs.StateSleeping}, {syscall.SIGKILL, procfs.StateZombie}} {
		quietIn(3)
		check(t, syscall.Kill(pid, step.sig))
		waitFor(t, "its state is "+step.want.String(), func() bool {
			st, err := procfs.FS{}.Stat(pid)
			check(t, err)
			return st.State == step.want
		})
		if st := find(t, s, pid); st == nil || st.State != step.want {
			t.Errorf("after %v: %+v, want state %v", step.sig, st, step.want)
		}
	}
}

// waitFor waits until what is described has happened.
func waitFor(t *testing.T, what string, happened func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !happened(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within a minute: %s", what)
		}
	}
}

// TestQuietOrphans: the parent of a process that does not run is right in the scan that finds
// that the one before has ended, whichever has the lower pid. So it is if there are so many new
// pids that the scan lists /proc, where the one before is no longer found.
func TestQuietOrphans(t *testing.T) {
	for i := range 4 {
		cmd := exec.Command("setsid", "sh", "-c", "(sleep 1000 & echo $!; read line <&3) 3<&0; read line")
		in, err := cmd.StdinPipe()
		check(t, err)
		out, err := cmd.StdoutPipe()
		check(t, err)
		check(t, cmd.Start())
		var child int
		_, err = fmt.Fscan(out, &child)
		check(t, err)
		s := newKeeper(t, procfs.FS{})
		for range 12 {
			find(t, s, child)
		}
		before := find(t, s, child)
		_, err = fmt.Fprintln(in, "end") // the subshell ends, and then its parent waits for another line
		check(t, err)
		want := 0
		for deadline := time.Now().Add(5 * time.Second); want == 0 || want == before.PPID; {
			st, err := procfs.FS{}.Stat(child)
			check(t, err)
			if want = st.PPID; time.Now().After(deadline) {
				t.Fatal("the child was not adopted")
			}
		}
		// The kernel shows the new parent a moment before the end of the old one.
		waitFor(t, "the end of the parent", func() bool {
			st, err := procfs.FS{}.Stat(before.PPID)
			return err != nil || st.Dead()
		})
		if i%2 == 1 {
			waitFor(t, "the parent is reaped", func() bool {
				_, err := procfs.FS{}.Stat(before.PPID)
				return err != nil
			})
			all, err := newScanner(t, procfs.FS{}).PIDs(nil)
			check(t, err)
			check(t, exec.Command("sh", "-c", fmt.Sprintf("i=0; while [ $i -lt %d ]; do (:); i=$((i+1)); done", 100+len(all))).Run())
		}
		if after := find(t, s, child); after == nil || after.PPID != want {
			t.Errorf("the child of %d is %+v, want the parent %d", before.PPID, after, want)
		}
		check(t, syscall.Kill(child, syscall.SIGKILL))
		check(t, in.Close())
		_ = cmd.Wait()
	}
}

// TestQuietThreads: a process with several threads has run if any of them has.
func TestQuietThreads(t *testing.T) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), helperVar+"=read in another thread")
	out, in, err := os.Pipe()
	check(t, err)
	defer in.Close()
	cmd.ExtraFiles = []*os.File{out}
	start(t, cmd, true)
	check(t, out.Close())
	pid, s := cmd.Process.Pid, newKeeper(t, procfs.FS{})
	same := func() bool {
		stats, err := s.Scan(nil)
		check(t, err)
		i := slices.IndexFunc(stats, func(s procfs.Stat) bool { return s.PID == pid })
		if i < 0 || stats[i].Threads < 2 {
			t.Fatalf("the process is at %d of %d; want it with several threads", i, len(stats))
		}
		return s.Same(i)
	}
	for range 3 {
		waitFor(t, "none of its threads runs", same)
		before, ok := procfs.CPUTime(pid)
		_, err = fmt.Fprintln(in, "run")
		check(t, err)
		waitFor(t, "it has run", func() bool {
			after, still := procfs.CPUTime(pid)
			return ok && still && after > before
		})
		if same() {
			t.Error("one of its threads has run, and its stat was not read")
		}
	}
}

// TestCPUTime: the CPU time is that of stat, and there is none of a free pid or of a thread.
func TestCPUTime(t *testing.T) {
	for began := time.Now(); time.Since(began) < 50*time.Millisecond; {
	}
	used, ok := procfs.CPUTime(os.Getpid())
	st, err := procfs.FS{}.Stat(os.Getpid())
	check(t, err)
	if diff := (st.UTime + st.STime).Duration() - used; !ok || diff < -time.Second || diff > time.Second || used < 10*time.Millisecond {
		t.Errorf("the CPU time is %v, by stat %v", used, (st.UTime + st.STime).Duration())
	}
	tid := make(chan int)
	go func() {
		runtime.LockOSThread()
		tid <- syscall.Gettid()
		tid <- 0
	}()
	for _, pid := range []int{<-tid, 1 << 22} {
		if used, ok := procfs.CPUTime(pid); ok && pid != os.Getpid() {
			t.Errorf("the CPU time of %d, which is no process, is %v", pid, used)
		}
	}
}
