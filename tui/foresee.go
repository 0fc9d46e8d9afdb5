package tui

import "yinit/procfs"

// The signals whose numbers are the same on every processor, see signal(7).
const (
	sigKILL = 9
	sigTERM = 15
)

// A forecast is the verdict about a signal, see [procfs.Verdict]. That PID 1 is
// our init is all that is added here.
type forecast struct {
	outcome procfs.Outcome
	why     string
	passes  bool // yinit's handler passes it on to its program
}

// foresee is what signal n would do to p if the caller sent it now; yinit says
// whether PID 1 is our init.
func foresee(p *Process, n int, caller procfs.Caller, yinit bool) forecast {
	var f forecast
	switch {
	case p.Target != nil:
		f.outcome, f.why = procfs.Verdict(p.Target, n, caller)
	case p.dead():
		f.outcome, f.why = procfs.OutcomeNoEffect, "it has ended"
	default:
		f.why = "nothing is known of it yet"
	}
	if f.passes = p.passes(n, f.outcome, yinit); f.passes {
		f.why = "yinit passes it on to its program"
	}
	return f
}

// term is the forecast of SIGTERM, which the source made, without the reason.
func (w *world) term(p *Process) forecast {
	return forecast{outcome: p.Term, passes: p.passes(sigTERM, p.Term, w.snap.Host.IsYinit)}
}

// passes reports whether p is yinit and passes signal n on to its program.
func (p *Process) passes(n int, o procfs.Outcome, yinit bool) bool {
	return p.ID.PID == 1 && yinit && o == procfs.OutcomeHandler && procfs.Relayed(n)
}

// String is the word for the menu: that of the outcome. What people look for
// stands out without colour.
func (f forecast) String() string {
	switch {
	case f.passes:
		return "passes"
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
