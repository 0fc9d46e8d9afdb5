package initcore

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

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
			records := lastRecords(t, w.hist, 1, history.KindSignal)
			if len(records) != 1 {
				t.Fatal("no record of the signal")
			}
			if r := records[0]; r.Origin() != tt.origin || r.PID != tt.pid || r.Comm != tt.comm || r.Code != int(tt.info.Code) {
				t.Errorf("the record says origin %v, pid %d, comm %q, code %d", r.Origin(), r.PID, r.Comm, r.Code)
			}
		})
	}
}

// TestValue: a value that was queued with a signal is forwarded with it, also if the
// signal is forwarded as another one.
func TestValue(t *testing.T) {
	group := func(c *Config) { c.Group = true }
	rewrite := func(c *Config) { c.Rewrite[unix.SIGUSR1] = int8(unix.SIGTERM) }
	delay := func(c *Config) { c.Delay = 5 * time.Second }
	for _, tt := range []struct {
		name   string
		cfg    Config
		script string
		did    string
	}{
		{"forwarded", one(), "start; USR1 with 5", "start app, USR1 app with 5"},
		{"to a group", one(group), "start; USR1 with 5", "start app, USR1 group of app with 5"},
		{"TERM", one(), "start; TERM with 5", "start app, TERM app with 5"},
		{"TERM to a group", one(group), "start; TERM with 5", "start app, TERM group of app with 5"},
		{"a second TERM has its own", one(), "start; TERM with 5; TERM", "start app, TERM app with 5, TERM app"},
		{"TERM that waits", one(delay), "start; TERM with 5; 5s", "start app, TERM app with 5"},
		{"TERM that waits, cut short by a plain one", one(delay), "start; TERM with 5; TERM", "start app, TERM app"},
		{"rewritten to TERM", one(rewrite), "start; USR1 with 5", "start app, TERM app with 5"},
		{"a stop signal of its own", several("a:QUIT b"), "start; TERM with 5", "start a, start b, TERM b with 5, QUIT a with 5"},
		{"shutdown by a program's end has none", several("a b c"), "start; HUP with 5; a exits 0", "start a, start b, start c, HUP a with 5, HUP b with 5, HUP c with 5, TERM c, TERM b"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			newWorld(t, tt.cfg).play(tt.script).want(-1, lines(tt.did)...)
		})
	}
	t.Run("an old kernel", func(t *testing.T) {
		w := newWorld(t, one(group))
		w.noQueue = true
		w.play("start; USR1 with 5").want(-1, "start app", "USR1 group of app")
	})
}

// TestLeftGroup: a program that is no longer in the group that it was started in
// gets its signals all the same, and so does the group.
func TestLeftGroup(t *testing.T) {
	for _, empty := range []bool{true, false} {
		for _, script := range []string{"HUP", "TERM", "HUP with 5", "TERM; 1s"} {
			w := newWorld(t, one(func(c *Config) { c.Group, c.KillAfter = true, time.Second }))
			w.gone, w.empty = true, empty
			w.play("start; " + script)
			var want []string
			for _, sig := range map[string][]string{
				"HUP": {"HUP"}, "TERM": {"TERM"}, "HUP with 5": {"HUP"}, "TERM; 1s": {"TERM", "KILL"},
			}[script] {
				value := ""
				if strings.Contains(script, "with") {
					value = " with 5"
				}
				if !empty {
					want = append(want, sig+" group of app"+value)
				}
				want = append(want, sig+" app"+value)
			}
			w.want(-1, append([]string{"start app"}, want...)...)
		}
	}
}

// TestOwnSignals: a signal that the init sent to itself is ignored, but not a signal
// whose sender only claims to be the init.
func TestOwnSignals(t *testing.T) {
	w := reporting(t, one()).play("start")
	for _, info := range []early.Info{
		{Signal: 13, PID: 1}, {Signal: 1, PID: 1, Code: -6}, // kept from the program
		{Signal: 10, PID: 1, Code: siQueue, Value: 5}, {Signal: 12, PID: 1, Code: -2},
	} {
		w.signal(info, false, w.clock)
	}
	w.want(-1, "start app", "USR1 app with 5", "USR2 app")
	records := lastRecords(t, w.hist, 9, history.KindSignal)
	if len(records) != 2 || records[0].Origin() != history.OriginClaimed || records[0].PID != 1 {
		t.Errorf("records: %+v, want two that are claimed", records)
	}
}
