package explain

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"yinit/procfs"
	"yinit/procfs/doctor"
	"yinit/procfs/snapshot"
	"yinit/procfs/verdict"
	"yinit/procfs/zombie"
)

// A Life is what is known about a process that exists.
type Life struct {
	Subject
	Zombies  *zombie.Culprit  // it, if it has not reaped zombies, or who has not reaped it; nil: none, or unknown
	Init     zombie.Init      // what PID 1 does with orphans
	Step     *doctor.Step     // what becomes of it when the container is stopped; nil: unknown
	Findings []doctor.Finding // of the doctor, about it
	Program  bool             // it is a program of yinit as PID 1
	Stuck    time.Duration    // for how long, at least, it has been stopped or in state D
	Main     *snapshot.Thread // its main thread; nil: not read
	Listens  []string         // the addresses on which it listens
	Heard    []string         // the signals that the history says it got or sent, the last one last
	Earlier  string           // how an earlier process with this pid ended; "": none is known
}

// mostHeard is how many signals are told.
const mostHeard = 5

// Explain says what the process is, and how it lives.
func (l *Life) Explain() Explanation {
	e := Explanation{Subject: l.Name(), Summary: l.Sentence()}
	if l.Dead() {
		l.dead(&e)
	} else {
		l.alive(&e)
	}
	for _, heard := range l.Heard[max(0, len(l.Heard)-mostHeard):] {
		e.Add(heard)
	}
	e.Add(l.Earlier)
	for i := range l.Findings {
		f := &l.Findings[i]
		if f.ID == "zombies" && l.Zombies != nil {
			continue // That has been told in full.
		}
		e.Add("the doctor: " + f.What + " (" + f.Level.String() + ")")
		e.Try(f.Do)
	}
	l.next(&e)
	return e
}

// dead explains a zombie.
func (l *Life) dead(e *Explanation) {
	e.Add("started " + procfs.Span(l.Age) + " ago" + l.user())
	if !l.Known {
		e.Doubt(Unknown)
		e.Add("how it ended: the kernel does not show that to this user")
	}
	if c := l.Zombies; c != nil {
		e.Add(fmt.Sprintf("%s has not waited for %s: %s", l.Blamed, procfs.Plural(c.Count(), "zombie", "zombies"), c.Why()))
		e.Try(c.Advice(l.Init))
		l.doubt(e, c.Cause)
	}
}

// doubt makes the explanation as certain as the cause of zombies.
func (l *Life) doubt(e *Explanation, c zombie.Cause) {
	switch c {
	case zombie.CauseUnknown:
		e.Doubt(Unknown)
	case zombie.CauseEither, zombie.CauseHandler, zombie.CauseNeverWaits, zombie.CauseJustEnded:
		e.Doubt(Likely)
	}
}

// alive explains a process that has not ended.
func (l *Life) alive(e *Explanation) {
	e.Add("command: " + Cut(Command(l.Process)))
	e.Add("started " + procfs.Span(l.Age) + " ago" + l.user() + l.uses())
	if l.Program {
		e.Add("it is a program of the init: the container ends with it, unless the init was told otherwise")
	}
	if !l.KernelThread() {
		f := l.predict(sigTerm)
		e.Add("SIGTERM: " + f.String() + ", " + f.Reason)
		if f.Outcome == verdict.OutcomeUnknown {
			e.Doubt(Unknown)
		}
	}
	if l.Step != nil {
		e.Add("at a stop of the container " + l.Step.EndText())
	}
	e.Add(l.stuck())
	if t := l.Main; t != nil && t.Wchan != "" && !l.State.Stopped() {
		e.Add("waits for " + Waits(t))
	}
	e.Add(l.masks())
	if len(l.Listens) > 0 {
		e.Add("listens on " + strings.Join(l.Listens, ", "))
	}
	if c := l.Zombies; c != nil && c.Count() > 0 {
		e.Add(fmt.Sprintf("has not waited for %s: %s", procfs.Plural(c.Count(), "zombie", "zombies"), c.Why()))
		e.Try(c.Advice(l.Init))
		l.doubt(e, c.Cause)
	}
}

func (l *Life) user() string {
	if l.User == "" {
		return ""
	}
	return ", user " + l.User
}

// uses says what the process uses.
func (l *Life) uses() string {
	if l.KernelThread() {
		return ""
	}
	words := fmt.Sprintf(", uses %.1f %% of a CPU and %s of memory", l.CPU*100, l.RSS)
	if l.Threads > 1 {
		words += fmt.Sprintf(", %d threads", l.Threads)
	}
	return words
}

// stuck says since when a process has been stopped or in uninterruptible sleep, and where.
func (l *Life) stuck() string {
	words := ""
	switch {
	case l.State == procfs.StateDisk:
		words = "in uninterruptible sleep"
	case l.State.Stopped():
		words = "stopped"
	default:
		return ""
	}
	if l.Stuck > 0 {
		words += " for at least " + procfs.Span(l.Stuck)
	}
	if t := l.Target; t != nil && t.Tracer != 0 {
		words += fmt.Sprintf(", traced by %d", t.Tracer)
	}
	return words
}

// masks names the signals that it blocks and that wait.
func (l *Life) masks() string {
	var parts []string
	for _, set := range []struct {
		name    string
		signals procfs.SignalSet
	}{{"blocks", l.Sigs.Blocked}, {"has pending", l.Sigs.Pending.Union(l.Sigs.SharedPending)}} {
		if n := set.signals.Len(); n > 0 && n < 16 {
			var names []string
			for i := range set.signals.Numbers() {
				names = append(names, procfs.SignalName(i))
			}
			parts = append(parts, set.name+" "+strings.Join(names, " "))
		}
	}
	return strings.Join(parts, "; ")
}

// next adds what to type next.
func (l *Life) next(e *Explanation) {
	pid := l.ID.PID
	f := l.predict(sigTerm)
	switch {
	case l.Dead():
		e.Try("yinit zombies")
		if l.Culprit != 0 {
			e.Try(fmt.Sprintf("yinit explain %d", l.Culprit))
		}
		return
	case l.State == procfs.StateStopped:
		e.Try(fmt.Sprintf("yinit kill -s CONT %d", pid))
	case f.Outcome == verdict.OutcomeIgnore || f.Outcome == verdict.OutcomePending:
		if !l.KernelThread() {
			e.Try(fmt.Sprintf("yinit kill --escalate %d", pid))
		}
	}
	if l.Held > 0 {
		e.Try("yinit zombies")
	}
	e.Try(fmt.Sprintf("yinit signals %d", pid))
	e.Try(fmt.Sprintf("yinit top --pid %d", pid))
}

// About returns the findings that are about a process.
func About(found []doctor.Finding, p *snapshot.Process) []doctor.Finding {
	return slices.DeleteFunc(slices.Clone(found), func(f doctor.Finding) bool { return !slices.Contains(f.Procs, p.ID) })
}
