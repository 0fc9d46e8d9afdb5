package initcore

import (
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"yinit/initcore/history"
	"yinit/procfs"
)

// died handles a child that ended, or that a signal stopped or continued. It looks the
// child up, once, among the programs and among the processes that the watcher has seen.
func (m *machine) died(d *death, now time.Time) {
	m.now = now
	d.program = m.find(d.PID)
	if d.Stopped != 0 {
		m.stopped(d.program, d.Stopped)
		return
	}
	d.seen, d.wasSeen = m.others.recall(d.id())
	if d.program == nil {
		m.orphanDied(d)
		return
	}
	reason := m.programDied(d)
	d.program.pid = 0
	if m.serviceLeft(d) {
		return
	}
	m.noteSuccess(d)
	m.setStatus(d, reason)
	m.reactToDeath(d, reason)
	m.stopWaiting(d.program)
	m.endIfDone()
}

// setStatus decides what the death of a program means for the exit status.
func (m *machine) setStatus(d *death, reason string) {
	p := d.program
	switch {
	case d.Failure != nil && m.retries(p, d.Failure): // as if this run had not happened
	case d.Failure != nil:
		m.failed(d.Failure.Code(), reason)
	case p.OnExit == Restart && m.phase == running:
		p.last = d.Status // the next run may end differently
	case m.endedAsAsked(p, d.Status):
		m.hasStatus = m.hasStatus || m.alone()
	case m.alone():
		m.status, m.hasStatus, m.verdict = d.Status.Shell(), true, reason
	case d.Status == 0:
	case d.Status.Signaled() && d.Status.Signal() == int(p.stoppedBy) && p.stoppedBy != unix.SIGKILL:
		// The init's stop signal ended it.
	default:
		m.failed(d.Status.Shell(), reason)
	}
}

// reactToDeath decides what the death of a program means for the others.
func (m *machine) reactToDeath(d *death, reason string) {
	if m.phase != running && m.phase != delaying {
		return
	}
	p := d.program
	switch {
	case d.Failure != nil && m.retries(p, d.Failure):
		m.planRestart(p, d.Failure)
	case d.Failure != nil:
		m.shutdown(p.Name + " could not be started")
	case p.Oneshot && d.Status == 0:
		m.start(m.now)
	case p.Oneshot:
		m.shutdown(reason + ", and a oneshot must succeed before the next program starts")
	case p.OnExit == Restart:
		m.planRestart(p, nil)
	case p.OnExit == Ignore:
	case !m.alone():
		m.shutdown(reason)
	}
}

// orphanDied records the death of a process that the init has adopted.
func (m *machine) orphanDied(d *death) {
	if !d.seen.Adopted {
		m.newRecord(history.KindAdopt)
		m.describeProcess(d)
		m.hist.Add(&m.rec)
	}
	text := m.outOfMemory(d.id(), d.Stat.Comm, d.Status)
	if text == "" && m.phase != killingLeftovers {
		text = m.whyOrphan(d)
	}
	if text != "" {
		text = d.Status.String() + ": " + text
	}
	m.recordExit(d, text)
	if m.cfg.WarnReap {
		m.log.Warn("Reaped zombie process with pid=" + procfs.ID{PID: d.PID}.String() + " (" + d.Stat.Comm + "), " + d.Status.String())
	}
}

// programDied records and logs the death of a program. It returns a sentence that
// names the program and says how it ended.
func (m *machine) programDied(d *death) string {
	reason, advice := m.why(d), m.adviceFor(d)
	if advice != "" {
		reason += ": " + advice
	}
	m.recordMissed(d.program)
	m.recordExit(d, reason)
	if d.Failure != nil {
		m.log.Error(reason)
		return reason
	}
	reason = d.title() + " " + reason
	if advice != "" || d.Status.Signaled() && !d.program.wasStoppedBy(unix.Signal(d.Status.Signal())) {
		m.log.Warn(reason, "pid", d.PID)
	} else {
		m.log.Info(reason, "pid", d.PID)
	}
	return reason
}

// wasStoppedBy reports whether sig asked the program to end: it is its stop signal, or
// a forwarded SIGTERM, SIGINT or SIGQUIT. The sender of another signal may have expected
// the program to have a handler for it.
func (p *program) wasStoppedBy(sig unix.Signal) bool {
	return sig == p.stoppedBy || sig == p.lastSignal && (sig == unix.SIGTERM || sig == unix.SIGINT || sig == unix.SIGQUIT)
}

// comm is the command name that the program starts with, see PR_SET_NAME(2const).
func (p *program) comm() string {
	name := p.Args[0][strings.LastIndexByte(p.Args[0], '/')+1:]
	return name[:min(len(name), commLen)]
}

// commLen is the maximum length of a command name in bytes.
const commLen = 15

// title is the name of the program that died. If the process had executed another
// command since, as a script that ends in exec does, the command name follows.
func (d *death) title() string {
	p := d.program
	if comm := d.Stat.Comm; d.Stat.PID == d.PID && comm != "" && comm != p.comm() && comm != p.Name {
		return p.Name + " (" + comm + ")"
	}
	return p.Name
}

// why says how a program ended and, if known, why.
func (m *machine) why(d *death) string {
	how, p := d.Status.String(), d.program
	switch {
	case d.Failure != nil:
		return m.facts.explain(d.Failure, p.Program)
	case !d.Status.Signaled():
		return how
	}
	sig := unix.Signal(d.Status.Signal())
	if p.stoppedBy == unix.SIGKILL && sig == unix.SIGKILL {
		return how + ": it was " + p.late
	}
	if oom := m.outOfMemory(d.id(), p.Name, d.Status); oom != "" {
		return how + ": " + oom
	}
	sender := ""
	switch {
	case p.lastSignal == sig && originOf(p.lastInfo) != history.OriginUnknown:
		sender = senderText(p.lastInfo, p.lastSender)
	case p.stoppedBy == sig:
		return how + ", its stop signal"
	}
	if why := m.whyFatal(d, sender); why != "" {
		how += ": " + why
	}
	if sig == SigHalt && originOf(p.lastInfo) == history.OriginOutside {
		how += "; container engines send it to stop systemd: set STOPSIGNAL SIGTERM, or use --rewrite RTMIN+3:TERM"
	}
	return how
}

// id is the identity of a dead process; the start time is 0 if it is unknown.
func (d *death) id() procfs.ID {
	if d.Stat.PID != d.PID {
		return procfs.ID{PID: d.PID}
	}
	return d.Stat.ID()
}
