package history

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"syscall"
	"time"

	"yinit/procfs"
)

// This file describes records in words, for every part of yinit that shows them. The
// names that processes gave themselves are not escaped here: escape the text before
// writing it to a terminal.

// Name returns the command line of the process, or its comm if that is unknown, or
// "?" if both are. If the process had another name in the end, that comes first: "sleep
// (was sh -c ...)".
func (r *Record) Name() string {
	if r.Renamed && r.Comm != "" && r.Cmdline != "" {
		return r.Comm + " (was " + r.Cmdline + ")"
	}
	return cmp.Or(r.Cmdline, r.Comm, "?")
}

// Title is [Record.Name] for a column: of the path of the program it has only the base
// name, so that the column shows what the program was started with.
func (r *Record) Title() string {
	name := r.Name()
	first, _, _ := strings.Cut(name, " ")
	if slash := strings.LastIndexByte(first, '/'); slash+1 < len(first) {
		return name[slash+1:]
	}
	return name
}

// How describes how a process ended and, if that is known, why: "exited 1", "killed
// by SIGSEGV (core dumped)", "exit status unknown".
func (r *Record) How() string {
	how, why := r.status(), r.Why()
	switch {
	case why == "":
		return how
	case strings.HasPrefix(why, how+" "):
		return why
	default:
		return how + ": " + why
	}
}

// Why returns the reason for which a process ended as it did, "" if none is known. It is
// Text without the words of [Record.How], with which Text may begin.
func (r *Record) Why() string {
	if r.Text == r.status() {
		return ""
	}
	for _, how := range []string{r.status(), (r.Status &^ coreFlag).String()} {
		if why, ok := strings.CutPrefix(r.Text, how+": "); ok && r.Known {
			return why
		}
	}
	return r.Text
}

// coreFlag is the bit of a wait status that says that a core was dumped, see wait(2).
const coreFlag = 0x80

// status is [Record.How] without the reason.
func (r *Record) status() string { return procfs.Ended(r.Known, r.Status) }

// Reaper names the process that reaped this one: "the init", "12 (gunicorn)", "a
// process outside the container", "the kernel: 12 (gunicorn) ignores SIGCHLD or has set
// SA_NOCLDWAIT, so it cannot get the status", or "unknown".
func (r *Record) Reaper() string {
	switch {
	case r.ReapedByKernel:
		return "the kernel: " + r.parent() + " ignores SIGCHLD or has set SA_NOCLDWAIT, so it cannot get the status"
	case r.ReapedByInit:
		return "the init"
	case r.Accounted:
		return "unknown"
	case r.PPID == 0:
		return "a process outside the container"
	default:
		return r.parent()
	}
}

// ReaperKnown reports whether it is known who reaped the process.
func (r *Record) ReaperKnown() bool { return r.ReapedByKernel || r.ReapedByInit || !r.Accounted }

// Stranger says that an orphan was reaped by a process that had adopted it and is not an
// init: "PID 1 (python3) reaped a process that it did not start"; otherwise it returns "".
// A server that waits for any child may take such a process for one of its own, and its
// exit for a crash. An init, and the shim of a container engine, reap orphans by design.
func (r *Record) Stranger() string {
	switch {
	case r.Kind != KindExit, r.ReapedByInit, r.ReapedByKernel, r.Accounted, r.PPID == 0, KnownInit(r.Parent), r.Parent == "containerd-shim", r.Parent == "conmon":
		return ""
	case r.PPID == 1 && r.OriginPPID != 1:
		return "PID " + r.parent() + " reaped a process that it did not start"
	case r.OriginPPID != 0 && r.OriginPPID != r.PPID:
		return r.parent() + " reaped a process that it did not start"
	default:
		return ""
	}
}

// parent returns "12 (gunicorn)", or "12" if the name of the parent is unknown.
func (r *Record) parent() string { return named(strconv.Itoa(r.PPID), r.Parent) }

func named(pid, comm string) string {
	if comm == "" {
		return pid
	}
	return pid + " (" + comm + ")"
}

// Sender names the sender of a signal, see [Record.Origin]: "pid 18 (sh)", "the kernel
// (timer)", "outside the container", "an unknown sender". In "pid 18 (sh), as claimed"
// the sender filled in the pid itself and may have forged it.
func (r *Record) Sender() string {
	process := "outside the container"
	if r.PID > 0 {
		process = named("pid "+strconv.Itoa(r.PID), r.Comm)
	}
	switch r.Origin() {
	case OriginKernel:
		return "the kernel" + kernelReason(r.Signal, r.Code)
	case OriginOutside, OriginProcess:
		return process
	case OriginClaimed:
		return process + ", as claimed"
	default:
		return "an unknown sender"
	}
}

// siKernel is the si_code of most signals that the kernel sends, see sigaction(2).
const siKernel = 0x80

