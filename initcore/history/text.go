package history

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"yinit/procfs"
)

// The words of a record are found here, for whoever prints it. What processes call
// themselves is in them as it came: make the text safe before it goes to a
// terminal.

// unknownEnd is how a process ended that somebody else reaped and of which the
// kernel did not tell.
const unknownEnd = "exit status unknown"

// Name is the command line of the process, or else its comm.
func (r *Record) Name() string {
	if r.Cmdline != "" {
		return r.Cmdline
	}
	return r.Comm
}

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

func (r *Record) status() string {
	if !r.Known {
		return unknownEnd
	}
	return r.Status.String()
}

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

// Sender says who sent a signal: "pid 18 (sh)", "outside the container", "unknown".
func (r *Record) Sender() string {
	switch {
	case r.PID < 0:
		return "unknown"
	case r.PID == 0:
		return "outside the container"
	default:
		return named("pid "+strconv.Itoa(r.PID), r.Comm)
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
		all = append(all, Part{"ran " + span(r.Runtime), 5})
	}
	if r.CPU >= 10*time.Millisecond {
		all = append(all, Part{"cpu " + span(r.CPU), 1})
	}
	if r.MaxRSS > 0 {
		all = append(all, Part{"peak " + r.MaxRSS.String(), 3})
	}
	if r.ZombieFor >= time.Second {
		all = append(all, Part{"zombie for " + span(r.ZombieFor), 2})
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
	return []Part{{text, 9}, {"zombie for " + span(r.ZombieFor), 2}}
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

// span is a duration with as many digits as people read: "310ms", "5.1s", "3h2m5s".
func span(d time.Duration) string {
	switch {
	case d < time.Second:
		return d.Round(time.Millisecond).String()
	case d < time.Minute:
		return d.Round(100 * time.Millisecond).String()
	default:
		return d.Round(time.Second).String()
	}
}
