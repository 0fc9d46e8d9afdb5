package tui

import (
	"testing"
	"time"

	"yinit/initcore/history"
	"yinit/procfs"
	"yinit/procfs/snapshot"
)

// looked returns a world after snapshots of these processes, one per second.
func looked(snapshots ...[]snapshot.Process) *world {
	var w world
	for i, procs := range snapshots {
		s := snapshot.Snapshot{Time: noon.Add(time.Duration(i) * time.Second), Procs: procs}
		if i > 0 {
			s.Since = time.Second
		}
		w = w.addSnapshot(s)
	}
	return &w
}

func some(pids ...int) []snapshot.Process {
	var all []snapshot.Process
	for _, pid := range pids {
		all = append(all, snapshot.Process{ID: procfs.ID{PID: pid, Start: procfs.Ticks(pid)}, State: procfs.StateSleeping, Threads: 1})
	}
	return all
}

// TestMarks checks that a new row is marked for two refreshes and an ended one kept for
// two, that nothing is new in the first snapshot, and that a process missing in only
// one snapshot is not new again.
func TestMarks(t *testing.T) {
	for _, test := range []struct {
		name         string
		snapshots    [][]snapshot.Process
		fresh, ended bool
		shown        bool
	}{
		{"in the first snapshot", [][]snapshot.Process{some(1, 7)}, false, false, true},
		{"new", [][]snapshot.Process{some(1), some(1, 7)}, true, false, true},
		{"new a refresh ago", [][]snapshot.Process{some(1), some(1, 7), some(1, 7)}, true, false, true},
		{"new two refreshes ago", [][]snapshot.Process{some(1), some(1, 7), some(1, 7), some(1, 7)}, false, false, true},
		{"just ended", [][]snapshot.Process{some(1, 7), some(1)}, false, true, true},
		{"ended a refresh ago", [][]snapshot.Process{some(1, 7), some(1), some(1)}, false, true, true},
		{"ended two refreshes ago", [][]snapshot.Process{some(1, 7), some(1), some(1), some(1)}, false, false, false},
		{"missed in one snapshot", [][]snapshot.Process{some(1, 7), some(1), some(1, 7)}, false, false, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := looked(test.snapshots...)
			i, shown := w.find(procfs.ID{PID: 7, Start: 7})
			if shown != test.shown {
				t.Fatalf("it is shown: %t, want %t", shown, test.shown)
			}
			if shown && (w.fresh(i) != test.fresh || w.ended(i) != test.ended) {
				t.Errorf("new %t and ended %t, want %t and %t", w.fresh(i), w.ended(i), test.fresh, test.ended)
			}
		})
	}
}

// TestPidOfTheLiving checks that a reused pid means the living process while the ended
// one is still shown.
func TestPidOfTheLiving(t *testing.T) {
	again := some(1, 7)
	again[1].ID.Start = 900
	w := looked(some(1, 7), again)
	if len(w.procs) != 3 {
		t.Fatalf("%d processes are shown, want the ended one and its successor, too", len(w.procs))
	}
	if i := w.byPID[7]; w.procs[i].ID.Start != 900 {
		t.Errorf("pid 7 is that started at %d, want 900", w.procs[i].ID.Start)
	}
	if _, ok := w.find(procfs.ID{PID: 7, Start: 7}); ok {
		t.Error("the ended process is found by its identity, though its pid names another")
	}
}

func TestParent(t *testing.T) {
	procs := some(1, 7, 8)
	procs[1].PPID, procs[2].PPID = 1, 8
	w := looked(procs)
	if p, ok := w.parent(&w.procs[1]); !ok || p.ID.PID != 1 {
		t.Errorf("the parent of 7 is %v, %t, want 1", p, ok)
	}
	if _, ok := w.parent(&w.procs[2]); ok {
		t.Error("a process is its own parent")
	}
	if _, ok := w.parent(&w.procs[0]); ok {
		t.Error("PID 1 has a parent")
	}
}

// TestExitOf checks that an exit record without a start time belongs to the process
// with its pid only if that process started before the record.
func TestExitOf(t *testing.T) {
	p := snapshot.Process{ID: procfs.ID{PID: 7, Start: 7}, Age: 10 * time.Second}
	for _, test := range []struct {
		name   string
		record history.Record
		want   bool
	}{
		{"the same process", history.Record{PID: 7, Start: 7, Time: noon}, true},
		{"an earlier one with its pid", history.Record{PID: 7, Start: 3, Time: noon}, false},
		{"another pid", history.Record{PID: 8, Start: 7, Time: noon}, false},
		{"no start time, after its birth", history.Record{PID: 7, Time: noon}, true},
		{"no start time, before its birth", history.Record{PID: 7, Time: noon.Add(-time.Minute)}, false},
	} {
		w := world{snap: snapshot.Snapshot{Time: noon, Since: time.Second}}
		test.record.Kind = history.KindExit
		w = w.addHistory(History{Records: []history.Record{test.record}})
		if _, got := w.exit(&p); got != test.want {
			t.Errorf("%s: it is its death: %t, want %t", test.name, got, test.want)
		}
	}
}

// TestHistoryIsBounded checks that only the newest records are kept, and that an exit is
// forgotten with its record.
func TestHistoryIsBounded(t *testing.T) {
	var w world
	for seq := uint64(1); seq <= keepEvents+10; seq += 5 {
		var records []history.Record
		for i := range uint64(5) {
			records = append(records, history.Record{Seq: seq + i, Kind: history.KindExit, PID: int(seq + i)})
		}
		w = w.addHistory(History{Records: records, Next: seq + 4, Lost: 1})
	}
	if len(w.events) != keepEvents || len(w.exits) != keepEvents {
		t.Errorf("%d records and %d deaths are kept, want %d", len(w.events), len(w.exits), keepEvents)
	}
	last := w.events[keepEvents-1].Seq
	if w.next != last || w.events[0].Seq != last-keepEvents+1 || w.lost == 0 {
		t.Errorf("the records are %d to %d, next %d, lost %d", w.events[0].Seq, last, w.next, w.lost)
	}
	if w = w.addHistory(History{Since: "kept by yinit"}); w.since != "kept by yinit" || len(w.events) != keepEvents {
		t.Errorf("after no news: %q, %d records", w.since, len(w.events))
	}
}

// TestZombiesAreSampled checks that each snapshot adds its number of zombies to the trend.
func TestZombiesAreSampled(t *testing.T) {
	dead := some(1, 2, 3)
	dead[1].State, dead[2].State = procfs.StateZombie, procfs.StateZombie
	w := looked(some(1, 2, 3), dead)
	if got, over := w.trend.growth(zombiesOf, time.Minute); got != 2 || over != time.Second || w.status.zombies != 2 {
		t.Errorf("growth = %v in %v, and there are %d; want 2 in 1s", got, over, w.status.zombies)
	}
}
