package verdict

import (
	"syscall"

	"yinit/procfs"
)

// The signals that the rules name.
const (
	sigBus  = int(syscall.SIGBUS)
	sigFPE  = int(syscall.SIGFPE)
	sigHup  = int(syscall.SIGHUP)
	sigIll  = int(syscall.SIGILL)
	sigInt  = int(syscall.SIGINT)
	sigQuit = int(syscall.SIGQUIT)
	sigKill = int(syscall.SIGKILL)
	sigPipe = int(syscall.SIGPIPE)
	sigSegv = int(syscall.SIGSEGV)
	sigUsr1 = int(syscall.SIGUSR1)
	sigUsr2 = int(syscall.SIGUSR2)
	sigXFSZ = int(syscall.SIGXFSZ)
	sigTerm = int(syscall.SIGTERM)
	sigCont = int(syscall.SIGCONT)
	sigStop = int(syscall.SIGSTOP)
)

// Of predicts what signal n would do to t if the caller sent it now with kill(2),
// and says why in a few words. It follows the order of kernel/signal.c: whether the
// caller may send it (check_kill_permission), whether it is dropped at once
// (prepare_signal, sig_ignored), which thread takes it (complete_signal), and what
// that thread does (get_signal). If the answer depends on something that is not
// known, the outcome is [OutcomeUnknown].
func Of(t *Target, n int, caller Caller) (Outcome, string) {
	if !valid(n) {
		return OutcomeUnknown, "no such signal"
	}
	q := question{t: t, c: &caller, n: n, action: procfs.DefaultActionOf(n), disposition: t.Sigs.Disposition(n)}
	for i := range rules {
		if rules[i].holds(&q) {
			return rules[i].outcome, rules[i].why.of(&q) + q.delay(rules[i].outcome)
		}
	}
	return OutcomeUnknown, "no rule applies" // Not reached: the last rule always holds.
}

// A question is what the rules decide: the effect of one signal on one process.
type question struct {
	t           *Target
	c           *Caller
	n           int                  // the signal
	action      procfs.DefaultAction // of n
	disposition procfs.Disposition   // of n in t
}

// A rule is an outcome, the condition for it, and the reason to give.
type rule struct {
	outcome Outcome
	holds   func(*question) bool
	why     why
}

