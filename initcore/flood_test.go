package initcore

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"yinit/initcore/early"
	"yinit/initcore/history"
)

// flooded delivers many signals of a kind, each from another process, as a shell loop
// around /bin/kill does.
func (w *world) flooded(sig unix.Signal, n int) {
	for range n {
		sender := 999 + len(w.did) // "start" was done before
		w.signal(early.Info{Signal: int32(sig), PID: int32(sender), UID: 5}, false, w.clock)
	}
}

// unrecorded is how many signals the notes of the history count.
func unrecorded(t *testing.T, w *world) (n int) {
	t.Helper()
	for _, r := range lastRecords(t, w.hist, history.Capacity, history.KindNote) {
		var some int
		if _, err := fmt.Sscanf(r.Text, "%d more signals were received than are recorded", &some); err != nil {
			t.Errorf("note %q: %v", r.Text, err)
		}
		n += some
	}
	return n
}

// TestFlood: many signals from as many processes are counted, and not recorded.
func TestFlood(t *testing.T) {
	w := reporting(t, one()).play("start")
	const perSecond, seconds = 1000, 60
	for range seconds {
		w.flooded(unix.SIGUSR1, perSecond-1)
		w.flooded(unix.SIGHUP, 1)
		w.pass(time.Second)
	}
	records := lastRecords(t, w.hist, history.Capacity, history.KindSignal)
	if most := signalBurst + seconds*signalsPerSecond; len(records) > most {
		t.Errorf("%d signals are recorded, want at most %d", len(records), most)
	}
	if first := records[0]; first.Seq != 2 || first.PID != 1000 {
		t.Errorf("the first record is number %d of pid %d: the flood has overwritten the beginning", first.Seq, first.PID)
	}
	if n := unrecorded(t, w) + len(records); n != perSecond*seconds {
		t.Errorf("%d signals are recorded or counted, want %d", n, perSecond*seconds)
	}
	if n := len(w.did); n != 1+perSecond*seconds {
		t.Errorf("%d signals were forwarded, want all %d", n-1, perSecond*seconds)
	}
	notes := lastRecords(t, w.hist, 1, history.KindNote)
	if want := ": SIGUSR1 (989), SIGHUP (1); the last one from pid 60999 (killer)"; len(notes) != 1 || !strings.HasSuffix(notes[0].Text, want) {
		t.Errorf("the last note is %+v, want it to end with %q", notes, want)
	}
}

// TestFloodIsOver: after the count is recorded no wake-up is planned, and signals at a
// moderate rate are all recorded.
func TestFloodIsOver(t *testing.T) {
	w := reporting(t, one()).play("start")
	w.flooded(unix.SIGUSR1, signalBurst+50)
	w.pass(time.Second)
	if n := unrecorded(t, w); n != 50 || !w.deadline().IsZero() {
		t.Errorf("%d signals are counted, the next deadline is %v; want 50, none", n, w.deadline())
	}
	w.pass(time.Minute)
	for range 300 {
		w.flooded(unix.SIGUSR1, 1)
		w.pass(time.Second / 5)
	}
	if n := len(lastRecords(t, w.hist, history.Capacity, history.KindSignal)); n != signalBurst+300 {
		t.Errorf("%d signals are recorded, want %d", n, signalBurst+300)
	}
}

// TestStopInAFlood: the process that asked for the shutdown, and the sender of the
// signal that ended the program, are recorded however many other signals arrive.
func TestStopInAFlood(t *testing.T) {
	w := reporting(t, one()).play("start")
	w.flooded(unix.SIGUSR1, 1000)
	w.play("TERM")
	w.flooded(unix.SIGUSR1, 1000)
	w.signal(early.Info{Signal: int32(unix.SIGINT), PID: 55}, false, w.clock)
	w.play("app dies of INT")
	var found bool
	for _, r := range lastRecords(t, w.hist, history.Capacity, history.KindSignal) {
		found = found || r.Signal == int(unix.SIGTERM) && r.PID == 77
	}
	if !found {
		t.Error("the SIGTERM is not recorded")
	}
	if got, want := w.report(), "app killed by SIGINT: sender was pid 55\n"; !strings.Contains(got, want) {
		t.Errorf("report() = %q, want it to say %q", got, want)
	}
	if n := unrecorded(t, w) + len(lastRecords(t, w.hist, history.Capacity, history.KindSignal)); n != 2002 {
		t.Errorf("%d signals are recorded or counted at the end, want 2002", n)
	}
}
