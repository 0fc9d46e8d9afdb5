package watch

import (
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"yinit/initcore/history"
	"yinit/procfs"
	"yinit/procfs/proctest"
)

// A gate reads command lines, and blocks while it is shut, as the kernel does while a
// process holds its mmap lock.
type gate struct {
	shut  chan struct{} // closed: open
	reads atomic.Int64
}

func (g *gate) read(fd int, buf []byte) (string, error) {
	g.reads.Add(1)
	<-g.shut
	return procfs.ReadCommandLine(fd, buf)
}

// withGate returns a watcher that reads command lines through a gate, which is shut, with
// up to most requests at once.
func withGate(t *testing.T, most int, opt Options) (*Watcher, *recorder, *gate) {
	t.Helper()
	b, g := &recorder{}, &gate{shut: make(chan struct{})}
	opt.Self, opt.Every = os.Getpid(), time.Millisecond
	w, err := New(opt, b)
	check(t, err)
	w.cmdlines.close()
	w.startCmdlines(most, g.read)
	t.Cleanup(w.Close)
	t.Cleanup(func() { // before that
		select {
		case <-g.shut:
		default:
			close(g.shut)
		}
	})
	return w, b, g
}

// cmdline returns the command line that the watcher knows.
func (w *Watcher) cmdline(pid int) string {
	if p := w.procs[pid]; p != nil {
		return p.Cmdline
	}
	return "not watched"
}

// settled starts n processes and waits until they have executed their program.
func (s *shell) settled(n int) []int {
	s.t.Helper()
	pids := s.sleepers(n)
	for _, pid := range pids {
		eventually(s.t, "it has executed sleep", func() bool {
			words, err := procfs.FS{}.Cmdline(pid)
			return err == nil && len(words) == 2 && words[0] == "sleep"
		})
	}
	return pids
}

// TestCmdlines: the command lines of many processes that one scan found are known soon
// afterwards, although only some can be requested at once.
func TestCmdlines(t *testing.T) {
	s := newShell(t)
	w, _ := newWatcher(t, 0)
	pids := s.settled(3 * maxCmdlines)
	w.scan(time.Now())
	for _, pid := range pids {
		eventually(t, "its command line is known", func() bool {
			w.scan(time.Now())
			return w.cmdline(pid) == "sleep 1000"
		})
	}
	if w.cmdlines.waiting > cap(w.cmdlines.requests) {
		t.Errorf("%d are outstanding, want at most %d", w.cmdlines.waiting, cap(w.cmdlines.requests))
	}
}

// TestBlockedCmdline: if the read of a command line blocks, the watcher continues with
// the names. It starts no more goroutines, limits its descriptors, records a note, and
// gets the command lines once the read returns.
func TestBlockedCmdline(t *testing.T) {
	const most = 4
	s := newShell(t)
	w, b, g := withGate(t, most, Options{})
	w.cmdlines.timeout = 10 * time.Millisecond
	first := s.settled(1)
	w.scan(time.Now())
	eventually(t, "the read blocks", func() bool { return g.reads.Load() == 1 })
	eventually(t, "the reader is stuck", w.cmdlines.stuck)

	goroutines, files := runtime.NumGoroutine(), openFiles(t)
	pids := s.settled(40)
	began := time.Now()
	for range 10 {
		w.scan(time.Now())
		w.Ready(time.Now())
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("10 scans took %v: they wait for the read", took)
	}
	if w.cmdlines.waiting > most || g.reads.Load() != 1 {
		t.Errorf("%d are outstanding and %d read, want at most %d and 1", w.cmdlines.waiting, g.reads.Load(), most)
	}
	if n := runtime.NumGoroutine(); n != goroutines {
		t.Errorf("%d goroutines, want %d as before", n, goroutines)
	}
	if n := openFiles(t); n > files+len(pids)+most {
		t.Errorf("%d descriptors, want at most the %d of before, %d processes and %d command lines", n, files, len(pids), most)
	}
	for _, pid := range append(pids, first...) {
		if seen, ok := w.Recall(procfs.ID{PID: pid}); !ok || seen.Comm != "sleep" || seen.Cmdline != "" {
			t.Errorf("%d: %+v, watched: %t; want the name alone", pid, seen, ok)
		}
	}

	w.Reaped(procfs.ID{PID: pids[0]}) // it is gone before its command line was read
	w.scan(time.Now())
	notes := b.of(history.KindNote, 0)
	if want := "the command line of 1 process could not be read in time: the read of that of "; len(notes) != 1 || !strings.HasPrefix(notes[0].Text, want) ||
		!strings.HasSuffix(notes[0].Text, " blocks") {
		t.Errorf("notes %+v, want one that begins with %q", notes, want)
	}

	close(g.shut)
	for _, pid := range append(pids[1:], first...) {
		eventually(t, "its command line is known", func() bool {
			w.scan(time.Now())
			return w.cmdline(pid) == "sleep 1000"
		})
	}
}

