package cgroup

import (
	"os"
	"path/filepath"
	"strings"

	"yinit/procfs"
)

// A Finder finds the control groups of many processes in other containers. Unlike [Find] it
// gives a process no group rather than the one of the reader, if that of the process is not
// mounted here.
type Finder struct {
	proc   procfs.FS
	root   string
	mounts []mount
}

// NewFinder returns a Finder that reads the mounts of the process of, a number or "self". root
// is the root directory of that process, "" for that of the reader.
func NewFinder(proc procfs.FS, of, root string) *Finder {
	b, _ := proc.ReadFile(filepath.Join(of, "mountinfo")) // Without it nothing is found.
	return &Finder{proc, root, parseMounts(b)}
}

// Find finds the control groups of a process for processes and memory. Other limits and
// counters of the group are unknown.
func (f *Finder) Find(pid string) Group {
	groups, err := f.proc.ReadFile(filepath.Join(pid, "cgroup"))
	if err != nil {
		return Group{}
	}
	c := Group{byName: map[string]dir{}}
	for i := range f.mounts {
		switch m := &f.mounts[i]; m.kind {
		case "cgroup2":
			if d, ok := f.dir(m, groups, ""); ok && c.unified == nil {
				c.unified = &d
			}
		case "cgroup":
			for option := range strings.SplitSeq(m.options, ",") {
				if option != "pids" && option != "memory" {
					continue
				}
				if d, ok := f.dir(m, groups, option); ok {
					c.byName[option] = d
				}
			}
		}
	}
	return c
}

// dir returns the directory of a group, if it lies below the mount and is not the root of the
// hierarchy, which is the whole machine.
func (f *Finder) dir(m *mount, groups []byte, controller string) (dir, bool) {
	path, ok := groupPath(groups, controller)
	rel, below := strings.CutPrefix(path, strings.TrimSuffix(m.root, "/"))
	if !ok || !below || strings.HasPrefix(rel, "/..") || strings.Trim(rel, "/") == "" {
		return dir{}, false
	}
	full := filepath.Join(m.point, rel)
	if !within(full, m.point) || !m.reached(full, f.mounts) {
		return dir{}, false
	}
	d := dir{top: f.root + m.point, path: f.root + full, mount: m.id}
	if f.root != "" {
		d.mount = "" // The ID is one of another mount namespace.
	}
	if _, err := os.Stat(d.path); err != nil {
		return dir{}, false
	}
	return d, true
}

// PidsUsed returns how many processes and threads the group has; 0: unknown.
func (c Group) PidsUsed() uint64 {
	if c.unified != nil {
		if n, ok := c.unified.number("pids.current"); ok {
			return n
		}
	}
	if d, ok := c.byName["pids"]; ok {
		n, _ := d.number("pids.current") // 0 if it is gone
		return n
	}
	return 0
}
