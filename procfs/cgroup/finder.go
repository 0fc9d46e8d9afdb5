package cgroup

import (
	"bytes"
	"path/filepath"
	"strings"

	"yinit/procfs"
)

// A Finder finds the control groups of many processes in other containers. Unlike [Find] it
// gives a process no group rather than the one of the reader, if that of the process is not
// mounted here. One goroutine at a time may use a Finder and its groups.
type Finder struct {
	proc   procfs.FS
	root   string
	mounts []procfs.MountLine
	open   map[string]*hierarchy // by the mount point
	found  map[string]Group      // by the process
	texts  map[string][]byte     // its cgroup file; nil: it cannot be read
	buf    []byte                // for such a file
}

// A hierarchy is the directory at which control groups are mounted.
type hierarchy struct {
	*procfs.Mount
	limits map[string]uint64 // those of ancestors, which many groups share, by the file
	closed bool
	buf    []byte // for a file
	pids   []int  // for the processes of a group
}

// read reads a file. The result is valid until the next read.
func (h *hierarchy) read(path, name string) ([]byte, error) {
	return h.keep(h.Read(path+"/"+name, h.buf))
}

// list is read for a file of many lines.
func (h *hierarchy) list(path, name string) ([]byte, error) {
	return h.keep(h.ReadList(path+"/"+name, h.buf))
}

// keep keeps the buffer, which may have grown.
func (h *hierarchy) keep(b []byte, err error) ([]byte, error) {
	if cap(b) > cap(h.buf) {
		h.buf = b[:0]
	}
	return b, err
}

// limit returns the limit of the group path, an ancestor of d, and of its own ancestors.
func (h *hierarchy) limit(d dir, path, name string) uint64 {
	file := path + "/" + name
	least, ok := h.limits[file]
	if !ok {
		d.path = path
		least = d.limit(name)
		if !h.closed { // else time passes until the next call
			h.limits[file] = least
		}
	}
	return least
}

// Close closes what the Finder has opened. Its groups can still be read.
func (f *Finder) Close() {
	for _, h := range f.open {
		h.Close()
		h.closed = true
		clear(h.limits)
	}
	clear(f.open)
	clear(f.found)
	clear(f.texts)
}

// hierarchyOf returns the directory of a mount, which it opens once.
func (f *Finder) hierarchyOf(d dir) *hierarchy {
	h, ok := f.open[d.top]
	if !ok {
		h = &hierarchy{Mount: procfs.OpenMount(d.top, d.mount), limits: map[string]uint64{}, buf: make([]byte, 0, fileSize)}
		f.open[d.top] = h
	}
	return h
}

// NewFinder returns a Finder that reads the mounts of the process of, a number or "self". root
// is the root directory of that process, "" for that of the reader.
func NewFinder(proc procfs.FS, of, root string) *Finder {
	b, _ := proc.ReadFile(filepath.Join(of, "mountinfo")) // Without it nothing is found.
	return &Finder{proc, root, procfs.ParseMounts(b), map[string]*hierarchy{}, map[string]Group{}, map[string][]byte{}, make([]byte, 0, fileSize)}
}

// fileSize has room for nearly every file that a Finder reads.
const fileSize = 4 << 10

// systemd is the hierarchy of version 1 that has no controller.
const systemd = "name=systemd"

// Find finds the control groups of a process for processes and memory, once until the Finder is
// closed. Other limits and counters of the group are unknown.
func (f *Finder) Find(pid string) Group {
	c, ok := f.found[pid]
	if !ok {
		c = f.find(pid)
		f.found[pid] = c
	}
	return c
}

// Paths returns the content of /proc/[pid]/cgroup, see cgroups(7), which it reads once until the
// Finder is closed. It returns nil if that cannot be read.
func (f *Finder) Paths(pid string) []byte {
	b, ok := f.texts[pid]
	if !ok {
		read, _ := f.proc.ReadFileInto(filepath.Join(pid, "cgroup"), f.buf) // Nothing if it has ended.
		b = bytes.Clone(read)
		f.texts[pid] = b
	}
	return b
}

func (f *Finder) find(pid string) Group {
	groups := f.Paths(pid)
	if groups == nil {
		return Group{}
	}
	c := Group{byName: map[string]dir{}}
	for i := range f.mounts {
		switch m := &f.mounts[i]; m.Kind {
		case "cgroup2":
			if d, ok := f.dir(m, groups, ""); ok && c.unified == nil {
				c.unified = &d
			}
		case "cgroup":
			for option := range strings.SplitSeq(m.Super, ",") {
				if option != "pids" && option != "memory" && option != systemd {
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

// removed is what the kernel adds to the path of a group that was removed, of a zombie in version 2.
const removed = " (deleted)"

// dir returns the directory of a group, if it lies below the mount and is not the root of the
// hierarchy, which is the whole machine.
func (f *Finder) dir(m *procfs.MountLine, groups []byte, controller string) (dir, bool) {
	path, ok := groupPath(groups, controller)
	rel, below := strings.CutPrefix(path, strings.TrimSuffix(m.Root, "/"))
	if !ok || !below || strings.HasPrefix(rel, "/..") || strings.Trim(rel, "/") == "" || strings.HasSuffix(rel, removed) {
		return dir{}, false
	}
	full := filepath.Join(m.Point, rel)
	if !within(full, m.Point) || !reached(m, full, f.mounts) {
		return dir{}, false
	}
	d := dir{top: f.root + m.Point, path: f.root + full, mount: m.ID}
	if f.root != "" {
		d.mount = "" // The ID is one of another mount namespace.
	}
	d.open = f.hierarchyOf(d)
	return d, true
}
