package verdict

import "yinit/procfs"

// Target is what [Of] needs to know about a process to predict the effect of a
// signal. Fields that are not known are zero.
type Target struct {
	ID      procfs.ID // pid and start time
	Comm    string    // name of the main thread
	PGRP    int       // as in [procfs.Stat.PGRP]
	Session int       // as in [procfs.Stat.Session]
	UID     [4]uint32 // as in [procfs.Status.UID]
	NSpid   []int     // as in [procfs.Status.NSpid]
	Tracer  int       // thread that traces one of its threads, 0: none

	Sigs procfs.Signals // of the process; Blocked has what all living threads block
	// Tasks are the living threads, the main thread first. A main thread that has
	// ended is not in the list.
	Tasks       []Task
	MainBlocked procfs.SignalSet // blocked by the main thread, even if it has ended
	SignalFDs   procfs.SignalSet // signals that it can read from signalfd(2) descriptors

	Blocker *Blocker // for which it waits, if it is PID 1 and dying; nil: none, or unknown; see [Reader.Complete]
	Relay   Relay    // of an init that forwards signals; nil: not known to be one
	Before  Masks    // what it may have inherited from before its init was started

	// The fields from here on have a byte each, so that many targets take little memory.

	State     procfs.State // of the main thread
	Kernel    bool         // it is a kernel thread, see [procfs.Stat.KernelThread]
	Partial   bool         // Tasks lacks some threads
	FDsRead   bool         // SignalFDs is known
	Dying     Dying        // whether it is beyond signals, although no zombie yet
	Orphaned  Answer       // its process group is orphaned, see [Groups.Orphaned]
	CoreOff   Answer       // core dumps are switched off
	Freezer   Freezer      // kind of freezer that holds it
	Language  Language     // runtime that installed the handlers
	UserNS    NSRelation   // how its user namespace relates to the caller's
	Permitted Answer       // whether kill(2) with signal 0 succeeded
}

// Relay describes what an init does with the signals that its handler takes. The
// rules use it only where a handler runs.
type Relay interface {
	// Forwards returns the signal that the init sends to its program when it gets
	// n: n itself, another one, or 0 for none.
	Forwards(n int) int
	// Drops reports whether the init is configured not to forward n.
	Drops(n int) bool
	// Reason says in a few words what the init does with n. It becomes the reason
	// of the verdict and must fit on one line beside it: at most 62 bytes.
	Reason(n int) string
}

// Masks are the signals that a process had blocked and ignored.
type Masks struct{ Blocked, Ignored procfs.SignalSet }

// A Task is a living thread of a [Target].
type Task struct {
	TID     int              // thread ID
	Blocked procfs.SignalSet // without the awaited signals while it is in sigwait
	Wchan   string           // kernel function in which it waits, see [procfs.FS.Wchan]
	Awaited procfs.SignalSet // the signals it waits for in sigwait, if AwaitedRead
	State   procfs.State     // of this thread
	Killed  bool             // SIGKILL is pending for this thread
	Exiting bool             // it is in do_exit, see [Exiting]
	Sigwait Answer           // it waits in sigwait(3), sigwaitinfo(2) or sigtimedwait(2)
	// AwaitedRead says that Awaited is known. The set is in the memory of the
	// process, and reading it requires the right to trace the process.
	AwaitedRead bool
}

// NewTarget returns a Target with what stat and status contain. They describe the
// main thread only, so that the other threads are missing.
func NewTarget(stat *procfs.Stat, status *procfs.Status) *Target {
	// Nearly all processes have one thread and one pid: their target is a single object.
	all := new(struct {
		target Target
		task   [1]Task
		pid    [1]int
	})
	t := &all.target
	*t = Target{
		ID: stat.ID(), Comm: stat.Comm, State: stat.State, Kernel: stat.KernelThread(),
		PGRP: stat.PGRP, Session: stat.Session, UID: status.UID, NSpid: append(all.pid[:0], status.NSpid...), Tracer: status.TracerPID,
		Sigs: status.Sigs, MainBlocked: status.Sigs.Blocked, Partial: stat.Threads > 1,
	}
	if len(status.NSpid) == 0 {
		t.NSpid = nil
	}
	if !t.State.Ended() {
		all.task[0] = newTask(stat.PID, stat.State, status.Sigs.Blocked)
		all.task[0].Exiting, all.task[0].Killed = exiting(stat), status.Sigs.Pending.Has(sigKill)
		t.Tasks = all.task[:]
	}
	t.Dying = t.dying(status.CoreDumping)
	return t
}

// newTask returns a thread. A running or stopped thread is not in sigwait: a thread
// sleeps there, and when it wakes the kernel restores its blocked set.
func newTask(tid int, state procfs.State, blocked procfs.SignalSet) Task {
	t := Task{TID: tid, State: state, Blocked: blocked}
	if state != procfs.StateSleeping && state != procfs.StateIdle {
		t.Sigwait = No
	}
	return t
}

// Dead reports whether the process has ended, see [procfs.Stat.Dead].
func (t *Target) Dead() bool {
	return t.State == procfs.StateDead || t.State.Zombie() && len(t.Tasks) == 0 && !t.Partial
}

// KernelThread reports whether t is a kernel thread, by the flag in its stat or by
// the signals that it ignores.
func (t *Target) KernelThread() bool { return t.Kernel || t.Sigs.OfKernelThread() }

// InVfork reports whether the main thread is in vfork, see [Task.InVfork].
func (t *Target) InVfork() bool { return len(t.Tasks) > 0 && t.Tasks[0].InVfork() }

// LiveState is the state of the main thread or, if that has ended, of another
// living thread.
func (t *Target) LiveState() procfs.State {
	if len(t.Tasks) > 0 {
		return t.Tasks[0].State
	}
	return t.State
}

// stopped reports whether SIGCONT would resume t.
func (t *Target) stopped() bool { return t.LiveState() == procfs.StateStopped }

// isInit reports whether t is PID 1 of its PID namespace.
func (t *Target) isInit() bool {
	if n := len(t.NSpid); n > 0 {
		return t.NSpid[n-1] == 1
	}
	return t.ID.PID == 1 // Kernels before 4.1, and gVisor, have no NSpid.
}

// Complete reports whether permissions kept nothing from the reader that could
// change a verdict.
func (t *Target) Complete() bool {
	for i := range t.Tasks {
		if w := &t.Tasks[i]; t.Sigs.Known && !t.Kernel && (w.Sigwait == Unknown || w.Sigwait == Yes && !w.AwaitedRead) {
			return false
		}
	}
	return t.FDsRead || t.Sigs.Blocked.Empty() || t.Dead()
}

// catchesMost reports whether the process catches so many signals that it may be an init
// that forwards them. The Go runtime catches nearly as many for any program, but not SIGCONT.
func (t *Target) catchesMost() bool {
	const most = 48
	return t.Sigs.Known && t.Sigs.Caught.Len() >= most && t.Sigs.Caught.Has(sigCont)
}
