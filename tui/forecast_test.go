package tui

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestSteady(t *testing.T) {
	none := math.NaN()
	for _, test := range []struct {
		name   string
		values []float64
		want   float64
	}{
		{"nothing", nil, 0},
		{"one value", []float64{3}, 0},
		{"constant", []float64{3, 3, 3, 3, 3, 3}, 0},
		{"it grows", []float64{0, 2, 4, 6, 8, 10}, 2},
		{"younger than the time", []float64{none, none, none, 1, 2, 3}, 1},
		{"it grew once", []float64{0, 0, 0, 9, 9, 9}, 0},
		{"it has begun to grow", []float64{0, 0, 0, 0, 3, 6}, 3},
		{"slowly", []float64{0, 0, 1, 1, 2, 2}, 0.5},
		{"it has stopped", []float64{0, 4, 8, 8, 8, 8}, 0},
		{"it falls", []float64{9, 8, 7, 6, 5, 4}, 0},
		{"since it fell", []float64{9, 0, 1, 2, 3, 4}, 1},
		{"up and down", []float64{0, 5, 0, 5, 0, 5}, 0},
	} {
		if got := steady(test.values); got != test.want {
			t.Errorf("%s: steady(%v) = %v, want %v", test.name, test.values, got, test.want)
		}
	}
}

// every returns numbers that grow by one each n samples.
func every(n, samples int) []int {
	all := make([]int, samples)
	for i := range all {
		all[i] = i / n
	}
	return all
}

func TestLeak(t *testing.T) {
	busy := every(10, 300)
	for i := range busy {
		busy[i] += i % 4 // zombies that are reaped in time
	}
	reaped := make([]int, 300)
	for i := range reaped {
		reaped[i] = i % 60 // reaped once a minute
	}
	for _, test := range []struct {
		name     string
		trend    trend
		from, to float64 // per minute
	}{
		{"nothing", nil, 0, 0},
		{"one a second", sampled(time.Second, every(1, 60)...), 55, 65},
		{"one in 43 seconds", sampled(time.Second, every(43, 600)...), 1.2, 2},
		{"among those that are reaped in time", sampled(time.Second, busy...), 5, 8},
		{"for 20 seconds, after a long time", sampled(time.Second, append(make([]int, 500), every(1, 20)...)...), 50, 65},
		{"a burst, then none", sampled(time.Second, append(every(1, 60), slices.Repeat([]int{60}, 500)...)...), 0, 0},
		{"constant", sampled(time.Second, slices.Repeat([]int{7}, 600)...), 0, 0},
		{"reaped at the end", sampled(time.Second, append(reaped, 0)...), 0, 0},
		{"samples in 30 seconds", sampled(30*time.Second, every(1, 20)...), 1.8, 2.3},
	} {
		if got := test.trend.leak(zombiesOf); got < test.from || got > test.to {
			t.Errorf("%s: leak = %.2f, want %v to %v", test.name, got, test.from, test.to)
		}
	}
}

func TestOutlookSentences(t *testing.T) {
	for _, test := range []struct {
		o    outlook
		want string
	}{
		{outlook{perMinute: 1.44, limit: 100, free: 55, in: 38 * time.Minute}, "3 zombies, oldest 2m10s, +1.4/min: the pids limit (100) is reached in about 38 min"},
		{outlook{perMinute: 1200, limit: 32768, free: 100, in: 5 * time.Second}, "3 zombies, oldest 2m10s, +1,200/min: the pids limit (32,768) is reached in less than a minute"},
		{outlook{limit: 100, free: 0}, "3 zombies, oldest 2m10s: the pids limit (100) is reached, no process can be started"},
		{outlook{perMinute: 2}, "3 zombies, oldest 2m10s, +2.0/min; no pids limit is known"},
		{outlook{perMinute: 2, limit: 100, free: 55}, "3 zombies, oldest 2m10s, +2.0/min; the pids in use do not grow steadily (45 of 100)"},
		{outlook{watched: 2 * time.Second}, "3 zombies, oldest 2m10s, watched for 2s: no trend yet"},
		{outlook{limit: 100, free: 55, watched: time.Minute}, "3 zombies, oldest 2m10s, no steady growth; 45 of 100 pids are in use"},
		{outlook{watched: time.Hour}, "3 zombies, oldest 2m10s, no steady growth"},
	} {
		all := test.o.sentences("3 zombies", ", oldest 2m10s")
		if all[0] != test.want {
			t.Errorf("%+v: %q, want %q", test.o, all[0], test.want)
		}
		if shortest := all[len(all)-1]; len(shortest) > 38 || !strings.HasPrefix(shortest, "3 zombies") {
			t.Errorf("%+v: the shortest sentence is %q", test.o, shortest)
		}
	}
	for d, want := range map[time.Duration]string{
		time.Second: "less than a minute", 89 * time.Minute: "about 89 min", 5 * time.Hour: "about 5 h", 72 * time.Hour: "about 3 days", farAway: "more than 100 days",
	} {
		if got := about(d); got != want {
			t.Errorf("about(%v) = %q, want %q", d, got, want)
		}
	}
}