// rules are tried in this order: the first that holds decides.
var rules = [...]rule{
	{OutcomeDenied, func(q *question) bool { return q.c.may(q.t, q.n) == No }, from(whyDenied)},
	{OutcomeUnknown, func(q *question) bool { return q.c.may(q.t, q.n) == Unknown }, because("cannot tell whether the caller may signal it")},
	{OutcomeNoEffect, func(q *question) bool { return q.t.Dead() }, because("zombie: already ended, waiting to be reaped")},

	{OutcomeNoEffect, (*question).dying, from(whyDying)},

	// Kernel threads ignore all signals but those passed to allow_signal.
	{OutcomeUnknown, func(q *question) bool { return q.kernel() && q.disposition == procfs.Caught }, because("a kernel thread, which may handle it")},
	{OutcomeIgnore, (*question).kernel, because("a kernel thread, which ignores signals")},

	// No program can catch, block or ignore KILL and STOP. PID 1 gets them only from
	// outside its PID namespace.
	{OutcomeUnknown, func(q *question) bool { return q.unstoppable() && q.init() && q.inside() == Unknown }, because("PID 1: cannot tell whether the caller is in its namespace")},
	{OutcomeShielded, func(q *question) bool { return q.unstoppable() && q.init() && q.inside() == Yes }, because("PID 1 cannot be killed or stopped from inside")},
	{OutcomePending, func(q *question) bool { return q.unstoppable() && q.t.Freezer == Freezer1 }, from(whyFrozen)},
	{OutcomeTerminate, func(q *question) bool { return q.n == sigKill }, from(whyKill)},
	{OutcomePending, func(q *question) bool { return q.n == sigStop && q.t.LiveState().Stopped() }, because("already stopped: the next SIGCONT discards this signal")},
	{OutcomeUnknown, func(q *question) bool { return q.n == sigStop && q.traced() }, from(whyTraced)},
	{OutcomePending, func(q *question) bool { return q.n == sigStop && q.frozen() }, from(whyFrozen)},
	{OutcomeStop, func(q *question) bool { return q.n == sigStop }, because("cannot be caught: stays stopped until SIGCONT")},

	// SIGCONT resumes the process before its disposition is examined.
	{OutcomeContinue, func(q *question) bool { return q.n == sigCont && q.t.stopped() && !q.traced() }, from(whyContinue)},
	// The kernel notifies a tracer even if the signal is blocked (ptrace_trap_notify).
	{OutcomeUnknown, func(q *question) bool { return q.n == sigCont && q.traced() }, from(whyTraced)},
	{OutcomeUnknown, func(q *question) bool { return q.disposition == procfs.Unknown }, because("the kernel does not report how it handles signals")},

	// Signals that are dropped when they are sent.
	{OutcomeIgnore, func(q *question) bool { return q.disposition == procfs.Ignored && q.held() == Unknown && q.unseen() }, because("the program ignores it, unless it waits for it in sigwait")},
	{OutcomeUnknown, func(q *question) bool { return q.droppable() && q.held() == Unknown }, because("cannot tell whether a thread waits for it in sigwait")},
	{OutcomeIgnore, func(q *question) bool { return q.dropped() && q.disposition == procfs.Ignored }, from(whyIgnored)},
	{OutcomeDefaultIgnore, func(q *question) bool { return q.dropped() && q.idle() }, from(whyIdle)},
	{OutcomeShielded, (*question).dropped, because("PID 1 without a handler: the kernel drops it")},

	// The signal is queued. Is its delivery held up?
	{OutcomePending, func(q *question) bool { return q.t.stopped() && !q.traced() }, because("it is stopped: the signal waits until SIGCONT")},
	{OutcomePending, func(q *question) bool { return q.t.LiveState() == procfs.StateTraced }, because("stopped by a debugger: the signal waits until it resumes")},
	{OutcomeRead, func(q *question) bool { return q.taker() == takerWaits && !q.frozen() }, from(whySigwait)},
	{OutcomeRead, func(q *question) bool { return q.blocked() && q.fd() && !q.frozen() }, because("blocked, and read from a signalfd")},
	{OutcomeUnknown, func(q *question) bool { return q.blocked() && !q.t.FDsRead }, because("blocked; cannot tell whether a signalfd reads it")},
	{OutcomePending, (*question).blocked, from(whyBlocked)},
	{OutcomeHandler, func(q *question) bool {
		return q.disposition == procfs.Caught && q.unseen() && !q.traced() && !q.frozen() && !q.fd()
	}, because("the program's handler runs, unless it waits for it in sigwait")},
	{OutcomeUnknown, func(q *question) bool { return q.taker() == takerUnknown }, because("cannot tell whether a thread waits for it in sigwait")},
	{OutcomeUnknown, func(q *question) bool { return q.taker() == takerEither }, because("either a thread in sigwait or another thread takes it")},
	{OutcomeUnknown, (*question).traced, from(whyTraced)},

	// A thread takes it.
	{OutcomeTerminate, func(q *question) bool { return q.fatal() && q.t.Freezer != Freezer1 }, because("it has no handler: the default action ends it")},
	// The kernel does not drop this signal for PID 1, since the main thread blocks it,
	// and another thread takes it. Since Linux 4.15 complete_signal then ends PID 1,
	// wherever the signal came from. This was measured on 6.18, and the opposite on
	// 6.18.44, so that the version does not decide. A thread in sigwait prevents it
	// (real_blocked).
	{OutcomeUnknown, func(q *question) bool { return q.deadly() && q.init() && q.t.Freezer != Freezer1 }, because("PID 1: another thread takes it; some kernels then end PID 1")},
	{OutcomePending, (*question).frozen, from(whyFrozen)},
	{OutcomeUnknown, func(q *question) bool { return q.fd() && !q.idle() && q.disposition != procfs.Ignored }, because("not blocked: a signalfd may or may not read it first")},
	{OutcomeHandler, func(q *question) bool { return q.disposition == procfs.Caught }, from(whyHandler)},
	{OutcomeIgnore, func(q *question) bool { return q.disposition == procfs.Ignored }, from(whyIgnored)},
	{OutcomeDefaultIgnore, (*question).idle, from(whyIdle)},
	{OutcomeShielded, (*question).init, because("PID 1 without a handler: the kernel drops it")},
	{OutcomeCore, func(q *question) bool { return q.action == procfs.Core }, from(whyCore)},
	{OutcomeUnknown, func(q *question) bool { return q.t.Orphaned == Unknown }, because("stops it, unless its group is orphaned (cannot be determined)")},
	{OutcomeDefaultIgnore, func(q *question) bool { return q.t.Orphaned == Yes }, because("its process group is orphaned: the kernel drops the stop")},
	{OutcomeStop, func(*question) bool { return true }, because("it has no handler: stays stopped until SIGCONT")},
}

