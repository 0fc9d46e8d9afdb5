package initcore

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"yinit/initcore/early"
	"yinit/initcore/history"
)

// TestOrigin: the log and the history name the sender of a signal only if siginfo_t has it,
// and the runtime's own signals are neither forwarded nor recorded.
func TestOrigin(t *testing.T) {
	const sigUSR1, sigURG, rt = int32(unix.SIGUSR1), int32(unix.SIGURG), 40
	for _, tt := range []struct {
		name   string
		full   bool // no more signals can be queued
		info   early.Info
		from   string // "": neither forwarded nor recorded
		origin history.SignalOrigin
	}{
		{"from outside", false, early.Info{Signal: sigUSR1}, "outside the container", history.OriginOutside},
		{"URG from outside", false, early.Info{Signal: sigURG}, "outside the container", history.OriginOutside},
		{"no siginfo_t", true, early.Info{Signal: sigUSR1}, "an unknown sender", history.OriginUnknown},
		{"no siginfo_t, real-time", true, early.Info{Signal: rt}, "an unknown sender", history.OriginUnknown},
		{"the runtime's URG", true, early.Info{Signal: sigURG}, "", 0},
		{"full, from another user outside", true, early.Info{Signal: sigUSR1, UID: 1000}, "outside the container", history.OriginOutside},
		{"full, URG from another user outside", true, early.Info{Signal: sigURG, UID: 1000}, "outside the container", history.OriginOutside},
		{"full, from a process", true, early.Info{Signal: sigURG, PID: 5}, "pid 5 (killer)", history.OriginProcess},
		{"full, from the kernel", true, early.Info{Signal: sigURG, Code: 0x80}, "the kernel", history.OriginKernel},
		{"an event on a descriptor", false, early.Info{Signal: rt, Code: 1, PID: 65, UID: 9}, "the kernel", history.OriginKernel},
		{"a forged timer", false, early.Info{Signal: sigUSR1, Code: -2, PID: 3}, "an unknown sender", history.OriginUnknown},
		{"a forged event", false, early.Info{Signal: sigUSR1, Code: -5, PID: 65}, "an unknown sender", history.OriginUnknown},
		{"a message queue", false, early.Info{Signal: sigUSR1, Code: -3, PID: 5}, "pid 5 (killer), as claimed", history.OriginClaimed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var log bytes.Buffer
			w := reporting(t, one()).play("start")
			w.log = slog.New(&textHandler{w: &log, level: slog.LevelInfo})
			w.full = tt.full
			w.signal(tt.info, false, w.clock)
			records := lastRecords(t, w.hist, history.Capacity, history.KindSignal)
			if tt.from == "" {
				if len(records) != 0 || len(w.did) != 1 || log.Len() != 0 {
					t.Errorf("did %q, recorded %+v, logged %q; want nothing", w.did, records, log.String())
				}
				return
			}
			if len(records) != 1 || len(w.did) != 2 {
				t.Fatalf("did %q, recorded %+v; want the signal forwarded and recorded once", w.did, records)
			}
			r := records[0]
			if r.Sender() != tt.from || r.Origin() != tt.origin || !strings.Contains(log.String(), "from "+tt.from) {
				t.Errorf("the record says %q, %v, the log %q; want %q, %v", r.Sender(), r.Origin(), log.String(), tt.from, tt.origin)
			}
		})
	}
}

// TestQueueFull asks the real kernel.
func TestQueueFull(t *testing.T) {
	var k kernel
	if k.queueFull() {
		t.Error("the queue is full, want that it is not")
	}
	var before unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_SIGPENDING, &before); err != nil {
		t.Fatal(err)
	}
	if err := unix.Setrlimit(unix.RLIMIT_SIGPENDING, &unix.Rlimit{Max: before.Max}); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = unix.Setrlimit(unix.RLIMIT_SIGPENDING, &before) }()
	if !k.queueFull() {
		t.Error("the queue is not full with a limit of 0")
	}
}
