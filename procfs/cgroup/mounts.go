package cgroup

import (
	"slices"
	"strconv"
	"strings"

	"yinit/procfs"
)

// reached reports whether a path at or below the mount point leads into the mount, and to
// no other file system on the way. One that does not respond would block whoever follows
// the path. Every mount on the way must be one below which m is mounted.
func reached(m *procfs.MountLine, path string, all []procfs.MountLine) bool {
	below := make([]string, 0, 8) // IDs of the mounts below which m is mounted
	for id, left := m.ID, len(all); left > 0; left-- {
		below = append(below, id)
		i := slices.IndexFunc(all, func(o procfs.MountLine) bool { return o.ID == id })
		if i < 0 {
			break
		}
		id = all[i].Parent
	}
	for i := range all {
		if o := &all[i]; within(path, o.Point) && !slices.Contains(below, o.ID) {
			return false
		}
	}
	return true
}

// within reports whether an absolute path is the directory, or below it.
func within(path, directory string) bool {
	rest, ok := strings.CutPrefix(path, strings.TrimSuffix(directory, "/"))
	return ok && (rest == "" || rest[0] == '/')
}

// A Container is the group that is mounted where a container has its own. Anywhere else
// nothing is mounted there, or the group of the whole machine, which has no limits. What
// it reads delays the start of the programs, so that is less than [Find] reads.
type Container struct{ mounts []procfs.MountLine }

// OfContainer returns the groups that are mounted, as [procfs.FS.Mounts] lists them.
func OfContainer(mounts []procfs.MountLine) Container { return Container{mounts} }

// MemoryLimit returns the memory limit; 0 if there is none, or it is unknown.
func (c Container) MemoryLimit() procfs.Bytes {
	// Version 1 has a number near the largest one without a limit, version 2 "max".
	for _, limit := range []uint64{c.number("", "memory.max"), c.number("memory", "memory.limit_in_bytes")} {
		if limit != 0 && limit < noLimit {
			return procfs.Bytes(limit)
		}
	}
	return 0
}

// Pids returns how many processes and threads there are, and the limit on them; 0 if
// there is none, or it is unknown.
func (c Container) Pids() (now, limit uint64) {
	for _, controller := range []string{"", "pids"} {
		if limit := c.number(controller, "pids.max"); limit != 0 {
			return c.number(controller, "pids.current"), limit
		}
	}
	return 0, 0
}

// number reads a number from a file of version 2, or of a controller of version 1. It
// returns 0 for any other text, if there is no such file, and where opening it could block.
func (c Container) number(controller, name string) uint64 {
	want, file := "cgroup2/sys/fs/cgroup", "/sys/fs/cgroup/"+name
	if controller != "" {
		want, file = "cgroup/sys/fs/cgroup/"+controller, "/sys/fs/cgroup/"+controller+"/"+name
	}
	for i := range c.mounts {
		if m := &c.mounts[i]; m.Kind+m.Point != want || !reached(m, file, c.mounts) {
			continue
		}
		if b, err := procfs.ReadPath(file); err == nil {
			n, _ := strconv.ParseUint(strings.TrimSpace(string(b)), 10, 64) // 0 for "max"
			return n
		}
	}
	return 0
}
