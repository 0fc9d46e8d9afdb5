package initcore

import (
	"fmt"
	"slices"
	"time"

	"yinit/initcore/history"
	"yinit/procfs"
)

// If the same signal comes from the same origin again and again, the init records the
// first one and then only how many more came.
const (
	// repeatGap is the longest time between two signals of which the second counts as a
	// repeat of the first.
	repeatGap = 10 * time.Second
	// The count is recorded after firstCount, and then after twice the time each.
	firstCount   = time.Second
	longestCount = time.Minute
	// maxRepeating is how many different signals and origins are remembered.
	maxRepeating = 16
)

// A repeating is a signal that was recorded and may be repeated.
type repeating struct {
	history.Record               // of the first signal; Count: how many more are not recorded yet
	Latest         time.Time     // when the last one was received
	recordAt       time.Time     // when Count is recorded; zero: it is 0
	window         time.Duration // how long signals are counted before that
}

// repeats remembers the signals that were recorded last.
type repeats struct {
	all      []repeating // not more than maxRepeating
	recordAt time.Time   // the earliest of their recordAt; zero: there is none
}

// isRepeat reports whether r describes a repeat of a signal that has been recorded, and
// counts it then. It sets r.Comm to the name of the sender.
func (m *machine) isRepeat(r *history.Record) bool {
	s := &m.repeats
	for i := range s.all {
		p := &s.all[i]
		if !history.SameSignal(&p.Record, r) || r.Time.Sub(p.Latest) > repeatGap {
			continue
		}
		if p.Count++; p.Count == 1 {
			p.Time = r.Time
		}
		p.Last, p.Latest, r.Comm = r.Time, r.Time, p.Comm
		if p.recordAt.IsZero() {
			p.recordAt = r.Time.Add(p.window)
			s.recordAt = earlier(s.recordAt, p.recordAt)
		}
		if p.Count == history.MaxCount {
			m.recordRepeat(p)
		}
		return true
	}
	return false
}

// mayRepeat remembers a signal that has been recorded, in the place of the same signal
// from a longer time ago, or else of the one that came the longest time ago.
func (m *machine) mayRepeat(r history.Record) {
	all := &m.repeats.all
	place := slices.IndexFunc(*all, func(p repeating) bool { return history.SameSignal(&p.Record, &r) })
	if place < 0 && len(*all) < maxRepeating {
		place = len(*all)
		*all = append(*all, repeating{})
	}
	if place < 0 {
		place = 0
		for i := range *all {
			if (*all)[i].Latest.Before((*all)[place].Latest) {
				place = i
			}
		}
	}
	p := &(*all)[place]
	m.recordRepeat(p)
	*p = repeating{Record: r, Latest: r.Time, window: firstCount}
}

// recordRepeat records and logs how many repeats of the signal there were, unless none.
func (m *machine) recordRepeat(p *repeating) {
	if p.Count == 0 {
		return
	}
	r := p.Record // not m.rec, which the caller may be using
	m.hist.Add(&r)
	m.log.Info(fmt.Sprintf("received %s %d more times", procfs.SignalName(p.Signal), p.Count), "from", p.Sender())
	p.Count, p.recordAt, p.window = 0, time.Time{}, min(2*p.window, longestCount)
}

// recordDue records the counts of signals that are due at now.
func (m *machine) recordDue(now time.Time) {
	if due := m.unrecorded.recordAt; !due.IsZero() && !now.Before(due) {
		m.recordFlood()
	}
	s := &m.repeats
	if s.recordAt.IsZero() || now.Before(s.recordAt) {
		return
	}
	s.recordAt = time.Time{}
	for i := range s.all {
		p := &s.all[i]
		if !p.recordAt.IsZero() && !now.Before(p.recordAt) {
			m.recordRepeat(p)
		}
		s.recordAt = earlier(s.recordAt, p.recordAt)
	}
}

// recordCounts records all counts of signals that are not recorded yet.
func (m *machine) recordCounts() {
	for i := range m.repeats.all {
		m.recordRepeat(&m.repeats.all[i])
	}
	m.repeats.recordAt = time.Time{}
	m.recordFlood()
}

// earlier returns the earlier of two times, of which zero means never.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
