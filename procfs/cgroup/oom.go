package cgroup

import (
	"os"
	"syscall"
)

// OOMGroup identifies the control group whose [Group.OOMKills] is counted, by the inode
// of its directory; 0: unknown. While the machine is up, another group has another one
// and begins to count at 0.
func (c Group) OOMGroup() uint64 {
	d, ok := c.byName["memory"]
	if c.unified != nil {
		if _, counted := c.unified.keyed("memory.events", "oom_kill"); counted {
			d, ok = *c.unified, true
		}
	}
	if !ok {
		return 0
	}
	info, err := os.Stat(d.path)
	if err != nil {
		return 0
	}
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return st.Ino
	}
	return 0
}
