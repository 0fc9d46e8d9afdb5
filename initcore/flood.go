package initcore

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"yinit/initcore/early"
	"yinit/initcore/history"
	"yinit/procfs"
)

// The history holds a few thousand records, but a process can send any number of
// signals, and each kill(1) in a shell loop is a new sender. So the init records a
// limited rate of signals over all senders and only counts the others. Signals that
// ask for the shutdown have a budget of their own.
const (
	signalBurst      = 200
	signalsPerSecond = 10
	stopBurst        = 20
	stopsPerSecond   = 1
	// countFor is how long signals are counted before the count is recorded.
	countFor = time.Second
)

// unrecordedSignals counts the signals that exceeded the budget.
type unrecordedSignals struct {
	total    int
	counts   [65]int // by signal
	last     early.Info
	recordAt time.Time // when the count is recorded; zero: nothing was counted
}

// flooded reports whether the signal exceeds the budget, and counts it if it does.
func (m *machine) flooded(info early.Info) bool {
	limit := &m.signalBudget
	if m.ends(unix.Signal(info.Signal)) {
		limit = &m.stopBudget
	}
	if limit.Take(m.now) {
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

// recordFlood records and logs how many signals were only counted, unless it is none.
func (m *machine) recordFlood() {
	u := m.unrecorded
	m.unrecorded = unrecordedSignals{}
	if u.total == 0 {
		return
	}
	text := u.describe(senderText(u.last, m.sender(u.last, originOf(u.last))))
	m.note(history.KindNote, text)
	m.log.Info(text)
}

// namedMost is the maximum number of signals that a count names.
const namedMost = 5

// describe names the most frequent signals, and the sender of the last one.
func (u *unrecordedSignals) describe(sender string) string {
	var kinds []int
	for sig, n := range u.counts {
		if n > 0 {
			kinds = append(kinds, sig)
		}
	}
	slices.SortFunc(kinds, func(a, b int) int { return cmp.Or(u.counts[b]-u.counts[a], a-b) })
	var words []string
	for i, sig := range kinds {
		if i == namedMost {
			words = append(words, "...")
			break
		}
		words = append(words, fmt.Sprintf("%s (%d)", procfs.SignalName(sig), u.counts[sig]))
	}
	return fmt.Sprintf("%d more signals were received than are recorded: %s; the last one from %s",
		u.total, strings.Join(words, ", "), sender)
}
