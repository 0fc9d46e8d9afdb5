package tui

import (
	"fmt"
	"math"
	"time"

	"yinit/procfs"
	"yinit/tui/text"
)

// leakParts is into how many parts a time is divided to find steady growth in it.
const leakParts = 6

// leak returns by how much a value grows in a minute, 0 if it does not grow steadily. A
// value that grows at two speeds grows at the higher one.
func (t trend) leak(of func(*sample) float64) float64 {
	fastest := 0.0
	for _, over := range [...]time.Duration{30 * time.Second, 2 * time.Minute, trendFor} {
		perPart := steady(t.lows(of, leakParts, over))
		fastest = max(fastest, perPart/(over/leakParts).Minutes())
	}
	return fastest
}

// steady returns by how much values grow from one to the next, 0 unless they have grown
// at least twice, have not fallen since, and have been growing in the last half of that
// time. NaN is no value.
func steady(values []float64) float64 {
	last := len(values) - 1
	first, grown, still := last, 0, 0
	for ; first > 0 && values[first-1] <= values[first]; first-- {
		switch {
		case values[first-1] < values[first]:
			grown++
		case grown == 0:
			still++
		}
	}
	for first < last && values[first+1] == values[first] {
		first++ // It did not grow then.
	}
	if grown < 2 || 2*(still+1) > last-first {
		return 0
	}
	return (values[last] - values[first]) / float64(last-first)
}

// An outlook says where the number of zombies leads to.
type outlook struct {
	perMinute float64       // growth of the number of zombies; 0: it does not grow steadily
	limit     int           // the pids limit; 0: none, or unknown
	free      int           // how many processes may still be started
	watched   time.Duration // how long the number has been watched
	in        time.Duration // until the limit is reached at this rate; 0: it is not, or it is reached
}

func (w *world) outlook() outlook {
	h := &w.snap.Host
	o := outlook{perMinute: w.trend.leak(zombiesOf), limit: h.PidsMax, watched: w.trend.span()}
	if h.PidsMax > 0 && h.Pids > 0 {
		o.free = max(0, h.PidsMax-h.Pids)
	} else {
		o.limit = 0
	}
	// The limit is that of all processes and threads: zombies may take the place of others.
	if pids := w.trend.leak(pidsOf); o.limit > 0 && o.perMinute > 0 && pids > 0 {
		minutes := float64(o.free) / pids
		o.in = time.Duration(min(minutes, farAway.Minutes()) * float64(time.Minute))
	}
	return o
}

// shortest is how long a number must be watched before one can say that it does not grow.
const shortest = 30 * time.Second

// farAway is a time so far in the future that a rate of today says nothing about it.
const farAway = 100 * 24 * time.Hour

// full reports whether no process can be started because of the limit.
func (o outlook) full() bool { return o.limit > 0 && o.free == 0 }

// soon reports whether the limit is reached while someone may be looking.
func (o outlook) soon() bool { return o.in > 0 && o.in <= time.Hour }

// rate returns the growth as "+1.4/min".
func (o outlook) rate() string {
	if o.perMinute < 10 {
		return fmt.Sprintf("+%.1f/min", o.perMinute)
	}
	return "+" + text.Count(int(math.Round(o.perMinute))) + "/min"
}

// about returns a time in words that claim no precision.
func about(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d < time.Minute:
		return "less than a minute"
	case d < 90*time.Minute:
		return fmt.Sprintf("about %d min", int(math.Round(d.Minutes())))
	case d < 2*day:
		return fmt.Sprintf("about %d h", int(math.Round(d.Hours())))
	case d < farAway:
		return fmt.Sprintf("about %d days", int(math.Round(d.Hours()/24)))
	default:
		return "more than 100 days"
	}
}

// sentences say what is to be expected, longest first; zombies is "3 zombies".
func (o outlook) sentences(zombies, oldest string) []string {
	limit := fmt.Sprintf("the pids limit (%s)", text.Count(o.limit))
	switch {
	case o.full():
		return []string{
			zombies + oldest + ": " + limit + " is reached, no process can be started",
			zombies + ": " + limit + " is reached",
			zombies + ", pids limit reached",
		}
	case o.in > 0:
		return []string{
			zombies + oldest + ", " + o.rate() + ": " + limit + " is reached in " + about(o.in),
			zombies + oldest + ", " + o.rate() + ": pids limit in " + about(o.in),
			zombies + ", " + o.rate() + ": pids limit in " + about(o.in),
			zombies + ", limit in " + about(o.in),
		}
	case o.perMinute > 0 && o.limit > 0:
		return []string{
			fmt.Sprintf("%s%s, %s; the pids in use do not grow steadily (%s of %s)", zombies, oldest, o.rate(), text.Count(o.limit-o.free), text.Count(o.limit)),
			zombies + oldest + ", " + o.rate(), zombies + ", " + o.rate(),
		}
	case o.perMinute > 0:
		return []string{zombies + oldest + ", " + o.rate() + "; no pids limit is known", zombies + oldest + ", " + o.rate(), zombies + ", " + o.rate()}
	case o.limit > 0 && o.watched >= shortest:
		return []string{
			fmt.Sprintf("%s%s, no steady growth; %s of %s pids are in use", zombies, oldest, text.Count(o.limit-o.free), text.Count(o.limit)),
			zombies + oldest + ", no steady growth", zombies + oldest, zombies,
		}
	case o.watched < shortest:
		return []string{zombies + oldest + ", watched for " + procfs.Span(o.watched.Round(time.Second)) + ": no trend yet", zombies + oldest, zombies}
	default:
		return []string{zombies + oldest + ", no steady growth", zombies + oldest, zombies}
	}
}
