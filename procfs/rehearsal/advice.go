package rehearsal

import (
	"fmt"
	"strings"

	"yinit/procfs"
	"yinit/procfs/verdict"
)

// Why explains, a sentence each, why the stop was not clean. Of processes with the same
// fate only the first is named.
func (r *Report) Why() (why []string) {
	var left, killed []string
	for i := range r.Judged {
		switch j := &r.Judged[i]; {
		case j.PID == 1 && j.Hard:
			why = append(why, r.whyKilled(j))
		case j.Left:
			left = append(left, j.Name())
		case j.By == ByInit:
			killed = append(killed, j.Name())
		}
	}
	if len(left) > 0 {
		why = append(why, "PID 1 ended while these still ran, and the kernel killed them: "+strings.Join(left, ", "))
	}
	if len(killed) > 0 {
		why = append(why, "PID 1 waited for these and then killed them: "+strings.Join(killed, ", "))
	}
	if r.PreStop != nil && !r.PreStop.OK() {
		why = append(why, "the pre-stop command "+r.PreStop.Ended())
	}
	if r.Check != nil && !r.Check.OK() {
		why = append(why, "the check "+r.Check.Ended())
	}
	return why
}

// whyKilled says why PID 1 was killed.
func (r *Report) whyKilled(first *Judged) string {
	if r.Signal == sigKILL {
		return "the stop signal is SIGKILL, which no process can handle"
	}
	if !r.Killed {
		return first.Name() + " was killed, and not by the engine"
	}
	end := ", and was killed after " + procfs.Span(r.KilledAt)
	slow := r.slow()
	if slow == nil {
		return first.Name() + " had not ended" + end
	}
	signal := procfs.SignalName(r.Signal)
	if slow.PID != 1 {
		return fmt.Sprintf("%s %s; %s waited for it%s", slow.Name(), reaction(slow, signal), first.Name(), end)
	}
	return slow.Name() + " " + reaction(slow, signal) + end
}

// reaction says what a process did with the stop signal.
func reaction(p *Process, signal string) string {
	switch p.Outcome {
	case verdict.OutcomeShielded:
		return "has no handler for " + signal + ", and the kernel drops it for PID 1"
	case verdict.OutcomeIgnore:
		return "ignores " + signal
	case verdict.OutcomeDefaultIgnore:
		return "has no handler for " + signal + ", which does nothing by default"
	case verdict.OutcomePending:
		return "blocks " + signal
	case verdict.OutcomeStop:
		return "was stopped by " + signal + ", and not ended"
	case verdict.OutcomeContinue:
		return "goes on at " + signal
	case verdict.OutcomeHandler:
		return "has a handler for " + signal + ", but had not ended"
	case verdict.OutcomeRead:
		return "reads " + signal + " itself, but had not ended"
	}
	return "had not ended"
}

// slow returns the process because of which PID 1 was killed: PID 1, or the program that an
// init waited for; nil: it is not known.
func (f *Facts) slow() (found *Process) {
	if len(f.Processes) == 0 {
		return nil
	}
	first := &f.Processes[0]
	if first.Forward == 0 {
		return first
	}
	for i := range f.Processes[1:] {
		p := &f.Processes[1+i]
		if p.PPID != 1 || p.Late || p.Zombie || p.At < f.KilledAt {
			continue
		}
		if first.Forward == f.Signal && deaf(p.Outcome) {
			return p
		}
		if found == nil {
			found = p
		}
	}
	return found
}

// never reports whether PID 1 would not have ended with any grace.
func (f *Facts) never() bool {
	p := f.slow()
	return p != nil && deaf(p.Outcome) && (p.PID == 1 || f.Processes[0].Forward == f.Signal)
}

// Advice says what helps, a sentence each.
func (r *Report) Advice() (advice []string) {
	if len(r.Judged) == 0 || r.Signal == sigKILL {
		return nil
	}
	if first := &r.Judged[0]; first.Hard && r.Killed {
		advice = r.adviceKilled(first)
	}
	if r.Left > 0 && r.Init == "none" {
		advice = append(advice, "let PID 1 wait for its processes, or run it under an init; --init yinit plays that")
	}
	if r.PreStop != nil && r.PreStop.CutOff {
		advice = append(advice, "make the pre-stop command shorter, or the grace longer (terminationGracePeriodSeconds); --grace plays that")
	}
	return advice
}

// adviceKilled says what helps if PID 1 was killed at the end of the grace.
func (r *Report) adviceKilled(first *Judged) []string {
	signal := procfs.SignalName(r.Signal)
	another := "choose another stop signal (STOPSIGNAL, stop_signal); --stop-signal plays that"
	slow := r.slow()
	switch {
	case !r.never():
		more := "give it more time (docker stop -t, terminationGracePeriodSeconds), or " + another + ", and --grace the time"
		if r.waitsForCommand(first) {
			return []string{"a shell runs its trap only when its command has ended: start the command with & and wait for it", more}
		}
		return []string{more}
	case slow.Outcome == verdict.OutcomeShielded:
		advice := []string{"run it under an init (docker run --init, or ENTRYPOINT [\"/yinit\", \"--\"]); --init yinit plays that"}
		if isShell(first.Comm) && len(r.Judged) > 1 {
			advice = append(advice, "a shell does not forward signals: write exec before its last command")
		}
		return advice
	case slow.Outcome == verdict.OutcomeIgnore:
		return []string{"let " + slow.Name() + " handle " + signal + ", or " + another}
	case slow.Outcome == verdict.OutcomePending:
		return []string{"let " + slow.Name() + " unblock " + signal + ", or " + another}
	}
	return []string{another}
}

// waitsForCommand reports whether PID 1 is a shell with a trap that has a child.
func (r *Report) waitsForCommand(first *Judged) bool {
	if !isShell(first.Comm) || first.Outcome != verdict.OutcomeHandler {
		return false
	}
	for i := range r.Judged {
		if r.Judged[i].PPID == 1 {
			return true
		}
	}
	return false
}

// isShell reports whether this is the name of a shell.
func isShell(comm string) bool {
	switch comm {
	case "sh", "bash", "dash", "ash", "ksh", "zsh", "busybox":
		return true
	}
	return false
}
