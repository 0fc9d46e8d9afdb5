package watch

import (
	"os"
	"testing"
	"time"

	"yinit/initcore/history"
	"yinit/procfs"
)

// TestInspectorsAreNotMissed: what yinit's own commands started and ended between two
// scans is not counted, up to a limit, if the history was read meanwhile or one of them has
// ended; what other processes start is.
func TestInspectorsAreNotMissed(t *testing.T) {
	top := process{Seen: Seen{ID: procfs.ID{PID: 9}, Comm: "yinit", Cmdline: "yinit top"}, yinit: true, fd: -1, statFD: -1}
	newTop, stub := top, process{Seen: Seen{ID: procfs.ID{PID: 9}, Comm: "runc:[2:INIT]"}, fd: -1, statFD: -1, fresh: true}
	newTop.fresh = true
	for _, tt := range []struct {
		name    string
		running *process
		read    bool // somebody has read the history
		ended   bool // an inspector has ended
		gone    int
		want    uint64
	}{
		{"nobody has read the history", nil, false, false, 60, 60},
		{"one that has gone has read it", nil, true, false, 60, 0},
		{"too many for that", nil, true, false, 300, 300 - maxInspected},
		{"one was seen, and has ended", nil, false, true, 60, 0},
		{"top reads it again and again", &top, true, false, 60, 60},
		{"top has just begun", &newTop, false, false, maxStub, 0},
		{"a process is still the container runtime", &stub, false, false, maxStub, 0},
		{"and cannot be all of them", &stub, false, false, 60, 60 - maxStub},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w, b, tree := fakeCounter(t, 1000)
			at := time.Now()
			w.opt.LastRead = func() time.Time { return at }
			w.lastRead = at
			if tt.running != nil {
				running := *tt.running
				w.procs[running.ID.PID] = &running
				defer delete(w.procs, tt.running.ID.PID)
			}
			if tt.read {
				at = at.Add(time.Millisecond)
			}
			w.inspectorEnded = tt.ended
			got := w.uninspected(uint64(tt.gone))
			got += w.uninspected(0) // it decides about some of them a scan later
			if got != tt.want {
				t.Errorf("%d of %d were missed, want %d", got, tt.gone, tt.want)
			}
			// The second scan counts the newest pids of the first one.
			tree.Loadavg(procfs.Loadavg{LastPID: 1000})
			w.scan(time.Now())
			if b.missed != 0 {
				t.Errorf("%d more were missed", b.missed)
			}
		})
	}
}

// TestInspectorRanBefore: the pids that are counted a scan later are attributed as well,
// and those after that are not.
func TestInspectorRanBefore(t *testing.T) {
	w, b, tree := fakeCounter(t, 1000)
	tree.File("sys/kernel/pid_max", "4194304\n")
	at := time.Now()
	w.opt.LastRead = func() time.Time { return at }
	w.lastRead = at
	for i, want := range []uint64{0, 0, 0, 4, 12} {
		if i == 0 {
			at = at.Add(time.Millisecond)
		}
		if i == 0 || i == 2 { // the newest ones follow in the next scan, and all a scan later
			tree.Loadavg(procfs.Loadavg{LastPID: 1000 + 12*(i/2+1)})
		}
		w.scan(time.Now())
		if b.missed != want {
			t.Errorf("scan %d: %d were missed, want %d", i, b.missed, want)
		}
	}
}

// TestLongScanAfterRead: one read of the history accounts for a limited number of processes,
// however many pieces the scan takes that notices it.
func TestLongScanAfterRead(t *testing.T) {
	w, b, tree := fakeCounter(t, 1000)
	at := time.Now()
	w.opt.LastRead = func() time.Time { return at }
	w.lastRead, w.piece = at, 0
	at = at.Add(time.Millisecond)
	const gone = 5 * maxInspected
	tree.Loadavg(procfs.Loadavg{LastPID: 1000 + gone})
	pieces := 1
	for now := time.Now(); !w.Tick(now); pieces++ {
	}
	if want := uint64(gone - maxUnsure - maxInspected); pieces < 3 || b.missed != want {
		t.Errorf("after %d pieces, %d of %d were missed, want %d after several", pieces, b.missed, gone, want)
	}
}

// TestLastRead: a read of the ring by another descriptor shows, the writer's own work does
// not.
func TestLastRead(t *testing.T) {
	ring, err := history.CreateOwn(history.Origin{PID: os.Getpid()}, time.Now())
	check(t, err)
	defer ring.Close()
	r, err := ring.Reader()
	check(t, err)
	defer r.Close()
	_, err = r.Header()
	check(t, err)
	before := ring.LastRead()
	time.Sleep(20 * time.Millisecond) // the kernel's clock for these times is coarse
	ring.Add(&history.Record{Kind: history.KindNote, Text: "a note"})
	ring.LastExits(10)
	if got := ring.LastRead(); !got.Equal(before) {
		t.Error("the writer's own work looks like a read")
	}
	_, err = r.Header()
	check(t, err)
	if got := ring.LastRead(); !got.After(before) {
		t.Errorf("LastRead = %v after a read, as before", got)
	}
}
