package watch

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"yinit/initcore/history"
	"yinit/procfs"
)

// A recorder keeps what the watcher records.
type recorder struct {
	records           []history.Record
	missed, unwatched uint64
	sources           []history.Sources
}

func (b *recorder) Add(r *history.Record) { b.records = append(b.records, *r) }
func (b *recorder) Missed(n uint64)       { b.missed += n }
func (b *recorder) Unwatched(n uint64)    { b.unwatched += n }

func (b *recorder) SetSources(s history.Sources) { b.sources = append(b.sources, s) }

// of returns the records of a kind about a process; pid 0: about any.
func (b *recorder) of(kind history.Kind, pid int) (list []history.Record) {
	for _, r := range b.records {
		if r.Kind == kind && (pid == 0 || r.PID == pid) {
			list = append(list, r)
		}
	}
	return list
}

func newWatcher(t *testing.T, most int) (*Watcher, *recorder) {
	t.Helper()
	b := &recorder{}
	w, err := New(Options{Self: os.Getpid(), Init: os.Getpid(), Every: time.Millisecond, Max: most}, b)
	check(t, err)
	t.Cleanup(w.Close)
	return w, b
}

// scan calls Tick until it has finished.
func (w *Watcher) scan(now time.Time) {
	for finished := false; !finished; {
		finished = w.Tick(now)
	}
}

// A shell runs the lines that a test sends to it.
type shell struct {
	t        *testing.T
	cmd      *exec.Cmd
	in       *os.File
	out      *bufio.Reader
	children []int // killed at the end of the test
}

func newShell(t *testing.T) *shell {
	t.Helper()
	cmd := exec.Command("sh")
	r, w, err := os.Pipe()
	check(t, err)
	cmd.Stdin = r
	out, err := cmd.StdoutPipe()
	check(t, err)
	check(t, cmd.Start())
	check(t, r.Close())
	s := &shell{t: t, cmd: cmd, in: w, out: bufio.NewReader(out)}
	t.Cleanup(func() {
		_ = w.Close()
		_ = cmd.Process.Kill() // a test may have ended it
		_ = cmd.Wait()
		for _, pid := range s.children { // we are PID 1 here, so they are ours now
			_ = unix.Kill(pid, unix.SIGKILL)
			_, _ = unix.Wait4(pid, nil, 0, nil)
		}
	})
	return s
}

// does lets the shell run a line and returns the number that it prints.
func (s *shell) does(line string) int {
	s.t.Helper()
	fmt.Fprintln(s.in, line)
	answer, err := s.out.ReadString('\n')
	check(s.t, err)
	n, err := strconv.Atoi(strings.TrimSpace(answer))
	check(s.t, err)
	return n
}

// TestForeignDeaths: a process that its own parent reaps is recorded with its
// status, the parent, and how long it ran, even after Trim.
func TestForeignDeaths(t *testing.T) {
	t.Chdir(t.TempDir())
	check(t, unix.Mkfifo("fifo", 0o600))
	s := newShell(t)
	w, b := newWatcher(t, 0)
	for line, want := range map[string]procfs.WaitStatus{
		"sh -c 'read x <fifo; exit 0'":        0,
		"sh -c 'read x <fifo; exit 7'":        7 << 8,
		"sh -c 'read x <fifo; exit 255'":      255 << 8,
		"sh -c 'read x <fifo; kill -9 $$'":    9,
		"sh -c 'read x <fifo; kill -15 $$'":   15,
		"sh -c 'read x <fifo; kill -USR1 $$'": procfs.WaitStatus(unix.SIGUSR1),
	} {
		pid := s.does(line + " & echo $!")
		w.scan(time.Now())
		w.Trim(true)
		if seen, ok := w.Recall(procfs.ID{PID: pid}); !ok || seen.PPID != s.cmd.Process.Pid {
			t.Fatalf("%s: Recall = %+v, %t; want a child of %d", line, seen, ok, s.cmd.Process.Pid)
		}
		release, err := os.OpenFile("fifo", os.O_WRONLY, 0) // as soon as it is read
		check(t, err)
		check(t, release.Close())
		s.does("wait; echo 0")
		eventually(t, line+" is recorded", func() bool {
			w.Ready(time.Now())
			return len(b.of(history.KindExit, pid)) > 0
		})
		r := b.of(history.KindExit, pid)[0]
		if !r.Known || r.Status != want || r.ReapedByInit || r.ReapedByKernel || r.PPID != s.cmd.Process.Pid || r.Parent != "sh" || r.Runtime < 0 {
			t.Errorf("%s: %+v, want status %v, reaped by the shell %d", line, r, want, s.cmd.Process.Pid)
		}
	}
	if b.missed != 0 {
		t.Errorf("%d were missed, want 0", b.missed)
	}
}

