package watch

import (
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"yinit/initcore/history"
	"yinit/procfs"
)

// TestAccounted: what accounting says about a child that the init is about to reap is what
// /proc and waitid(2) say, and its record is not expected again.
func TestAccounted(t *testing.T) {
	reapOrphans()
	w, b := newAccountingWatcher(t)
	p, err := os.StartProcess("/bin/sh", []string{"sh", "-c", "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done"}, &os.ProcAttr{})
	check(t, err)
	var st procfs.Stat
	eventually(t, "it is a zombie", func() bool { st, err = (procfs.FS{}).Stat(p.Pid); return err == nil && st.Zombie() })
	r, ok := w.NextDead()
	var usage unix.Rusage
	_, err = unix.Wait4(p.Pid, nil, 0, &usage)
	check(t, err)
	cpu := time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
	if !ok || r.ID.PID != p.Pid || r.Signaled || r.Comm != st.Comm || (r.CPU-cpu).Abs() > cpu/4 || r.MinorFaults != uint64(usage.Minflt) || r.Elapsed <= 0 {
		t.Errorf("%+v, %v; want %s, CPU %v, %d faults", r, ok, st.Comm, cpu, usage.Minflt)
	}
	w.ReapsNext()
	if _, ok := w.NextDead(); ok {
		t.Error("there is a second record")
	}
	w.Reaping(procfs.ID{PID: p.Pid}, true)
	w.Reaped(procfs.ID{PID: p.Pid})
	w.scan(time.Now())
	if a := w.accounting; len(b.of(history.KindExit, p.Pid)) != 0 || len(a.owed)+a.missing+len(a.ahead.all)+a.ahead.taken != 0 {
		t.Errorf("%d records; %d owed, %d missing, %d ahead, %d taken", len(b.of(history.KindExit, p.Pid)), len(a.owed), a.missing, len(a.ahead.all), a.ahead.taken)
	}
}

// TestNextDead: the init finds its dead children in the order in which they have ended, more
// of them than fit into memory, watched or not. None is recorded by the watcher.
func TestNextDead(t *testing.T) {
	reapOrphans()
	w, b := newAccountingWatcher(t)
	const watched, all = 50, maxAhead + 200
	w.opt.Max = len(w.procs) + watched
	s := newShell(t) // replaces one of them, if it is watched
	gate, hold, err := os.Pipe()
	check(t, err)
	defer gate.Close()
	var pids []int
	for range all {
		p, err := os.StartProcess("/bin/cat", []string{"cat"}, &os.ProcAttr{Files: []*os.File{gate}})
		check(t, err)
		pids = append(pids, p.Pid)
		if len(pids) == watched {
			w.scan(time.Now())
		}
	}
	check(t, hold.Close())
	for _, pid := range pids {
		eventually(t, "it is a zombie", func() bool { st, err := (procfs.FS{}).Stat(pid); return err == nil && st.Zombie() })
	}
	reaped, exact := 0, 0
	for said, ok := w.NextDead(); ok; said, ok = w.NextDead() {
		pid := said.ID.PID
		if got, err := unix.Wait4(pid, nil, unix.WNOHANG, nil); got != pid {
			t.Fatalf("%d has not ended: %d, %v", pid, got, err)
		}
		if said.ID.Start != 0 {
			exact++
		}
		w.ReapsNext()
		w.Reaping(procfs.ID{PID: pid}, reaped == 0)
		w.Reaped(procfs.ID{PID: pid})
		reaped++
	}
	s.does("echo 0")
	w.scan(time.Now())
	w.Finish(time.Now())
	if reaped != all || exact < watched-1 || exact > watched {
		t.Errorf("%d were reaped, the start of %d was known; want %d and %d", reaped, exact, all, watched)
	}
	if a := w.accounting; len(b.of(history.KindExit, 0)) != 0 || a.incomplete || len(a.ahead.all)+len(a.owed)+a.later.n+int(a.skipped) != 0 {
		t.Errorf("recorded %s; %d ahead, %d owed, %d later, %d skipped, incomplete %v", b.exits(), len(a.ahead.all), len(a.owed), a.later.n, a.skipped, a.incomplete)
	}
}

// TestNotDead: a child that the init cannot reap yet does not keep it from the others, and is
// offered again after a scan.
func TestNotDead(t *testing.T) {
	reapOrphans()
	w, _ := newAccountingWatcher(t)
	w.opt.Max = len(w.procs)
	zombie, err := unixFork(t)
	check(t, err)
	check(t, unix.Kill(zombie, unix.SIGKILL))
	eventually(t, "it is a zombie", func() bool { st, err := (procfs.FS{}).Stat(zombie); return err == nil && st.Zombie() })
	began := time.Now()
	for _, after := range []time.Duration{0, tryFor / 2, tryFor} {
		w.clock = func() time.Time { return began.Add(after) }
		if got := nextDead(w); got != zombie {
			t.Fatalf("NextDead() = %d, want %d", got, zombie)
		}
		w.NotDead(nil)
	}
	if got := nextDead(w); got != 0 {
		t.Fatalf("NextDead() = %d after %v, want 0", got, tryFor)
	}
	w.scan(time.Now())
	w.scan(time.Now())
	if got := nextDead(w); got != zombie {
		t.Fatalf("NextDead() = %d after a scan, want %d", got, zombie)
	}
	_, err = unix.Wait4(zombie, nil, 0, nil)
	check(t, err)
	w.NotDead(unix.ECHILD)
	if got := nextDead(w); got != 0 {
		t.Errorf("NextDead() = %d after it was reaped, want 0", got)
	}
}

// TestReadAgain: if there was no record of a child, NextDead does not read the file again for
// each of the children that the init finds without it.
func TestReadAgain(t *testing.T) {
	reapOrphans()
	zombie, err := unixFork(t) // now: the first one forks another process, which ends at once
	check(t, err)
	w, _ := newAccountingWatcher(t)
	began := time.Now()
	w.clock = func() time.Time { return began }
	if got := nextDead(w); got != 0 {
		t.Fatalf("NextDead() = %d before a child has ended, want 0", got)
	}
	check(t, unix.Kill(zombie, unix.SIGKILL))
	eventually(t, "it is a zombie", func() bool { st, err := (procfs.FS{}).Stat(zombie); return err == nil && st.Zombie() })
	if got := nextDead(w); got != 0 {
		t.Errorf("NextDead() = %d, want 0 at once after it has found nothing", got)
	}
	w.clock = func() time.Time { return began.Add(readAgain) }
	if got := nextDead(w); got != zombie {
		t.Errorf("NextDead() = %d after %v, want %d", got, readAgain, zombie)
	}
	_, err = unix.Wait4(zombie, nil, 0, nil)
	check(t, err)
}

// nextDead returns the pid of the child that NextDead returns; 0: none.
func nextDead(w *Watcher) int {
	said, _ := w.NextDead()
	return said.ID.PID
}
