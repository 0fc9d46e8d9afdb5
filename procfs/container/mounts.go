package container

import (
	"strings"

	"yinit/procfs"
)

// Mounts is what the mounts of a container tell about it.
type Mounts struct {
	ID        string // of the container, or of the sandbox of its pod: it has the files hostname, hosts and resolv.conf
	PodUID    string // of its Kubernetes pod
	Container string // name of the container in the pod
}

// ParseMounts finds what names a container in the content of /proc/[pid]/mountinfo, see
// proc_pid_mountinfo(5). Engines mount files of the host that lie in a directory of the
// container. The path begins at the root of the file system, which need not be /.
func ParseMounts(b []byte) (m Mounts) {
	for line := range procfs.MountLines(b) {
		if len(line.Root) >= len("/pods/") {
			m.take(line.Root, line.Point)
		}
	}
	return m
}

// take reads the path of a file on the host, and where it is mounted.
func (m *Mounts) take(path, point string) {
	words := strings.Split(path, "/")
	for i, word := range words {
		rest := words[i+1:]
		switch {
		case word == "pods" && len(rest) >= 2 && isUID(rest[0]):
			m.takePod(rest)
			return
		case !ownFile(point) || len(rest) < 2 || !isID(rest[0]) || m.ID != "":
		case word == "containers", word == "sandboxes", strings.HasSuffix(word, "-containers"): // of Podman: DRIVER-containers
			m.ID = rest[0]
			return
		}
	}
}

// takePod reads a path of the kubelet, without what is before the UID of the pod:
// UID/containers/NAME/HASH, or UID/etc-hosts.
func (m *Mounts) takePod(words []string) {
	if m.PodUID != "" && m.PodUID != words[0] { // a pod that shows another one a directory of its own
		return
	}
	if words[1] == "etc-hosts" || words[1] == "containers" || words[1] == "volumes" {
		m.PodUID = words[0]
	}
	if words[1] == "containers" && len(words) == 4 && m.Container == "" {
		m.Container = words[2]
	}
}

// ownFile reports whether engines mount a file of the container at this place.
func ownFile(point string) bool {
	return point == "/etc/hostname" || point == "/etc/hosts" || point == "/etc/resolv.conf"
}
