package tui

import (
	"testing"
	"time"

	"yinit/initcore/history"
)

// TestPast checks what the doctor is told of the history.
func TestPast(t *testing.T) {
	u := newUser(t, 80, 24, Options{})
	w := &u.m.world
	failed := history.Record{Kind: history.KindExit, PID: 40, PPID: 12, Comm: "git", Known: true, Status: 1 << 8, Time: w.snap.Time}
	for name, tt := range map[string]struct {
		change func(*history.Record)
		want   int
	}{
		"a failure":      {func(*history.Record) {}, 1},
		"a signal":       {func(r *history.Record) { r.Status = 11 }, 1},
		"a success":      {func(r *history.Record) { r.Status = 0 }, 0},
		"not known":      {func(r *history.Record) { r.Known = false }, 0},
		"a start":        {func(r *history.Record) { r.Kind = history.KindStart }, 0},
		"long ago":       {func(r *history.Record) { r.Time = r.Time.Add(-11 * time.Minute) }, 0},
		"one of ours":    {func(r *history.Record) { r.Inspector = true }, 0},
		"not of this":    {func(r *history.Record) { r.Foreign = true }, 0},
		"a later record": {func(r *history.Record) { r.Time = r.Time.Add(time.Second) }, 1},
	} {
		r := failed
		tt.change(&r)
		w.events = []history.Record{r}
		if got := len(w.failures()); got != tt.want {
			t.Errorf("%s: %d failures, want %d", name, got, tt.want)
		}
	}

	note := func(ago time.Duration, warning bool, text string) history.Record {
		return history.Record{Kind: history.KindNote, Time: w.snap.Time.Add(-ago), Warning: warning, Text: text}
	}
	const first = "the limit on processes and threads was hit: 100 of 100 were taken"
	const last = "the limit on processes and threads (pids.max 100) was hit 3 times, also by attempts of docker exec if there were any"
	for name, tt := range map[string]struct {
		records []history.Record
		want    time.Duration // ago; negative: never
	}{
		"nothing":   {nil, -1},
		"a warning": {[]history.Record{note(time.Minute, true, first)}, time.Minute},
		"the end":   {[]history.Record{note(time.Hour, true, first), note(time.Minute, true, last)}, time.Minute},
		"not one":   {[]history.Record{note(time.Minute, false, first), note(0, true, "the memory limit was hit")}, -1},
		"a program": {[]history.Record{{Kind: history.KindExit, Time: w.snap.Time, Text: first}}, -1},
	} {
		w.events = tt.records
		got := w.pidsHit()
		if got.Time.IsZero() != (tt.want < 0) || tt.want >= 0 && w.snap.Time.Sub(got.Time) != tt.want {
			t.Errorf("%s: the limit was hit at %v (%s), want %s before %v", name, got.Time, got.Text, tt.want, w.snap.Time)
		}
	}
}

// TestPidsCounter: a counter that was there before says nothing about when, one that grows does.
func TestPidsCounter(t *testing.T) {
	u := newUser(t, 80, 24, Options{})
	u.src.host.PidsHits = 2
	u = &user{t: t, src: u.src, sig: u.sig, m: u.m}
	u.m.world.read = false // The first look.
	u.refresh()
	u.press("5")
	u.sees("NOTE    the pids limit was hit")
	u.src.host.PidsHits = 5
	u.refresh()
	u.press("home")
	u.sees("PROBLEM the pids limit was hit 0s ago", "counted 5 starts that failed")
	u.src.host.PidsHits = 1 // another container
	u.src.now += 11 * time.Minute
	u.refresh()
	u.seesNot("PROBLEM")
}
