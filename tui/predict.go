package tui

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"yinit/procfs/explain"
	"yinit/procfs/snapshot"
	"yinit/procfs/verdict"
)

// The signals whose numbers are the same on every architecture, see signal(7).
const (
	sigKILL = 9
	sigTERM = 15
)

// A prediction is the verdict on a signal, see [verdict.Of], and what yinit as PID 1
// does with that signal.
type prediction struct{ verdict.Prediction }

// predict returns what signal n would do to p if the caller sent it now.
func predict(p *snapshot.Process, n int, caller verdict.Caller) prediction {
	return predictWith(p.Target, p, n, caller)
}

// predictWith is predict with what was read of p at another time; t may be nil.
func predictWith(t *verdict.Target, p *snapshot.Process, n int, caller verdict.Caller) prediction {
	return prediction{explain.Predict(p, t, n, caller)}
}

// predict returns what signal n would do to p. If the snapshot does not have enough to
// tell, it uses what the page has asked for.
func (w *world) predict(p *snapshot.Process, n int) prediction {
	return prediction{explain.Closer(p, w.closer[p.ID], n, w.snap.Caller)}
}

// term returns the prediction for SIGTERM, which the source has computed, without
// the reason.
func (w *world) term(p *snapshot.Process) prediction {
	return prediction{verdict.Prediction{Outcome: p.Term}.Relayed(p.Target, sigTERM)}
}

// word returns the word for the column TERM.
func (f prediction) word(g *glyphs) string {
	switch f.Outcome {
	case verdict.OutcomeNoEffect:
		return g.dash
	case verdict.OutcomeUnknown:
		return "?"
	default:
		return f.String()
	}
}

// A tally counts the predictions for the members of a scope.
type tally struct {
	words string // "12 handler, 2 IGNORE, 1 denied"
	lost  []int  // the members that do not act on the signal
}

// predictAll returns the tally of signal n for the members of s.
func (s *scope) predictAll(n int, caller verdict.Caller) tally {
	var t tally
	counts := map[string]int{}
	for i := range s.members {
		f := predict(s.members[i].p, n, caller)
		counts[f.String()]++
		if f.Lost() {
			t.lost = append(t.lost, i)
		}
	}
	t.words = countWords(counts)
	return t
}

// countWords lists words with their numbers, the most frequent one first: "12 handler, 2
// IGNORE".
func countWords(counts map[string]int) string {
	words := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(counts[b]-counts[a], strings.Compare(a, b))
	})
	for i, word := range words {
		words[i] = fmt.Sprintf("%d %s", counts[word], word)
	}
	return strings.Join(words, ", ")
}
