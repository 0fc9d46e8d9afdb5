package verdict

import (
	"slices"

	"yinit/procfs"
)

// Target is what has to be known of a process to say what a signal would do to
// it, see [Of]. What is not known is zero.
type Target struct {
	ID      procfs.ID
	Comm    string       // the name of the main thread
	State   procfs.State // of the main thread
	Kernel  bool         // it is a kernel thread, see [procfs.Stat.KernelThread]
	PGRP    int          // as in [procfs.Stat.PGRP]
	Session int          // as in [procfs.Stat.Session]
	UID     [4]uint32    // as in [procfs.Status.UID]
	NSpid   []int        // as in [procfs.Status.NSpid]
	Tracer  int          // who traces one of the threads, 0: nobody

	Sigs procfs.Signals // of the process: Blocked by all living threads
	// Tasks are the living threads, the main one first. If it has ended it is
	// not among them, and MainBlocked is what it blocked.
	Tasks       []Task
	MainBlocked procfs.SignalSet
	Partial     bool // there are more threads

	SignalFDs procfs.SignalSet // what it can read from descriptors of signalfd(2)
	FDsRead   bool             // SignalFDs is known

	Orphaned  Answer   // its process group is orphaned, see [Groups.Orphaned]
	CoreOff   Answer   // core dumps are switched off
	Freezer   Freezer  // what holds it, if its control group is frozen
	Language  Language // whose runtime installed the handlers
	Relay     Relay    // nil: it does not forward signals, as far as is known
	UserNS    Kinship  // where its user namespace lies
	Permitted Answer   // what kill(2) said to signal 0
}

// A Relay tells what an init does with the signals that its handler takes. The
// rules ask it only where a handler runs.
type Relay interface {
	// Forwards is the signal that the init sends to its program when it gets n:
	// n itself, another one, or 0 for none.
	Forwards(n int) int
	// Drops reports whether the init was told not to forward n.
	Drops(n int) bool
	// Reason says in a few words what the init does with n, for the place of the
	// reason of a verdict. It must fit on a line beside it: at most 62 bytes.
	Reason(n int) string
}

// A Task is a living thread of a [Target].
type Task struct {
	TID     int
	State   procfs.State
	Blocked procfs.SignalSet
	Wchan   string           // where in the kernel it waits, see [procfs.FS.Wchan]
	Sigwait Answer           // it waits in sigwait(3), sigwaitinfo(2) or sigtimedwait(2)
	Awaited procfs.SignalSet // for these, if AwaitedRead
	// AwaitedRead says that Awaited is known. It is in the memory of the process,
	// which takes the right to trace it.
	AwaitedRead bool
}

// NewTarget is what stat and status tell, and no more: of the threads they tell
// of the main one only.
func NewTarget(stat *procfs.Stat, status *procfs.Status) *Target {
	t := &Target{
		ID: stat.ID(), Comm: stat.Comm, State: stat.State, Kernel: stat.KernelThread(),
		PGRP: stat.PGRP, Session: stat.Session, UID: status.UID, NSpid: slices.Clone(status.NSpid), Tracer: status.TracerPID,
		Sigs: status.Sigs, MainBlocked: status.Sigs.Blocked, Partial: stat.Threads > 1,
	}
	if !t.State.Ended() {
		t.Tasks = []Task{newTask(stat.PID, stat.State, status.Sigs.Blocked)}
	}
	return t
}

// newTask is a thread. One that runs, or was stopped, is in no sigwait: that
// sleeps, and gives the signals back when it is woken.
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

// KernelThread reports whether it is one. Where the flag was not read, what it
// ignores tells.
func (t *Target) KernelThread() bool { return t.Kernel || t.Sigs.OfKernelThread() }

// InVfork reports whether the main thread is, see [Task.InVfork].
func (t *Target) InVfork() bool { return len(t.Tasks) > 0 && t.Tasks[0].InVfork() }

// LiveState is the state of the main thread, or that of another thread if the
// main one has ended.
func (t *Target) LiveState() procfs.State {
	if len(t.Tasks) > 0 {
		return t.Tasks[0].State
	}
	return t.State
}

// stopped reports whether SIGCONT would make it go on.
func (t *Target) stopped() bool { return t.LiveState() == procfs.StateStopped }

// isInit reports whether it is PID 1 of its PID namespace.
func (t *Target) isInit() bool {
	if n := len(t.NSpid); n > 0 {
		return t.NSpid[n-1] == 1
	}
	return t.ID.PID == 1 // Kernels before 4.1, and gVisor, have no NSpid.
}

// Complete reports whether nothing that could decide was kept from the reader.
func (t *Target) Complete() bool {
	for i := range t.Tasks {
		if w := &t.Tasks[i]; t.Sigs.Known && !t.Kernel && (w.Sigwait == Unknown || w.Sigwait == Yes && !w.AwaitedRead) {
			return false
		}
	}
	return t.FDsRead || t.Sigs.Blocked.Empty() || t.Dead()
}
