package cgroup

import (
	"testing"

	"yinit/procfs"
)

// TestReached: a path is followed only where no other file system is on the way.
func TestReached(t *testing.T) {
	const machine = "1 0 0:1 / / rw - rootfs rootfs rw\n20 1 8:1 / / rw - ext4 /dev/sda rw\n21 20 0:20 / /sys rw - sysfs sysfs rw\n" +
		"30 21 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n31 30 0:29 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
	const group = "/sys/fs/cgroup/memory/a/b"
	for name, tt := range map[string]struct {
		more, path string
		want       bool
	}{
		"uncovered":                     {"", group, true},
		"the mount point":               {"", "/sys/fs/cgroup/memory", true},
		"the group is covered":          {"40 31 0:40 / /sys/fs/cgroup/memory/a/b rw - fuse x rw\n", group, false},
		"the group above it is covered": {"40 31 0:40 / /sys/fs/cgroup/memory/a rw - fuse x rw\n", group, false},
		"the mount is covered":          {"40 31 0:40 / /sys/fs/cgroup/memory rw - fuse x rw\n", group, false},
		"its parent is covered":         {"40 30 0:40 / /sys/fs/cgroup rw - fuse x rw\n", group, false},
		"another group is covered":      {"40 31 0:40 / /sys/fs/cgroup/memory/ab rw - fuse x rw\n", "/sys/fs/cgroup/memory/a", true},
		"another hierarchy is covered":  {"40 30 0:40 / /sys/fs/cgroup/blkio rw - fuse x rw\n", group, true},
	} {
		t.Run(name, func(t *testing.T) {
			list := procfs.ParseMounts([]byte(machine + tt.more))
			if got := reached(&list[4], tt.path, list); got != tt.want {
				t.Errorf("reached(%q) = %t, want %t", tt.path, got, tt.want)
			}
		})
	}
}
