package tui

import (
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

// A forecast is the verdict about a signal, see [verdict.Of].
type forecast struct {
	outcome verdict.Outcome
	why     string
	forward int  // the signal that yinit, as PID 1, forwards to its program for this one; 0: none
	drop    bool // yinit was told to drop it
}

// foresee is what signal n would do to p if the caller sent it now.
func foresee(p *snapshot.Process, n int, caller verdict.Caller) forecast {
	var f forecast
	switch {
	case p.Target != nil:
		f.outcome, f.why = verdict.Of(p.Target, n, caller)
	case p.Dead():
		f.outcome, f.why = verdict.OutcomeNoEffect, "it has ended"
	default:
		f.why = "nothing is known of it yet"
	}
	return f.relayed(p, n)
}

// term is the forecast of SIGTERM, which the source made, without the reason.
func (w *world) term(p *snapshot.Process) forecast {
	return forecast{outcome: p.Term}.relayed(p, sigTERM)
}

// relayed is f with what becomes of signal n, if p is yinit.
func (f forecast) relayed(p *snapshot.Process, n int) forecast {
	if f.outcome == verdict.OutcomeHandler && p.Target != nil && p.Target.Relay != nil {
		f.forward, f.drop = p.Target.Relay.Forwards(n), p.Target.Relay.Drops(n)
	}
	return f
}

// trouble reports whether the signal has no effect where people expect one: such
// a process does not stop at SIGTERM.
func (f forecast) trouble() bool {
	switch f.outcome {
	case verdict.OutcomeIgnore, verdict.OutcomePending, verdict.OutcomeShielded:
		return true
	}
	return f.drop
}

// String is the word for the menu: that of the outcome, as in text and in JSON, and
// what becomes of a signal that yinit handles as PID 1. Trouble is in upper case, so
// that it stands out without colour.
func (f forecast) String() string {
	word := f.outcome.String()
	switch {
	case f.forward != 0:
		word = "forward"
	case f.drop:
		word = "drop"
	}
	if f.trouble() {
		word = strings.ToUpper(word)
	}
	return word
}

// word is the word for the column TERM.
func (f forecast) word(g *glyphs) string {
	switch f.outcome {
	case verdict.OutcomeNoEffect:
		return g.dash
	case verdict.OutcomeUnknown:
		return "?"
	default:
		return f.String()
	}
}

// unstoppable reports whether no program can catch signal n.
func unstoppable(n int) bool { return n == sigKILL || procfs.SignalName(n) == "SIGSTOP" }

// meansEnd reports whether people send signal n in order to end a process.
func meansEnd(n int) bool {
	switch procfs.SignalName(n) {
	case "SIGTERM", "SIGKILL", "SIGINT", "SIGQUIT", "SIGABRT":
		return true
	}
	return false
}
