package facts

import (
	"testing"
	"time"

	"yinit/initcore/history"
)

// TestPast checks what the doctor is told of the history.
func TestPast(t *testing.T) {
	failed := history.Record{Kind: history.KindExit, PID: 40, PPID: 12, Comm: "git", Known: true, Status: 1 << 8, Time: noon}
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
		if got := len(Of(&now, Past{Records: []history.Record{r}}).Failures); got != tt.want {
			t.Errorf("%s: %d failures, want %d", name, got, tt.want)
		}
	}

	note := func(ago time.Duration, warning bool, text string) history.Record {
		return history.Record{Kind: history.KindNote, Time: noon.Add(-ago), Warning: warning, Text: text}
	}
	const first = "the limit on processes and threads was hit: 100 of 100 were taken"
	const last = "exit status 0, but the limit on processes and threads (pids.max 100) was hit 3 times, also by attempts of docker exec if there were any"
	for name, tt := range map[string]struct {
		records []history.Record
		want    time.Duration // ago; negative: never
	}{
		"nothing":   {nil, -1},
		"a warning": {[]history.Record{note(time.Minute, true, first)}, time.Minute},
		"the end":   {[]history.Record{note(time.Hour, true, first), note(time.Minute, true, last)}, time.Minute},
		"not one":   {[]history.Record{note(time.Minute, false, first), note(0, true, "the memory limit was hit")}, -1},
		"a program": {[]history.Record{{Kind: history.KindExit, Time: noon, Text: first}}, -1},
	} {
		got := Of(&now, Past{Records: tt.records}).PidsHit
		if got.Time.IsZero() != (tt.want < 0) || tt.want >= 0 && noon.Sub(got.Time) != tt.want {
			t.Errorf("%s: the limit was hit at %v (%s), want %s before %v", name, got.Time, got.Text, tt.want, noon)
		}
	}
}