// kernelReason returns why the kernel sent a signal, if only one reason is possible.
func kernelReason(signal, code int) string {
	switch {
	case code != siKernel:
		return ""
	case signal == int(syscall.SIGQUIT), signal == int(syscall.SIGTSTP), signal == int(syscall.SIGWINCH):
		return " (terminal)" // not INT (Ctrl-Alt-Del), HUP and CONT (orphaned process group)
	case signal == int(syscall.SIGALRM), signal == int(syscall.SIGVTALRM), signal == int(syscall.SIGPROF):
		return " (timer)"
	default:
		return ""
	}
}

// Outcome describes what the init did with a signal, and how often if that was more than
// once: "forwarded to 11", "dropped (4500 times in 22.5s)".
func (r *Record) Outcome() string {
	if r.Count > 1 {
		return fmt.Sprintf("%s (%d times in %s)", r.outcome(), r.Count, procfs.Span(r.Last.Sub(r.Time)))
	}
	return r.outcome()
}

func (r *Record) outcome() string {
	switch r.Action {
	case ActionForwarded:
		return "forwarded to " + receivers(r.To)
	case ActionRewritten:
		return "forwarded as " + procfs.SignalName(r.Passed) + " to " + receivers(r.To)
	case ActionDropped:
		return "dropped"
	case ActionDelayed:
		return "waits for --delay"
	case ActionStop:
		if len(r.To) == 0 {
			return "shutdown begins"
		}
		return "shutdown begins: stop signals to " + receivers(r.To)
	default:
		return r.Action.String()
	}
}

// receivers lists pids: "11, 12".
func receivers(pids []int) string {
	if len(pids) == 0 {
		return "no process"
	}
	words := make([]string, len(pids))
	for i, pid := range pids {
		words[i] = strconv.Itoa(pid)
	}
	return strings.Join(words, ", ")
}

// SignalText describes a signal, its sender and its outcome: "SIGUSR1 from pid 18
// (sh) → forwarded to 11". The arrow must include its spaces.
func (r *Record) SignalText(arrow string) string {
	text := procfs.SignalName(r.Signal) + " from " + r.Sender()
	if outcome := r.Outcome(); outcome != "" {
		text += arrow + outcome
	}
	if r.Text != "" {
		text += " (" + r.Text + ")"
	}
	return text
}

// A Part is a part of the description of a record. If there is no room for all parts,
// leave out those of the lowest rank.
type Part struct {
	Text string // such as "exited 1"; not escaped
	Rank int    // how important it is; 9 is the highest
}

// Parts describes the record, in the order in which the parts should be shown. It
// returns nil for a signal, which [Record.SignalText] describes.
func (r *Record) Parts() []Part {
	all := r.parts()
	if r.Foreign && len(all) > 0 {
		all = append(all, Part{"of another container", 7})
	}
	return all
}

func (r *Record) parts() []Part {
	switch r.Kind {
	case KindExit:
		return r.exitParts()
	case KindAdopt:
		text := "orphan, now a child of " + r.parent()
		if r.OriginPPID != 0 { // 0: the first parent is unknown
			text = fmt.Sprintf("orphan of %d, now a child of %s", r.OriginPPID, r.parent())
		}
		return []Part{{text, 9}}
	case KindZombie:
		return r.zombieParts()
	case KindSignal:
		return nil
	default:
		return parts(Part{r.Text, 9})
	}
}

func (r *Record) exitParts() []Part {
	all := []Part{{r.How(), 9}}
	if r.Runtime > 0 {
		all = append(all, Part{"ran " + procfs.Span(r.Runtime), 4})
	}
	if r.CPU >= 10*time.Millisecond {
		all = append(all, Part{"cpu " + procfs.Span(r.CPU), 1})
	}
	if r.MaxRSS > 0 {
		all = append(all, Part{"peak " + r.MaxRSS.String(), 3})
	}
	if r.ZombieFor >= time.Second {
		all = append(all, Part{"zombie for " + procfs.Span(r.ZombieFor), 2})
	}
	if r.Accounted {
		if r.Runtime == 0 {
			all = append(all, Part{"ran under 10ms", 4}) // the unit of acct(5)
		}
		return append(all, Part{"child of " + r.accountedParent(), 5})
	}
	if text := r.Stranger(); text != "" {
		return append(all, Part{text, 6})
	}
	return append(all, Part{"reaped by " + r.Reaper(), 5})
}

// accountedParent names the parent that the process had when it ended.
func (r *Record) accountedParent() string {
	if r.PPID == 0 {
		return "a process outside the container"
	}
	return r.parent()
}

func (r *Record) zombieParts() []Part {
	text := r.notReaped()
	if r.Known {
		text = r.Status.String() + "; " + text
	}
	if r.ZombieFor <= 0 {
		return []Part{{text, 9}}
	}
	return []Part{{text, 9}, {"zombie for " + procfs.Span(r.ZombieFor), 2}}
}

// notReaped says which process has not reaped a zombie.
func (r *Record) notReaped() string { return cmp.Or(r.Text, r.parent()+" has not waited for it") }

// parts returns the parts that have a text.
func parts(all ...Part) []Part {
	kept := all[:0]
	for _, p := range all {
		if p.Text != "" {
			kept = append(kept, p)
		}
	}
	return kept
}
