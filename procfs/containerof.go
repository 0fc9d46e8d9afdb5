package procfs

import "strings"

// ContainerKey is what /proc tells about the container of a process: its mount
// namespace and its control groups. The zero value is that of a process of which
// nothing may be read. Values read by the same process can be compared.
type ContainerKey struct {
	mounts  string // link of the mount namespace, see mount_namespaces(7); "" if unknown
	cgroups string // content of /proc/[pid]/cgroup, see cgroups(7); "" if unknown
}

// ContainerKey reads the container of a process. Reading the mount namespace requires
// PTRACE_MODE_READ of ptrace(2); every user may read the control groups, whose paths
// are relative to the cgroup namespace of the reader.
func (f FS) ContainerKey(pid int) ContainerKey {
	var c ContainerKey
	c.mounts, _ = f.readlink(pid, "ns/mnt") // unknown without permission
	if b, err := f.read(place{pid: pid, name: "cgroup"}, make([]byte, 0, smallFile/8), maxFile); err == nil {
		c.cgroups = string(b)
	}
	return c
}

// Same reports whether two processes are in the same container, and whether that is
// known. The mount namespace decides, since an init such as systemd moves its processes
// to control groups of its own. A process that left the mount namespace, as unshare(1)
// does, is known by the container ID.
func (c ContainerKey) Same(d ContainerKey) (same, known bool) {
	ours, theirs := c.ID(), d.ID()
	switch {
	case c.mounts != "" && c.mounts == d.mounts:
		return true, true
	case ours != "" && theirs != "":
		return ours == theirs, true
	case c.mounts != "" && d.mounts != "":
		return false, true
	case c.cgroups == "" || d.cgroups == "":
		return false, false
	default:
		return c.cgroups == d.cgroups, true
	}
}

// idLength is the number of digits of the ID that container engines give a container.
const idLength = 64

// ID returns the ID of the container as the paths of the control groups contain it:
// docker/ID, docker-ID.scope, cri-containerd-ID.scope, crio-ID.scope, libpod-ID.scope,
// kubepods/pod.../ID. If engines are nested it is the innermost one. It returns "" if
// there is none, as for a reader in a cgroup namespace that begins at the container.
func (c ContainerKey) ID() string {
	id := ""
	for line := range strings.Lines(c.cgroups) {
		_, path, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ":")
		_, path, _ = strings.Cut(path, ":")
		for name := range strings.SplitSeq(path, "/") {
			name = strings.TrimSuffix(name, ".scope")
			if name = name[strings.LastIndexByte(name, '-')+1:]; isID(name) {
				id = name
			}
		}
		if id != "" {
			return id
		}
	}
	return ""
}

func isID(s string) bool {
	return len(s) == idLength && strings.Trim(s, "0123456789abcdef") == ""
}
