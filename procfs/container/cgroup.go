package container

import (
	"slices"
	"strings"

	"yinit/procfs"
)

// An Element is a container as the path of its control group names it. A process in a
// container of an engine that runs in a container is in several.
type Element struct {
	Engine string // "docker", "containerd", "cri-o", "podman", "nerdctl", "ecs", "lxc", "nspawn", "garden"; "": the path does not tell
	ID     string // 64 hexadecimal digits; of LXC and systemd-nspawn the name
	PodUID string // of the Kubernetes pod, with dashes, or 32 digits for a static pod; "": none
	QoS    string // "guaranteed", "burstable" or "besteffort", with PodUID
	PodID  string // of the pod of Podman, 64 hexadecimal digits; "": none
	// Rootless says that the group is below user.slice, which systemd leaves to the user: the
	// engine runs without root, or somebody has made a group that looks like a container.
	Rootless bool
}

// A Chain is the containers that a process is in, the outermost first. A container that may
// make control groups can give them any name: of its own words it is the inner elements.
type Chain []Element

// ID returns the ID of the innermost container; "" if there is none.
func (c Chain) ID() string {
	if len(c) == 0 {
		return ""
	}
	return c[len(c)-1].ID
}

// Inner returns the innermost container; the zero value if there is none.
func (c Chain) Inner() Element {
	if len(c) == 0 {
		return Element{}
	}
	return c[len(c)-1]
}

const (
	// idLength is the number of digits of the ID that engines give a container.
	idLength = 64
	// mostElements bounds the engines that are nested: paths are foreign text.
	mostElements = 8
	// mostName bounds a name that stands for an ID.
	mostName = 255
)

// ParseCgroups finds the containers in the content of /proc/[pid]/cgroup, see cgroups(7).
// With version 1 the hierarchies may differ, for example where the engine does not use one;
// the line that tells most counts, and of these the first.
func ParseCgroups(b []byte) Chain {
	var best Chain
	last := "" // the path of the line before: most hierarchies have the same one
	for _, line := range procfs.ParseCgroupPaths(b) {
		if line.Path == last {
			continue
		}
		last = line.Path
		if c := ParsePath(line.Path); len(c) > len(best) {
			best = c
		}
	}
	return best
}

// ParsePath finds the containers in the path of a control group. The path may begin with
// /.., as a reader in another cgroup namespace sees it.
func ParsePath(path string) Chain {
	w := walk{qos: "guaranteed"}
	for name := range strings.SplitSeq(path, "/") {
		if name == "" || name == ".." {
			continue
		}
		w.step(name)
		w.parent = name
	}
	return w.chain
}

// A walk is the state between two names of a path.
type walk struct {
	chain    Chain
	pod, qos string
	parent   string // the name above
	libpod   string // ID of the pod of Podman
	ecs      bool   // the path has the tasks of ECS
	user     bool   // it is below user.slice
}

// step takes the next name of the path.
func (w *walk) step(name string) {
	switch {
	case name == "ecs":
		w.ecs = true
	case name == "user.slice":
		w.user = true
	case strings.Contains(name, "besteffort"):
		w.qos = "besteffort"
	case strings.Contains(name, "burstable"):
		w.qos = "burstable"
	case strings.HasSuffix(name, "kubepods") || strings.HasSuffix(name, "kubepods.slice"):
		w.pod, w.qos = "", "guaranteed"
	}
	// containerd without a systemd driver, below a kubelet with one: SLICE:PREFIX:ID.
	if slice, rest, ok := strings.Cut(name, ":"); ok {
		if prefix, id, ok := strings.Cut(rest, ":"); ok && isID(id) {
			if uid := podOf(slice); uid != "" {
				w.pod = uid
			}
			w.add(engineOf(prefix), id)
			return
		}
	}
	if uid := podOf(name); uid != "" {
		w.pod = uid
		return
	}
	if id := w.podmanPod(name); id != "" {
		w.libpod = id
		return
	}
	if engine, id := w.element(name); id != "" {
		w.add(engine, id)
	}
}

// add adds a container, unless it is the one before: some engines name it twice.
func (w *walk) add(engine, id string) {
	if w.chain.ID() == id || len(w.chain) == mostElements {
		return
	}
	e := Element{Engine: engine, ID: id, Rootless: w.user}
	if w.pod != "" {
		e.PodUID, e.QoS = w.pod, w.qos
	}
	if engine == "podman" {
		e.PodID = w.libpod
	}
	w.chain, w.pod, w.qos, w.libpod, w.ecs = append(w.chain, e), "", "guaranteed", "", false
}

