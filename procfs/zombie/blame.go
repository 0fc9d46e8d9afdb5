package zombie

import (
	"syscall"
	"time"

	"yinit/procfs"
)

// Dead is what is known of a process that has ended.
type Dead struct {
	Stat   procfs.Stat
	Tracer int           // who debugs it, 0: nobody; see [procfs.Status.TracerPID]
	For    time.Duration // how long it has been dead; negative: unknown
}

// Reaper is what is known of a process that ought to wait for others, see
// [ReadReaper].
type Reaper struct {
	Stat   procfs.Stat    // with the state of another thread, if the main one has ended
	UID    uint32         // effective
	Tracer int            // who debugs it, 0: nobody
	Sigs   procfs.Signals // with what all threads block, see [procfs.FS.Signals]
	// Waits are the waits in which threads of it are, as far as the kernel tells.
	Waits   []Wait
	Hidden  bool // what a thread of it does may not be seen: it may be in a wait
	InVfork bool // it waits for its vfork child, see [verdict.Task.InVfork]
	Child   int  // which that is, 0: unknown
	Init    bool // it is PID 1 and known to reap whatever comes
}

// Known reports whether anything is known of r.
func (r Reaper) Known() bool { return r.Stat.PID != 0 }

// CHLD says in a word what r does with SIGCHLD: default, ignored, caught,
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
	// PID is the child that it waits for. 0: it may be any, or one of several;
	// then any zombie would end the wait.
	PID   int
	Other bool // it waits for something that is not told
}

// Blame says who ought to reap a zombie, and why that has not happened.
type Blame struct {
	Culprit int // 0: nobody in this PID namespace
	Cause   Cause
	// Of concerns the cause: whom the culprit waits for, or who debugs it.
	Of int
}

// CulpritOf is the process that ought to do something about the zombie s, given who
// traces it (0: nobody). It is the parent, 0 if that is outside the PID namespace.
// A tracer comes before the parent: the kernel shows the zombie to the parent only
// when the tracer has waited for it or is gone, see ptrace(2). A process of which
// only the main thread has ended is its own culprit: nobody can reap it.
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

// Tracer is the process that traces pid, 0 if nobody does or that may not be read.
// The kernel names the thread that attached, and this is its process.
func Tracer(fs procfs.FS, pid int) int {
	status, err := fs.Status(pid)
	if err != nil {
		return 0
	}
	return TracerProcess(fs, status.TracerPID)
}

// TracerProcess is the process of the thread that traces, as
// [procfs.Status.TracerPID] has it.
func TracerProcess(fs procfs.FS, thread int) int {
	if thread == 0 {
		return 0
	}
	if status, err := fs.Status(thread); err == nil && status.Tgid != 0 {
		return status.Tgid
	}
	return thread
}

// BlameFor finds out why a zombie is there. parent is its parent, of which
// nothing may be known.
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
	}
	return b
}

// justEnded reports whether it is too early to blame anybody: a parent needs a
// moment to wait.
func (z Dead) justEnded() bool { return z.For >= 0 && z.For < time.Second }

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
	if z.justEnded() || parent.Init {
		return CauseJustEnded, 0
	}
	if s := z.Stat.ExitSignal; s != int(syscall.SIGCHLD) {
		return CauseExitSignal, s
	}
	if w, ok := waitForAnother(z.Stat.PID, parent.Waits); ok {
		return CauseWaitsForOther, w.PID
	}
	if parent.Stat.PID == 1 {
		return CauseNotInit, 0
	}
	if parent.Hidden {
		return CauseUnknown, 0
	}
	return blameHandling(parent), 0
}

// waitForAnother finds a wait that this zombie cannot end.
func waitForAnother(pid int, waits []Wait) (Wait, bool) {
	for _, w := range waits {
		if w.Other || w.PID != 0 && w.PID != pid {
			return w, true
		}
	}
	return Wait{}, false
}

// blameHandling looks at what the parent does with SIGCHLD. If it had been
// ignored when the child ended, then the kernel would have reaped the child
// itself, see wait(2), notes.
func blameHandling(parent Reaper) Cause {
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
