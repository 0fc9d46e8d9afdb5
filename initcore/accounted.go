package initcore

import (
	"time"

	"golang.org/x/sys/unix"

	"yinit/initcore/watch"
	"yinit/procfs"
)

// The orphans that are read from /proc although process accounting knows them: a burst, and a
// rate in the long run. /proc has exact times; but if thousands end at once, to read it would
// take half of the time that the init needs for each.
const (
	exactBurst     = 256
	exactPerSecond = 50
)

// deadChildren are the children of the init that process accounting knows to have ended.
type deadChildren interface {
	// nextDead returns what process accounting says about one of them, which may be about to
	// end. ok is false if there is none.
	nextDead() (said watch.Accounted, ok bool)
	// notDead tells that waitid(2) has not found the child that nextDead has returned.
	notDead(err error)
	// reapsNext tells that the init has reaped that child, and records what nextDead said.
	reapsNext()
}

// mostUndead is how many children findNextDead and reapInBurst try that are about to end.
const mostUndead = 8

// findNextDead fills info with a child that has ended, if process accounting knows one.
func (k *kernel) findNextDead(info *childInfo) bool {
	*info = childInfo{}
	if k.dead == nil {
		return false
	}
	for range mostUndead {
		said, ok := k.dead.nextDead()
		if !ok {
			return false
		}
		err := waitid(unix.P_PID, said.ID.PID, info, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil)
		if err == nil && info.pid != 0 {
			return true
		}
		*info = childInfo{}
		k.dead.notDead(err)
	}
	return false
}

// reapInBurst reaps an orphan that process accounting knows, without reading /proc. It
// reports whether it did so, which depends on how many have ended lately.
func (k *kernel) reapInBurst(d *death) bool {
	if k.dead == nil {
		return false
	}
	var info childInfo
	var usage unix.Rusage
	for range mostUndead {
		said, ok := k.dead.nextDead()
		if !ok || said.Signaled || k.startedByInit(said.ID.PID) || k.exact.Take(time.Now()) {
			return false
		}
		info = childInfo{}
		group := k.group(said.ID.PID)
		err := waitid(unix.P_PID, said.ID.PID, &info, unix.WEXITED|unix.WNOHANG, &usage)
		if err != nil || info.pid == 0 {
			k.dead.notDead(err)
			continue
		}
		k.dead.reapsNext()
		*d = death{PID: said.ID.PID, UID: info.uid, Status: waitStatus(info), accounted: said}
		d.Stat = procfs.Stat{PID: d.PID, PPID: k.pid, PGRP: group, Comm: said.Comm, Start: said.ID.Start}
		if d.Runtime = said.Elapsed; said.ID.Start != 0 {
			d.Runtime = procfs.Age(procfs.SinceBoot(), said.ID.Start)
		}
		d.ownUsage(&usage)
		return true
	}
	return false
}

// startedByInit reports whether a child is no orphan.
func (k *kernel) startedByInit(pid int) bool {
	_, program := k.starts[pid]
	return program || pid == k.trial.pid
}

// ownUsage sets what a dead child used itself: waitid(2) adds what the children used that it
// has waited for.
func (d *death) ownUsage(usage *unix.Rusage) {
	d.MaxRSS = procfs.Bytes(usage.Maxrss) * procfs.KiB
	d.CPU = time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
	switch {
	case d.accounted != watch.Accounted{}:
		if uint64(usage.Minflt) != d.accounted.MinorFaults { // it seems to have had children
			d.Stat.CMinorFaults, d.CPU = 1, d.accounted.CPU
		}
	case d.Stat.PID == d.PID && d.Stat.CUTime+d.Stat.CSTime > 0:
		d.CPU = (d.Stat.UTime + d.Stat.STime).Duration()
	}
}

// startedAbout returns the identity of a dead process, with a start time that may be late
// if the exact one is not known.
func (d *death) startedAbout() procfs.ID {
	id := d.id()
	if id.Start == 0 && d.Runtime > 0 {
		id.Start = procfs.TicksOf(procfs.SinceBoot() - d.Runtime)
	}
	return id
}
