package zombie

import (
	"strconv"
	"strings"

	"yinit/procfs"
)

// Cause is why a zombie has not been reaped.
type Cause uint8

// The causes. If several apply, [BlameFor] chooses one.
const (
	CauseUnknown       Cause = iota // its parent, or what the parent does, cannot be read
	CauseThreads                    // only its main thread has ended
	CauseTracer                     // its tracer has to wait for it first
	CauseOutside                    // its parent is outside the PID namespace
	CauseStopped                    // a signal stopped its parent
	CauseTraced                     // a debugger stopped its parent
	CauseDisk                       // its parent sleeps uninterruptibly
	CauseVfork                      // its parent waits for its vfork child
	CauseJustEnded                  // it has only just ended
	CauseExitSignal                 // a plain wait does not see it, because of its exit signal
	CauseWaitsForOther              // its parent waits for another child
	CauseNotInit                    // its parent is PID 1, adopted it, and is not an init
	CauseEither                     // its parent is PID 1, and started or adopted it
	CauseSubreaper                  // its parent is a subreaper and adopted it
	CauseBlocked                    // its parent blocks SIGCHLD
	CauseIgnored                    // its parent ignores SIGCHLD, but did not when it ended
	CauseHandler                    // its parent has a SIGCHLD handler that has not waited for it
	CauseNeverWaits                 // its parent runs, and does not appear to wait
)

// causes has the texts for each cause. In why and help "it" is the culprit, and {}
// stands for [Blame.Of]. end says that ending the culprit helps, too.
var causes = [...]struct {
	word, why, help string
	end             bool
}{
	CauseUnknown: {
		"unknown", "it has not waited for the zombie; this user may not see what it is doing",
		"run yinit as its user, or as root with CAP_SYS_PTRACE", false,
	},
	CauseThreads: {
		"threads-run", "only its main thread has ended; it cannot be reaped until its other threads end",
		"nothing to reap; to end the process, send KILL", false,
	},
	CauseTracer: {
		"debugged", "it traces {} and has not waited for it; until it does, the parent cannot reap it",
		"detach the debugger, or end it", false,
	},
	CauseOutside: {
		"parent-outside",
		"the parent is outside this PID namespace: the container runtime that started it (docker exec, an exec probe) has not waited for it",
		"no process in this PID namespace can reap it; it goes away when the runtime waits for it, or with the container", false,
	},
	CauseStopped: {"parent-stopped", "it is stopped, so it cannot wait", "send it CONT", false},
	CauseTraced: {
		"parent-traced", "a debugger (pid {}) has stopped it, so it cannot wait",
		"continue it in the debugger, or detach the debugger", false,
	},
	CauseDisk: {
		"parent-in-disk-sleep",
		"it is in uninterruptible sleep, usually for a disk or a network file system, so it cannot wait",
		"check the disk or file system it uses; until that responds, even KILL may not end it", false,
	},
	CauseVfork: {
		"parent-in-vfork", "it is suspended until {} execs or exits, so it cannot wait", "find out why that child hangs", true,
	},
	CauseJustEnded: {"just-ended", "it may be about to wait; check again in a moment", "nothing to do, unless the zombie stays", false},
	CauseExitSignal: {
		"clone-child", "it created this child by clone(2) with exit signal {}; a wait without __WALL or __WCLONE does not see such a child",
		"make it wait with __WALL", true,
	},
	CauseWaitsForOther: {
		"waits-for-another", "it is waiting for {}, not for this one",
		"make it wait for any child (pid -1)", true,
	},
	CauseNotInit: {
		"no-init", "it is PID 1 and adopts orphans, but does not wait for them",
		"start the container with an init: yinit -- PROGRAM, or docker run --init", false,
	},
	CauseEither: {
		"pid1-does-not-wait", "it is PID 1 and has not waited for it; whether PID 1 started it or adopted it as an orphan is unknown",
		"make PID 1 wait for its children; for orphans, start the container with an init: yinit -- PROGRAM, or docker run --init; to see which they are, watch: yinit history --follow --kind adopt", false,
	},
	CauseSubreaper: {
		"subreaper-does-not-wait", "it is a subreaper and adopted this orphan, but has not waited for it",
		"make it wait for any child (pid -1)", true,
	},
	CauseBlocked: {
		"blocks-chld", "it blocks CHLD, so no handler can run, and it has not waited",
		"make it wait, or unblock CHLD", true,
	},
	CauseIgnored: {
		"ignored-too-late", "it ignores CHLD now, but did not when this child ended; the kernel reaps only children that end later",
		"make it wait, or ignore CHLD before it starts children", true,
	},
	CauseHandler: {
		"handler-does-not-wait", "it catches CHLD, but has not waited for this child; one CHLD may stand for several exits",
		"make its handler wait in a loop until no zombie is left", true,
	},
	CauseNeverWaits: {"never-waits", "it runs, but does not wait for its children", "make it wait", true},
}

