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
	"yinit/procfs/pacct"
)

// spoil appends a record of another version to the accounting file.
func spoil(t *testing.T) {
	t.Helper()
	fds, err := os.ReadDir("/proc/self/fd")
	check(t, err)
	for _, fd := range fds {
		name := "/proc/self/fd/" + fd.Name()
		if to, err := os.Readlink(name); err != nil || !strings.HasPrefix(to, "/dev/shm/#") {
			continue
		}
		f, err := os.OpenFile(name, os.O_WRONLY|os.O_APPEND, 0)
		check(t, err)
		_, err = f.Write(make([]byte, pacct.Size))
		check(t, err)
		check(t, f.Close())
		return
	}
	t.Fatal("no accounting file is open")
}

// TestAccountingFails: after an error the history says that accounting is no source any
// more, and the watcher learns how processes end as it does without accounting.
func TestAccountingFails(t *testing.T) {
	for _, short := range []bool{false, true} {
		s := newShell(t)
		w, b := newAccountingWatcher(t)
		w.ask = func(int) (info, error) { return info{}, unix.ENOTTY } // as before Linux 6.15
		w.exitInfo = false
		before := s.sleepers(2)[0]
		w.scan(time.Now())
		if p := w.procs[before]; p == nil || p.statFD >= 0 || w.Sources() != history.SourceWatch|history.SourceAccounting {
			t.Fatalf("%+v, sources %v: want no open stat file, and accounting", p, w.Sources())
		}
		want := history.SourceWatch | history.SourceStat
		if short {
			w.releaseStats()
			want = history.SourceWatch
		}
		spoil(t)
		w.scan(time.Now())
		if notes := b.of(history.KindNote, 0); !strings.HasPrefix(notes[len(notes)-1].Text, "process accounting is off: ") {
			t.Errorf("notes %+v, want one about accounting at the end", notes)
		}
		if len(b.sources) != 1 || b.sources[0] != want || w.Sources() != want {
			t.Errorf("sources %v, now %v; want once %v", b.sources, w.Sources(), want)
		}
		after := s.sleepers(1)[0]
		w.scan(time.Now())
		for _, pid := range []int{before, after} {
			if p := w.procs[pid]; p == nil || p.statFD >= 0 == short {
				t.Errorf("the stat file of %d is not as wanted (too few descriptors: %v): %+v", pid, short, p)
			}
		}
	}
}

// TestAccountingReusedByThread: the record of a process whose pid a thread has now is in
// the history after two scans, and the watcher does not wait for the thread to end.
func TestAccountingReusedByThread(t *testing.T) {
	w, b := newAccountingWatcher(t)
	tid, end := make(chan int), make(chan struct{})
	defer close(end)
	go func() {
		runtime.LockOSThread()
		tid <- unix.Gettid()
		<-end
	}()
	reused := <-tid
	if reused == os.Getpid() {
		t.Skip("it is the main thread")
	}
	now := time.Now()
	r := pacct.Record{PID: reused, PPID: 2, Comm: "gone", Known: true, End: now.Truncate(time.Second)}
	w.account(&r, now)
	for range reusedAfter {
		if got := b.exits(); got != "" || !w.accounting.busy() {
			t.Fatalf("recorded %q too early: the process may be about to be reaped", got)
		}
		w.scan(now.Add(time.Minute))
	}
	if got := b.exits(); got != "gone exited 0 accounted" || w.accounting.busy() {
		t.Errorf("recorded %q, want the end of gone once; still busy: %v", got, w.accounting.busy())
	}
	if at := b.of(history.KindExit, reused)[0].Time; at.After(now) {
		t.Errorf("it ended at %v, want no later than %v", at, now)
	}
}

// reapOrphans reaps the zombies that earlier tests have left to us, as PID 1: a new
// zombie would replace one of them.
func reapOrphans() {
	for {
		if pid, err := unix.Wait4(-1, nil, unix.WNOHANG, nil); pid <= 0 || err != nil {
			return
		}
	}
}

