package procfs

import (
	"bytes"
	"os"
)

// SameContainer reports whether pid is in the same container as the caller: in the
// same mount namespace, see mount_namespaces(7), or, if the caller may not read that
// of pid, in the same control groups, see cgroups(7). It returns false for a process
// that has ended.
func (f FS) SameContainer(pid int) bool {
	ours, err := os.Readlink(f.Root() + "/self/ns/mnt")
	if err != nil {
		return false
	}
	theirs, err := f.readlink(pid, "ns/mnt") // requires PTRACE_MODE_READ of ptrace(2)
	if err == nil {
		return theirs == ours
	}
	// Every user may read this file. Its paths are relative to the reader's cgroup
	// namespace, so that equal paths mean the same groups.
	mine, err := os.ReadFile(f.Root() + "/self/cgroup")
	if err != nil {
		return false
	}
	other, err := os.ReadFile(f.path(place{pid: pid, name: "cgroup"}))
	return err == nil && bytes.Equal(mine, other)
}
