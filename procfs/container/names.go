package container

import (
	"strconv"
	"strings"
	"time"

	"yinit/procfs"
)

// Names are what a container is called, and what its engine does at a stop. What is not known
// is the zero value.
type Names struct {
	ID      string // of the innermost engine; of LXC and systemd-nspawn the name
	Engine  string // "docker", "containerd", "cri-o", "podman", "nerdctl", "ecs", "lxc", "nspawn", "garden"
	Name    string // in a pod that of the container
	Image   string
	Pod     string // its name; of Podman the first digits of its ID
	PodNS   string // namespace of the pod; of Podman ""
	PodUID  string
	QoS     string // of the pod: "guaranteed", "burstable" or "besteffort"
	Outer   string // name or ID of the containers around it, the outermost first: "node/kubelet"
	Sandbox bool   // it holds the namespaces of a pod, and runs nothing

	StopSignal  int           // of the image or of the container; 0: unknown, or SIGTERM
	StopTimeout time.Duration // until SIGKILL, if HasTimeout
	HasTimeout  bool
}

// short is how many digits of an ID engines show.
const short = 12

// Title returns what to call the container: its pod and name, its name, or its ID.
func (n *Names) Title() string {
	switch {
	case n.Pod != "" && n.PodNS == "" && n.Name != "": // Podman gives each container a name of its own
		return n.Name
	case n.Pod != "" && n.Name != "":
		return n.PodNS + "/" + n.Pod + "/" + n.Name
	case n.Pod != "" && n.Sandbox:
		return n.PodNS + "/" + n.Pod + "/(sandbox)"
	case n.Name != "":
		return n.Name
	}
	return n.ShortID()
}

// ShortID returns the ID as engines show it.
func (n *Names) ShortID() string {
	if isID(n.ID) {
		return n.ID[:short]
	}
	return n.ID
}

// A Describer finds the names of groups. It reads the files of the host at most once.
type Describer struct {
	FS   procfs.FS
	Root *Root // of the host
	// Cmdline returns the arguments of a process, without waiting for one that sleeps in
	// the kernel.
	Cmdline func(pid int) []string

	monitors map[int]Monitor // by the pid: the containers of a pod have the same
}

// Describe returns the names of a group. procs and all are as in [Find].
func (d *Describer) Describe(g *Group, procs []Process, all []Group) Names {
	var n Names
	inner := g.Chain.Inner()
	n.ID, n.Engine, n.PodUID, n.QoS = inner.ID, inner.Engine, inner.PodUID, inner.QoS
	if inner.PodID != "" {
		n.Pod = inner.PodID[:short]
	}
	if !isID(inner.ID) && inner.Engine != "ecs" {
		n.Name = inner.ID // LXC, systemd-nspawn
	}
	if g.First >= 0 {
		head := &procs[g.First]
		if len(g.Chain) == 0 || n.PodUID != "" { // The mounts tell nothing else.
			d.mounts(&n, head.ID.PID, len(g.Chain) == 0)
		}
		monitor := d.monitor(&n, head.PPID)
		// Podman calls the container that holds the namespaces of a pod POD-infra.
		n.Sandbox = inner.PodID != "" && n.Name == n.Pod+"-infra"
		// Files of the host know nothing of engines in containers, and of those without root.
		// The ID must not be what a user can make up: a command line, mounts, a group below
		// user.slice. Else the row would get the name of another container.
		if len(g.Chain) == 1 && !inner.Rootless {
			d.files(&n, monitor)
		}
	}
	n.Outer = d.outer(g, procs, all)
	return n
}

// mounts reads the names from the mounts of the first process. Without a control group that
// tells it they have the ID, which in a pod is that of the sandbox.
func (d *Describer) mounts(n *Names, pid int, ids bool) {
	b, err := d.FS.ReadFile(strconv.Itoa(pid) + "/mountinfo")
	if err != nil {
		return
	}
	m := ParseMounts(b)
	if ids {
		n.PodUID = m.PodUID
	}
	if n.PodUID != "" && n.PodUID == m.PodUID && m.Container != "" {
		n.Name = m.Container
	}
	if ids && n.ID == "" && m.PodUID == "" {
		n.ID = m.ID
	}
}

// monitor reads the names from the command line of the parent.
func (d *Describer) monitor(n *Names, parent int) Monitor {
	if parent == 0 || d.Cmdline == nil {
		return Monitor{}
	}
	m, ok := d.monitors[parent]
	if !ok {
		if d.monitors == nil {
			d.monitors = map[int]Monitor{}
		}
		m = ParseMonitor(d.Cmdline(parent))
		d.monitors[parent] = m
	}
	if m.Runtime == "" {
		return m
	}
	if n.Engine == "" {
		n.Engine = m.Runtime
		if m.Namespace == "moby" {
			n.Engine = "docker"
		}
	}
	if n.ID == "" && n.PodUID == "" {
		n.ID = m.ID
	}
	n.StopSignal = m.StopSignal
	n.Name, n.Pod, n.PodNS = first(n.Name, m.Name), first(n.Pod, m.PodName), first(n.PodNS, m.PodNS)
	return m
}

// files reads the names from the files of the host.
func (d *Describer) files(n *Names, m Monitor) {
	if d.Root == nil || n.ID == "" {
		return
	}
	var c Config
	ok := false
	if n.Engine == "docker" || n.Engine == "" || n.Engine == "ecs" {
		c, ok = d.Root.Docker(n.ID)
	}
	if !ok && n.Engine != "lxc" && n.Engine != "nspawn" {
		c, _ = d.Root.Bundle(m.Namespace, n.ID)
	}
	n.Name, n.Image = first(n.Name, c.Name), c.Image
	n.Pod, n.PodNS, n.PodUID = first(n.Pod, c.PodName), first(n.PodNS, c.PodNS), first(n.PodUID, c.PodUID)
	n.Sandbox, n.StopTimeout, n.HasTimeout = n.Sandbox || c.Sandbox, c.StopTimeout, c.HasTimeout
	if signal, err := procfs.ParseSignal(c.StopSignal); err == nil {
		n.StopSignal = signal
	}
	if n.PodUID != "" {
		d.logs(n)
	}
}

// logs reads the names from the directories of logs.
func (d *Describer) logs(n *Names) {
	if n.Pod == "" {
		n.PodNS, n.Pod = d.Root.Pod(n.PodUID)
	}
	if n.Pod == "" || n.Name == "" && !n.Sandbox {
		ns, pod, name := d.Root.Log(n.ID)
		n.Pod, n.PodNS, n.Name = first(n.Pod, pod), first(n.PodNS, ns), first(n.Name, name)
	}
}

// outer names the containers around a group.
func (d *Describer) outer(g *Group, procs []Process, all []Group) string {
	var names []string
	for i, left := g.Outer, len(all); i >= 0 && left > 0; i, left = all[i].Outer, left-1 {
		n := d.Describe(&all[i], procs, nil)
		names = append([]string{n.Title()}, names...)
	}
	if names == nil && len(g.Chain) > 1 { // Those around it share its PID namespace, or cannot be seen.
		for _, e := range g.Chain[:len(g.Chain)-1] {
			n := Names{ID: e.ID}
			names = append(names, n.Title())
		}
	}
	return strings.Join(names, "/")
}

func first(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