// engineOf returns the engine that writes word before the ID, as in docker-ID.scope; "" if none
// does.
func engineOf(word string) string {
	switch word {
	case "docker", "nerdctl":
		return word
	case "cri-containerd":
		return "containerd"
	case "crio":
		return "cri-o"
	case "libpod", "libpod-payload":
		return "podman"
	}
	return ""
}

// engineAbove returns the engine whose containers' directories, named by ID, are in the directory
// dir; "" if there is none.
func engineAbove(dir string) string {
	switch dir {
	case "docker":
		return dir
	case "libpod_parent":
		return "podman"
	}
	return ""
}

// podmanPod returns the ID of the pod of Podman for which the directory called name was made.
func (w *walk) podmanPod(name string) string {
	id, ok := strings.CutSuffix(name, ".slice")
	if ok {
		_, id, ok = strings.Cut(id, "-libpod_pod_")
	} else {
		ok = w.parent == "libpod_parent"
	}
	if ok && isID(id) {
		return id
	}
	return ""
}

// element returns the container for which the directory called name was made.
func (w *walk) element(name string) (engine, id string) {
	name, scope := strings.CutSuffix(name, ".scope")
	switch {
	case isID(name) && w.ecs:
		return "ecs", name
	case isID(name):
		return engineAbove(w.parent), name
	case w.ecs && isFargate(name):
		return "ecs", name
	}
	if i := strings.LastIndexByte(name, '-'); i > 0 && isID(name[i+1:]) {
		if strings.Contains(name[:i], "conmon") { // the monitor of a container, on the host
			return "", ""
		}
		return engineOf(name[:i]), name[i+1:]
	}
	return w.named(name, scope)
}

// named is element for engines that use a name instead of an ID.
func (w *walk) named(name string, scope bool) (engine, id string) {
	payload, isPayload := strings.CutPrefix(name, "lxc.payload.")
	machine, isMachine := strings.CutPrefix(name, "machine-")
	service, isService := strings.CutPrefix(name, "systemd-nspawn@")
	switch {
	case len(name) > mostName:
	case isPayload:
		return "lxc", payload
	case w.parent == "lxc.payload", w.parent == "lxc":
		return "lxc", name
	case w.parent == "garden":
		return "garden", name
	case isMachine && scope && w.parent == "machine.slice":
		// systemd-machined has scopes for virtual machines, too: machine-qemu\x2d1\x2dNAME.
		if machine = unescapeUnit(machine); !strings.HasPrefix(machine, "qemu-") {
			return "nspawn", machine
		}
	case isService && strings.HasSuffix(service, ".service"):
		return "nspawn", unescapeUnit(strings.TrimSuffix(service, ".service"))
	}
	return "", ""
}

// podOf returns the UID of the pod for which the kubelet has made a directory called name:
// podUID, or kubepods-QOS-podUID.slice with underscores.
func podOf(name string) string {
	name, _ = strings.CutSuffix(name, ".slice")
	i := strings.LastIndex(name, "pod")
	if i < 0 || i > 0 && name[i-1] != '-' {
		return ""
	}
	uid := strings.ReplaceAll(name[i+len("pod"):], "_", "-")
	if isUID(uid) {
		return uid
	}
	return ""
}

// isUID reports whether s is the UID of a pod: 8-4-4-4-12 hexadecimal digits, or 32 for a
// static pod, whose UID is a hash of its manifest.
func isUID(s string) bool {
	if len(s) == 32 {
		return isHex(s)
	}
	parts := strings.Split(s, "-")
	lengths := []int{8, 4, 4, 4, 12}
	return len(parts) == len(lengths) && !slices.ContainsFunc(parts, func(p string) bool { return !isHex(p) }) &&
		slices.EqualFunc(parts, lengths, func(p string, n int) bool { return len(p) == n })
}

// isFargate reports whether s is the ID of a container in AWS Fargate: the task, and a number.
func isFargate(s string) bool {
	task, number, ok := strings.Cut(s, "-")
	return ok && len(task) == 32 && isHex(task) && number != "" && strings.Trim(number, "0123456789") == ""
}

func isID(s string) bool { return len(s) == idLength && isHex(s) }

func isHex(s string) bool { return strings.Trim(s, "0123456789abcdef") == "" }

// unescapeUnit decodes the escapes of systemd.unit(5) that occur in names: \x2d is a dash.
func unescapeUnit(s string) string {
	return strings.NewReplacer(`\x2d`, "-", `\x20`, " ", `\x5c`, `\`, `\x7e`, "~", `\x40`, "@").Replace(s)
}
