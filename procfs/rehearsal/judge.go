package rehearsal

import (
	"syscall"
	"time"

	"yinit/procfs"
	"yinit/procfs/doctor"
	"yinit/procfs/verdict"
)

const sigKILL = int(syscall.SIGKILL)

// Facts are what was seen of a stop.
type Facts struct {
	Plan
	// Processes are those that lived when the stop began, PID 1 first, and those that
	// started later.
	Processes []Process
	// Ready is how long the program ran before the stop began.
	Ready time.Duration
	// PreStop and Check are the commands of the plan; nil: there is none.
	PreStop, Check *Run
	// Sent is false if PID 1 ended before the stop signal was sent, during the pre-stop
	// command.
	Sent bool
	// Killed says that the engine sent SIGKILL to PID 1, KilledAt when, after the stop
	// signal.
	Killed   bool
	KilledAt time.Duration
	// Takes is the time from the stop signal to the end of PID 1. It is negative if PID 1
	// ended before.
	Takes time.Duration
	// Status is how PID 1 ended.
	Status procfs.WaitStatus
}

// A Process is what was seen of one process.
type Process struct {
	PID, PPID int               // inside the container; PPID 0: started from outside
	Comm      string            // its name when the stop began
	Cmdline   []string          // its arguments
	Outcome   verdict.Outcome   // of the stop signal, before that was sent
	Reason    string            // why it has this outcome
	Forward   int               // the signal that it forwards instead, if it is an init; 0: none
	Late      bool              // it started during the stop
	Hook      bool              // it belongs to the pre-stop command
	Zombie    bool              // it had ended before the stop, and was not reaped
	Told      bool              // the init recorded that it sent the stop signal to it
	Pending   bool              // the stop signal was pending at the end
	At        time.Duration     // its end, after the stop signal; negative: before
	Known     bool              // Status is known
	Status    procfs.WaitStatus // how it ended
	Orphaned  bool              // PID 1 was exiting when it ended
	ByInit    bool              // PID 1 is an init and recorded that it had killed it
}

// A Killer sent the SIGKILL that ended a process.
type Killer uint8

// The killers.
const (
	NoKiller  Killer = iota // it was not killed
	ByEngine                // at the end of the grace, or the kernel because PID 1 was killed then
	ByInit                  // PID 1, which had waited for it
	ByKernel                // because PID 1 had ended and left it behind
	ByUnknown               // a process of the container
)

// String returns the killer in a word, "" for none.
func (k Killer) String() string {
	return [...]string{"", "engine", "init", "kernel", "unknown"}[min(k, ByUnknown)]
}

// A Judged is a process with what follows from the facts.
type Judged struct {
	Process
	// Got says whether the stop signal, or another one in its place, reached it.
	Got verdict.Answer
	// Hard says that SIGKILL ended it, By who sent that.
	Hard bool
	By   Killer
	// Left says that PID 1 ended before it.
	Left bool
	// Doubt says that it ended together with PID 1, and that it is not known whether the
	// kernel killed it then.
	Doubt bool
}

// A Report is the judgement of a stop.
type Report struct {
	Facts
	Judged []Judged
	Hard   int // how many processes were killed hard
	Left   int // how many PID 1 left behind
	Doubt  int // of how many that is not known
	Exit   int // the exit status that the engine sees
	// Docker and Kubernetes say whether their default grace is enough.
	Docker, Kubernetes verdict.Answer
}

// Judge judges a stop.
func Judge(f *Facts) *Report {
	r := &Report{Facts: *f, Exit: f.Status.Shell()}
	for i := range f.Processes {
		p := f.Processes[i]
		if p.PID == 1 { // the engine knows how its child ended
			p.Known, p.Status, p.At = true, f.Status, f.Takes
		}
		j := f.judge(&p)
		if j.Hook || j.Late && (!j.Hard || !f.Sent) {
			continue // of the pre-stop command, or a helper of the stop that came and went
		}
		if j.Hard {
			r.Hard++
		}
		if j.Left {
			r.Left++
		}
		if j.Doubt {
			r.Doubt++
		}
		r.Judged = append(r.Judged, j)
	}
	r.Docker = f.enough(doctor.DockerTimeout, f.Takes)
	total := f.Takes
	if f.PreStop != nil {
		total += f.PreStop.Took
	}
	r.Kubernetes = f.enough(doctor.KubernetesTimeout, total)
	return r
}

// Clean reports whether everything ended by itself, and all commands succeeded.
func (r *Report) Clean() bool {
	return r.Hard == 0 && (r.PreStop == nil || r.PreStop.OK()) && (r.Check == nil || r.Check.OK())
}

func (f *Facts) judge(p *Process) Judged {
	if !p.Known && !p.Zombie && f.Killed && p.At >= f.KilledAt {
		p.Known, p.Status = true, procfs.WaitStatus(sigKILL) // the kernel kills all with PID 1
	}
	j := Judged{Process: *p, Got: f.got(p)}
	if p.Zombie {
		return j
	}
	j.Doubt = !p.Known && p.Orphaned
	j.Hard = p.Known && p.Status.Signaled() && p.Status.Signal() == sigKILL
	j.By = f.killer(&j)
	j.Left = j.By == ByKernel
	return j
}

func (f *Facts) killer(j *Judged) Killer {
	switch {
	case !j.Hard:
		return NoKiller
	case f.Killed && j.At >= f.KilledAt:
		return ByEngine
	case j.ByInit:
		return ByInit
	case j.Orphaned && j.PID != 1:
		return ByKernel
	}
	return ByUnknown
}

// got says whether the stop signal reached p.
func (f *Facts) got(p *Process) verdict.Answer {
	fatal := p.Outcome == verdict.OutcomeTerminate || p.Outcome == verdict.OutcomeCore
	killed := p.Known && p.Status.Signaled() && p.Status.Signal() == sigKILL
	switch {
	case p.Zombie, p.At < 0:
		return verdict.No
	case p.PID == 1:
		return answer(f.Sent)
	case p.Told, p.Pending, p.Known && p.Status.Signaled() && !killed:
		return verdict.Yes
	case killed && fatal:
		return verdict.No // it would have ended by it
	}
	return verdict.Unknown // it ended by itself, or ran on, with or without a signal
}

func answer(yes bool) verdict.Answer {
	if yes {
		return verdict.Yes
	}
	return verdict.No
}

// enough says whether a grace would have been enough for a stop that took so long.
func (f *Facts) enough(grace, took time.Duration) verdict.Answer {
	switch {
	case took >= grace:
		return verdict.No
	case f.Killed && f.never():
		return verdict.No
	case f.PreStop != nil && f.PreStop.CutOff: // it has not done what it was to do
		return verdict.Unknown
	case !f.Killed:
		return verdict.Yes
	}
	return verdict.Unknown
}

// deaf reports whether a process never reacts to a signal with this outcome.
func deaf(o verdict.Outcome) bool {
	switch o {
	case verdict.OutcomeShielded, verdict.OutcomeIgnore, verdict.OutcomeDefaultIgnore, verdict.OutcomePending, verdict.OutcomeStop, verdict.OutcomeContinue:
		return true
	}
	return false
}