// TestOldKernel: if the kernel does not report the status it is unknown and never
// guessed, and all other fields are set.
func TestOldKernel(t *testing.T) {
	s := newShell(t)
	w, b := newWatcher(t, 0)
	w.ask = func(int) (info, error) { return info{}, unix.ENOTTY }
	pid := s.does("sh -c 'sleep 0.05; exit 3' & echo $!")
	w.scan(time.Now())
	s.does("wait; echo 0")
	eventually(t, "the exit is recorded", func() bool {
		w.Ready(time.Now())
		return len(b.of(history.KindExit, pid)) > 0
	})
	if r := b.of(history.KindExit, pid)[0]; r.Known || r.Status != 0 || r.PPID != s.cmd.Process.Pid || r.Comm != "sh" {
		t.Errorf("%+v, want an unknown status and all the rest", r)
	}
}

// TestZombies: a process that has been a zombie for ten seconds is recorded once, with
// the number of zombies of the parent; the exit is recorded when it is reaped.
func TestZombies(t *testing.T) {
	// The shell becomes a program that never waits.
	s := newShell(t)
	w, b := newWatcher(t, 0)
	pids := []int{s.does("sh -c 'sleep 0.05; exit 3' & echo $!"), s.does("sh -c 'sleep 0.05; exit 4' & echo $!")}
	w.scan(time.Now())
	fmt.Fprintln(s.in, "exec sleep 1000")
	for _, pid := range pids {
		eventually(t, "a zombie", func() bool {
			w.Ready(time.Now())
			return !w.procs[pid].Dead.IsZero()
		})
	}
	for range 3 {
		w.scan(time.Now().Add(9 * time.Second))
	}
	if got := b.of(history.KindZombie, 0); len(got) != 0 {
		t.Errorf("after 9 s: %+v, want no record", got)
	}
	for range 3 {
		w.scan(time.Now().Add(11 * time.Second))
	}
	got := b.of(history.KindZombie, 0)
	if len(got) != 1 || got[0].PPID != s.cmd.Process.Pid || !strings.Contains(got[0].Text, "(sleep) has not waited for it; it holds 2 zombies") {
		t.Errorf("after 11 s: %+v, want one record with the parent and the number 2", got)
	}
	// The parent ends. We are PID 1 here, so the zombies become ours, and we do not reap.
	check(t, s.cmd.Process.Kill())
	_ = s.cmd.Wait()
	eventually(t, "both are adopted", func() bool {
		w.Ready(time.Now())
		return len(b.of(history.KindAdopt, pids[0])) == 1 && len(b.of(history.KindAdopt, pids[1])) == 1
	})
	for _, pid := range pids {
		if r := b.of(history.KindAdopt, pid); len(r) != 1 || r[0].OriginPPID != s.cmd.Process.Pid || r[0].PPID != 1 {
			t.Errorf("adopt: %+v, want the origin %d", r, s.cmd.Process.Pid)
		}
		var ws unix.WaitStatus
		_, err := unix.Wait4(pid, &ws, 0, nil)
		check(t, err)
		w.Reaped(procfs.ID{PID: pid})
	}
	w.scan(time.Now())
	if got := b.of(history.KindExit, pids[0]); len(got) != 0 {
		t.Errorf("%+v, want none: the init records the exits of the children that it reaps", got)
	}
}

// TestBound: processes above the limit are counted, and noted once; Close closes all
// descriptors.
func TestBound(t *testing.T) {
	s := newShell(t)
	before := openFiles(t)
	w, b := newWatcher(t, 3)
	var sleepers []int
	for range 5 {
		sleepers = append(sleepers, s.does("sleep 1000 & echo $!"))
	}
	w.scan(time.Now())
	w.scan(time.Now())
	if len(w.procs) != 3 || b.unwatched != 3 { // the shell and two sleeps are watched
		t.Errorf("%d are watched and %d are not, want 3 and 3", len(w.procs), b.unwatched)
	}
	notes := 0
	for _, r := range b.of(history.KindNote, 0) {
		if strings.Contains(r.Text, "can be watched") {
			notes++
		}
	}
	if notes != 1 {
		t.Errorf("%d notes, want one", notes)
	}
	w.Close()
	if after := openFiles(t); after != before {
		t.Errorf("%d descriptors are open, want %d as before", after, before)
	}
	for _, pid := range sleepers {
		check(t, unix.Kill(pid, unix.SIGKILL))
	}
	s.does("wait; echo 0")
}