// String returns the cause in a word, for programs.
func (c Cause) String() string {
	if int(c) < len(causes) {
		return causes[c].word
	}
	return causes[CauseUnknown].word
}

// Why explains the cause in words. "It" is the culprit.
func (b Blame) Why() string {
	of := strconv.Itoa(b.Of)
	switch {
	case b.Cause == CauseExitSignal && b.Of > 0:
		of = procfs.SignalName(b.Of)
	case b.Cause == CauseWaitsForOther && b.Of == 0:
		of = "another child"
	case b.Cause == CauseWaitsForOther:
		of = "its child " + of
	case b.Cause == CauseVfork && b.Of == 0:
		of = "its vfork child"
	case b.Cause == CauseVfork:
		of = "its vfork child " + of
	}
	return strings.Replace(causes[b.Cause].why, "{}", of, 1)
}

// Init is what PID 1 does with orphans. When a process ends, its zombies become
// orphans and PID 1 gets them.
type Init uint8

// What PID 1 does with orphans.
const (
	InitUnknown     Init = iota
	InitReaps            // it is an init and reaps them
	InitDoesNotReap      // it has left some unreaped
	InitEnds             // it ends with the culprit, which is its program, and so does the container
)

// Advice says what helps against one zombie, given what PID 1 does with orphans.
func (b Blame) Advice(init Init) string { return b.advice(init, 1, 1) }

// Advice says what helps against the zombies of c, given what PID 1 does with orphans.
func (c *Culprit) Advice(init Init) string {
	if c.Program {
		init = InitEnds
	}
	return c.advice(init, c.Started(), len(c.Zombies))
}

// advice is Advice for all zombies of a culprit, which is known to have started some of
// them.
func (b Blame) advice(init Init, started, all int) string {
	c := causes[b.Cause]
	if init == InitEnds && (c.end || b.Cause == CauseTracer) {
		return strings.TrimSuffix(c.help, ", or end it") + "; it is the container's program: ending it ends the container"
	}
	return b.inPlace(init, started, all)
}

// inPlace is advice for a culprit that may be ended without the container.
func (b Blame) inPlace(init Init, started, all int) string {
	c := causes[b.Cause]
	switch {
	case !c.end:
		return c.help
	case b.Culprit == 1 && b.Origin == OriginChild && started < all: // ending PID 1 would end the container
		return c.help + "; an init as PID 1 (yinit -- PROGRAM, or docker run --init) helps only against those of them that PID 1 adopted as orphans"
	case b.Culprit == 1 && b.Origin == OriginChild && all > 1:
		return c.help + "; an init as PID 1 does not help, because PID 1 started the zombies itself"
	case b.Culprit == 1 && b.Origin == OriginChild:
		return c.help + "; an init as PID 1 does not help, because PID 1 started the zombie itself"
	case b.Culprit == 1:
		return c.help
	case init == InitReaps:
		return c.help + "; or end it: PID 1 then reaps its zombies"
	case init == InitDoesNotReap:
		return c.help + "; or end it, once PID 1 is an init (docker run --init); this PID 1 does not reap"
	default:
		return c.help + "; or end it: PID 1 then has to reap its zombies"
	}
}