func (q *question) unstoppable() bool { return q.n == sigKill || q.n == sigStop }
func (q *question) init() bool        { return q.t.isInit() }
func (q *question) inside() Answer    { return q.c.inside(q.t) }
func (q *question) frozen() bool      { return q.t.Freezer != Unfrozen }
func (q *question) traced() bool      { return q.t.Tracer != 0 || q.t.LiveState() == procfs.StateTraced }
func (q *question) fd() bool          { return q.t.SignalFDs.Has(q.n) }

func (q *question) kernel() bool { return q.t.KernelThread() }

// idle reports whether the disposition is the default and the default action does
// nothing.
func (q *question) idle() bool {
	return q.disposition == procfs.Default && (q.action == procfs.Ignore || q.action == procfs.Continue)
}

// fatal reports whether the process ends as soon as a thread is chosen to take the
// signal (complete_signal).
func (q *question) fatal() bool { return q.deadly() && !q.init() }

// deadly reports whether the disposition is the default and the default action ends
// the process without a core dump.
func (q *question) deadly() bool {
	return q.disposition == procfs.Default && q.action == procfs.Terminate
}

// droppable reports whether the signal would have no effect (sig_task_ignored).
func (q *question) droppable() bool {
	return q.disposition == procfs.Ignored || q.idle() || q.init() && q.disposition == procfs.Default
}

// held reports whether the kernel queues the signal even though it is droppable
// (sig_ignored): the main thread blocks it, or blocked it before it began to wait
// for it in sigwait, or is traced.
func (q *question) held() Answer {
	if q.t.MainBlocked.Has(q.n) || q.traced() {
		return Yes
	}
	if len(q.t.Tasks) == 0 || q.t.Tasks[0].TID != q.t.ID.PID {
		return No
	}
	switch q.t.Tasks[0].takes(q.n) {
	case takerWaits:
		return Yes
	case takerUnknown:
		return Unknown
	default:
		return No
	}
}

func (q *question) dropped() bool { return q.droppable() && q.held() == No }

// blocked reports whether no thread takes the signal.
func (q *question) blocked() bool { return q.taker() == takerNone }

// unseen reports whether it is unknown only whether the thread that takes the signal waits
// for it in sigwait: the waits of a process that is not dumpable cannot be read. Hardly any
// program both handles or ignores a signal and waits for it. To wait for one whose
// disposition is the default is common, so there the answer stays unknown.
func (q *question) unseen() bool { return q.t.unseen(q.n) }

func (q *question) taker() taker { return q.t.taker(q.n) }