// TestCloseWhileBlocked: Close does not wait for a read that blocks.
func TestCloseWhileBlocked(t *testing.T) {
	s := newShell(t)
	w, _, g := withGate(t, 4, Options{})
	s.settled(2)
	w.scan(time.Now())
	eventually(t, "the read blocks", func() bool { return g.reads.Load() == 1 })
	done := w.cmdlines.done
	began := time.Now()
	w.Close()
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("Close took %v", took)
	}
	close(g.shut)
	eventually(t, "the goroutine has ended", func() bool {
		select {
		case <-done:
			return true
		default:
			return false
		}
	})
}

// TestPanickingReader: a panic in the goroutine ends neither the process nor the
// watcher.
func TestPanickingReader(t *testing.T) {
	s := newShell(t)
	w, _, _ := withGate(t, 4, Options{})
	w.cmdlines.close()
	w.startCmdlines(4, func(int, []byte) (string, error) { panic("a test") })
	w.cmdlines.timeout = 0
	pids := s.settled(10)
	w.scan(time.Now())
	eventually(t, "the reader is stuck", w.cmdlines.stuck)
	w.scan(time.Now())
	for _, pid := range pids {
		if seen, ok := w.Recall(procfs.ID{PID: pid}); !ok || seen.Comm != "sleep" {
			t.Errorf("%d: %+v, watched: %t; want the name", pid, seen, ok)
		}
	}
}

// TestDiskSleep: the command line of a process in uninterruptible sleep is not requested
// until it has left that state.
func TestDiskSleep(t *testing.T) {
	s := newShell(t)
	pid := s.settled(1)[0]
	tree := proctest.New(t)
	tree.Loadavg(procfs.Loadavg{LastPID: pid - 1})
	w, _, g := withGate(t, 4, Options{FS: tree.FS()})
	process := proctest.Process{PID: pid, Comm: "sleep", State: procfs.StateDisk, Cmdline: []string{"sleep", "1000"}}
	tree.Process(process)
	tree.Loadavg(procfs.Loadavg{LastPID: pid})
	for range 3 {
		w.scan(time.Now())
	}
	if seen, ok := w.Recall(procfs.ID{PID: pid}); !ok || seen.Comm != "sleep" || w.cmdlines.waiting != 0 || g.reads.Load() != 0 {
		t.Errorf("%+v, watched: %t, %d requested, %d read; want it watched and nothing requested", seen, ok, w.cmdlines.waiting, g.reads.Load())
	}
	if fd, _ := w.Calm(); fd >= 0 {
		t.Error("Calm reports nothing to do: the command line would never be requested")
	}
	process.State = procfs.StateSleeping
	tree.Process(process)
	close(g.shut)
	eventually(t, "its command line is known", func() bool {
		w.scan(time.Now())
		return w.cmdline(pid) == "sleep 1000"
	})
}

