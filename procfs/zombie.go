package procfs

import (
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Cause is why a zombie has not been reaped.
type Cause uint8

// The causes. The first ones that apply count, in the order of [BlameFor].
const (
	CauseUnknown    Cause = iota // its parent cannot be read, or not what it does
	CauseThreads                 // only its main thread has ended
	CauseTracer                  // its debugger has to wait for it first
	CauseOutside                 // its parent is outside the PID namespace
	CauseStopped                 // a signal stopped its parent
	CauseTraced                  // a debugger stopped its parent
	CauseDisk                    // its parent sleeps uninterruptibly
	CauseVfork                   // its parent waits for its vfork child
	CauseMoment                  // it has only just ended
	CauseExitSignal              // it is a child that a plain wait does not see
	CauseWaitsElse               // its parent waits for another child
	CauseNotInit                 // its parent is PID 1, and no init
	CauseBlocked                 // its parent blocks SIGCHLD
	CauseIgnored                 // its parent ignores SIGCHLD, and did not in time
	CauseHandler                 // its parent has a handler that has not waited for it
	CauseNeverWaits              // its parent runs, and nothing shows that it ever waits
)

// causes has the words for each. In why, {} stands for [Blame.Of], and "it" is the
// culprit; end says that ending the culprit helps, too.
var causes = [...]struct {
	word, why, help string
	end             bool
}{
	CauseUnknown: {
		"unknown", "it has not waited for it yet; this user may not see what it does",
		"look as its own user, or as root with CAP_SYS_PTRACE", false,
	},
	CauseThreads: {
		"threads-run", "only its main thread has ended; nobody can reap it before its other threads end",
		"nothing to reap; to end it, send KILL", false,
	},
	CauseTracer: {
		"debugged", "it debugs {} and has not waited for it; until then the parent cannot",
		"end or detach the debugger", false,
	},
	CauseOutside: {
		"parent-outside",
		"the parent is outside of this PID namespace: the container runtime, which started it (docker exec, an exec probe), has not waited for it",
		"nobody in here can reap it; it goes with the container, or when the runtime waits for it", false,
	},
	CauseStopped: {"parent-stopped", "it is stopped, so it cannot wait", "send it CONT", false},
	CauseTraced: {
		"parent-traced", "a debugger (pid {}) holds it, so it cannot wait",
		"let the debugger continue or detach", false,
	},
	CauseDisk: {
		"parent-in-disk-sleep",
		"it is in an uninterruptible sleep, mostly for a disk or a network file system, so it cannot wait",
		"wait for what it reads or writes; even KILL may have to wait for that", false,
	},
	CauseVfork: {
		"parent-in-vfork", "it cannot wait before {} execs or ends", "look why that child hangs", true,
	},
	CauseMoment: {"just-ended", "it may be about to wait: look again in a moment", "nothing, unless it stays", false},
	CauseExitSignal: {
		"clone-child", "it made this child by clone with the exit signal {}, and a wait without __WALL or __WCLONE does not see it",
		"make it wait with __WALL", true,
	},
	CauseWaitsElse: {
		"waits-for-another", "it waits for {} and does not look at this one",
		"make it wait for any child (-1)", true,
	},
	CauseNotInit: {
		"no-init", "it is PID 1, so orphans come to it, and it does not wait for them",
		"start the container with an init: yinit -- PROGRAM, or docker run --init", false,
	},
	CauseBlocked: {
		"blocks-chld", "it blocks CHLD, so no handler runs, and it has not waited",
		"make it wait, or unblock CHLD", true,
	},
	CauseIgnored: {
		"ignored-too-late", "it ignores CHLD now but did not when this child ended; the kernel reaps only those that end afterwards",
		"make it ignore CHLD before it starts children, or wait", true,
	},
	CauseHandler: {
		"handler-does-not-wait", "it catches CHLD, but has not waited for this child: one CHLD can stand for several deaths",
		"make its handler wait until no dead child is left", true,
	},
	CauseNeverWaits: {"never-waits", "it runs, and does not wait for its children", "make it wait", true},
}

// String is the cause in a word, for programs.
func (c Cause) String() string {
	if int(c) < len(causes) {
		return causes[c].word
	}
	return causes[CauseUnknown].word
}

// Dead is what is known of a process that has ended.
type Dead struct {
	Stat   Stat
	Tracer int           // who debugs it, 0: nobody; [Status.TracerPID]
	For    time.Duration // how long it has been dead; negative: unknown
}

// Reaper is what is known of a process that ought to wait for others, see
// [FS.Reaper].
type Reaper struct {
	Stat   Stat    // with the state of another thread, if the main one has ended
	UID    uint32  // effective
	Tracer int     // who debugs it, 0: nobody
	Sigs   Signals // with what all threads block, see [FS.Signals]
	// Waits are the waits in which threads of it are, as far as the kernel tells.
	Waits   []Wait
	Hidden  bool // what a thread of it does may not be seen: it may be in a wait
	InVfork bool // it waits for its vfork child, see [Task.InVfork]
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
	PID  int
	Else bool // it waits for something that is not told
}

// Blame says who ought to reap a zombie, and why that has not happened.
type Blame struct {
	Culprit int // 0: nobody in this PID namespace
	Cause   Cause
	// Of concerns the cause: whom the culprit waits for, or who debugs it.
	Of int
}

// BlameFor finds out why a zombie is there. parent is its parent, of which
// nothing may be known.
//
// A tracer comes before the parent: the kernel shows the zombie to the parent
// only when the tracer has waited for it or is gone, see ptrace(2).
func BlameFor(z Dead, parent Reaper) Blame {
	b := Blame{Culprit: z.Stat.PPID}
	switch {
	case z.Stat.Threads > 1:
		b.Culprit, b.Cause = z.Stat.PID, CauseThreads
	case z.Tracer != 0 && z.Tracer != z.Stat.PPID:
		b.Culprit, b.Cause, b.Of = z.Tracer, CauseTracer, z.Stat.PID
	case z.Stat.PPID == 0 && z.justEnded():
		b.Cause = CauseMoment
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
	case StateStopped:
		return CauseStopped, 0
	case StateTraced:
		return CauseTraced, parent.Tracer
	case StateDisk:
		if parent.InVfork {
			return CauseVfork, parent.Child
		}
		return CauseDisk, 0
	}
	if z.justEnded() || parent.Init {
		return CauseMoment, 0
	}
	if s := z.Stat.ExitSignal; s != int(syscall.SIGCHLD) {
		return CauseExitSignal, s
	}
	if w, ok := waitForAnother(z.Stat.PID, parent.Waits); ok {
		return CauseWaitsElse, w.PID
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
		if w.Else || w.PID != 0 && w.PID != pid {
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

// Why is the cause in words. The culprit is "it".
func (b Blame) Why() string {
	of := strconv.Itoa(b.Of)
	switch {
	case b.Cause == CauseExitSignal && b.Of > 0:
		of = SignalName(b.Of)
	case b.Cause == CauseWaitsElse && b.Of == 0:
		of = "another child"
	case b.Cause == CauseWaitsElse:
		of = "its child " + of
	case b.Cause == CauseVfork && b.Of == 0:
		of = "its vfork child"
	case b.Cause == CauseVfork:
		of = "its vfork child " + of
	}
	return strings.Replace(causes[b.Cause].why, "{}", of, 1)
}

// First is what PID 1 does with orphans, to which the zombies of a process belong
// when it ends.
type First uint8

// What PID 1 does.
const (
	FirstUnknown First = iota
	FirstReaps         // it is an init
	FirstLeaves        // it has left some unreaped
)

// Advice is what helps.
func (b Blame) Advice(first First) string {
	c := causes[b.Cause]
	switch {
	case !c.end:
		return c.help
	case first == FirstReaps:
		return c.help + "; or end it: PID 1 then reaps them"
	case first == FirstLeaves:
		return c.help + "; or end it, once PID 1 is an init (docker run --init): this one is none"
	default:
		return c.help + "; or end it: PID 1 then has to reap them"
	}
}
