package tui

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"yinit/procfs"
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
type prediction struct {
	outcome verdict.Outcome
	why     string
	forward int  // the signal that yinit forwards to its program for this one; 0: none
	drop    bool // yinit drops it, see --rewrite
}

// predict returns what signal n would do to p if the caller sent it now.
func predict(p *snapshot.Process, n int, caller verdict.Caller) prediction {
	return predictWith(p.Target, p, n, caller)
}

// predictWith is predict with what was read of p at another time; t may be nil.
func predictWith(t *verdict.Target, p *snapshot.Process, n int, caller verdict.Caller) prediction {
	var f prediction
	switch {
	case t != nil:
		f.outcome, f.why = verdict.Of(t, n, caller)
	case p.Dead():
		f.outcome, f.why = verdict.OutcomeNoEffect, "it has ended"
	default:
		f.why = "the process has not been read yet"
	}
	return f.relayed(t, n)
}

// predict returns what signal n would do to p. If the snapshot does not have enough to
// tell, it uses what the page has asked for.
func (w *world) predict(p *snapshot.Process, n int) prediction {
	f := predict(p, n, w.snap.Caller)
	if closer := w.closer[p.ID]; f.outcome == verdict.OutcomeUnknown && closer != nil {
		return predictWith(closer, p, n, w.snap.Caller)
	}
	return f
}

// term returns the prediction for SIGTERM, which the source has computed, without
// the reason.
func (w *world) term(p *snapshot.Process) prediction {
	return prediction{outcome: p.Term}.relayed(p.Target, sigTERM)
}

// relayed adds what yinit does with signal n, if t is yinit as PID 1.
func (f prediction) relayed(t *verdict.Target, n int) prediction {
	f.forward, f.drop = t.Relayed(n, f.outcome)
	return f
}

// trouble reports whether the signal is lost or delayed where a user expects an
// effect. A process for which that is true of SIGTERM does not stop at SIGTERM.
func (f prediction) trouble() bool { return verdict.Trouble(f.outcome, f.drop) }

// String returns the word for the menu.
func (f prediction) String() string { return verdict.Column(f.outcome, f.forward, f.drop) }

// word returns the word for the column TERM.
func (f prediction) word(g *glyphs) string {
	switch f.outcome {
	case verdict.OutcomeNoEffect:
		return g.dash
	case verdict.OutcomeUnknown:
		return "?"
	default:
		return f.String()
	}
}

// endsByName reports whether signal n is usually sent to end a process.
func endsByName(n int) bool {
	switch procfs.SignalName(n) {
	case "SIGTERM", "SIGKILL", "SIGINT", "SIGQUIT", "SIGABRT":
		return true
	}
	return false
}

// ends reports whether the kernel ends the process.
func (f prediction) ends() bool {
	return f.outcome == verdict.OutcomeTerminate || f.outcome == verdict.OutcomeCore
}

// lost reports whether the process does not act on the signal now.
func (f prediction) lost() bool {
	switch f.outcome {
	case verdict.OutcomeDefaultIgnore, verdict.OutcomeNoEffect, verdict.OutcomeDenied:
		return true
	}
	return f.trouble()
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
		if f.lost() {
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
