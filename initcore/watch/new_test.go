package watch

import (
	"os"
	"testing"
	"time"

	"yinit/procfs"
	"yinit/procfs/proctest"
)

// TestNewClosesAll: if New fails it leaves no descriptor open.
func TestNewClosesAll(t *testing.T) {
	noProcess := proctest.New(t)
	noProcess.Loadavg(procfs.Loadavg{LastPID: 10})
	for name, opt := range map[string]Options{
		"no /proc": {FS: procfs.New(t.TempDir() + "/none"), Self: os.Getpid()},
		"no pidfd": {FS: noProcess.FS(), Self: 1 << 22}, // above the highest pid
	} {
		before := openFiles(t)
		w, err := New(opt, &recorder{})
		if err == nil {
			w.Close()
			t.Errorf("%s: no error", name)
		}
		if after := openFiles(t); after != before {
			t.Errorf("%s: %d descriptors are open, want %d as before", name, after, before)
		}
	}
}

// fakeCounter returns a watcher of a fake tree, in which the test sets the last pid.
func fakeCounter(t *testing.T, last int) (*Watcher, *recorder, *proctest.Tree) {
	t.Helper()
	tree := proctest.New(t)
	tree.Loadavg(procfs.Loadavg{LastPID: last})
	b := &recorder{}
	w, err := New(Options{FS: tree.FS(), Self: os.Getpid(), Every: time.Millisecond}, b)
	check(t, err)
	t.Cleanup(w.Close)
	return w, b, tree
}

// TestMissedIsNoLess: if more processes are found than pids were allocated, as with
// --pid=host, none is missed. The negative difference must not become a huge number.
func TestMissedIsNoLess(t *testing.T) {
	w, b, tree := fakeCounter(t, 10)
	w.maxWalk = 4
	s := newShell(t)
	for _, pid := range s.sleepers(12) {
		tree.Process(proctest.Process{PID: pid})
	}
	tree.Loadavg(procfs.Loadavg{LastPID: 16})
	w.scan(time.Now())
	if len(w.procs) != 12 {
		t.Errorf("%d are watched, want 12", len(w.procs))
	}
	if b.missed > 6 {
		t.Errorf("%d were missed, want at most the 6 pids that were allocated", b.missed)
	}
}

// TestCounterSetBack: if the last pid is a little lower than before, a process has set
// it, see ns_last_pid in proc_sys_kernel(5). Not all pids in between were allocated.
func TestCounterSetBack(t *testing.T) {
	w, b, tree := fakeCounter(t, 5000)
	tree.File("sys/kernel/pid_max", "4194304\n")
	tree.Loadavg(procfs.Loadavg{LastPID: 4990})
	w.scan(time.Now())
	w.scan(time.Now())
	if b.missed != 0 {
		t.Errorf("%d were missed, want 0", b.missed)
	}
	tree.Loadavg(procfs.Loadavg{LastPID: 5020})
	w.scan(time.Now())
	w.scan(time.Now())
	if b.missed != 30 {
		t.Errorf("%d were missed after the counter was set back, want 30", b.missed)
	}
}

// TestCounterWraps: pids start again at 300, and pid_max itself is not a pid.
func TestCounterWraps(t *testing.T) {
	w, b, tree := fakeCounter(t, 32700)
	tree.File("sys/kernel/pid_max", "32768\n")
	tree.Loadavg(procfs.Loadavg{LastPID: 331})
	w.scan(time.Now())
	w.scan(time.Now())
	if want := uint64(32767 - 32700 + 32); b.missed != want { // 300 to 331
		t.Errorf("%d were missed, want %d", b.missed, want)
	}
}

// TestNameOfDead: the watcher names a process that has gone, unless its pid was allocated
// again since the last scan.
func TestNameOfDead(t *testing.T) {
	for name, tt := range map[string]struct {
		watched, pid, before, last int // the last pid allocated before the last scan, and now
		want                       string
	}{
		"nothing has started since":     {500, 500, 600, 600, "sh"},
		"others have started since":     {500, 500, 600, 700, "sh"},
		"it was the last one":           {600, 600, 600, 700, "sh"},
		"one of the first in its space": {7, 7, 600, 700, "sh"},
		"the pids have wrapped around":  {500, 500, 32700, 400, "sh"},
		"and have passed it":            {500, 500, 32700, 510, ""},
		"and have just reached it":      {500, 500, 32700, 500, ""},
		"another process":               {500, 501, 600, 600, ""},
	} {
		w, _, tree := fakeCounter(t, tt.before)
		tree.File("sys/kernel/pid_max", "32768\n")
		w.procs[tt.watched] = &process{Seen: Seen{ID: procfs.ID{PID: tt.watched}, Comm: "sh"}, fd: -1, statFD: -1}
		tree.Loadavg(procfs.Loadavg{LastPID: tt.last})
		if got := w.NameOfDead(tt.pid, time.Now()); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}
