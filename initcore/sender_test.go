package initcore

import (
	"testing"
	"time"

	"yinit/initcore/early"
	"yinit/initcore/history"
)

// TestNameOfDeadSender: the history names a sender that has gone, but never by an exit
// that may be that of an earlier process with its pid.
func TestNameOfDeadSender(t *testing.T) {
	exit := func(pid int, comm string, ago time.Duration) history.Record {
		return history.Record{Kind: history.KindExit, PID: pid, Comm: comm, Time: time.Unix(1_000_000, 0).Add(-ago)}
	}
	for name, tt := range map[string]struct {
		lives bool
		exits []history.Record
		info  early.Info
		want  string
	}{
		"it lives":              {true, []history.Record{exit(77, "sh", 0)}, early.Info{PID: 77}, "killer"},
		"just ended":            {false, []history.Record{exit(77, "sh", 10*time.Millisecond)}, early.Info{PID: 77}, "sh"},
		"ended long ago":        {false, []history.Record{exit(77, "sh", 2*time.Second)}, early.Info{PID: 77}, ""},
		"the last of two":       {false, []history.Record{exit(77, "old", 900*time.Millisecond), exit(77, "sh", 0), exit(8, "cat", 0)}, early.Info{PID: 77}, "sh"},
		"another process":       {false, []history.Record{exit(8, "sh", 0)}, early.Info{PID: 77}, ""},
		"as claimed":            {false, []history.Record{exit(77, "sh", 0)}, early.Info{PID: 77, Code: siQueue}, "sh"},
		"from the kernel":       {false, []history.Record{exit(77, "sh", 0)}, early.Info{PID: 77, Code: 0x80}, ""},
		"outside":               {false, []history.Record{exit(0, "sh", 0)}, early.Info{}, ""},
		"nothing in the record": {false, nil, early.Info{PID: 77}, ""},
	} {
		w := reporting(t, one())
		w.play("start")
		w.machine.now, w.unnamed = w.clock, !tt.lives
		for _, r := range tt.exits {
			w.hist.Add(&r)
		}
		if got := w.machine.sender(tt.info, originOf(tt.info)); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}
