package facts

import (
	"testing"
	"time"

	"yinit/initcore/history"
	"yinit/procfs"
	"yinit/procfs/snapshot"
)

var (
	noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	app  = procfs.ID{PID: 12, Start: 1200}
	now  = snapshot.Snapshot{Time: noon, Procs: []snapshot.Process{{ID: procfs.ID{PID: 1, Start: 100}}, {ID: app, PPID: 1}}}
)

// TestPrograms finds the programs of the init in its history, whose records of starts have
// no start time: a pid that was used again is not the program.
func TestPrograms(t *testing.T) {
	start := func(run, pid, signal int) history.Record {
		return history.Record{Kind: history.KindStart, Run: run, PID: pid, PPID: 1, StopSignal: signal}
	}
	exit := func(run, pid int) history.Record { return history.Record{Kind: history.KindExit, Run: run, PID: pid} }
	for name, tt := range map[string]struct {
		records []history.Record
		want    int // signals of process 12; -1: it is no program
		known   bool
	}{
		"no history":          {nil, -1, false},
		"no start":            {[]history.Record{exit(1, 40)}, -1, false},
		"a program":           {[]history.Record{start(1, 12, 3), exit(1, 40)}, 3, true},
		"an earlier run":      {[]history.Record{start(1, 12, 3), exit(2, 40)}, -1, false},
		"it has ended":        {[]history.Record{start(1, 12, 3), exit(1, 12)}, -1, true},
		"it was restarted":    {[]history.Record{start(1, 11, 2), exit(1, 11), start(1, 12, 2)}, 2, true},
		"another init's":      {[]history.Record{{Kind: history.KindStart, Run: 1, PID: 12, PPID: 7, StopSignal: 3}}, -1, false},
		"a process not there": {[]history.Record{start(1, 99, 3)}, -1, true},
	} {
		got := Of(&now, Past{Records: tt.records}).Stops
		n, ok := got[app]
		if (got != nil) != tt.known || ok != (tt.want >= 0) || ok && n != tt.want {
			t.Errorf("%s: the programs are %v, want 12 with %d, known %v", name, got, tt.want, tt.known)
		}
	}
}

// TestStuck: what has been stopped since an earlier snapshot keeps its time.
func TestStuck(t *testing.T) {
	s := snapshot.Snapshot{Time: noon, Procs: []snapshot.Process{{ID: app, State: procfs.StateStopped}}}
	first := Stuck(&s, nil)
	s.Time = noon.Add(time.Minute)
	if got := Of(&s, Past{Stuck: Stuck(&s, first)}).Stuck[app]; got != time.Minute {
		t.Errorf("it has been stopped for %v, want 1m", got)
	}
	s.Procs[0].State = procfs.StateSleeping
	if got := Stuck(&s, first); len(got) != 0 {
		t.Errorf("a sleeping process is stuck: %v", got)
	}
}
