package text

import (
	"strings"

	"yinit/procfs"
)

// Signal is the name of signal n without SIG: TERM, RTMIN+1, 32.
func Signal(n int) string { return strings.TrimPrefix(procfs.SignalName(n), "SIG") }

// SignalNames are the names of the signals in set, lowest first, without SIG.
// Real-time signals in a row are one word: RTMIN..RTMAX.
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

// Signals is [SignalNames] in one line, "none" for the empty set and "all" for
// that of all signals.
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
