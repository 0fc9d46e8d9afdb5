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

// recallAccounted fills in what process accounting says about the dead orphan d. It reports
// whether d need not be read from /proc.
func (k *kernel) recallAccounted(d *death) bool {
	if k.accounted == nil || k.exact.Take(time.Now()) {
		return false
	}
	if _, program := k.starts[d.PID]; program {
		return false
	}
	r, ok := k.accounted(d.PID)
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
