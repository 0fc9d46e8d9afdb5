package initcore

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"yinit/initcore/early"
	"yinit/initcore/history"
	"yinit/procfs"
)

// stopState is what the machine knows about the stops of a program.
type stopState struct {
	sent     early.Info // the stop signal that the init has forwarded since the last stop; zero: none
	at       time.Time  // when it was last stopped, if recorded
	recorded bool       // the record of the stop was written
	missed   int        // how many stops since then are not recorded
	said     bool       // a warning has said that it was stopped
}

// stopped handles a program that a signal stopped or continued.
func (m *machine) stopped(p *program, by unix.Signal) {
	if p == nil {
		return
	}
	if by == unix.SIGCONT {
		m.wasContinued(p)
		return
	}
	asked := p.stop.sent
	p.stopped, p.stop.sent = true, noInfo
	if p.toldToEnd && !m.resumption.at.IsZero() {
		return // the next look continues it
	}
	// A shell that puts a running job into the foreground does not notify it. The only
	// hint is that the program tried to use the terminal.
	if m.alone() && (by == unix.SIGTTIN || by == unix.SIGTTOU) && m.terminal.giveTerminal(p.pid) {
		return
	}
	switch {
	case asked == noInfo && m.keyStopped(p, by):
		m.recordStop(p, "stopped by SIGTSTP from the terminal, and continued at once: no shell with job control started yinit")
		p.stop.recorded = false // which tells of the continuation, too
		m.sayOnce(p, "continued "+p.Name+", which Ctrl-Z had stopped: no shell with job control is above yinit to continue it", p.pid)
		_ = m.proc.kill(-p.pid, unix.SIGCONT) // the terminal had stopped the whole group
	case m.jobStopped(asked):
		m.recordStop(p, "stopped by "+procfs.SignalName(int(by)))
		m.terminal.suspend()
	default:
		m.recordStop(p, "stopped by "+procfs.SignalName(int(by)))
		m.sayOnce(p, p.Name+" was stopped by "+procfs.SignalName(int(by))+"; it does nothing until it gets SIGCONT", p.pid)
	}
}

// keyStopped reports whether Ctrl-Z in a terminal stopped the program, and no shell
// would ever continue it.
func (m *machine) keyStopped(p *program, by unix.Signal) bool {
	return by == unix.SIGTSTP && m.alone() && !m.terminal.underShell() && m.terminal.usedBy(p.pid)
}

// jobStopped reports whether the init has to stop too, because all its programs are
// stopped and the init and they are one job of a shell. With --session a program is not
// part of the job. Where no standard descriptor is the terminal, the init knows of a
// terminal only if that has sent the stop signal, asked.
func (m *machine) jobStopped(asked early.Info) bool {
	if !m.terminal.present() && originOf(asked) != history.OriginKernel {
		return false
	}
	for _, p := range m.programs {
		if p.pid != 0 && !p.stopped {
			return false
		}
	}
	return !m.cfg.Session && m.terminal.underShell()
}

// wasContinued handles a program that SIGCONT continued.
func (m *machine) wasContinued(p *program) {
	if !p.stopped {
		return
	}
	p.stopped = false
	if p.stop.recorded {
		p.stop.recorded = false
		m.recordStop(p, "continued after "+procfs.Span(m.now.Sub(p.stop.at)))
		m.log.Info(p.Name+" was continued", "pid", p.pid)
	}
}

// The records of stops and continuations are limited: cpulimit(1) stops and continues a
// process many times a second, for days. The others are counted.
const (
	pauseBurst = 20
	pauseEvery = 10 * time.Minute
)

// recordStop records that a program was stopped or continued. The record of the
// continuation follows that of the stop, even if the budget is used up.
func (m *machine) recordStop(p *program, text string) {
	if p.stopped {
		p.stop.at, p.stop.recorded = m.now, m.pauseBudget.Take(m.now)
		if !p.stop.recorded {
			p.stop.missed++
			return
		}
		m.recordMissed(p)
	}
	m.newRecord(history.KindNote)
	m.rec.PID, m.rec.Comm, m.rec.Text = p.pid, p.comm(), p.Name+" was "+text
	m.hist.Add(&m.rec)
}

// recordMissed records how often p was stopped since the last record of a stop.
func (m *machine) recordMissed(p *program) {
	if p.stop.missed == 0 {
		return
	}
	m.newRecord(history.KindNote)
	m.rec.PID, m.rec.Comm, m.rec.Text = p.pid, p.comm(), fmt.Sprintf("%s was stopped and continued %d more times", p.Name, p.stop.missed)
	m.hist.Add(&m.rec)
	p.stop.missed = 0
}

// sayOnce warns about a stop of a program; later ones are for those who ask for more.
func (m *machine) sayOnce(p *program, text string, pid int) {
	if p.stop.said {
		m.log.Info(text, "pid", pid)
		return
	}
	p.stop.said = true
	m.log.Warn(text, "pid", pid)
}

// isKeyStop reports whether the signal is one by which a terminal stops a job.
func isKeyStop(sig unix.Signal) bool {
	return sig == unix.SIGTSTP || sig == unix.SIGTTIN || sig == unix.SIGTTOU
}

// strayKey reports whether the terminal wants to stop the init, and no shell would ever
// continue it. For a process without a handler the kernel drops such a signal, see
// "orphaned process group" in setpgid(2).
func (m *machine) strayKey(sig unix.Signal, origin history.SignalOrigin) bool {
	return isKeyStop(sig) && origin == history.OriginKernel && !m.terminal.underShell()
}

// suspendSession stops the init after it has forwarded a stop signal to a program in a
// session of its own, which the terminal cannot stop.
func (m *machine) suspendSession(sig unix.Signal, to []int) {
	if m.cfg.Session && isKeyStop(sig) && len(to) > 0 {
		m.terminal.stopInit()
	}
}

// stopSession lets the signals by which a terminal stops a job stop a program that is in
// a session of its own: for its process group, which is orphaned, the kernel would drop
// them. A rule of --rewrite takes precedence.
func (c *Config) stopSession() {
	for _, sig := range []unix.Signal{unix.SIGTSTP, unix.SIGTTIN, unix.SIGTTOU} {
		if c.Session && c.Rewrite[sig] == 0 {
			c.Rewrite[sig] = int8(unix.SIGSTOP)
		}
	}
}
