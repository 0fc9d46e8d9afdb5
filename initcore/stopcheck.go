package initcore

import (
	"fmt"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"yinit/initcore/early"
	"yinit/initcore/history"
	"yinit/procfs"
	"yinit/procfs/verdict"
)

// A stop signal that does nothing ends in a SIGKILL from outside, before which the init
// can write nothing. So it looks at the program right after it has sent the signal, and
// says at once what keeps the program running. The look itself reads /proc, which may
// not respond: it never delays a signal, and the loop does not wait for it.

// A stopCheck is a planned look at a program that was sent a stop signal.
type stopCheck struct {
	p      *program
	pid    int
	from   unix.Signal // what --rewrite made sig of; sig itself: there is no such rewrite
	sig    unix.Signal
	sentAt time.Time
	due    time.Time
	before verdict.Obstacle // what the look before found
	looks  int
	toKill bool // for the reason of the SIGKILL that follows
}

// stopAnswer is the result of a look.
type stopAnswer struct {
	sig      unix.Signal
	comm     string           // the command name of the program, "": unknown
	obstacle verdict.Obstacle // what keeps it running
	answers  unix.Signal      // a common stop signal on which it would act; 0: none
	childAge time.Duration    // age of obstacle.Child
	trap     bool             // it is a shell, which may be about to run its trap
}

// stopChecks are the looks that are planned, and the one that is going on.
type stopChecks struct {
	planned []stopCheck
	current *stopCheck    // nil: none
	begun   time.Time     // when current began
	pollAt  time.Time     // when to ask for the answer
	every   time.Duration // time to the next question
	off     bool          // /proc does not respond, or cannot be read
	report  string        // the lines for the report
	saved   string        // those of them that were written
	saveAt  time.Time     // when to try again to write them
	pause   time.Duration // time between the last two tries
}

const (
	// A program that has just begun, or a shell that forks, may block signals for a
	// moment. So the warning needs two looks that agree, this long apart.
	confirmAfter = 30 * time.Millisecond
	// childLasts is the least age of the child that a shell waits for. Many scripts wait
	// in a loop of short sleeps, and act on the signal soon enough.
	childLasts = 2 * time.Second
	// beforeKill is how long before a SIGKILL the look for its reason begins.
	beforeKill = 50 * time.Millisecond
	checkLimit = 5 * time.Second // how long a look may take
	looksMost  = 5
)

// checkStop plans looks at a program that is sent a stop signal now, which --rewrite may
// have made of another one, from. There is one such check for each signal and run of the
// program.
func (m *machine) checkStop(p *program, from, sig unix.Signal) {
	c := stopCheck{p: p, pid: p.pid, from: from, sig: sig, sentAt: m.now, due: m.now}
	if bit := uint64(1) << (sig - 1); p.checked&bit == 0 && sig != unix.SIGKILL {
		p.checked |= bit
		m.checks.planned = append(m.checks.planned, c)
		if m.cfg.KillAfter >= 4*beforeKill && p.stoppedBy == sig {
			c.due, c.toKill = p.killAt.Add(-beforeKill), true
			m.checks.planned = append(m.checks.planned, c)
		}
	}
}

// checkFromEngine plans looks at a lone program to which a signal was forwarded, if a
// container engine may have sent that to stop the container, see STOPSIGNAL in
// dockerfile(5). stopAll has done so for SIGTERM. A SIGWINCH that is not rewritten is no
// such signal: terminals that change their size send it much more often, and programs
// for which it is the stop signal have a handler.
func (m *machine) checkFromEngine(info early.Info, passed unix.Signal, to []int) {
	if len(to) != 1 || !m.alone() || originOf(info) != history.OriginOutside {
		return
	}
	switch from := unix.Signal(info.Signal); from {
	case unix.SIGWINCH:
		if passed != from {
			m.checkStop(m.programs[0], from, passed)
		}
	case unix.SIGINT, unix.SIGQUIT, SigHalt:
		m.checkStop(m.programs[0], from, passed)
	}
}

// doChecks begins the look that is due, or asks for the answer of the last one.
func (m *machine) doChecks() {
	c := &m.checks
	defer func() {
		if r := recover(); r != nil { // it only advises, so an error in it ends it
			*c = stopChecks{off: true, report: c.saved, saved: c.saved}
			m.log.Error("internal error, please report it: stop signals are no longer checked", "panic", fmt.Sprint(r))
		}
	}()
	if c.current != nil {
		m.pollCheck()
	}
	for i := 0; c.current == nil && i < len(c.planned); i++ {
		if next := c.planned[i]; !m.now.Before(next.due) {
			c.planned = append(c.planned[:i], c.planned[i+1:]...)
			i--
			m.beginCheck(next)
		}
	}
	if c.current == nil && c.report != c.saved && !m.now.Before(c.saveAt) {
		m.saveChecks()
	}
}

