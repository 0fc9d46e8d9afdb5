package initcore

import (
	"errors"
	"fmt"
	"time"

	"yinit/initcore/history"
	"yinit/procfs"
)

// newRecord resets m.rec, which is reused, to an empty record of this kind.
func (m *machine) newRecord(kind history.Kind) {
	m.rec = history.Record{Kind: kind, Time: m.now}
}

// note records a text as a record of this kind.
func (m *machine) note(kind history.Kind, text string) {
	m.newRecord(kind)
	m.rec.Text = text
	m.hist.Add(&m.rec)
}

// noteWarning records a text of which the log warns. Only failures overwrite the record.
func (m *machine) noteWarning(text string) {
	m.newRecord(history.KindNote)
	m.rec.Text, m.rec.Warning = text, true
	m.hist.Add(&m.rec)
}

// outOfMemory records and says that the memory limit was hit, if a process that ended
// with this status was probably killed for that; otherwise it returns "".
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
		m.victims.add(id, comm, oom)
	}
	return oom
}

// recordUnseenOOM records that the kernel killed processes because the memory limit was
// hit, if their exits were not seen: with the time at which the counter had grown.
func (m *machine) recordUnseenOOM(now time.Time) {
	for u := m.facts.outOfMemoryUnseen(now); u.number > 0; u = m.facts.outOfMemoryUnseen(now) {
		m.now = now
		m.newRecord(history.KindOOM)
		m.rec.Time, m.rec.Text = u.at, u.text
		m.hist.Add(&m.rec)
		m.victims.addUnseen(u.number, u.text)
	}
}

// ticked is called after each scan of the watcher.
func (m *machine) ticked(now time.Time) {
	m.recordUnseenOOM(now)
	m.tellFull(now)
}

// recordExit records that a child of ours ended.
func (m *machine) recordExit(d *death, text string) {
	m.newRecord(history.KindExit)
	m.describeProcess(d)
	m.rec.Known, m.rec.Status, m.rec.ReapedByInit = true, d.Status, true
	m.rec.Runtime, m.rec.CPU, m.rec.MaxRSS, m.rec.Text = d.Runtime, d.CPU, d.peak(), text
	if p := d.program; p != nil && !p.followed { // otherwise another process has started it
		m.rec.Runtime, m.rec.OriginPPID = m.now.Sub(p.begun), m.pid
		if m.rec.Cmdline == "" {
			m.rec.Cmdline, m.rec.Renamed = commandLine(p.Args), m.rec.Comm != "" && m.rec.Comm != p.comm()
		}
	}
	m.rec.Runtime = max(m.rec.Runtime-m.rec.ZombieFor, 0) // a zombie does not run
	if d.wasSeen && d.seen.FoundDead {
		m.rec.Runtime = 0 // unknown
	}
	if d.Failure != nil { // the child's own status only says that there is a reason
		m.rec.Status, m.rec.Comm, m.rec.Renamed = procfs.WaitStatus(d.Failure.Code()<<8), d.program.comm(), false
	}
	m.hist.Add(&m.rec)
}

// peak returns the peak resident set size of the process; 0: unknown. waitid(2) reports
// the largest of three: what the process used, what it had as a copy of its parent before
// it executed a program, and what a child used that it has waited for. If that need not be
// its own, the peak is the one that the watcher has read, if it has.
func (d *death) peak() procfs.Bytes {
	carried := d.Carried
	if d.program == nil || d.program.followed {
		carried = d.seen.Carried
	}
	childless := d.Stat.PID == d.PID && d.Stat.CMinorFaults == 0
	if childless && carried > 0 && d.MaxRSS > carried {
		return d.MaxRSS
	}
	if d.Stat.PID == d.PID && d.seen.Comm != d.Stat.Comm {
		return 0 // it has executed another program since the watcher read that
	}
	return d.seen.Peak
}

// describeProcess fills in the fields of the record that identify the dead process.
func (m *machine) describeProcess(d *death) {
	m.rec.PID, m.rec.UID, m.rec.Start = d.PID, d.UID, d.id().Start
	m.rec.Comm, m.rec.PPID, m.rec.Parent, m.rec.Group = d.Stat.Comm, m.pid, m.self, d.Stat.PGRP
	if !d.wasSeen {
		return
	}
	m.rec.Inspector, m.rec.Foreign = d.program == nil && d.seen.Inspector, d.seen.Foreign
	if d.seen.Origin != m.pid { // otherwise it was first seen after its adoption
		m.rec.OriginPPID = d.seen.Origin
	}
	m.rec.Cmdline, m.rec.Renamed = d.seen.Cmdline, d.seen.Renamed
	if d.Stat.Comm == "" {
		m.rec.Comm = d.seen.Comm
	} else if d.seen.Comm != d.Stat.Comm { // it has executed another program since
		m.rec.Renamed = d.seen.Cmdline != ""
	}
	if !d.seen.Dead.IsZero() {
		m.rec.ZombieFor = m.now.Sub(d.seen.Dead)
	}
}

// codeOf returns the exit status for a program that could not be started.
func codeOf(err error) int {
	if e, ok := errors.AsType[*StartError](err); ok {
		return e.Code()
	}
	return 125
}
