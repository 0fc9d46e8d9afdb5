package initcore

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"yinit/initcore/early"
	"yinit/initcore/history"
	"yinit/procfs"
)

// The history holds some thousand records. Signals come as fast as somebody sends
// them, and a loop around kill(1) is a new sender each time, so whoever they come
// from a few are recorded and the others are counted. A signal that asks for the
// shutdown has a budget of its own.
const (
	signalBurst      = 200
	signalsPerSecond = 10
	stopBurst        = 20
	stopsPerSecond   = 1
	// countFor is how long signals are counted before the count is recorded.
	countFor = time.Second
)

// A budget allows a burst of events, and so many a second in the long run.
type budget struct {
	burst     time.Duration // as many seconds' worth as may be saved up
	every     time.Duration
	spentUpTo time.Time
}

func newBudget(burst, perSecond int) budget {
	every := time.Second / time.Duration(perSecond)
	return budget{burst: time.Duration(burst) * every, every: every}
}

// take reports whether one more event is within the budget.
func (b *budget) take(now time.Time) bool {
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

// unrecordedSignals counts the signals that are over the budget.
type unrecordedSignals struct {
	total    int
	counts   [65]int // by signal
	last     early.Info
	recordAt time.Time // when the count is recorded; zero: there is none
}

// flooded reports whether the signal is one of so many that it is only counted.
func (m *machine) flooded(info early.Info) bool {
	limit := &m.signalBudget
	if m.ends(unix.Signal(info.Signal)) {
		limit = &m.stopBudget
	}
	if limit.take(m.now) {
		return false
	}
	u := &m.unrecorded
	if u.recordAt.IsZero() {
		u.recordAt = m.now.Add(countFor)
	}
	u.total++
	u.counts[info.Signal]++
	u.last = info
	return true
}

// recordFlood records and logs how many signals were only counted, if any were.
func (m *machine) recordFlood() {
	u := m.unrecorded
	m.unrecorded = unrecordedSignals{}
	if u.total == 0 {
		return
	}
	text := u.String()
	m.note(history.KindNote, text)
	m.log.Info(text)
}

// namedMost is how many signals a count names.
const namedMost = 5

// String names the most frequent signals.
func (u *unrecordedSignals) String() string {
	var kinds []int
	for sig, n := range u.counts {
		if n > 0 {
			kinds = append(kinds, sig)
		}
	}
	slices.SortStableFunc(kinds, func(a, b int) int { return u.counts[b] - u.counts[a] })
	var words []string
	for i, sig := range kinds {
		if i == namedMost {
			words = append(words, "...")
			break
		}
		words = append(words, fmt.Sprintf("%s (%d)", procfs.SignalName(sig), u.counts[sig]))
	}
	return fmt.Sprintf("%d more signals were received than are recorded: %s; the last one from %s",
		u.total, strings.Join(words, ", "), senderText(u.last, ""))
}
