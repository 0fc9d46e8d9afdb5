package cgroup

import (
	"strings"
	"testing"

	"yinit/procfs"
)

// FuzzParse parses /proc/[pid]/cgroup and mountinfo, whose paths may contain any
// bytes.
func FuzzParse(f *testing.F) {
	f.Add([]byte("0::/docker/abc\n"), []byte("31 23 0:26 / /sys/fs/cgroup rw shared:9 - cgroup2 cgroup2 rw,nsdelegate\n"))
	f.Add([]byte("4:memory:/docker/a:b\n3:cpu,cpuacct:/\n"), []byte("33 31 0:29 /docker/abc /sys/fs/cgroup/a\\040b ro - cgroup cgroup rw,memory\n"))
	f.Add([]byte("::\n0::"), []byte("1 2 3 / / - cgroup2 x"))
	f.Fuzz(func(t *testing.T, groups, mounts []byte) {
		for _, controller := range []string{"", "memory", "cpuacct"} {
			if path, ok := groupPath(groups, controller); !ok && path != "" || strings.ContainsRune(path, '\n') {
				t.Errorf("groupPath(%q, %q) = %q, %v", groups, controller, path, ok)
			}
		}
		for _, m := range procfs.ParseMounts(mounts) {
			if m.Kind == "" || m.Point == "" || m.Root == "" {
				t.Errorf("procfs.ParseMounts(%q) has %+v", mounts, m)
			}
		}
	})
}
