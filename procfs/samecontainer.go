package procfs

import (
	"bytes"
	"os"
)

// SameContainer reports whether pid is in the container of the caller: in the
// same mount namespace, see mount_namespaces(7), or, where the kernel does not
// tell that to the caller, in the same control groups, see cgroups(7). A process
// that ended is not.
func (f FS) SameContainer(pid int) bool {
	ours, err := os.Readlink(f.Root() + "/self/ns/mnt")
	if err != nil {
		return false
	}
	theirs, err := f.readlink(pid, "ns/mnt") // takes PTRACE_MODE_READ of ptrace(2)
	if err == nil {
		return theirs == ours
	}
	// Anybody may read this file. Its paths are relative to the caller's cgroup
	// namespace, so that equal paths are the same groups.
	mine, err := os.ReadFile(f.Root() + "/self/cgroup")
	if err != nil {
		return false
	}
	other, err := os.ReadFile(f.path(place{pid: pid, name: "cgroup"}))
	return err == nil && bytes.Equal(mine, other)
}
