package tui

import (
	"testing"

	"yinit/initcore/history"
	"yinit/procfs"
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
		u := newUser(t, 80, 24, Options{})
		u.m.world.events = tt.records
		got := u.m.world.programs()
		n, ok := got[procfs.ID{PID: 12, Start: u.m.world.procs[u.m.world.byPID[12]].ID.Start}]
		if (got != nil) != tt.known || ok != (tt.want >= 0) || ok && n != tt.want {
			t.Errorf("%s: the programs are %v, want 12 with %d, known %v", name, got, tt.want, tt.known)
		}
	}
}
