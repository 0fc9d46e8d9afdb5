package cgroup

import (
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"yinit/procfs"
)

// Usage is the usage and the limits of a control group.
type Usage struct {
	Pids, PidsMax   uint64        // number of processes and threads, and its limit; 0: unknown, or no limit
	Mem, MemMax     procfs.Bytes  // memory without inactive page cache, and its limit; 0: unknown, or no limit
	CPU             time.Duration // CPU time used, if HasCPU
	HasCPU          bool          // CPU is known
	CPUWhole        bool          // CPU is that of the whole machine
	CPUMax          float64       // limit in CPUs; 0: unknown, or no limit
	OOMKills        uint64        // processes that the OOM killer has ended, if HasOOM
	HasOOM          bool          // OOMKills is known
	Root            bool          // neither pids nor memory is counted: the group is probably the root, the whole machine
	hasPids, hasMem bool
}

// Read reads the usage and the limits.
func (c Group) Read() Usage {
	var u Usage
	if c.unified != nil {
		u.readV2(*c.unified)
	}
	u.readV1(c.byName)
	u.Root = !u.hasPids && !u.hasMem
	u.CPUWhole = u.HasCPU && (u.CPUWhole || u.Root)
	return u
}

// OOMKills returns the number of processes that the kernel has killed because a memory
// limit was reached. It reads one small file only; for Read the kernel has to sum up
// the usage.
func (c Group) OOMKills() (kills uint64, ok bool) {
	if d, ok := c.byName["memory"]; ok {
		return d.keyed("memory.oom_control", "oom_kill")
	}
	if c.unified != nil {
		return c.unified.keyed("memory.events", "oom_kill")
	}
	return 0, false
}

// MemoryLimit returns the memory limit of the group; 0: unknown, or no limit.
func (c Group) MemoryLimit() procfs.Bytes { return c.Read().MemMax }

// noLimit is the least memory limit that means no limit in version 1. The kernel shows
// the largest number of bytes that is a multiple of the page size; version 2 shows
// "max".
const noLimit = 1 << 62

func (u *Usage) readV2(d dir) {
	u.Pids, u.hasPids = d.number("pids.current")
	u.PidsMax = d.limit("pids.max")
	if n, ok := d.number("memory.current"); ok {
		u.setMem(n, d, "inactive_file")
	}
	u.MemMax = procfs.Bytes(d.limit("memory.max"))
	if usec, ok := d.keyed("cpu.stat", "usage_usec"); ok {
		u.CPU, u.HasCPU = time.Duration(usec)*time.Microsecond, true
		// In a cgroup namespace a group looks like the root, but only the root has no
		// cgroup.events.
		if _, ok := d.keyed("cgroup.events", "populated"); !ok {
			u.CPUWhole = d.whole && !u.hasPids && !u.hasMem
		}
	}
	u.CPUMax = quotaV2(d)
	u.OOMKills, u.HasOOM = d.keyed("memory.events", "oom_kill")
}

func (u *Usage) readV1(byName map[string]dir) {
	if d, ok := byName["pids"]; ok && !u.hasPids {
		u.Pids, u.hasPids = d.number("pids.current")
		u.PidsMax = d.limit("pids.max")
	}
	if d, ok := byName["memory"]; ok && !u.hasMem {
		u.readMemoryV1(d)
	}
	if d, ok := byName["cpuacct"]; ok && !u.HasCPU {
		if ns, ok := d.number("cpuacct.usage"); ok {
			u.CPU, u.HasCPU, u.CPUWhole = time.Duration(ns), true, d.whole
		}
	}
	if d, ok := byName["cpu"]; ok && u.CPUMax == 0 {
		quota, ok1 := d.number("cpu.cfs_quota_us") // -1, which is not a number here, means no limit
		period, ok2 := d.number("cpu.cfs_period_us")
		if ok1 && ok2 && period > 0 {
			u.CPUMax = float64(quota) / float64(period)
		}
	}
}

// readMemoryV1 reads the memory usage, unless the group is the whole machine, and the
// limit.
func (u *Usage) readMemoryV1(d dir) {
	limit := d.limit("memory.limit_in_bytes")
	if limit < noLimit {
		u.MemMax = procfs.Bytes(limit)
	}
	if n, ok := d.number("memory.usage_in_bytes"); ok && !d.whole {
		u.setMem(n, d, "total_inactive_file")
	}
	u.OOMKills, u.HasOOM = d.keyed("memory.oom_control", "oom_kill")
}

func (u *Usage) setMem(n uint64, d dir, cache string) {
	if inactive, ok := d.keyed("memory.stat", cache); ok && inactive < n {
		n -= inactive
	}
	u.Mem, u.hasMem = procfs.Bytes(n), true
}

// quotaV2 reads "quota period" from cpu.max of the group and its ancestors, and returns
// the smallest quota in CPUs.
func quotaV2(d dir) float64 {
	least := 0.0
	for path := d.path; ; path = filepath.Dir(path) {
		if b, err := d.read(path, "cpu.max", nil); err == nil {
			f := strings.Fields(string(b))
			if len(f) == 2 {
				quota, err1 := strconv.ParseFloat(f[0], 64)
				period, err2 := strconv.ParseFloat(f[1], 64)
				if err1 == nil && err2 == nil && period > 0 && (least == 0 || quota/period < least) {
					least = quota / period
				}
			}
		}
		if path == d.top || len(path) <= len(d.top) {
			return least
		}
	}
}
