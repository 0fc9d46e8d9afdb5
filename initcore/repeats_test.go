package initcore

import (
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"yinit/initcore/early"
	"yinit/initcore/history"
)

// every delivers a signal n times, d apart.
func (w *world) every(d time.Duration, n int, info early.Info) {
	for range n {
		w.signal(info, false, w.clock)
		w.pass(d)
	}
}

// TestRepeats: signals that come again and again do not push a failure out of the
// history, and are one record with a count.
func TestRepeats(t *testing.T) {
	outside, inside := early.Info{Signal: int32(unix.SIGURG)}, early.Info{Signal: int32(unix.SIGURG), PID: 50, UID: 5}
	for _, tt := range []struct {
		name  string
		play  func(w *world)
		want  []int // the counts of the records
		spans []time.Duration
	}{
		{"one origin", func(w *world) { w.every(5*time.Millisecond, 4500, outside) }, []int{4500}, []time.Duration{4499 * 5 * time.Millisecond}},
		{"two origins by turns", func(w *world) {
			for range 2000 {
				w.every(5*time.Millisecond, 1, outside)
				w.every(5*time.Millisecond, 1, inside)
			}
		}, []int{2000, 2000}, []time.Duration{1999 * 10 * time.Millisecond, 1999 * 10 * time.Millisecond}},
		{"an hour of one each half second", func(w *world) { w.every(time.Second/2, 7200, inside) }, []int{7200}, []time.Duration{7199 * time.Second / 2}},
		{"one each nine seconds", func(w *world) { w.every(9*time.Second, 100, outside) }, []int{100}, []time.Duration{99 * 9 * time.Second}},
		{"once a minute", func(w *world) { w.every(time.Minute, 3, inside) }, []int{0, 0, 0}, []time.Duration{0, 0, 0}},
		{"more than a record counts", func(w *world) { w.every(0, history.MaxCount+10, inside) }, []int{history.MaxCount + 10}, []time.Duration{0}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := reporting(t, one()).play("start; orphan exits 7")
			tt.play(w)
			sent := len(w.did) - 1
			w.recordCounts()
			signals := lastRecords(t, w.hist, history.Capacity, history.KindSignal)
			var got []int
			total := 0
			for i, r := range signals {
				got = append(got, r.Count)
				total += max(r.Count, 1)
				if span := max(r.Last.Sub(r.Time), 0); i < len(tt.spans) && span != tt.spans[i] {
					t.Errorf("record %d counts signals during %v, want %v", i, span, tt.spans[i])
				}
			}
			if len(got) != len(tt.want) || total != sent {
				t.Errorf("the records count %v, want %v; %d signals were forwarded", got, tt.want, sent)
			}
			exits := lastRecords(t, w.hist, 1, history.KindExit)
			if len(exits) != 1 || exits[0].Status.ExitCode() != 7 || exits[0].Seq != 3 {
				t.Errorf("the exits are %+v, want the one with status 7", exits)
			}
			if due := w.deadline(); !due.IsZero() {
				t.Errorf("the next deadline is %v, want none", due)
			}
		})
	}
}

// TestRepeatIsQuiet: a signal that is not repeated plans no wake-up, and one that is
// repeated no more than one a second.
func TestRepeatIsQuiet(t *testing.T) {
	w := reporting(t, one()).play("start; USR1")
	if due := w.deadline(); !due.IsZero() {
		t.Errorf("after one signal the next deadline is %v, want none", due)
	}
	w.play("USR1; USR1")
	if due := w.deadline(); due.Sub(w.clock) != time.Second {
		t.Errorf("after a repeat the next deadline is in %v, want 1s", due.Sub(w.clock))
	}
	w.pass(time.Second)
	if due := w.deadline(); !due.IsZero() {
		t.Errorf("after the count is recorded the next deadline is %v, want none", due)
	}
}

// TestSenderOfARepeat: the death of the program names the sender of a signal that was only
// counted.
func TestSenderOfARepeat(t *testing.T) {
	w := reporting(t, one()).play("start; USR1; USR1; HUP; USR1; app dies of USR1")
	if got, want := w.report(), "app killed by SIGUSR1: sender was pid 77 (killer)"; !strings.Contains(got, want) {
		t.Errorf("report() = %q, want it to say %q", got, want)
	}
}
