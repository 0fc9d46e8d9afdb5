package tui

import (
	"yinit/procfs"
)

// The signals whose numbers are the same on every processor, see signal(7).
const (
	sigKILL = 9
	sigTERM = 15
)

// A forecast is the verdict about a signal, see [procfs.Verdict].
type forecast struct {
	outcome procfs.Outcome
	why     string
	passes  int  // what yinit's handler passes on to its program instead, or the same; 0: nothing
	drops   bool // yinit was told to drop it
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
		f.passes = int(p.Target.Relay[n])
		f.drops = f.passes == 0 && procfs.Relayed(n)
	}
	return f
}

// String is the word for the menu: that of the outcome. What people look for
// stands out without colour.
func (f forecast) String() string {
	switch {
	case f.passes != 0:
		return "passes"
	case f.drops:
		return "drops"
	case f.outcome == procfs.OutcomeIgnore:
		return "IGNORES"
	default:
		return f.outcome.String()
	}
}

// word is the word for the column TERM, which is narrow.
func (f forecast) word(g *glyphs) string {
	switch f.outcome {
	case procfs.OutcomeNoEffect:
		return g.dash
	case procfs.OutcomeUnknown:
		return "?"
	case procfs.OutcomeTerminate:
		return "kills"
	case procfs.OutcomePending:
		return "waits"
	case procfs.OutcomeRead:
		return "reads"
	default:
		return f.String()
	}
}

// kernel reports whether p is a thread of the kernel: nobody else ignores KILL.
func (p *Process) kernel() bool { return p.Sigs.Known && p.Sigs.Ignored.Has(sigKILL) }

// entered reports whether p came from outside by docker exec or the like. The
// parent of PID 1 is outside too, and that of the kernel's first threads.
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
