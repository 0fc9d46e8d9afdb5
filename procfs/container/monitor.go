package container

import (
	"path"
	"slices"
	"strings"
	"syscall"

	"yinit/procfs"
)

const (
	sigKILL = int(syscall.SIGKILL)
	sigHalt = 37 // SIGRTMIN+3, at which systemd(1) halts
)

// A Monitor is the process of the engine that is the parent of a container's first process.
type Monitor struct {
	Runtime   string // "containerd", "podman", "cri-o", "lxc", "nspawn"; "": it is none that is known
	Namespace string // of containerd: "moby" is Docker, "k8s.io" the kubelet
	ID        string // of the container, or of the sandbox of its pod
	Name      string // of the container
	PodName   string // of Kubernetes, of CRI-O only
	PodNS     string // namespace of the pod

	// StopSignal is what systemd-nspawn sends to PID 1 when it is stopped itself; 0: of others.
	StopSignal int
}

// ParseMonitor reads the command line of a process on the host.
func ParseMonitor(words []string) (m Monitor) {
	if len(words) == 0 {
		return m
	}
	program := path.Base(words[0])
	switch {
	case strings.HasPrefix(program, "containerd-shim"):
		m.Runtime = "containerd"
		m.Namespace, m.ID = option(words, "-namespace"), option(words, "-id")
		if !isID(m.ID) && isIdentifier(m.ID) { // ctr(8) and others call a container as their users like
			m.Name = m.ID
			return m
		}
	case program == "conmon":
		m.conmon(words)
	case strings.HasPrefix(words[0], "[lxc monitor]"), program == "lxc-start":
		m.lxc(words)
	case program == "systemd-nspawn":
		m.nspawn(words)
	}
	if m.ID != "" && !isID(m.ID) {
		m.ID = ""
	}
	if len(m.Name) > mostName {
		m.Name = ""
	}
	return m
}

// conmon reads the command line of conmon(8), which is the monitor of Podman and of CRI-O.
// CRI-O calls a container k8s_NAME_POD_NAMESPACE_UID_ATTEMPT, as the kubelet did with Docker.
func (m *Monitor) conmon(words []string) {
	m.Runtime, m.ID, m.Name = "podman", option(words, "-c", "--cid"), option(words, "-n", "--name")
	if f, ok := kubeName(m.Name); ok {
		m.Runtime, m.Name, m.PodName, m.PodNS = "cri-o", f[1], f[2], f[3]
	}
}

// kubeName splits the name that the kubelet's runtimes give a container.
func kubeName(name string) (f []string, ok bool) {
	f = strings.Split(strings.TrimPrefix(name, "/"), "_")
	return f, len(f) == 6 && f[0] == "k8s" && isUID(f[4])
}

// lxc reads the title of the monitor of LXC, "[lxc monitor] /var/lib/lxc NAME".
func (m *Monitor) lxc(words []string) {
	m.Runtime = "lxc"
	if f := strings.Fields(strings.Join(words, " ")); strings.HasPrefix(words[0], "[") && len(f) == 4 {
		m.Name = f[3]
		return
	}
	m.Name = option(words, "-n", "--name")
}

// nspawn reads the command line of systemd-nspawn(1). If it is not told otherwise and does not
// boot an init, it stops the container with SIGKILL.
func (m *Monitor) nspawn(words []string) {
	o := nspawnOptions(words[1:])
	m.Runtime, m.Name, m.StopSignal = "nspawn", o["machine"], sigKILL
	if dir := path.Base(o["directory"]); m.Name == "" && isIdentifier(dir) {
		m.Name = dir // as nspawn calls it then
	}
	if _, boot := o["boot"]; boot {
		m.StopSignal = sigHalt
	}
	if n, err := procfs.ParseSignal(o["kill-signal"]); err == nil {
		m.StopSignal = n
	}
}

// nspawnLong returns the long name of a short option of systemd-nspawn(1), if that is read.
func nspawnLong(letter byte) string {
	switch letter {
	case 'M':
		return "machine"
	case 'D':
		return "directory"
	case 'b':
		return "boot"
	}
	return ""
}

// nspawnFlags are the long options of systemd-nspawn(1) whose value is not the next word.
var nspawnFlags = []string{
	"help", "version", "no-pager", "quiet", "ephemeral", "boot", "as-pid2", "private-network", "network-veth", "keep-unit", "pipe",
	"read-only", "share-system", "private-users", "private-users-chown", "volatile",
}

// nspawnOptions returns the options of systemd-nspawn(1) by their long names, up to the program
// that it runs, which may have the same ones.
func nspawnOptions(words []string) map[string]string {
	all := map[string]string{}
	for i := 0; i < len(words); i++ {
		word := words[i]
		name, value, joined := strings.Cut(strings.TrimPrefix(word, "--"), "=")
		switch {
		case word == "--", !strings.HasPrefix(word, "-"):
			return all
		case strings.HasPrefix(word, "--"):
			if !joined && !slices.Contains(nspawnFlags, name) && i+1 < len(words) {
				i++
				value = words[i]
			}
			all[name] = value
		default:
			i += shortOptions(all, word[1:], words[i+1:])
		}
	}
	return all
}

// shortOptions reads a word of short options of systemd-nspawn(1), and returns how many of
// the next words are values of it.
func shortOptions(all map[string]string, letters string, next []string) int {
	for i := range len(letters) {
		name, value := nspawnLong(letters[i]), letters[i+1:]
		if !strings.Contains("DiuLMSZpE", letters[i:i+1]) { // it has no value
			if name != "" {
				all[name] = ""
			}
			continue
		}
		taken := 0
		if value == "" && len(next) > 0 {
			value, taken = next[0], 1
		}
		if name != "" {
			all[name] = value
		}
		return taken
	}
	return 0
}

// isIdentifier reports whether containerd takes s for the ID of a container: letters and
// digits, with one of the characters -_. between them, at most 76.
func isIdentifier(s string) bool {
	if s == "" || len(s) > 76 {
		return false
	}
	joint := true // the one before is no letter or digit
	for _, r := range s {
		letter := r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		if !letter && (joint || !strings.ContainsRune("-_.", r)) {
			return false
		}
		joint = !letter
	}
	return !joint
}

// option returns the value of an option that has one of the names, in the next word or after
// a =; "": it is not there.
func option(words []string, names ...string) string {
	for i, word := range words {
		name, value, joined := strings.Cut(word, "=")
		switch {
		case !slices.Contains(names, name):
		case joined:
			return value
		case i+1 < len(words):
			return words[i+1]
		}
	}
	return ""
}
