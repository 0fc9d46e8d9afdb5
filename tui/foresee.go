package tui

import "yinit/procfs"

// The signals whose numbers are the same on every processor, see signal(7).
const (
	sigQUIT = 3
	sigKILL = 9
	sigTERM = 15
)

// An outcome is what a signal would do to a process if it were sent now.
type outcome uint8

const (
	outcomeUnknown   outcome = iota // the kernel does not tell
	outcomeKills                    // the default action ends it
	outcomeCore                     // the same, with a core dump
	outcomeStops                    // the default action stops it
	outcomeContinues                // it is stopped and would go on
	outcomeHandler                  // the program's handler runs
	outcomeIgnores                  // the program ignores it
	outcomeDefault                  // the default action is to do nothing
	outcomeWaits                    // blocked, or the process is stopped
	outcomeShielded                 // PID 1 without a handler
	outcomePasses                   // yinit passes it on
	outcomeNothing                  // the process is dead
)

var outcomeWords = [...]string{
	outcomeUnknown: "unknown", outcomeKills: "kills", outcomeCore: "core", outcomeStops: "stops",
	outcomeContinues: "continues", outcomeHandler: "handler", outcomeIgnores: "IGNORES",
	outcomeDefault: "ignored by default", outcomeWaits: "waits", outcomeShielded: "shielded",
	outcomePasses: "passes", outcomeNothing: "no effect (zombie)",
}

func (o outcome) String() string { return outcomeWords[o] }

// outcomeReasons say what the word means, for the menu.
var outcomeReasons = [...]string{
	outcomeUnknown:   "the kernel does not tell here",
	outcomeKills:     "it has no handler",
	outcomeCore:      "it has no handler, dumps core if allowed",
	outcomeStops:     "it rests until SIGCONT comes",
	outcomeContinues: "it is stopped and would go on",
	outcomeHandler:   "its handler decides what happens",
	outcomeIgnores:   "it asked the kernel to drop it",
	outcomeDefault:   "the default action is to do nothing",
	outcomeWaits:     "blocked, or stopped: it would stay pending",
	outcomeShielded:  "PID 1 has no handler: the kernel drops it",
	outcomePasses:    "yinit passes it on to its program",
	outcomeNothing:   "it has ended already",
}

func (o outcome) reason(p *Process, n int) string {
	switch {
	case p.kernel() && o == outcomeIgnores:
		return "it is a thread of the kernel"
	case o == outcomeKills && n == sigKILL:
		return "cannot be caught"
	case o == outcomeShielded && n == sigKILL:
		return "PID 1 cannot be killed from inside"
	case o == outcomeWaits && p.State.Stopped():
		return "it is stopped: pending until SIGCONT"
	case o == outcomeWaits:
		return "blocked: pending until it unblocks it, or reads it"
	}
	return outcomeReasons[o]
}

// kernel reports whether p is a thread of the kernel: nobody else ignores KILL.
func (p *Process) kernel() bool { return p.Sigs.Known && p.Sigs.Ignored.Has(sigKILL) }

// entered reports whether p came from outside by docker exec or the like. The
// parent of PID 1 is outside too, and that of the kernel's first threads.
func (p *Process) entered() bool { return p.Outside && p.ID.PID != 1 && !p.kernel() }

// foresee is what signal n would do to p; yinit says whether PID 1 is our init.
func foresee(p *Process, n int, yinit bool) outcome {
	first := p.ID.PID == 1
	action := procfs.DefaultActionOf(n)
	switch {
	case p.dead():
		return outcomeNothing
	case first && unstoppable(n):
		return outcomeShielded
	case first && yinit && passedOn(n):
		return outcomePasses
	case p.kernel():
		return outcomeIgnores
	case n == sigKILL:
		return outcomeKills
	case unstoppable(n):
		return outcomeStops
	case action == procfs.Continue && p.State.Stopped():
		return outcomeContinues
	case !p.Sigs.Known:
		return outcomeUnknown
	case p.Sigs.Blocked.Has(n):
		return outcomeWaits
	case p.Sigs.Ignored.Has(n):
		return outcomeIgnores
	}
	return disposed(p, n, action)
}

// disposed is what is left to the handler or to the default action.
func disposed(p *Process, n int, action procfs.DefaultAction) outcome {
	caught := p.Sigs.Caught.Has(n)
	switch {
	case !caught && (action == procfs.Ignore || action == procfs.Continue):
		return outcomeDefault
	case !caught && p.ID.PID == 1:
		return outcomeShielded
	case p.State.Stopped():
		return outcomeWaits
	case caught:
		return outcomeHandler
	case action == procfs.Stop:
		return outcomeStops
	case action == procfs.Core:
		return outcomeCore
	default:
		return outcomeKills
	}
}

// unstoppable reports whether no program can catch signal n.
func unstoppable(n int) bool { return n == sigKILL || procfs.SignalName(n) == "SIGSTOP" }

// passedOn reports whether yinit passes signal n on to its program: all but
// CHLD and those that the kernel raises for a fault.
func passedOn(n int) bool {
	switch procfs.SignalName(n) {
	case "SIGCHLD", "SIGSEGV", "SIGBUS", "SIGFPE", "SIGILL", "SIGTRAP", "SIGABRT", "SIGSYS":
		return false
	}
	return true
}

// meansEnd reports whether people send signal n in order to end a process.
func meansEnd(n int) bool {
	switch procfs.SignalName(n) {
	case "SIGTERM", "SIGKILL", "SIGINT", "SIGQUIT", "SIGABRT":
		return true
	}
	return false
}

// termWord is the outcome of SIGTERM as the column TERM shows it.
func termWord(o outcome, g *glyphs) string {
	switch o {
	case outcomeNothing:
		return g.dash
	case outcomeUnknown:
		return "?"
	default:
		return o.String()
	}
}
