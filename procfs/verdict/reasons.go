package verdict

import (
	"fmt"
	"strconv"

	"yinit/procfs"
)

// why is the reason of a rule: a fixed text, or a function that returns it. It is no closure, so
// that the compiler makes the table of rules: an initializer would run in PID 1.
type why struct {
	text string
	from func(*question) string
}

func because(text string) why                { return why{text: text} }
func from(reason func(*question) string) why { return why{from: reason} }

func (y *why) of(q *question) string {
	if y.from != nil {
		return y.from(q)
	}
	return y.text
}

// delay returns what to add to a reason if the main thread, which takes each signal
// that it does not block, sleeps in state D. A fatal signal wakes it from some of
// these sleeps (TASK_KILLABLE), unless the default action is a core dump
// (complete_signal). The state does not show which sleeps these are; the one of
// vfork(2) is among them.
func (q *question) delay(o Outcome) string {
	if q.t.LiveState() != procfs.StateDisk {
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
			return "; not until its vfork child execs or exits"
		}
	default:
		return ""
	}
	return "; uninterruptible sleep may delay it"
}

// whyDenied names the right that the caller lacks, by the rule of kill(2).
func whyDenied(q *question) string {
	ours, theirs := q.c.UID[procfs.Effective], q.t.UID[procfs.Real]
	switch {
	case ours == procfs.NoID || theirs == procfs.NoID:
		return "the caller has no permission to signal it"
	case q.c.mayByID(q.t) == Yes:
		return "the user IDs permit it, but the kernel refuses it"
	case q.c.CapEff&capKill != 0:
		return "CAP_KILL does not count in its user namespace"
	default:
		return fmt.Sprintf("uid %d may not signal uid %d without CAP_KILL", ours, theirs)
	}
}

func whyKill(q *question) string {
	if q.init() {
		return "cannot be caught, and comes from outside its PID namespace"
	}
	return "cannot be caught"
}

func whyContinue(q *question) string {
	switch {
	case q.t.Sigs.Blocked.Has(q.n):
		return "it is stopped and resumes; the signal itself stays blocked"
	case q.disposition == procfs.Caught:
		return "it is stopped and resumes, then its handler runs"
	default:
		return "it is stopped and resumes"
	}
}

func whyTraced(q *question) string {
	return "traced by pid " + strconv.Itoa(q.t.Tracer) + ", which decides what happens"
}

func whyFrozen(*question) string {
	return "its cgroup is frozen: the signal waits until it is thawed"
}

func whyIdle(q *question) string {
	if q.action == procfs.Continue {
		return "it is not stopped: the default action does nothing"
	}
	return "the default action is to ignore it"
}

func whyIgnored(q *question) string {
	if q.t.Before.Ignored.Has(q.n) {
		return "the program ignores it: ignored since before the init"
	}
	return "the program ignores it"
}

func whyBlocked(q *question) string {
	if q.n < rtFirst && q.t.Sigs.SharedPending.Has(q.n) {
		return "blocked and already pending: another one has no effect"
	}
	if q.t.Before.Blocked.Has(q.n) {
		return "blocked by all threads: blocked since before the init"
	}
	return "blocked by all threads, and nothing reads it"
}

// whySigwait adds a condition if the effect depends on the blocked set from before
// sigwait. While a thread is in sigwait, the kernel shows the awaited signals as not
// blocked and does not show the earlier set (real_blocked). That set decides whether
// a signal is dropped (sig_ignored) or ends the process at once (complete_signal).
// In all other cases the thread reads the signal.
func whySigwait(q *question) string {
	if q.fatal() || q.droppable() && !q.t.MainBlocked.Has(q.n) && !q.traced() {
		return "a thread waits for it in sigwait (if it was blocked before)"
	}
	return "a thread waits for it in sigwait"
}

func whyHandler(q *question) string {
	if q.t.Relay != nil {
		return q.t.Relay.Reason(q.n)
	}
	if what := q.t.Language.handles(q.n); what != "" {
		return what
	}
	if q.n >= rtFirst && q.n < rtMin {
		return "a handler of the C library, for its own use"
	}
	return "the program's handler runs"
}

func whyCore(q *question) string {
	switch q.t.CoreOff {
	case Yes:
		return "no handler: it ends, without a core dump (core limit 0)"
	case No:
		return "no handler: it ends, with a core dump"
	default:
		return "no handler: it ends, with a core dump if allowed"
	}
}

const (
	// rtFirst is the kernel's first real-time signal. Several instances of a
	// real-time signal can be pending at once, see signal(7).
	rtFirst = 32
	// rtMin is SIGRTMIN of the C library, which reserves the real-time signals below
	// it for its own use.
	rtMin = 34
	rtMax = 64
)

// valid reports whether n is the number of a signal.
func valid(n int) bool { return n >= 1 && n <= rtMax }