// child starts a child of the test, like an orphan that the init adopted before a scan
// found it.
func child(t *testing.T) int {
	t.Helper()
	cmd := exec.Command("sleep", "1000")
	check(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	// exec sets the command name a moment before the command line.
	eventually(t, "it has a command line", func() bool {
		line, err := procfs.FS{}.Cmdline(cmd.Process.Pid)
		return err == nil && len(line) > 0
	})
	return cmd.Process.Pid
}

// TestAdoptionWaitsForCmdline: the record of an adoption has the command line, and the
// answer wakes the owner of the watcher.
func TestAdoptionWaitsForCmdline(t *testing.T) {
	w, b, g := withGate(t, 4, Options{Init: os.Getpid()})
	pid := child(t)
	at := time.Now()
	w.scan(at)
	if got := b.of(history.KindAdopt, pid); len(got) != 0 {
		t.Fatalf("before the answer: %+v, want none", got)
	}
	close(g.shut)
	wait := []unix.PollFd{{Fd: int32(w.FD()), Events: unix.POLLIN}}
	if n, err := unix.Poll(wait, 60_000); n != 1 || err != nil {
		t.Fatalf("poll = %d, %v: the answer does not wake the owner", n, err)
	}
	if !w.Ready(time.Now()) {
		t.Error("Ready reports that nothing has happened")
	}
	got := b.of(history.KindAdopt, pid)
	if len(got) != 1 || got[0].Cmdline != "sleep 1000" || !got[0].Time.Equal(at) {
		t.Errorf("adopt: %+v, want one of %v with the command line", got, at)
	}
	if n, err := unix.Poll(wait, 0); n != 0 || err != nil {
		t.Errorf("poll = %d, %v: the owner is woken up repeatedly", n, err)
	}
}

// TestAdoptionWithoutCmdline: if there is no answer the adoption is recorded without a
// command line, and always before the exit.
func TestAdoptionWithoutCmdline(t *testing.T) {
	w, b, _ := withGate(t, 4, Options{Init: os.Getpid()})
	late, reaped := child(t), child(t)
	now := time.Now()
	w.scan(now)
	if seen, ok := w.Recall(procfs.ID{PID: reaped}); !ok || !seen.Adopted || len(b.of(history.KindAdopt, reaped)) != 1 {
		t.Errorf("when the init reaps it: %+v, %+v; want the adoption recorded", seen, b.of(history.KindAdopt, reaped))
	}
	w.scan(now.Add(cmdlineTimeout - time.Millisecond))
	if got := b.of(history.KindAdopt, late); len(got) != 0 {
		t.Errorf("too early: %+v", got)
	}
	for range 2 {
		w.scan(now.Add(cmdlineTimeout))
	}
	if got := b.of(history.KindAdopt, late); len(got) != 1 || got[0].Cmdline != "" || got[0].Comm == "" {
		t.Errorf("adopt: %+v, want one with the name alone", got)
	}
	if len(w.adopting) != 0 {
		t.Errorf("%d adoptions are still to be recorded, want 0", len(w.adopting))
	}
}

// TestOldAnswer: an answer about a program is dropped if the process has executed another
// one since, or if the pid was reused.
func TestOldAnswer(t *testing.T) {
	s := newShell(t)
	w, _, g := withGate(t, 4, Options{})
	pids := s.settled(2)
	w.scan(time.Now())
	w.changeProgram(w.procs[pids[0]], "other")
	w.forget(pids[1])
	w.watch(pids[1], time.Now())
	w.procs[pids[1]].serial++ // now the outstanding answer is an old one, too
	close(g.shut)
	eventually(t, "all requests are answered", func() bool {
		w.takeCmdlines()
		return w.cmdlines.waiting == 0
	})
	for _, pid := range pids {
		if line := w.cmdline(pid); line != "" {
			t.Errorf("%d has the command line %q, want none", pid, line)
		}
	}
}

// TestNamesOnly: without a thread for the reader, processes are known by their names,
// and nothing waits for a command line.
func TestNamesOnly(t *testing.T) {
	s, b := newShell(t), &recorder{}
	before := runtime.NumGoroutine()
	w, err := New(Options{Self: os.Getpid(), Init: os.Getpid(), Every: time.Millisecond, NamesOnly: true}, b)
	proctest.Check(t, err)
	t.Cleanup(w.Close)
	pid := s.settled(1)[0]
	w.scan(time.Now())
	seen, ok := w.Recall(procfs.ID{PID: pid})
	if !ok || seen.Comm != "sleep" || seen.Cmdline != "" || w.unread != 0 {
		t.Errorf("Recall = %+v, %t, and %d unread; want the name alone", seen, ok, w.unread)
	}
	if n := runtime.NumGoroutine(); n > before {
		t.Errorf("%d goroutines, %d before", n, before)
	}
}
