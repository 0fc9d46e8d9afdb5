package cgroup

import (
	"os"
	"syscall"
)

// OOMGroup identifies the control group whose [Group.OOMKills] is counted, by the inode
// of its directory; 0: unknown. While the machine is up, another group has another one
// and begins to count at 0.
func (c Group) OOMGroup() uint64 {
	d, ok := c.controller("memory")
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

// OOMGroupKills returns how often the kernel killed all processes of a group at once,
// because its memory.oom.group is 1. Only version 2 counts that, since Linux 5.17.
func (c Group) OOMGroupKills() (kills uint64, ok bool) {
	if c.unified == nil || c.inVersion1("memory") {
		return 0, false
	}
	return c.unified.keyed("memory.events", "oom_group_kill")
}

// KillsTogether reports whether the kernel kills all processes of the group at once when its
// memory limit is reached: memory.oom.group is 1. Only version 2 has it, since Linux 4.19.
func (c Group) KillsTogether() bool {
	if c.unified == nil || c.inVersion1("memory") {
		return false
	}
	n, ok := c.unified.number("memory.oom.group")
	return ok && n == 1
}