// saveChecks begins to write the lines for the report. If the helper is busy, the pause
// before the next try doubles each time: a file system that does not respond must not
// wake the init often.
func (m *machine) saveChecks() {
	c := &m.checks
	switch m.looks.saveReport(c.report, c.saved) {
	case begun:
		c.saved, c.pause = c.report, 0
	case busy:
		c.pause = max(2*c.pause, confirmAfter)
		c.saveAt = m.now.Add(c.pause)
	case never:
		c.report = c.saved
	}
}

func (m *machine) beginCheck(next stopCheck) {
	c := &m.checks
	if c.off || next.p.pid != next.pid || next.looks >= looksMost {
		return
	}
	switch m.looks.check(next.pid, next.sig, next.sentAt) {
	case begun:
		c.current, c.begun, c.every = &next, m.now, time.Millisecond
		c.pollAt = m.now.Add(c.every)
	case busy:
		next.looks++
		next.due = m.now.Add(confirmAfter)
		c.planned = append(c.planned, next)
	case never:
		c.off = true
	}
}

// pollCheck asks for the answer of the look that is going on.
func (m *machine) pollCheck() {
	c := &m.checks
	if m.now.Before(c.pollAt) {
		return
	}
	answer, ok := m.looks.checkDone()
	if !ok {
		c.every = min(2*c.every, lastPoll)
		c.pollAt = m.now.Add(c.every)
		if c.off = m.now.Sub(c.begun) > checkLimit; c.off {
			c.current = nil
		}
		return
	}
	current := *c.current
	c.current = nil
	if current.p.pid == current.pid {
		m.judgeStop(current, answer)
	}
}

// judgeStop decides what the result of a look means.
func (m *machine) judgeStop(c stopCheck, a stopAnswer) {
	c.p.answer = a
	if c.toKill || a.obstacle.Does == "" && !a.trap {
		return
	}
	if a.obstacle.Does == "" || a.obstacle != c.before {
		c.before, c.due = a.obstacle, m.now.Add(confirmAfter)
		if a.obstacle.Child.PID != 0 && a.childAge+confirmAfter < childLasts {
			c.due = m.now.Add(childLasts - a.childAge)
		}
		c.looks++
		m.checks.planned = append(m.checks.planned, c)
		return
	}
	text := fmt.Sprintf("%s %s", c.p.title(a.comm), a.obstacle.Does)
	if c.isTimed() && !c.p.killAt.IsZero() {
		text += fmt.Sprintf(", and is killed %s after the signal", m.cfg.KillAfter)
	}
	m.noteWarning(text)
	text += m.helpFor(&c, a)
	m.log.Warn(text)
	m.checks.report += "yinit: still running after " + procfs.SignalName(int(c.sig)) + ": " + procfs.Printable(text) + "\n"
}

// isTimed reports whether --kill-after applies: it counts from the signal that began the
// stop, not from one that was only forwarded.
func (c *stopCheck) isTimed() bool { return c.p.stoppedBy == c.sig }

// helpFor says what helps against the obstacle: "; use --rewrite TERM:INT or
// --kill-after". It says nothing that has been done already, or that has no effect.
func (m *machine) helpFor(c *stopCheck, a stopAnswer) string {
	var first string // what to change in the program's own place
	var options []string
	switch {
	case a.obstacle.Child.PID != 0:
		first = "start the command with exec"
		if !c.p.group {
			options = append(options, "--group")
		}
	case a.answers == 0:
	case a.answers == c.from:
		first = "drop the rewrite " + shortName(c.from) + ":" + shortName(c.sig)
	case m.alone():
		options = append(options, "--rewrite "+shortName(c.from)+":"+shortName(a.answers))
	case m.cfg.Rewrite.Of(a.answers) == a.answers:
		first = "set stop_signal = \"" + shortName(a.answers) + "\""
	}
	if c.isTimed() && c.p.killAt.IsZero() {
		options = append(options, "--kill-after")
	}
	help := strings.Join(options, " or ")
	if help != "" {
		help = "use " + help
	}
	switch {
	case first != "" && help != "":
		return "; " + first + ", or " + help
	case first != "" || help != "":
		return "; " + first + help
	}
	return ""
}

// shortName returns the name of a signal as options take it: "TERM".
func shortName(sig unix.Signal) string {
	return strings.TrimPrefix(procfs.SignalName(int(sig)), "SIG")
}

// title names the program as a subject: "sh (pid 11)", "python3 (now sleep, pid 6)".
func (p *program) title(comm string) string {
	if comm == "" || comm == p.comm() || comm == p.Name {
		return fmt.Sprintf("%s (pid %d)", p.Name, p.pid)
	}
	return fmt.Sprintf("%s (now %s, pid %d)", p.Name, comm, p.pid)
}

// nextCheck returns the time at which doChecks has something to do; zero: never.
func (m *machine) nextCheck() time.Time {
	c := &m.checks
	if c.current != nil {
		return c.pollAt
	}
	var first time.Time
	if c.report != c.saved {
		first = c.saveAt
	}
	for i := range c.planned {
		if first.IsZero() || c.planned[i].due.Before(first) {
			first = c.planned[i].due
		}
	}
	return first
}
