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
	// nextDead returns one of them, which may be about to end; 0: there is none.
	nextDead() (pid int)
	// notDead tells that waitid(2) has not found the child that nextDead has returned.
	notDead(err error)
	// accounted returns what process accounting says about one of them.
	accounted(pid int) (watch.Accounted, bool)
}

// mostUndead is how many children findNextDead tries that are about to end.
const mostUndead = 8

// findNextDead fills info with a child that has ended, if process accounting knows one.
func (k *kernel) findNextDead(info *childInfo) bool {
	*info = childInfo{}
	if k.dead == nil {
		return false
	}
	for range mostUndead {
		pid := k.dead.nextDead()
		if pid == 0 {
			return false
		}
		err := waitid(unix.P_PID, pid, info, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil)
		if err == nil && info.pid != 0 {
			return true
		}
		*info = childInfo{}
		k.dead.notDead(err)
	}
	return false
}

// recallAccounted fills in what process accounting says about the dead orphan d. It reports
// whether d need not be read from /proc.
func (k *kernel) recallAccounted(d *death) bool {
	if k.dead == nil || k.exact.Take(time.Now()) {
		return false
	}
	if _, program := k.starts[d.PID]; program {
		return false
	}
	r, ok := k.dead.accounted(d.PID)
	if !ok {
		return false
	}
	d.accounted, d.Runtime = r, r.Elapsed
	d.Stat = procfs.Stat{PID: d.PID, PPID: k.pid, PGRP: k.group(d.PID), Comm: r.Comm}
	return true
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
