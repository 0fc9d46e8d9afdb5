package procfs

import (
	"strconv"
	"syscall"
)

// because is a reason that is the same for all.
func because(text string) func(*question) string {
	return func(*question) string { return text }
}

// late is what is added to a reason if the main thread, which takes what it does not
// block, waits in the kernel in state D. From some of these waits a fatal signal
// wakes it (TASK_KILLABLE), but not one with a core dump (complete_signal); the
// state does not tell which they are. That of vfork(2) is one.
func (q *question) late(o Outcome) string {
	if q.t.state() != StateDisk {
		return ""
	}
	switch o {
	case OutcomeTerminate:
		if q.t.InVfork() {
			return ""
		}
	case OutcomeHandler, OutcomeCore, OutcomeStop:
		if q.t.MainBlocked.Has(q.n) {
			return "" // Another thread takes it.
		}
		if q.t.InVfork() {
			return "; not before its vfork child execs or ends"
		}
	default:
		return ""
	}
	return "; it may have to wait in the kernel first"
}

func whyKill(q *question) string {
	if q.init() {
		return "cannot be caught, and comes from outside of its PID namespace"
	}
	return "cannot be caught"
}

func whyContinue(q *question) string {
	switch {
	case q.t.Sigs.Blocked.Has(q.n):
		return "it is stopped and resumes; the signal itself stays blocked"
	case q.disposition == Caught:
		return "it is stopped and resumes, then its handler runs"
	default:
		return "it is stopped and resumes"
	}
}

func whyTraced(q *question) string {
	return "traced by pid " + strconv.Itoa(q.t.Tracer) + ", which decides"
}

func whyFrozen(*question) string {
	return "frozen by its control group: this waits until that is thawed"
}

func whyIdle(q *question) string {
	if q.action == Continue {
		return "it is not stopped: by default nothing happens"
	}
	return "by default nothing happens"
}

func whyBlocked(q *question) string {
	if q.n < rtFirst && q.t.Sigs.SharedPending.Has(q.n) {
		return "blocked, and one is pending already: this one adds nothing"
	}
	return "blocked by all threads, and nobody reads it"
}

// whySigwait: while a thread is in sigwait the kernel shows what it waits for as not
// blocked, and keeps the mask from before to itself (real_blocked). By that mask
// it drops a signal (sig_ignored), and ends the process at once (complete_signal);
// all else the thread gets in any case.
func whySigwait(q *question) string {
	if q.fatal() || q.droppable() && !q.t.MainBlocked.Has(q.n) && !q.traced() {
		return "a thread waits for it in sigwait (if it was blocked before)"
	}
	return "a thread waits for it in sigwait"
}

func whyHandler(q *question) string {
	if q.t.Relay != nil {
		return q.t.Relay.why(q.n)
	}
	if what := q.t.Language.handles(q.n); what != "" {
		return what
	}
	if q.n >= rtFirst && q.n < rtMin {
		return "a handler of the C library, for its own use"
	}
	return "the program's handler runs"
}

// A Relay is what yinit as PID 1 passes on for each signal that it takes, by the
// number of that; 0: nothing.
type Relay [65]uint8

// PlainRelay is what it passes on if it was not told otherwise.
func PlainRelay() *Relay {
	var r Relay
	for n := range r {
		if Relayed(n) {
			r[n] = uint8(n)
		}
	}
	return &r
}

func (r *Relay) why(n int) string {
	switch to := int(r[n]); {
	case to == n:
		return "yinit passes it on to its program"
	case to != 0:
		return "yinit passes it on as " + SignalName(to) + " (--rewrite)"
	case Relayed(n):
		return "yinit drops it (--rewrite)"
	default:
		return "yinit takes it, and passes it on to nobody"
	}
}

// Relayed reports whether yinit as PID 1 passes signal n on to its program, if it
// gets it: all but CHLD and those by which the kernel tells a program of its own
// faults.
func Relayed(n int) bool { return signalBit(n) != 0 && !unrelayed.Has(n) }

var unrelayed = NewSignalSet(int(syscall.SIGCHLD), int(syscall.SIGSEGV), int(syscall.SIGBUS), int(syscall.SIGFPE),
	int(syscall.SIGILL), int(syscall.SIGTRAP), int(syscall.SIGABRT), int(syscall.SIGSYS))

func whyCore(q *question) string {
	switch q.t.CoreOff {
	case Yes:
		return "no handler; core dumps are off (limit 0): it ends all the same"
	case No:
		return "no handler: the default action ends it with a core dump"
	default:
		return "no handler: the default action ends it, with a core if allowed"
	}
}

// rtFirst is the kernel's first real-time signal: from it on, each one that is
// sent is queued, see signal(7).
const rtFirst = 32
