package zombie

import (
	"strconv"
	"strings"

	"yinit/procfs"
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

// Why is the cause in words. The culprit is "it".
func (b Blame) Why() string {
	of := strconv.Itoa(b.Of)
	switch {
	case b.Cause == CauseExitSignal && b.Of > 0:
		of = procfs.SignalName(b.Of)
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

// Init is what PID 1 does with orphans. The zombies of a process become orphans
// when it ends.
type Init uint8

// What PID 1 does with orphans.
const (
	InitUnknown Init = iota
	InitReaps        // it is an init
	InitLeaves       // it has left some unreaped
)

// Advice is what helps, given what PID 1 does with orphans.
func (b Blame) Advice(init Init) string {
	c := causes[b.Cause]
	switch {
	case !c.end:
		return c.help
	case init == InitReaps:
		return c.help + "; or end it: PID 1 then reaps them"
	case init == InitLeaves:
		return c.help + "; or end it, once PID 1 is an init (docker run --init): this one is none"
	default:
		return c.help + "; or end it: PID 1 then has to reap them"
	}
}
