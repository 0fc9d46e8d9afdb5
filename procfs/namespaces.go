package procfs

import (
	"bytes"
	"errors"
	"strings"
)

// namespaceKinds are the names of the links in /proc/[pid]/ns, see namespaces(7).
var namespaceKinds = [...]string{"cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts"}

// A Namespace is a namespace of a process.
type Namespace struct {
	Kind string // "net"
	ID   string // such as "net:[4026531840]"
}

// Namespaces returns the namespaces of pid, from the links in /proc/[pid]/ns. Kernels have
// not all kinds. The error matches [ErrGone] if the process has ended, and
// [io/fs.ErrPermission] if the caller may not read them (PTRACE_MODE_READ of ptrace(2)).
func (f FS) Namespaces(pid int) ([]Namespace, error) {
	var all []Namespace
	for _, kind := range namespaceKinds {
		id, err := f.readlink(pid, "ns/"+kind)
		switch {
		case errors.Is(err, ErrGone):
			return nil, err
		case err != nil:
			return all, err
		case id != "":
			all = append(all, Namespace{kind, id})
		}
	}
	return all, nil
}

// A CgroupPath is one line of /proc/[pid]/cgroup, see cgroups(7).
type CgroupPath struct {
	Controllers string // "memory", "cpu,cpuacct"; "" for version 2
	Path        string // relative to the root of the reader's cgroup namespace
}

// CgroupPaths returns the control groups of pid. The errors are those of [FS.Stat].
func (f FS) CgroupPaths(pid int) ([]CgroupPath, error) {
	b, err := f.read(place{pid: pid, name: "cgroup"}, make([]byte, 0, smallFile), maxFile)
	if err != nil {
		return nil, err
	}
	return ParseCgroupPaths(b), nil
}

// ParseCgroupPaths parses the content of /proc/[pid]/cgroup. It leaves out lines that are
// malformed.
func ParseCgroupPaths(b []byte) (all []CgroupPath) {
	all = make([]CgroupPath, 0, bytes.Count(b, []byte{'\n'})+1)
	for line := range strings.Lines(string(b)) {
		_, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ":")
		if controllers, path, ok := strings.Cut(rest, ":"); ok {
			all = append(all, CgroupPath{controllers, path})
		}
	}
	return all
}

// InitialPIDNamespace is the link of the PID namespace of the machine, see PROC_PID_INIT_INO
// in include/uapi/linux/nsfs.h.
const InitialPIDNamespace = "pid:[4026531836]"

// PIDNamespace returns the link of the PID namespace of pid, such as "pid:[4026531836]". The
// errors are those of [FS.Namespaces].
func (f FS) PIDNamespace(pid int) (string, error) { return f.readlink(pid, "ns/pid") }
