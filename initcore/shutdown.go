package initcore

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"yinit/initcore/early"
	"yinit/initcore/history"
	"yinit/procfs"
)

// shutdown begins the shutdown because a program ended or could not be started.
func (m *machine) shutdown(why string) {
	if m.phase >= stopping {
		return
	}
	m.note(history.KindStop, why)
	m.log.Info("shutting down", "reason", why)
	m.stopAll(noInfo)
}

// stopRequest handles a signal that asks the init to shut down.
func (m *machine) stopRequest(info early.Info) (history.Action, []int) {
	sig := unix.Signal(info.Signal)
	switch m.phase {
	case running:
		m.hist.Stopping(m.now, int(sig))
		m.note(history.KindStop, procfs.SignalName(int(sig))+" received")
		m.settleFile(stopLimit)
		if m.cfg.halts(sig) {
			sig = unix.SIGTERM
		}
		m.stopSig, m.stopAt = sig, m.now
		if m.cfg.Delay > 0 && sig == unix.SIGTERM && m.anyRuns() {
			m.phase, m.continueAt, m.delayedInfo = delaying, m.now.Add(m.cfg.Delay), info
			return history.ActionDelayed, nil
		}
		return history.ActionStop, m.stopAll(info)
	case delaying, stopping: // a second request ends the delay, or repeats the stop signals
		return history.ActionStop, m.stopAll(info)
	case endingLeftovers:
		m.signalLeftovers()
		return history.ActionForwarded, nil
	default:
		return history.ActionDropped, nil
	}
}

// delayIsOver begins the shutdown that a SIGTERM has asked for, and records which
// programs were sent a signal.
func (m *machine) delayIsOver() {
	to := m.stopAll(m.delayedInfo)
	m.rec = m.delayed
	m.rec.Time, m.rec.Action, m.rec.To = m.now, history.ActionStop, to
	if m.alone() {
		m.rec.Action = forwarded(unix.Signal(m.rec.Signal), unix.Signal(m.rec.Passed))
	}
	m.hist.Add(&m.rec)
}

// stopAll sends every running program its stop signal, the last one first, and returns
// their pids. Those that have to wait for another program get it later. Stopped ones are
// continued. If info has a value, see sigqueue(3), the stop signal carries it.
func (m *machine) stopAll(info early.Info) (to []int) {
	if m.stopAt.IsZero() {
		m.stopAt = m.now
		m.hist.Stopping(m.now, 0)
	}
	m.phase = stopping
	m.cancelRestarts()
	for i := len(m.programs) - 1; i >= 0; i-- {
		p := m.programs[i]
		if p.pid == 0 {
			continue
		}
		if name := m.awaits(p); name != "" {
			p.stopsLater = true
			m.log.Info(p.Name+" is stopped when "+name+" has ended", "pid", p.pid)
			continue
		}
		if m.stopProgram(p, info) {
			to = append(to, p.pid)
		}
	}
	m.resumeStopped()
	m.endIfDone()
	return to
}

// killLate sends SIGKILL to the programs that did not end in time.
func (m *machine) killLate() {
	for _, p := range m.programs {
		if p.pid == 0 || p.killAt.IsZero() || m.now.Before(p.killAt) {
			continue
		}
		name, why := p.whom(m.facts.name(p.pid)), m.whyLate(p)
		m.log.Warn("killing " + name + ": " + why)
		m.note(history.KindStop, "SIGKILL to "+name+": "+why)
		if p.stoppedBy != unix.SIGKILL {
			p.late = why
		}
		p.stoppedBy = unix.SIGKILL
		m.send(p, unix.SIGKILL, noInfo)
		// A process in state D cannot react, so SIGKILL is repeated at a low rate only.
		p.killAt = m.now.Add(killAgain)
	}
}

// whom names the program, with its present command name if it has executed another
// program: "python3 (now sleep), pid 6".
func (p *program) whom(comm string) string {
	name := p.Name
	if comm != "" && comm != p.comm() && comm != p.Name {
		name += " (now " + comm + ")"
	}
	return name + ", pid " + strconv.Itoa(p.pid)
}

