package watch

import (
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"yinit/initcore/history"
	"yinit/procfs"
	"yinit/procfs/pacct"
)

// TestAhead: records are found in any order, and their room is used again.
func TestAhead(t *testing.T) {
	var a ahead
	add := func(from, to int) {
		for pid := from; pid < to; pid++ {
			a.add(&pacct.Record{PID: pid, Comm: "x", Elapsed: time.Duration(pid)})
		}
	}
	take := func(pid int, want bool) {
		t.Helper()
		if r, ok := a.take(pid); ok != want || ok && r.Elapsed != time.Duration(pid) {
			t.Fatalf("take(%d) = %+v, %v; want %v", pid, r, ok, want)
		}
	}
	take(1, false)
	add(1, maxAhead+1)
	if !a.full() {
		t.Fatal("it is not full")
	}
	for pid := 2; pid <= maxAhead; pid += 2 {
		take(pid, true)
		take(pid, false)
	}
	add(maxAhead+1, maxAhead+maxAhead/2+1)
	if !a.full() || len(a.all) > maxAhead {
		t.Fatalf("%d records in %d places", a.n, len(a.all))
	}
	for pid := maxAhead + maxAhead/2; pid > 0; pid-- {
		take(pid, pid%2 == 1 || pid > maxAhead)
	}
	if a.n != 0 || a.first != 0 || len(a.all) != 0 {
		t.Fatalf("%d records, first %d of %d; want none", a.n, a.first, len(a.all))
	}
}

// TestAccounted: what accounting says about a child that the init is about to reap is what
// /proc and waitid(2) say, and its record is not expected again.
func TestAccounted(t *testing.T) {
	reapOrphans()
	w, b := newAccountingWatcher(t)
	p, err := os.StartProcess("/bin/sh", []string{"sh", "-c", "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done"}, &os.ProcAttr{})
	check(t, err)
	var st procfs.Stat
	eventually(t, "it is a zombie", func() bool { st, err = (procfs.FS{}).Stat(p.Pid); return err == nil && st.Zombie() })
	r, ok := w.Accounted(p.Pid)
	var usage unix.Rusage
	_, err = unix.Wait4(p.Pid, nil, 0, &usage)
	check(t, err)
	cpu := time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
	if !ok || r.Comm != st.Comm || (r.CPU-cpu).Abs() > 30*time.Millisecond || r.MinorFaults != uint64(usage.Minflt) || r.Elapsed <= 0 {
		t.Errorf("%+v, %v; want %s, CPU %v, %d faults", r, ok, st.Comm, cpu, usage.Minflt)
	}
	if _, ok := w.Accounted(p.Pid); ok {
		t.Error("there is a second record")
	}
	w.Reaping(procfs.ID{PID: p.Pid}, true)
	w.Reaped(procfs.ID{PID: p.Pid})
	w.Tick(time.Now())
	if a := w.accounting; len(b.of(history.KindExit, p.Pid)) != 0 || len(a.owed)+a.missing+a.ahead.n+a.ahead.taken != 0 {
		t.Errorf("%d records; %d owed, %d missing, %d ahead, %d taken", len(b.of(history.KindExit, p.Pid)), len(a.owed), a.missing, a.ahead.n, a.ahead.taken)
	}
}

// TestAccountedAfterOthers: while more children are dead than ahead has room for, no record
// is lost, and none of them is recorded by the watcher.
func TestAccountedAfterOthers(t *testing.T) {
	reapOrphans()
	w, b := newAccountingWatcher(t)
	w.opt.Max = len(w.procs)
	var pids []int
	for range maxAhead + 200 {
		p, err := os.StartProcess("/bin/true", []string{"true"}, &os.ProcAttr{})
		check(t, err)
		pids = append(pids, p.Pid)
	}
	last := pids[len(pids)-1]
	eventually(t, "the last one is a zombie", func() bool { st, err := (procfs.FS{}).Stat(last); return err == nil && st.Zombie() })
	w.readAccounting(time.Now())
	if !w.accounting.ahead.full() {
		t.Fatalf("%d are ahead", w.accounting.ahead.n)
	}
	for i := len(pids) - 1; i >= 0; i-- { // those without a record in memory first
		_, ok := w.Accounted(pids[i])
		if !ok && i < maxAhead-1 {
			t.Fatalf("no record of number %d", i)
		}
		_, err := unix.Wait4(pids[i], nil, 0, nil)
		check(t, err)
		w.Reaping(procfs.ID{PID: pids[i]}, false)
		w.Reaped(procfs.ID{PID: pids[i]})
	}
	w.Tick(time.Now())
	w.Finish(time.Now())
	if a := w.accounting; len(b.of(history.KindExit, 0)) != 0 || a.incomplete || a.ahead.n+a.later.n+int(a.skipped) != 0 {
		t.Errorf("recorded %s; %d ahead, %d later, %d skipped, incomplete %v", b.exits(), a.ahead.n, a.later.n, a.skipped, a.incomplete)
	}
}
