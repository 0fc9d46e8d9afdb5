// Package cgroup finds the control groups of a process, version 1 and 2, and reads
// their usage and limits. It owns the paths and formats of these files. All values
// are optional: a value that cannot be read is reported as unknown.
package cgroup

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"yinit/procfs"
)

// Group locates the files of the control groups of a process. The zero value has
// none.
type Group struct {
	unified *dir           // version 2
	byName  map[string]dir // version 1, by controller
}

// dir is the directory of a control group, and that of its topmost visible ancestor.
type dir struct {
	top   string     // mount point of the hierarchy
	path  string     // at or below top
	mount string     // ID of the mount; "" in tests: read whatever is there
	whole bool       // it is the root of the hierarchy, so that it stands for the whole machine
	open  *hierarchy // reads the files; nil: by their paths
}

// Find finds the control groups of a process as they are mounted in this mount
// namespace, see cgroups(7). pid is the name of its directory in proc: a number or
// "self". root is a prefix for every mount point; it is "" except in tests.
func Find(proc procfs.FS, pid, root string) Group {
	mounts, err := proc.Mounts()
	if err != nil {
		return Group{}
	}
	return FindIn(mounts, proc, pid, root)
}

// FindIn is Find with mounts that were read before.
func FindIn(mounts []procfs.MountLine, proc procfs.FS, pid, root string) Group {
	groups, err := proc.ReadFile(filepath.Join(pid, "cgroup"))
	if err != nil {
		return Group{}
	}
	c := Group{byName: map[string]dir{}}
	for i := range mounts {
		switch m := &mounts[i]; m.Kind {
		case "cgroup2":
			if path, ok := groupPath(groups, ""); ok && c.unified == nil {
				if d, ok := resolve(m, path, root, mounts); ok {
					c.unified = &d
				}
			}
		case "cgroup":
			for option := range strings.SplitSeq(m.Super, ",") {
				if path, ok := groupPath(groups, option); ok {
					if d, ok := resolve(m, path, root, mounts); ok {
						c.byName[option] = d
					}
				}
			}
		}
	}
	return c
}

// groupPath returns the path of the group of a controller, from the content b of
// /proc/[pid]/cgroup. The controller of the unified hierarchy is "".
func groupPath(b []byte, controller string) (string, bool) {
	for line := range bytes.Lines(b) {
		number, rest, _ := bytes.Cut(bytes.TrimRight(line, "\n"), []byte{':'})
		names, path, ok := bytes.Cut(rest, []byte{':'})
		if !ok || controller == "" && string(number) != "0" {
			continue
		}
		for name := range bytes.SplitSeq(names, []byte{','}) {
			if string(name) == controller {
				return string(path), true
			}
		}
	}
	return "", false
}

// resolve returns the directory of the group path below the mount. In a container
// /proc may show the path on the host while only the group of the container is
// mounted; the directory is then the mount point. It returns false if another file system
// is mounted over the directory.
func resolve(m *procfs.MountLine, path, root string, all []procfs.MountLine) (dir, bool) {
	top := dir{top: root + m.Point, path: root + m.Point, mount: m.ID}
	if root != "" {
		top.mount = ""
	}
	full := m.Point
	rel, below := strings.CutPrefix(path, strings.TrimSuffix(m.Root, "/"))
	below = below && !strings.HasPrefix(rel, "/..")
	if below {
		full = filepath.Join(m.Point, rel)
	}
	if !reached(m, full, all) {
		return dir{}, false
	}
	if !below {
		return top, true
	}
	if _, err := os.Stat(root + full); err != nil {
		return top, true
	}
	top.path, top.whole = root+full, m.Root == "/" && strings.Trim(rel, "/") == ""
	return top, true
}

// number reads a file that contains one number. It reports false for "max".
func (d dir) number(name string) (uint64, bool) { return d.numberIn(d.path, name) }

// numberIn is number for the directory path, that of the group or of an ancestor.
func (d dir) numberIn(path, name string) (uint64, bool) {
	var content [usualFile]byte
	b, err := d.read(path, name, content[:0])
	if err != nil {
		return 0, false
	}
	n, err := strconv.ParseUint(string(bytes.TrimSpace(b)), 10, 64)
	return n, err == nil
}

// usualFile is the size of a buffer for nearly every file that is read.
const usualFile = 512

// read reads a file of the hierarchy, into buf if it is large enough. A container may have
// mounted something over it that does not respond; the init must not wait for that.
func (d dir) read(path, name string, buf []byte) ([]byte, error) {
	if d.open != nil {
		return d.open.read(strings.TrimPrefix(path, d.top), name)
	}
	if d.mount == "" {
		return os.ReadFile(filepath.Join(path, name))
	}
	return procfs.ReadMounted(path, name, d.mount, buf)
}

// limit returns the smallest number in the files of this name from the group up to
// the top, because the limits of ancestors apply, too. It returns 0 if there is none.
func (d dir) limit(name string) uint64 {
	least := uint64(0)
	for path := d.path; ; path = filepath.Dir(path) {
		if d.open != nil && path != d.path {
			return lesser(least, d.open.limit(d, path, name))
		}
		if n, ok := d.numberIn(path, name); ok {
			least = lesser(least, n)
		}
		if path == d.top || len(path) <= len(d.top) {
			return least
		}
	}
}

// lesser returns the lesser one of two limits, of which 0 is none.
func lesser(a, b uint64) uint64 {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}

// keyed reads a number from a file of "key number" lines.
func (d dir) keyed(name, key string) (uint64, bool) {
	var content [usualFile]byte
	b, err := d.read(d.path, name, content[:0])
	if err != nil {
		return 0, false
	}
	for len(b) > 0 { // with bytes.Lines content would move to the heap
		var line []byte
		line, b, _ = bytes.Cut(b, []byte{'\n'})
		if k, v, ok := bytes.Cut(bytes.TrimSpace(line), []byte{' '}); ok && string(k) == key {
			n, err := strconv.ParseUint(string(v), 10, 64)
			return n, err == nil
		}
	}
	return 0, false
}
