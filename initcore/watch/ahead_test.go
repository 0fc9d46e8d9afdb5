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
	if next := w.NextDead(); next != p.Pid {
		t.Fatalf("NextDead() = %d, want %d", next, p.Pid)
	}
	r, ok := w.Accounted(p.Pid)
	var usage unix.Rusage
	_, err = unix.Wait4(p.Pid, nil, 0, &usage)
	check(t, err)
	cpu := time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
	if !ok || r.Comm != st.Comm || (r.CPU-cpu).Abs() > cpu/4 || r.MinorFaults != uint64(usage.Minflt) || r.Elapsed <= 0 {
		t.Errorf("%+v, %v; want %s, CPU %v, %d faults", r, ok, st.Comm, cpu, usage.Minflt)
	}
	if _, ok := w.Accounted(p.Pid); ok {
		t.Error("there is a second record")
	}
	w.Reaping(procfs.ID{PID: p.Pid}, true)
	w.Reaped(procfs.ID{PID: p.Pid})
	w.Tick(time.Now())
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
			w.Tick(time.Now())
		}
	}
	check(t, hold.Close())
	for _, pid := range pids {
		eventually(t, "it is a zombie", func() bool { st, err := (procfs.FS{}).Stat(pid); return err == nil && st.Zombie() })
	}
	reaped, accounted := 0, 0
	for pid := w.NextDead(); pid != 0; pid = w.NextDead() {
		if got, err := unix.Wait4(pid, nil, unix.WNOHANG, nil); got != pid {
			t.Fatalf("%d has not ended: %d, %v", pid, got, err)
		}
		if _, ok := w.Accounted(pid); ok {
			accounted++
		}
		w.Reaping(procfs.ID{PID: pid}, reaped == 0)
		w.Reaped(procfs.ID{PID: pid})
		reaped++
	}
	s.does("echo 0")
	w.Tick(time.Now())
	w.Finish(time.Now())
	if reaped != all || accounted < all-watched-1 {
		t.Errorf("%d were reaped, %d of them unwatched; want %d and at least %d", reaped, accounted, all, all-watched-1)
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
		if got := w.NextDead(); got != zombie {
			t.Fatalf("NextDead() = %d, want %d", got, zombie)
		}
		w.NotDead(nil)
	}
	if got := w.NextDead(); got != 0 {
		t.Fatalf("NextDead() = %d after %v, want 0", got, tryFor)
	}
	w.Tick(time.Now())
	w.Tick(time.Now())
	if got := w.NextDead(); got != zombie {
		t.Fatalf("NextDead() = %d after a scan, want %d", got, zombie)
	}
	_, err = unix.Wait4(zombie, nil, 0, nil)
	check(t, err)
	w.NotDead(unix.ECHILD)
	if got := w.NextDead(); got != 0 {
		t.Errorf("NextDead() = %d after it was reaped, want 0", got)
	}
}
