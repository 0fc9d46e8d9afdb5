package container

import "yinit/procfs"

// Self returns what a program can find out about the container that it runs in, without files of
// the host.
func Self(fs procfs.FS) (n Names) {
	if b, err := fs.ReadFile("self/cgroup"); err == nil {
		in := ParseCgroups(b).Inner()
		n.ID, n.Engine, n.PodUID, n.QoS = in.ID, in.Engine, in.PodUID, in.QoS
	}
	if b, err := fs.ReadFile("self/mountinfo"); err == nil {
		m := ParseMounts(b)
		n.Name = m.Container
		n.ID, n.PodUID = first(n.ID, m.ID), first(n.PodUID, m.PodUID)
	}
	return n
}
