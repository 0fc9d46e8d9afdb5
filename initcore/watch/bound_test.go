package watch

import (
	"fmt"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"yinit/initcore/history"
	"yinit/procfs"
)

// zombies makes the shell execute a program that never waits, with n children that have
// ended.
func (s *shell) zombies(n int) []int {
	s.t.Helper()
	pids := s.sleepers(n)
	fmt.Fprintln(s.in, "exec sleep 1000")
	eventually(s.t, "the shell has executed sleep", func() bool {
		comm, err := procfs.FS{}.Comm(s.cmd.Process.Pid)
		return err == nil && comm == "sleep"
	})
	for _, pid := range pids {
		check(s.t, unix.Kill(pid, unix.SIGKILL))
		eventually(s.t, "it is a zombie", func() bool {
			stat, err := procfs.FS{}.Stat(pid)
			return err == nil && stat.Zombie()
		})
	}
	return pids
}

// sleepers starts n processes that live until the test ends.
func (s *shell) sleepers(n int) []int {
	s.t.Helper()
	first := len(s.children)
	for range n {
		s.children = append(s.children, s.does("sleep 1000 & echo $!"))
	}
	return s.children[first:]
}

// watches returns how many of the processes are watched.
func (w *Watcher) watches(pids []int) (n int) {
	for _, pid := range pids {
		if w.procs[pid] != nil {
			n++
		}
	}
	return n
}

// TestZombiesGiveWay: accumulating zombies do not replace living processes, whichever
// were there first, and the limit holds.
func TestZombiesGiveWay(t *testing.T) {
	const most = 12
	living := newShell(t)
	first := living.sleepers(5)
	holder := newShell(t)
	w, b := newWatcher(t, most)
	dead := holder.zombies(20)
	w.scan(time.Now())
	if len(w.procs) > most || w.watches(first) != len(first) {
		t.Errorf("%d are watched, %d of %d living ones; want at most %d, and all living ones", len(w.procs), w.watches(first), len(first), most)
	}
	w.Ready(time.Now())
	w.scan(time.Now().Add(2 * longUnreaped)) // the zombie record is written
	if n := len(b.of(history.KindZombie, 0)); n != 1 {
		t.Fatalf("%d zombie records, want 1", n)
	}
	next := living.sleepers(5)
	w.scan(time.Now())
	if len(w.procs) > most || w.watches(first) != len(first) || w.watches(next) != len(next) {
		t.Errorf("%d are watched, %d of %d older and %d of %d newer living ones; want at most %d, and all living ones",
			len(w.procs), w.watches(first), len(first), w.watches(next), len(next), most)
	}
	if w.watches(dead) != most-w.living() {
		t.Errorf("%d zombies are watched, want the %d places that no living process needs", w.watches(dead), most-w.living())
	}
}

// living returns how many watched processes have not ended.
func (w *Watcher) living() (n int) {
	for _, p := range w.procs {
		if p.Dead.IsZero() {
			n++
		}
	}
	return n
}

// TestBoundOfZombies: the limit holds even if all watched processes are zombies, and a
// new zombie does not replace a living process.
func TestBoundOfZombies(t *testing.T) {
	const most = 4
	holder := newShell(t)
	w, b := newWatcher(t, most)
	holder.zombies(10)
	w.scan(time.Now())
	w.Ready(time.Now())
	if len(w.procs) != most || w.watches([]int{holder.cmd.Process.Pid}) != 1 {
		t.Errorf("%d are watched, the parent too: %d; want %d with it", len(w.procs), w.watches([]int{holder.cmd.Process.Pid}), most)
	}
	if b.unwatched != 11-most {
		t.Errorf("%d are counted as not watched, want %d", b.unwatched, 11-most)
	}
	other := newShell(t)
	more := other.sleepers(2)
	other.zombies(8)
	w.scan(time.Now())
	if len(w.procs) != most || w.watches(more) != 2 {
		t.Errorf("%d are watched, of them %d that live; want %d and both", len(w.procs), w.watches(more), most)
	}
}

// TestOutOfDescriptors: if there are no descriptors left the watcher releases some, and
// watches new processes instead of old ones.
func TestOutOfDescriptors(t *testing.T) {
	s := newShell(t)
	s.sleepers(10)
	w, b := newWatcher(t, 0)
	next := s.sleepers(1)
	var limit unix.Rlimit
	check(t, unix.Getrlimit(unix.RLIMIT_NOFILE, &limit))
	eventually(t, "no command line is being read", func() bool {
		w.takeCmdlines()
		return w.cmdlines.waiting == 0
	})
	highest := 0
	for _, p := range w.procs {
		highest = max(highest, int(p.fd))
	}
	lowest := 0 // all below it are in use
	for lowest <= highest {
		fd, err := unix.Dup(0)
		check(t, err)
		t.Cleanup(func() { _ = unix.Close(fd) })
		lowest = fd + 1
	}
	check(t, unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: uint64(lowest), Max: limit.Max}))
	w.scan(time.Now())
	check(t, unix.Setrlimit(unix.RLIMIT_NOFILE, &limit))
	seen, ok := w.Recall(procfs.ID{PID: next[0]})
	if !ok || seen.Comm == "" {
		t.Errorf("the new process is %+v, watched: %t; want it with its name", seen, ok)
	}
	if want := 11 - descriptorsForOthers + 1; len(w.procs) != want || b.unwatched != descriptorsForOthers {
		t.Errorf("%d are watched, %d are counted as not; want %d and %d", len(w.procs), b.unwatched, want, descriptorsForOthers)
	}
	if n := len(b.of(history.KindNote, 0)); n != 1 {
		t.Errorf("%d notes, want 1", n)
	}
}
