package cgroup

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"yinit/procfs"
)

// Usage is what a control group uses and may use.
type Usage struct {
	Pids, PidsMax   uint64       // processes and threads; 0: unknown, or no limit
	Mem, MemMax     procfs.Bytes // without the page cache that could be dropped; 0: unknown, or no limit
	CPU             time.Duration
	HasCPU          bool
	CPUMax          float64 // processors; 0: no limit
	OOMKills        uint64
	HasOOM          bool
	Root            bool // the group is the machine's own: there is nothing to see but the machine
	hasPids, hasMem bool
}

// Read reads the meters.
func (c Group) Read() Usage {
	var u Usage
	if c.unified != nil {
		u.readV2(*c.unified)
	}
	u.readV1(c.byName)
	u.Root = !u.hasPids && !u.hasMem
	return u
}

// OOMKills is how many processes the kernel has killed because a memory limit was
// hit. It reads one small file, where Read makes the kernel add up what all use.
func (c Group) OOMKills() (kills uint64, ok bool) {
	if c.unified != nil {
		if kills, ok = c.unified.keyed("memory.events", "oom_kill"); ok {
			return kills, true
		}
	}
	if d, ok := c.byName["memory"]; ok {
		return d.keyed("memory.oom_control", "oom_kill")
	}
	return 0, false
}

// MemoryLimit is how much memory the group may use, 0 if there is no limit.
func (c Group) MemoryLimit() procfs.Bytes { return c.Read().MemMax }

// noLimit is what version 1 says where version 2 says "max": the largest number
// of bytes that is a whole number of pages.
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
			u.CPU, u.HasCPU = time.Duration(ns), true
		}
	}
	if d, ok := byName["cpu"]; ok && u.CPUMax == 0 {
		quota, ok1 := d.number("cpu.cfs_quota_us") // -1, no number, without a limit
		period, ok2 := d.number("cpu.cfs_period_us")
		if ok1 && ok2 && period > 0 {
			u.CPUMax = float64(quota) / float64(period)
		}
	}
}

// readMemoryV1 reads what the group uses, unless it is the whole machine.
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

// quotaV2 reads "quota period" from cpu.max, the tightest up to the top.
func quotaV2(d dir) float64 {
	least := 0.0
	for path := d.path; ; path = filepath.Dir(path) {
		if b, err := os.ReadFile(filepath.Join(path, "cpu.max")); err == nil {
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
