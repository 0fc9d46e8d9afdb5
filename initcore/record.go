package initcore

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"yinit/initcore/history"
	"yinit/procfs"
)

// begin makes the reused record one of this kind.
func (m *machine) newRecord(kind history.Kind) {
	m.rec = history.Record{Kind: kind, Time: m.now}
}

// note records a text.
func (m *machine) note(kind history.Kind, text string) {
	m.newRecord(kind)
	m.rec.Text = text
	m.hist.Add(&m.rec)
}

// orphan records a death that nobody else waits for.
func (m *machine) orphanDied(d *death) {
	if seen, ok := m.others.recall(d.id()); !ok || !seen.Adopted {
		m.newRecord(history.KindAdopt)
		m.describeProcess(d)
		m.hist.Add(&m.rec)
	}
	text := ""
	if oom := m.outOfMemory(d.id(), d.Stat.Comm, d.Status); oom != "" {
		text = d.Status.String() + ": " + oom
	}
	m.recordExit(d, text)
	if m.cfg.WarnReap {
		m.log.Warn("Reaped zombie process with pid=" + procfs.ID{PID: d.PID}.String() + " (" + d.Stat.Comm + "), " + d.Status.String())
	}
}

// ended records the death of a program and returns in words which one ended, and
// how.
func (m *machine) programDied(p *program, d *death) string {
	reason := m.why(p, d)
	m.recordExit(d, reason)
	if d.Failure != nil {
		m.log.Error(reason)
		return reason
	}
	reason = p.title(d) + " " + reason
	if d.Status.Signaled() && !p.diedAsAsked(unix.Signal(d.Status.Signal())) {
		m.log.Warn(reason, "pid", d.PID)
	} else {
		m.log.Info(reason, "pid", d.PID)
	}
	return reason
}

// diedAsAsked reports whether the init told the program to end, and it did so by this
// signal. Of other signals that were passed on nobody may have known that it has no
// handler for them.
func (p *program) diedAsAsked(sig unix.Signal) bool {
	return sig == p.stoppedBy || sig == p.lastSignal && (sig == unix.SIGTERM || sig == unix.SIGINT || sig == unix.SIGQUIT)
}

// comm is the command name of the program as it begins, see PR_SET_NAME(2const).
func (p *program) comm() string {
	name := p.Args[0][strings.LastIndexByte(p.Args[0], '/')+1:]
	return name[:min(len(name), commLen)]
}

// commLen is how long a command name may be.
const commLen = 15

// title is the name of the program, and what it was when it ended: a script may
// have become what it was written to start.
func (p *program) title(d *death) string {
	if comm := d.Stat.Comm; d.Stat.PID == d.PID && comm != "" && comm != p.comm() && comm != p.Name {
		return p.Name + " (" + comm + ")"
	}
	return p.Name
}

// why says in words how a program ended and, where that is known, because of
// what.
func (m *machine) why(p *program, d *death) string {
	how := d.Status.String()
	switch {
	case d.Failure != nil:
		return m.facts.explain(d.Failure, p.Program)
	case !d.Status.Signaled():
		return how
	}
	sig := unix.Signal(d.Status.Signal())
	if p.stoppedBy == unix.SIGKILL && sig == unix.SIGKILL {
		return how + ": it did not end in time"
	}
	if oom := m.outOfMemory(d.id(), p.Name, d.Status); oom != "" {
		return how + ": " + oom
	}
	switch {
	case p.lastSignal == sig && originOf(p.lastInfo) != history.OriginUnknown:
		return how + ": sender was " + senderText(p.lastInfo, p.lastSender)
	case p.stoppedBy == sig:
		return how + ", as it was told"
	}
	return how
}

// outOfMemory says that the memory limit was hit, and records that, if a process
// that ended so was killed for it, as far as can be told.
func (m *machine) outOfMemory(id procfs.ID, comm string, status procfs.WaitStatus) string {
	if m.phase == killingLeftovers {
		return "" // we killed it
	}
	oom := m.facts.outOfMemory(status, m.now, m.others.w != nil)
	if oom != "" {
		m.newRecord(history.KindOOM)
		m.rec.PID, m.rec.Start, m.rec.Comm = id.PID, id.Start, comm
		m.rec.Text = fmt.Sprintf("%d (%s): %s", id.PID, comm, oom)
		m.hist.Add(&m.rec)
	}
	return oom
}

// recordUnseenOOM records that somebody was killed for want of memory whom nobody saw end.
func (m *machine) recordUnseenOOM(now time.Time) {
	if oom := m.facts.outOfMemoryUnseen(now); oom != "" {
		m.now = now
		m.note(history.KindOOM, oom)
	}
}

// exit records that a child of ours ended.
func (m *machine) recordExit(d *death, text string) {
	m.newRecord(history.KindExit)
	m.describeProcess(d)
	m.rec.Known, m.rec.Status, m.rec.ReapedByInit = true, d.Status, true
	m.rec.Runtime, m.rec.CPU, m.rec.MaxRSS, m.rec.Text = d.Runtime, d.CPU, d.MaxRSS, text
	if p := m.find(d.PID); p != nil {
		m.rec.Runtime, m.rec.OriginPPID = m.now.Sub(p.begun), m.pid
		if m.rec.Cmdline == "" {
			m.rec.Cmdline = commandLine(p.Args)
		}
	}
	m.rec.Runtime = max(m.rec.Runtime-m.rec.ZombieFor, 0) // a zombie does not run
	m.hist.Add(&m.rec)
}

func (m *machine) describeProcess(d *death) {
	m.rec.PID, m.rec.UID, m.rec.Start = d.PID, d.UID, d.id().Start
	m.rec.Comm, m.rec.PPID, m.rec.Parent = d.Stat.Comm, m.pid, m.self
	seen, ok := m.others.recall(d.id())
	if !ok {
		return
	}
	if seen.Origin != m.pid { // otherwise it was seen too late
		m.rec.OriginPPID = seen.Origin
	}
	if seen.Comm == d.Stat.Comm || d.Stat.Comm == "" { // otherwise it has become another program since
		m.rec.Comm, m.rec.Cmdline = seen.Comm, seen.Cmdline
	}
	if !seen.Dead.IsZero() {
		m.rec.ZombieFor = m.now.Sub(seen.Dead)
	}
}

// codeOf is the exit status for a program that could not be started.
func codeOf(err error) int {
	if e, ok := errors.AsType[*StartError](err); ok {
		return e.Code()
	}
	return 125
}
