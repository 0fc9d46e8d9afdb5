package watch

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"yinit/initcore/history"
	"yinit/procfs"
	"yinit/procfs/pacct"
)

// startAccounting switches on accounting in the PID namespace of the tests.
func startAccounting(t *testing.T) *pacct.File {
	t.Helper()
	f, err := pacct.Start("/dev/shm")
	if errors.Is(err, unix.EPERM) || errors.Is(err, unix.ENOSYS) {
		t.Skipf("no process accounting here: %v", err)
	}
	check(t, err)
	t.Cleanup(f.Stop)
	return f
}

// newAccountingWatcher returns a watcher that scans only when the test calls Tick.
func newAccountingWatcher(t *testing.T) (*Watcher, *recorder) {
	t.Helper()
	b := &recorder{}
	w, err := New(Options{Self: os.Getpid(), Init: os.Getpid(), Every: time.Millisecond, Accounting: startAccounting(t)}, b)
	check(t, err)
	t.Cleanup(w.Close)
	return w, b
}

// TestBeforeAccounting: of the processes that ended before the watcher existed, those are
// counted as unseen that ended before accounting began, unless the init has reaped them.
func TestBeforeAccounting(t *testing.T) {
	reapOrphans()
	s := newShell(t)
	const before, after = 3, 5
	fd, err := procfs.FS{}.OpenLastPID()
	check(t, err)
	defer unix.Close(fd)
	from, err := procfs.ReadLastPID(fd)
	check(t, err)
	s.does(fmt.Sprintf("for i in %s; do /bin/true; done; echo 0", strings.Repeat("x ", before)))
	reaped := startTrue(t)
	_, err = unix.Wait4(reaped.PID, nil, 0, nil)
	check(t, err)
	untilMidSecond() // the kernel tells only the second
	f := startAccounting(t)
	begun, err := procfs.ReadLastPID(fd)
	check(t, err)
	s.does(fmt.Sprintf("for i in %s; do /bin/true; done; echo 0", strings.Repeat("x ", after)))
	b := &recorder{}
	w, err := New(Options{
		Self: os.Getpid(), Init: os.Getpid(), Every: time.Millisecond, Accounting: f,
		From: from, AccountedFrom: begun, Deaths: 1,
	}, b)
	check(t, err)
	t.Cleanup(w.Close)
	for range 3 { // the newest pids are tried again
		w.scan(time.Now())
	}
	if n := len(b.of(history.KindExit, 0)); b.missed != before || n != after {
		t.Errorf("%d were missed and %d recorded, want %d and %d: %s", b.missed, n, before, after, b.exits())
	}
	for _, r := range b.of(history.KindExit, 0) {
		if r.Time.Before(f.Began()) {
			t.Errorf("%s ended at %v, want after %v, when accounting began", r.Comm, r.Time, f.Began())
		}
	}
}

// untilMidSecond waits until the middle of a second of the wall clock.
func untilMidSecond() {
	time.Sleep(time.Until(time.Now().Truncate(time.Second).Add(1500 * time.Millisecond)))
}

