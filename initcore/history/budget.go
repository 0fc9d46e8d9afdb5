package history

import "time"

// A Budget limits how many events are recorded: it allows a burst of them, and a fixed
// rate in the long run. [NewBudget] makes one.
type Budget struct {
	burst     time.Duration // how much unused time may be saved up
	every     time.Duration // the time that one event uses
	spentUpTo time.Time     // the time up to which the budget is used
}

// NewBudget returns an unused budget for a burst of events and for perSecond events a
// second in the long run.
func NewBudget(burst, perSecond int) Budget {
	return NewSlowBudget(burst, time.Second/time.Duration(perSecond))
}

// NewSlowBudget returns an unused budget for a burst of events, and for one event every so
// often in the long run.
func NewSlowBudget(burst int, every time.Duration) Budget {
	return Budget{burst: time.Duration(burst) * every, every: every}
}

// Take reports whether one more event is within the budget, and if so uses it.
func (b *Budget) Take(now time.Time) bool {
	if oldest := now.Add(-b.burst); b.spentUpTo.Before(oldest) {
		b.spentUpTo = oldest
	}
	next := b.spentUpTo.Add(b.every)
	if next.After(now) {
		return false
	}
	b.spentUpTo = next
	return true
}
