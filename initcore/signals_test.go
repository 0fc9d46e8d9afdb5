package initcore

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"yinit/initcore/early"
	"yinit/initcore/history"
)

// TestSender: the log and the history say where a signal came from, and no more
// than is known.
func TestSender(t *testing.T) {
	for name, tt := range map[string]struct {
		info   early.Info
		from   string // in the log
		origin history.SignalOrigin
		pid    int
		comm   string
	}{
		"kill":              {early.Info{PID: 77, UID: 5}, "from pid 77 (killer)", history.OriginProcess, 77, "killer"},
		"tgkill":            {early.Info{PID: 77, Code: -6}, "from pid 77 (killer)", history.OriginProcess, 77, "killer"},
		"from outside":      {early.Info{}, "from outside the container", history.OriginOutside, 0, ""},
		"terminal":          {early.Info{Code: 0x80}, "from the kernel", history.OriginKernel, 0, ""},
		"SIGIO":             {early.Info{Code: 1, PID: 65, UID: 9}, "from the kernel", history.OriginKernel, 0, ""},
		"sigqueue":          {early.Info{Code: siQueue, PID: 77}, "from pid 77 (killer), as claimed", history.OriginClaimed, 77, "killer"},
		"a forged pid 0":    {early.Info{Code: siQueue}, "from outside the container, as claimed", history.OriginClaimed, 0, ""},
		"through os/signal": {early.Info{PID: -1}, "from an unknown sender", history.OriginUnknown, -1, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			w := reporting(t, one()).play("start")
			w.log = slog.New(&textHandler{w: &log, level: slog.LevelInfo})
			tt.info.Signal = 10
			w.signal(tt.info, false, w.clock)
			if want := "received SIGUSR1 (" + tt.from + ", action forwarded"; !strings.Contains(log.String(), want) {
				t.Errorf("the log says %q, want %q", log.String(), want)
			}
			records := w.hist.Last(1, history.KindSignal)
			if len(records) != 1 {
				t.Fatal("no record of the signal")
			}
			if r := records[0]; r.Origin() != tt.origin || r.PID != tt.pid || r.Comm != tt.comm || r.Code != int(tt.info.Code) {
				t.Errorf("the record says origin %v, pid %d, comm %q, code %d", r.Origin(), r.PID, r.Comm, r.Code)
			}
		})
	}
}
