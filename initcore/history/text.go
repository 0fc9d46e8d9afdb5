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

// The words of a record are found here, for whoever prints it. What processes call
// themselves is in them as it came: make the text safe before it goes to a
// terminal.

// Name is the command line of the process, or else its comm, or else "?".
func (r *Record) Name() string { return cmp.Or(r.Cmdline, r.Comm, "?") }

// How says how a process ended and, where that is known, why: "exited 1", "killed
// by SIGSEGV (core dumped)", "exit status unknown".
func (r *Record) How() string {
	how := r.status()
	switch {
	case r.Text == "":
		return how
	case strings.HasPrefix(r.Text, how):
		return r.Text
	default:
		return how + ": " + r.Text
	}
}

func (r *Record) status() string { return procfs.Ended(r.Known, r.Status) }

// Reaper says who reaped the process: "the init", "12 (gunicorn)", "a process
// outside the container".
func (r *Record) Reaper() string {
	switch {
	case r.ReapedByInit:
		return "the init"
	case r.PPID == 0:
		return "a process outside the container"
	default:
		return r.parent()
	}
}

// parent is "12 (gunicorn)", or "12" if its name is not known.
func (r *Record) parent() string { return named(strconv.Itoa(r.PPID), r.Parent) }

func named(pid, comm string) string {
	if comm == "" {
		return pid
	}
	return pid + " (" + comm + ")"
}

// Sender says who sent a signal, see [Record.Origin]: "pid 18 (sh)", "the kernel
// (timer)", "outside the container", "an unknown sender". "pid 18 (sh), as claimed"
// is what the sender says of itself, and may be forged.
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

// kernelReason says for what the kernel sends a signal, where only one reason is
// possible.
func kernelReason(signal, code int) string {
	switch {
	case code != siKernel:
		return ""
	case signal == int(syscall.SIGQUIT), signal == int(syscall.SIGTSTP), signal == int(syscall.SIGWINCH):
		return " (terminal)" // INT may be Ctrl-Alt-Del, HUP and CONT an orphaned process group
	case signal == int(syscall.SIGALRM), signal == int(syscall.SIGVTALRM), signal == int(syscall.SIGPROF):
		return " (timer)"
	default:
		return ""
	}
}

// Outcome says what the init did with a signal: "forwarded to 11", "dropped".
func (r *Record) Outcome() string {
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
		return "shutdown begins: " + procfs.SignalName(r.Passed) + " to " + receivers(r.To)
	default:
		return r.Action.String()
	}
}

func receivers(pids []int) string {
	if len(pids) == 0 {
		return "nobody"
	}
	words := make([]string, len(pids))
	for i, pid := range pids {
		words[i] = strconv.Itoa(pid)
	}
	return strings.Join(words, ", ")
}

// SignalText says which signal came, who sent it and what the init did with it:
// "SIGUSR1 from pid 18 (sh) → forwarded to 11". The arrow comes with its spaces.
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

// A Part is a piece of what a record tells of its process. Where there is no room
// for all, those of the lowest rank are left out.
type Part struct {
	Text string
	Rank int
}

// Parts is what the record tells of its process, in the order in which it is to be
// shown. Of a signal, see [Record.SignalText].
func (r *Record) Parts() []Part {
	switch r.Kind {
	case KindExit:
		return r.exitParts()
	case KindAdopt:
		text := "orphan, now a child of " + r.parent()
		if r.OriginPPID != 0 { // otherwise nobody saw it with its first parent
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
		all = append(all, Part{"ran " + procfs.Span(r.Runtime), 5})
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
	return append(all, Part{"reaped by " + r.Reaper(), 4})
}

func (r *Record) zombieParts() []Part {
	text := r.Text
	if text == "" {
		text = r.parent() + " has not waited for it"
	}
	if r.Known {
		text = r.Status.String() + "; " + text
	}
	if r.ZombieFor <= 0 {
		return []Part{{text, 9}}
	}
	return []Part{{text, 9}, {"zombie for " + procfs.Span(r.ZombieFor), 2}}
}

// parts leaves out those without a text.
func parts(all ...Part) []Part {
	kept := all[:0]
	for _, p := range all {
		if p.Text != "" {
			kept = append(kept, p)
		}
	}
	return kept
}
