package text

import (
	"strings"

	"yinit/procfs"
)

// Signal returns the name of signal n without SIG: TERM, RTMIN+1, or 32 for a signal
// without a name.
func Signal(n int) string { return strings.TrimPrefix(procfs.SignalName(n), "SIG") }

// SignalNames returns the names of the signals in set without SIG, lowest number
// first. Consecutive real-time signals are one word: RTMIN..RTMAX.
func SignalNames(set procfs.SignalSet) []string {
	const firstRealTime = 34
	var words []string
	end := 0
	for n := range set.Numbers() {
		if n < end {
			continue
		}
		for end = n + 1; n >= firstRealTime && set.Has(end); end++ {
		}
		word := Signal(n)
		if end > n+1 {
			word += ".." + Signal(end-1)
		}
		words = append(words, word)
	}
	return words
}

// Signals returns [SignalNames] separated by spaces, "none" for the empty set, and
// "all" for the full set.
func Signals(set procfs.SignalSet) string {
	switch set {
	case 0:
		return "none"
	case ^procfs.SignalSet(0):
		return "all"
	default:
		return strings.Join(SignalNames(set), " ")
	}
}