// TestAccountingOfZombies: a zombie that the watcher has no room for has one record,
// whoever reaps it.
func TestAccountingOfZombies(t *testing.T) {
	for _, by := range []string{"its parent", "the init", "nobody"} {
		reapOrphans()
		s := newShell(t)
		w, b := newAccountingWatcher(t)
		w.opt.Max = len(w.procs)
		var zombie int
		if by == "the init" {
			var err error
			zombie, err = unixFork(t)
			check(t, err)
			check(t, unix.Kill(zombie, unix.SIGKILL))
		} else {
			zombie = s.does("sleep 0 & echo $!")
		}
		eventually(t, "it is a zombie", func() bool { st, err := (procfs.FS{}).Stat(zombie); return err == nil && st.Zombie() })
		for range 2 * reusedAfter {
			w.scan(time.Now())
		}
		waits := w.accounting.later.n + len(w.accounting.ahead.all)
		if n := len(b.of(history.KindExit, zombie)); n != 0 || w.procs[zombie] != nil || waits != 1 {
			t.Errorf("%d records, watched %v, %d wait; want only one that waits", n, w.procs[zombie] != nil, waits)
		}
		want := 1
		switch by {
		case "its parent":
			s.does("wait; echo 0")
			w.scan(time.Now())
		case "the init":
			_, err := unix.Wait4(zombie, nil, 0, nil)
			check(t, err)
			w.Reaping(procfs.ID{PID: zombie}, true)
			w.Reaped(procfs.ID{PID: zombie})
			w.scan(time.Now())
			want = 0 // the init records it
		default:
			w.Finish(time.Now())
		}
		waits = w.accounting.later.n + len(w.accounting.ahead.all)
		if n := len(b.of(history.KindExit, zombie)); n != want || waits != 0 {
			t.Errorf("%s: %d records, want %d; %d wait", by, n, want, waits)
		}
		if by == "nobody" {
			s.does("wait; echo 0")
		}
	}
}

// TestAccountingTooManyWait: records that cannot wait are counted.
func TestAccountingTooManyWait(t *testing.T) {
	reapOrphans()
	w, b := newAccountingWatcher(t)
	s := newShell(t)
	w.opt.Max = len(w.procs)
	zombie := s.does("sleep 0 & echo $!")
	eventually(t, "it is a zombie", func() bool { st, err := (procfs.FS{}).Stat(zombie); return err == nil && st.Zombie() })
	w.readAccounting(time.Now())
	now := time.Now()
	for range maxLater + 2 { // one more is in the file

		w.account(&pacct.Record{PID: zombie, PPID: 2, Comm: "x", Known: true, End: now}, now)
	}
	w.accounting.later.clear()
	w.Reaping(procfs.ID{PID: zombie}, false)
	w.readAccounting(now)
	w.noteSkipped(now)
	if notes := b.of(history.KindNote, 0); len(notes) != 0 {
		t.Errorf("notes %+v, want none: the init may reap them", notes)
	}
	if missing := w.accounting.missing; missing != 0 {
		t.Errorf("%d processes have no record, want none: it was dropped", missing)
	}
	w.noteSkipped(now)
	if notes := b.of(history.KindNote, 0); len(notes) != 1 || !strings.HasPrefix(notes[0].Text, fmt.Sprint(2)) {
		t.Errorf("notes %+v, want one about 2 of 3 processes", notes)
	}
	if w.accounting.busy() {
		t.Error("the watcher is still busy")
	}
	s.does("wait; echo 0")
}

// TestAccountedParent: the record of a process names its parent only if that had the same
// name before and after, and its time is consistent with what is known.
func TestAccountedParent(t *testing.T) {
	w, b := newAccountingWatcher(t)
	known := newShell(t)
	w.scan(time.Now())
	time.Sleep(20 * time.Millisecond)
	w.scan(time.Now())
	known.does("/bin/true; echo 0")
	unseen := newShell(t)
	unseen.does("/bin/false; echo 0")
	began := time.Now()
	unseen.does("sleep 0.3; exec 3>&1; echo 0")
	fmt.Fprintln(known.in, "sh -c 'exit 9'; echo 0 $(exec sleep 0.1); exec sleep 1000")
	_, err := known.out.ReadString('\n')
	check(t, err)
	eventually(t, "the shell has become another program", func() bool {
		st, err := (procfs.FS{}).Stat(known.cmd.Process.Pid)
		return err == nil && st.Comm == "sleep"
	})
	w.scan(time.Now())
	for _, r := range b.of(history.KindExit, 0) {
		if r.Parent != "" {
			t.Errorf("%d %s, child of %d: its parent is %q, want no name: it has executed another program, or was not seen before", r.PID, r.Comm, r.PPID, r.Parent)
		}
		if r.Comm == "sleep" && r.PPID == unseen.cmd.Process.Pid && r.Time.Before(began.Add(r.Runtime-20*time.Millisecond)) {
			t.Errorf("the process ended at %v after %v, but was started after %v", r.Time, r.Runtime, began)
		}
	}
	if len(b.of(history.KindExit, 0)) < 4 {
		t.Errorf("recorded %s, want at least 4 exits", b.exits())
	}
}
