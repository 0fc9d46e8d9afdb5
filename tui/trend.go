package tui

import (
	"math"
	"time"

	"yinit/procfs/snapshot"
)

const (
	trendFor  = 10 * time.Minute // how long samples are kept
	trendStep = time.Second      // at most one sample is kept in this time
)

// A sample is what the trends show of one snapshot.
type sample struct {
	time    time.Time
	zombies int
	pids    int // as in [snapshot.Host]
	mem     float64
}

// A trend has the samples of the last minutes, oldest first.
type trend []sample

// add returns the trend with one more sample.
func (t trend) add(s *snapshot.Snapshot, zombies int) trend {
	now := sample{s.Time, zombies, s.Host.Pids, float64(s.Host.Mem)}
	if n := len(t); n > 1 && now.time.Sub(t[n-2].time) < trendStep {
		t[n-1] = now
		return t
	}
	old := 0
	for old < len(t) && now.time.Sub(t[old].time) > trendFor {
		old++
	}
	return append(t[old:], now)
}

// values returns the largest value in each of n equal parts of the time over that
// ends with the newest sample. It is NaN for a part without a sample, unless samples
// are rarer than parts: then the value of the part before holds.
func (t trend) values(of func(*sample) float64, n int, over time.Duration) []float64 {
	return t.parts(n, over, of, func(v, old float64) bool { return v > old })
}

// lows is like values, but returns the smallest values. They leave out the zombies that
// exist for a moment only.
func (t trend) lows(of func(*sample) float64, n int, over time.Duration) []float64 {
	return t.parts(n, over, of, func(v, old float64) bool { return v < old })
}

// parts returns for each part the value that is better than the others.
func (t trend) parts(n int, over time.Duration, of func(*sample) float64, better func(v, old float64) bool) []float64 {
	values := make([]float64, n)
	for i := range values {
		values[i] = math.NaN()
	}
	if len(t) == 0 || n == 0 {
		return values
	}
	from := t[len(t)-1].time.Add(-over)
	for i := range t {
		at := int((t[i].time.Sub(from)*time.Duration(n)+over-1)/over) - 1 // rounded up, so that the newest is in the last part
		if at < 0 || at >= n {
			continue
		}
		if v := of(&t[i]); math.IsNaN(values[at]) || better(v, values[at]) {
			values[at] = v
		}
	}
	for i := 1; i < n; i++ {
		if math.IsNaN(values[i]) {
			values[i] = values[i-1]
		}
	}
	return values
}

// growth returns by how much a value has grown in the time over, or since the first
// sample, and how long that is. It is 0, 0 with less than two samples.
func (t trend) growth(of func(*sample) float64, over time.Duration) (float64, time.Duration) {
	if len(t) < 2 {
		return 0, 0
	}
	last := &t[len(t)-1]
	first := len(t) - 1
	for first > 0 && last.time.Sub(t[first-1].time) <= over {
		first--
	}
	return of(last) - of(&t[first]), last.time.Sub(t[first].time)
}

// span returns the time from the first sample to the last one.
func (t trend) span() time.Duration {
	if len(t) == 0 {
		return 0
	}
	return t[len(t)-1].time.Sub(t[0].time)
}

func zombiesOf(s *sample) float64 { return float64(s.zombies) }
func pidsOf(s *sample) float64    { return float64(s.pids) }
func memOf(s *sample) float64     { return s.mem }
