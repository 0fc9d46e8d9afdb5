package tui

import (
	"strings"

	"yinit/procfs"
)

// The signals whose numbers are the same on every architecture, see signal(7).
const (
	sigKILL = 9
	sigTERM = 15
)

// A forecast is the verdict about a signal, see [procfs.Verdict].
type forecast struct {
	outcome procfs.Outcome
	why     string
	forward int  // the signal that yinit, as PID 1, forwards to its program for this one; 0: none
	drop    bool // yinit was told to drop it
}

// foresee is what signal n would do to p if the caller sent it now.
func foresee(p *Process, n int, caller procfs.Caller) forecast {
	var f forecast
	switch {
	case p.Target != nil:
		f.outcome, f.why = procfs.Verdict(p.Target, n, caller)
	case p.dead():
		f.outcome, f.why = procfs.OutcomeNoEffect, "it has ended"
	default:
		f.why = "nothing is known of it yet"
	}
	return f.relayed(p, n)
}

// term is the forecast of SIGTERM, which the source made, without the reason.
func (w *world) term(p *Process) forecast {
	return forecast{outcome: p.Term}.relayed(p, sigTERM)
}

// relayed is f with what becomes of signal n, if p is yinit.
func (f forecast) relayed(p *Process, n int) forecast {
	if f.outcome == procfs.OutcomeHandler && p.Target != nil && p.Target.Relay != nil {
		f.forward = int(p.Target.Relay[n])
		f.drop = f.forward == 0 && procfs.Relayed(n)
	}
	return f
}

// trouble reports whether the signal has no effect where people expect one: such
// a process does not stop at SIGTERM.
func (f forecast) trouble() bool {
	switch f.outcome {
	case procfs.OutcomeIgnore, procfs.OutcomePending, procfs.OutcomeShielded:
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
	case procfs.OutcomeNoEffect:
		return g.dash
	case procfs.OutcomeUnknown:
		return "?"
	default:
		return f.String()
	}
}

// kernel reports whether p is a kernel thread: nobody else ignores KILL.
func (p *Process) kernel() bool { return p.Sigs.Known && p.Sigs.Ignored.Has(sigKILL) }

// entered reports whether p came from outside by docker exec or the like. The
// parent of PID 1 is outside too, and that of the first kernel threads.
func (p *Process) entered() bool { return p.Outside && p.ID.PID != 1 && !p.kernel() }

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
