package checkup

import (
	"slices"
	"time"

	"yinit/procfs"
	"yinit/procfs/cgroup"
	"yinit/procfs/doctor"
	"yinit/procfs/zombie"
)

// again is when zombies are looked at again of which it is not known when they ended.
const again = time.Second

// Health reads what h asks about the processes of proc, whose control group is group. It reads
// one file of each process, and starts none.
func Health(h *doctor.Health, proc procfs.FS, group cgroup.Group) error {
	if _, err := proc.Uptime(); err != nil {
		return proc.WhatHelps(err)
	}
	scanner := procfs.NewScanner(proc)
	defer scanner.Close()
	scanner.Keep(0)
	stats, err := scanner.Scan(nil)
	if err != nil {
		return err
	}
	t := zombie.Count(proc, stats, h.OldAfter)
	h.Zombies, h.Old, h.Oldest = t.All, t.Old, t.Oldest
	if n := len(t.Unknown); n > 0 && t.Old+n > h.MaxZombies {
		time.Sleep(again) // A parent that waits needs less.
		if stats, err = scanner.Scan(nil); err != nil {
			return err
		}
		h.Old += remaining(t.Unknown, stats)
	}
	pids, limit := group.Pids()
	h.Pids, h.PidsLimit = int(pids), int(limit)
	h.Hidden = scanner.Hidden() > 0 || !slices.ContainsFunc(stats, func(s procfs.Stat) bool { return s.PID == 1 })
	for i := range stats {
		if s := &stats[i]; s.PID == t.Parent && h.Old > 0 {
			h.Parent, h.ParentComm = s.PID, s.Comm
		}
	}
	return nil
}

// remaining returns how many of the zombies are still there.
func remaining(zombies []procfs.ID, stats []procfs.Stat) (n int) {
	for i := range stats {
		if s := &stats[i]; s.Zombie() && slices.Contains(zombies, s.ID()) {
			n++
		}
	}
	return n
}