func openFiles(t *testing.T) int {
	t.Helper()
	list, err := os.ReadDir("/proc/self/fd")
	check(t, err)
	return len(list)
}

// TestMissed: processes that started and ended between two scans are counted; living
// threads are not.
func TestMissed(t *testing.T) {
	s := newShell(t)
	w, b := newWatcher(t, 0)
	const n = 500
	s.does(fmt.Sprintf("i=0; while [ $i -lt %d ]; do /bin/true; i=$((i+1)); done; echo 0", n))
	w.scan(time.Now())
	w.scan(time.Now())
	if b.missed < n-n/100 || b.missed > n+n/100 {
		t.Errorf("%d were missed, want %d within 1 %%", b.missed, n)
	}
}

func TestDistance(t *testing.T) {
	w, _ := newWatcher(t, 0)
	most := w.pidMax() // not a pid itself: on Linux 6.18 the pid after pid_max-1 is 300
	for _, tt := range []struct{ from, to, want int }{
		{10, 10, 0},
		{10, 12, 2},
		{most - 1, firstPID, 1},
		{most - 3, firstPID + 4, 7},
	} {
		if got := w.distance(tt.from, tt.to); got != tt.want {
			t.Errorf("distance(%d, %d) = %d, want %d", tt.from, tt.to, got, tt.want)
		}
	}
}

// BenchmarkTick measures a scan that finds nothing new, with 50 processes.
func BenchmarkTick(b *testing.B) {
	for range 50 {
		cmd := exec.Command("sleep", "1000")
		check(b, cmd.Start())
		b.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	}
	w, err := New(Options{Self: os.Getpid(), Init: os.Getpid(), Every: time.Second}, &recorder{})
	check(b, err)
	b.Cleanup(w.Close)
	b.ReportAllocs()
	for b.Loop() {
		w.scan(time.Now())
	}
}

// TestDeathBeforeRefresh: a process that has ended since the last scan, without Ready
// having handled that, keeps its command line.
func TestDeathBeforeRefresh(t *testing.T) {
	s := newShell(t)
	w, b := newWatcher(t, 0)
	pid := s.does("sleep 1000 & echo $!")
	eventually(t, "it has executed sleep", func() bool {
		w.scan(time.Now())
		seen, _ := w.Recall(procfs.ID{PID: pid})
		return seen.Cmdline == "sleep 1000"
	})
	check(t, unix.Kill(pid, unix.SIGKILL))
	eventually(t, "it is a zombie", func() bool {
		var stat procfs.Stat
		return w.scanner.Stat(pid, &stat) == nil && stat.Zombie()
	})
	w.scan(time.Now())
	s.does("wait; echo 0")
	eventually(t, "the exit is recorded", func() bool {
		w.Ready(time.Now())
		return len(b.of(history.KindExit, pid)) > 0
	})
	if r := b.of(history.KindExit, pid)[0]; r.Cmdline != "sleep 1000" {
		t.Errorf("its command line is %q, want sleep 1000", r.Cmdline)
	}
}

// TestFoundDead: how long a process ran is unknown if it was a zombie when it was first
// seen.
func TestFoundDead(t *testing.T) {
	s := newShell(t)
	w, b := newWatcher(t, 0)
	pid := s.zombies(1)[0]
	w.scan(time.Now())
	if seen, ok := w.Recall(procfs.ID{PID: pid}); !ok || !seen.FoundDead {
		t.Fatalf("Recall = %+v, %t; want a process that was found dead", seen, ok)
	}
	check(t, s.cmd.Process.Kill())         // its parent
	_ = s.cmd.Wait()                       // it was killed
	_, err := unix.Wait4(pid, nil, 0, nil) // it is ours now
	check(t, err)
	w.Ready(time.Now())
	if got := b.of(history.KindExit, pid); len(got) != 1 || got[0].Runtime != 0 {
		t.Errorf("records %+v, want one with an unknown run time", got)
	}
}
