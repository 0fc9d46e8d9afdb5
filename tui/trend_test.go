package tui

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"yinit/procfs/snapshot"
)

// sampled returns a trend with these numbers of zombies, each so long after the last.
func sampled(every time.Duration, zombies ...int) trend {
	var t trend
	for i, n := range zombies {
		t = t.add(&snapshot.Snapshot{Time: noon.Add(time.Duration(i) * every)}, n)
	}
	return t
}

func TestTrendGrowth(t *testing.T) {
	for _, test := range []struct {
		name  string
		trend trend
		want  float64
		over  time.Duration
	}{
		{"no sample", nil, 0, 0},
		{"one", sampled(time.Second, 3), 0, 0},
		{"more", sampled(time.Second, 1, 2), 1, time.Second},
		{"fewer", sampled(time.Second, 2, 1), -1, time.Second},
		{"up and down", sampled(time.Second, 1, 3, 1), 0, 2 * time.Second},
		{"only the last minute counts", sampled(30*time.Second, 0, 5, 7, 8), 3, time.Minute},
		{"samples are rarer than a minute", sampled(90*time.Second, 1, 4), 0, 0},
	} {
		if got, over := test.trend.growth(zombiesOf, time.Minute); got != test.want || over != test.over {
			t.Errorf("%s: growth = %v in %v, want %v in %v", test.name, got, over, test.want, test.over)
		}
	}
}

func TestTrendIsBounded(t *testing.T) {
	long := make([]int, 3000)
	if n := len(sampled(time.Second, long...)); n > 601 {
		t.Errorf("after 3,000 s there are %d samples, want those of ten minutes", n)
	}
	quick := sampled(100*time.Millisecond, long...)
	if n := len(quick); n > 601 {
		t.Errorf("after 300 s at ten a second there are %d samples", n)
	}
	if last := quick[len(quick)-1].time; !last.Equal(noon.Add(2999 * 100 * time.Millisecond)) {
		t.Errorf("the newest sample is of %v", last)
	}
}

func TestTrendValues(t *testing.T) {
	none := math.NaN()
	for _, test := range []struct {
		name  string
		trend trend
		n     int
		want  []float64
	}{
		{"nothing", nil, 3, []float64{none, none, none}},
		{"younger than the plot", sampled(time.Second, 1, 2), 5, []float64{none, none, none, 1, 2}},
		{"the largest of a part counts", sampled(time.Second, 1, 2, 9, 4, 5), 2, []float64{2, 9}},
		{"a part without a sample", sampled(2*time.Second, 1, 5, 7), 5, []float64{1, 1, 5, 5, 7}},
		{"no room", sampled(time.Second, 1, 2), 0, []float64{}},
	} {
		got := test.trend.values(zombiesOf, test.n, 5*time.Second)
		if diff := cmp.Diff(test.want, got, cmpopts.EquateNaNs()); diff != "" {
			t.Errorf("%s: -want +got\n%s", test.name, diff)
		}
	}
}

func TestPlot(t *testing.T) {
	values := []float64{math.NaN(), 0, 0.1, 4, 8, 12, 16, 99}
	for _, test := range []struct {
		c    canvas
		want []string
	}{
		{canvas{}, []string{"     ▄██", "  ▁▄████"}},
		{canvas{ascii: true}, []string{"     :##", "  .:####"}},
	} {
		if diff := cmp.Diff(test.want, test.c.plot(values, 2, 16)); diff != "" {
			t.Errorf("plot, ascii %t, -want +got:\n%s", test.c.ascii, diff)
		}
	}
	if got := (&canvas{}).spark([]float64{0, 1, 2, math.NaN(), 8}); got != " ▁▂ █" {
		t.Errorf("spark = %q", got)
	}
	if got := (&canvas{}).spark([]float64{0, 0}); got != "  " {
		t.Errorf("spark of zeros = %q", got)
	}
}