// whyLate says why a program is killed: "still running 20s after SIGTERM, which it
// ignores".
func (m *machine) whyLate(p *program) string {
	if p.stoppedBy == unix.SIGKILL {
		return "still running after SIGKILL"
	}
	why := "still running " + m.cfg.KillAfter.String() + " after " + procfs.SignalName(int(p.stoppedBy))
	if which := p.answer.obstacle.Which; which != "" && p.answer.sig == p.stoppedBy {
		why += ", " + which
		if was := p.stoppedBy; m.inherited.Mask&bit(was) != 0 && which == "which it blocks" || m.inherited.Ignored&bit(was) != 0 && which == "which it ignores" {
			why += " (inherited from the start)"
		}
	}
	return why
}

const (
	killAgain = 10 * time.Second       // time between two SIGKILLs to a program
	firstPoll = time.Millisecond       // first interval of poll
	lastPoll  = 100 * time.Millisecond // longest interval of poll
	killWait  = 2 * time.Second        // wait after SIGKILL, before leftover processes are left to the kernel
	namesMax  = 20                     // maximum number of processes that names lists
)

// endLeftovers begins to stop the leftover processes, which are those that outlive the
// programs.
func (m *machine) endLeftovers() {
	m.terminal.takeTerminal()
	m.recordFlood()
	m.leftovers.endTrial()
	if m.exitStatus() != 0 && m.cfg.Report != "" {
		m.zombies = heldZombies(m.leftovers.everyProcess(), m.pid, m.leftovers.tracer)
	}
	if m.cfg.Grace == 0 || !m.leftovers.anyLeft() {
		m.phase = over
		return
	}
	m.phase = endingLeftovers
	m.leftoversUntil = m.now.Add(m.cfg.Grace)
	living, known := m.leftovers.list()
	m.noteAlive(living)
	if len(living) > 0 || !known { // otherwise all are zombies
		m.note(history.KindStop, "the programs have ended; SIGTERM to leftover processes: "+names(living))
		m.log.Info("stopping leftover processes", "processes", names(living))
	}
	m.signalLeftovers()
	m.pollEvery = firstPoll
	m.pollAt = m.now.Add(m.pollEvery)
}

func (m *machine) signalLeftovers() {
	m.leftovers.signalAll(unix.SIGTERM)
	m.resumeStopped()
}

// poll checks whether there are still leftover processes. It is needed because the
// kernel does not notify us of the deaths of processes that docker exec has started.
func (m *machine) poll() {
	if !m.leftovers.anyLeft() {
		m.phase = over
		return
	}
	late := !m.now.Before(m.leftoversUntil)
	switch {
	case late && m.phase == killingLeftovers:
		living, _ := m.leftovers.list()
		m.log.Warn("leaving leftover processes to the kernel", "processes", names(living))
		m.phase = over
		return
	case late:
		living, _ := m.leftovers.list()
		m.log.Warn("killing leftover processes after "+m.cfg.Grace.String(), "processes", names(living))
		m.note(history.KindStop, "SIGKILL to leftover processes after "+m.cfg.Grace.String()+": "+names(living))
		m.phase, m.leftoversUntil, m.pollEvery = killingLeftovers, m.now.Add(killWait), firstPoll
	}
	if m.phase == killingLeftovers {
		m.leftovers.signalAll(unix.SIGKILL) // again: new processes may have become visible
	}
	m.pollAt = m.now.Add(m.pollEvery)
	m.pollEvery = min(2*m.pollEvery, lastPoll)
}

// names lists processes for the log and the history.
func names(list []procfs.Stat) string {
	if len(list) == 0 {
		return "unknown"
	}
	var b strings.Builder
	for i, s := range list {
		if i == namesMax {
			b.WriteString(", ...")
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%d", s.PID)
		if s.Comm != "" {
			fmt.Fprintf(&b, " (%s)", s.Comm)
		}
	}
	return b.String()
}

// anyRuns reports whether a program runs.
func (m *machine) anyRuns() bool {
	for _, p := range m.programs {
		if p.pid != 0 {
			return true
		}
	}
	return false
}
