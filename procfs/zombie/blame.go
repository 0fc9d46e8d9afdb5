package zombie

import (
	"syscall"
	"time"

	"yinit/procfs"
)

// Dead is what is known about a process that has ended.
type Dead struct {
	Stat   procfs.Stat   // of the zombie
	Tracer int           // process that traces it, 0: none; see [TracerProcess]
	For    time.Duration // how long it has been dead, or at least; negative: unknown
	Origin Origin        // whether its parent started or adopted it
}

// Reaper is what is known about a process that ought to wait for its children, see
// [ReadReaper].
type Reaper struct {
	Stat   procfs.Stat    // with the state of another thread if the main thread has ended
	UID    uint32         // effective user
	Tracer int            // thread that traces it, 0: none
	Sigs   procfs.Signals // of the process, see [procfs.FS.Signals]
	// Waits are the waits for children that its threads are in, as far as the kernel
	// reports them.
	Waits   []Wait
	Hidden  bool // a thread may be in a wait that this user may not see
	InVfork bool // it is suspended in vfork, see [verdict.Task.InVfork]
	Child   int  // its vfork child, 0: unknown
	Init    bool // it is PID 1 and is expected to reap orphans
}

// Known reports whether anything is known about r.
func (r Reaper) Known() bool { return r.Stat.PID != 0 }

// CHLD returns what r does with SIGCHLD in a word: default, ignored, caught,
// blocked or unknown.
func (r Reaper) CHLD() string {
	const chld = int(syscall.SIGCHLD)
	if r.Sigs.Known && r.Sigs.Blocked.Has(chld) {
		return "blocked"
	}
	return r.Sigs.Disposition(chld).String()
}

// Wait is one thread's wait for a child.
type Wait struct {
	// PID is the child that the thread waits for; 0: any child, unless Other is set.
	PID   int
	Other bool // it waits for a child or process group that is not known
}

// Blame says which process ought to reap a zombie, and why it has not.
type Blame struct {
	Culprit int   // pid of that process; 0: it is outside this PID namespace
	Cause   Cause // why it has not reaped the zombie
	// Of is a detail of Cause: the child that the culprit waits for, the process
	// that it traces, the process that traces it, or the exit signal of the zombie.
	Of     int
	Origin Origin // that of the zombie, if the culprit is its parent
}

// CulpritOf returns the process that ought to act on the zombie s, given the process
// that traces it (0: none). It is the parent, 0 if that is outside the PID namespace.
// A tracer takes precedence over the parent: the parent cannot reap the zombie until
// the tracer has waited for it or has ended, see ptrace(2). A process whose main
// thread alone has ended is its own culprit: it cannot be reaped yet.
func CulpritOf(s *procfs.Stat, tracer int) int {
	switch {
	case s.Threads > 1:
		return s.PID
	case tracer != 0:
		return tracer
	default:
		return s.PPID
	}
}

// Tracer returns the process that traces pid; 0 if there is none or the status of
// pid may not be read. See [TracerProcess].
func Tracer(fs procfs.FS, pid int) int {
	status, err := fs.Status(pid)
	if err != nil {
		return 0
	}
	return TracerProcess(fs, status.TracerPID)
}

// TracerProcess returns the process of a tracing thread. The kernel reports the
// thread that attached, see [procfs.Status.TracerPID].
func TracerProcess(fs procfs.FS, thread int) int {
	if thread == 0 {
		return 0
	}
	if status, err := fs.Status(thread); err == nil && status.Tgid != 0 {
		return status.Tgid
	}
	return thread
}

// BlameFor finds out which process has not reaped z, and why. parent is the parent
// of z; its zero value means that nothing is known about it.
func BlameFor(z Dead, parent Reaper) Blame {
	b := Blame{Culprit: CulpritOf(&z.Stat, z.Tracer)}
	switch {
	case z.Stat.Threads > 1:
		b.Cause = CauseThreads
	case b.Culprit != z.Stat.PPID:
		b.Cause, b.Of = CauseTracer, z.Stat.PID
	case z.Stat.PPID == 0 && z.justEnded():
		b.Cause = CauseJustEnded
	case z.Stat.PPID == 0:
		b.Cause = CauseOutside
	case !parent.Known():
		b.Cause = CauseUnknown
	default:
		b.Cause, b.Of = blameParent(z, parent)
		b.Origin = z.Origin
	}
	return b
}

// justEnded reports whether it is too early for blame: a parent needs a moment to
// wait.
func (z Dead) justEnded() bool { return z.For >= 0 && z.For < time.Second }

// patience is how long a PID 1 that is expected to reap orphans may take. The
// expectation may rest on its name only, and a shell script can be named init.
const patience = 10 * time.Second

func blameParent(z Dead, parent Reaper) (c Cause, of int) {
	switch parent.Stat.State {
	case procfs.StateStopped:
		return CauseStopped, 0
	case procfs.StateTraced:
		return CauseTraced, parent.Tracer
	case procfs.StateDisk:
		if parent.InVfork {
			return CauseVfork, parent.Child
		}
		return CauseDisk, 0
	}
	if z.justEnded() || parent.Init && z.For < patience {
		return CauseJustEnded, 0
	}
	if s := z.Stat.ExitSignal; s != int(syscall.SIGCHLD) {
		return CauseExitSignal, s
	}
	if w, ok := waitForAnother(z.Stat.PID, parent.Waits); ok {
		return CauseWaitsForOther, w.PID
	}
	return blameHandling(z.Origin, parent), 0
}

// waitForAnother returns a wait that the zombie pid does not end.
func waitForAnother(pid int, waits []Wait) (Wait, bool) {
	for _, w := range waits {
		if w.Other || w.PID != 0 && w.PID != pid {
			return w, true
		}
	}
	return Wait{}, false
}

// blameHandling returns the cause for an orphan that the parent adopted; for a child of
// its own, the cause by what the parent does with SIGCHLD. If the parent had ignored
// SIGCHLD when the child ended, the kernel would have reaped the child itself, see
// wait(2), NOTES.
func blameHandling(o Origin, parent Reaper) Cause {
	switch {
	case parent.Stat.PID == 1 && o == OriginOrphan:
		return CauseNotInit
	case parent.Stat.PID == 1 && o == OriginUnknown:
		return CauseEither
	case o == OriginOrphan:
		return CauseSubreaper
	case parent.Hidden:
		return CauseUnknown
	}
	switch parent.CHLD() {
	case "blocked":
		return CauseBlocked
	case "ignored":
		return CauseIgnored
	case "caught":
		return CauseHandler
	default:
		return CauseNeverWaits
	}
}