// exits returns the exit records as lines, sorted by their order in the history.
func (b *recorder) exits() string {
	var lines []string
	for _, r := range b.of(history.KindExit, 0) {
		line := r.Comm + " " + r.How()
		if r.Accounted {
			line += " accounted"
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "; ")
}

// TestAccountingSeesAll: processes that live between two scans are recorded, in the
// order of their ends, with their statuses.
func TestAccountingSeesAll(t *testing.T) {
	s := newShell(t)
	w, b := newAccountingWatcher(t)
	time.Sleep(20 * time.Millisecond) // so that the name of the shell is older than the next look
	w.scan(time.Now())
	s.does("/bin/true; /bin/false; sh -c 'exit 7'; sh -c 'kill -9 $$'; echo 0")
	w.scan(time.Now())
	w.scan(time.Now())
	want := "true exited 0 accounted; false exited 1 accounted; sh exited 7 accounted; sh killed by SIGKILL accounted"
	if got := b.exits(); got != want {
		t.Errorf("recorded %s\nwant %s", got, want)
	}
	r := b.of(history.KindExit, 0)[2]
	if r.PPID != s.cmd.Process.Pid || r.Parent != "sh" || r.UID != uint32(os.Getuid()) || time.Since(r.Time).Abs() > time.Minute {
		t.Errorf("%+v, want a child of the shell that has just ended", r)
	}
	if b.missed != 0 {
		t.Errorf("%d were missed, want 0", b.missed)
	}
}

// TestAccountingOnce: a process has one exit record, whoever sees its end first: the
// watcher, the init that reaps it, or accounting.
func TestAccountingOnce(t *testing.T) {
	w, b := newAccountingWatcher(t)
	s := newShell(t)
	watched := s.does("sleep 0.1 & echo $!")
	w.scan(time.Now())
	s.does("wait; echo 0")
	eventually(t, "its end is recorded", func() bool { w.Ready(time.Now()); return len(b.of(history.KindExit, watched)) > 0 })
	// A child of ours that the watcher has never seen, and one that it has seen.
	for _, seen := range []bool{false, true} {
		pid, err := unixFork(t)
		check(t, err)
		if seen {
			w.scan(time.Now())
		}
		check(t, unix.Kill(pid, unix.SIGKILL))
		_, err = unix.Wait4(pid, nil, 0, nil)
		check(t, err)
		id := procfs.ID{PID: pid}
		w.Recall(id)
		w.Reaping(id, true)
		w.Reaped(id)
		if n := len(b.of(history.KindExit, pid)); n != 0 {
			t.Errorf("%d records of a child that the init reaps, want none", n)
		}
	}
	// A zombie that is still there when its record is read.
	zombie := s.does("sleep 0 & echo $!") // the shell waits for its next line, and for no child
	eventually(t, "it is a zombie", func() bool { st, err := (procfs.FS{}).Stat(zombie); return err == nil && st.Zombie() })
	w.scan(time.Now())
	w.scan(time.Now())
	if n := len(b.of(history.KindExit, zombie)); n != 0 {
		t.Errorf("%d exit records of a zombie, want none", n)
	}
	for range 3 {
		w.scan(time.Now())
		w.Ready(time.Now())
	}
	if n := len(b.of(history.KindExit, watched)); n != 1 {
		t.Errorf("%d exit records of a process that was watched, want 1", n)
	}
	s.does("wait; echo 0")
}

// unixFork starts a child that waits for a signal.
func unixFork(t *testing.T) (int, error) {
	t.Helper()
	p, err := os.StartProcess("/bin/sleep", []string{"sleep", "99"}, &os.ProcAttr{})
	if err != nil {
		return 0, err
	}
	pid := p.Pid
	return pid, p.Release()
}

// TestAccountingTellsStatus: with accounting the status is known on old kernels, too.
func TestAccountingTellsStatus(t *testing.T) {
	s := newShell(t)
	w, b := newAccountingWatcher(t)
	w.ask = func(int) (info, error) { return info{}, unix.ENOTTY }
	pid := s.does("sh -c 'sleep 0.05; exit 3' & echo $!")
	w.scan(time.Now())
	s.does("wait; echo 0")
	eventually(t, "the exit is recorded", func() bool { w.Ready(time.Now()); return len(b.of(history.KindExit, pid)) > 0 })
	if r := b.of(history.KindExit, pid)[0]; !r.Known || r.Status != 3<<8 || r.Accounted || r.Parent != "sh" {
		t.Errorf("%+v, want exit status 3, seen by the watcher", r)
	}
}

// TestAccountingGap: if the kernel stops writing records, that is noted once, and
// unseen processes are counted again.
func TestAccountingGap(t *testing.T) {
	s := newShell(t)
	w, b := newAccountingWatcher(t)
	other, err := os.CreateTemp("/dev/shm", "")
	check(t, err)
	defer os.Remove(other.Name())
	defer other.Close()
	check(t, unix.Acct(other.Name())) // as psacct does
	for range 2 * gapAfter {
		pid := s.does("sleep 0.02 & echo $!")
		w.scan(time.Now())
		s.does("wait; echo 0")
		eventually(t, "the exit is recorded", func() bool { w.Ready(time.Now()); return len(b.of(history.KindExit, pid)) > 0 })
		w.scan(time.Now())
	}
	notes := b.of(history.KindNote, 0)
	if len(notes) != 1 || !strings.Contains(notes[0].Text, "another process has called acct(2)") {
		t.Errorf("notes %+v, want one about acct(2)", notes)
	}
	before := b.missed
	s.does("for i in 1 2 3 4 5 6 7 8 9 10 11 12; do /bin/true; done; echo 0")
	w.scan(time.Now())
	w.scan(time.Now())
	if n := b.missed - before; n < 12 {
		t.Errorf("%d were missed, want at least 12", n)
	}
}

// TestAccountingLimit: a program that starts others in a loop does not fill the history,
// and failures are kept longer than successes.
func TestAccountingLimit(t *testing.T) {
	w, b := newWatcher(t, 0)
	w.accounting = &accounting{failures: history.NewBudget(5, 1), successes: history.NewBudget(2, 1)}
	now := time.Now()
	for i := range 20 {
		r := pacct.Record{PID: 1 << 21, PPID: 2, Comm: "x", Known: true, Status: procfs.WaitStatus(i % 2 << 8), End: now}
		w.account(&r, now)
	}
	if n := len(b.of(history.KindExit, 0)); n != 7 {
		t.Errorf("%d exits are recorded, want 2 and 5", n)
	}
	w.noteSkipped(now.Add(noteInterval))
	if notes := b.of(history.KindNote, 0); len(notes) != 1 || !strings.HasPrefix(notes[0].Text, "13 more processes") {
		t.Errorf("notes %+v, want one about 13 processes", notes)
	}
	r := pacct.Record{PID: 1 << 21, PPID: 2, Comm: "late", Known: true, End: now}
	if w.account(&r, now.Add(2*time.Second)); !strings.Contains(b.exits(), "late") {
		t.Error("nothing is recorded two seconds later")
	}
	w.accounting = nil
}

// TestAccountingFrees: the file takes a bounded number of blocks, and no record is lost
// while blocks are freed.
func TestAccountingFrees(t *testing.T) {
	f := startAccounting(t)
	s := newShell(t)
	const processes = 3000
	fmt.Fprintf(s.in, "i=0; while [ $i -lt %d ]; do (:); i=$((i+1)); done; echo 0\n", processes)
	seen, deadline := 0, time.Now().Add(5*time.Minute)
	for seen < processes && time.Now().Before(deadline) {
		check(t, f.Read(func(pacct.Record) bool { seen++; return true }))
	}
	if seen < processes {
		t.Fatalf("%d records, want %d", seen, processes)
	}
	if blocks := f.Blocks(); blocks > 128<<10 {
		t.Errorf("the file takes %d bytes, want at most 128 KiB", blocks)
	}
}

// TestAccountingBurst: of the zombies of a burst only some are watched at once. The others
// wait, and if there is no room those that failed are watched, too.
func TestAccountingBurst(t *testing.T) {
	a := &accounting{}
	good := &waiting{Record: pacct.Record{Known: true}}
	failed := &waiting{Record: pacct.Record{Known: true, Status: 1 << 8}}
	watched := 0
	for range 3 * maxAtOnce {
		if a.mayWatch(1, good) {
			watched++
		}
	}
	if watched != maxAtOnce {
		t.Errorf("%d may be watched, want %d", watched, maxAtOnce)
	}
	if !a.mayWatch(2, good) {
		t.Error("none may be watched after the next scan")
	}
	a.watched, a.later = maxAtOnce, queue{n: maxLater}
	if a.mayWatch(2, good) {
		t.Error("one may be watched although it has not failed")
	}
	if !a.mayWatch(2, failed) {
		t.Error("none may be watched although it has failed, and its record cannot wait")
	}
}

// TestAccountingLastProgram: the peak that was read before a process executed its last program is
// not that of this program.
func TestAccountingLastProgram(t *testing.T) {
	w, _ := newAccountingWatcher(t)
	cmd := exec.Command("sh", "-c", "read x; exec true")
	in, err := cmd.StdinPipe()
	check(t, err)
	check(t, cmd.Start())
	defer func() { _ = cmd.Wait() }()
	pid := cmd.Process.Pid
	eventually(t, "it is seen as sh", func() bool {
		w.scan(time.Now())
		return w.procs[pid] != nil && w.procs[pid].Comm == "sh"
	})
	w.procs[pid].Peak = 40 << 20
	check(t, in.Close())
	check(t, unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil))
	w.readAccounting(time.Now())
	if seen, _ := w.Recall(procfs.ID{PID: pid}); seen.Comm != "true" || seen.Peak != 0 {
		t.Errorf("%s with a peak of %v, want true with none", seen.Comm, seen.Peak)
	}
}
