package cgroup

import (
	"bytes"
	"slices"
	"strconv"
	"strings"

	"yinit/procfs"
)

// mount has some fields of a mountinfo line, see proc_pid_mountinfo(5).
type mount struct {
	id, parent, root, point, kind, options string
}

func parseMounts(b []byte) []mount {
	list := make([]mount, 0, bytes.Count(b, []byte("\n"))+1)
	for line := range bytes.Lines(b) {
		before, after, ok := strings.Cut(strings.TrimRight(string(line), "\n"), " - ")
		f, g := strings.Fields(before), strings.Fields(after)
		if !ok || len(f) < 5 || len(g) < 3 {
			continue
		}
		list = append(list, mount{id: f[0], parent: f[1], root: unescape(f[3]), point: unescape(f[4]), kind: g[0], options: g[2]})
	}
	return list
}

// unescape decodes the octal escapes of mountinfo.
func unescape(s string) string {
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace(s)
}

// reached reports whether a path at or below the mount point leads into the mount, and to
// no other file system on the way. One that does not respond would block whoever follows
// the path. Every mount on the way must be one below which m is mounted.
func (m mount) reached(path string, all []mount) bool {
	var below []string // IDs of the mounts below which m is mounted
	for id, left := m.id, len(all); left > 0; left-- {
		below = append(below, id)
		i := slices.IndexFunc(all, func(o mount) bool { return o.id == id })
		if i < 0 {
			break
		}
		id = all[i].parent
	}
	for i := range all {
		if o := &all[i]; within(path, o.point) && !slices.Contains(below, o.id) {
			return false
		}
	}
	return true
}

// within reports whether an absolute path is the directory, or below it.
func within(path, directory string) bool {
	rest, ok := strings.CutPrefix(path, strings.TrimSuffix(directory, "/"))
	return ok && (rest == "" || rest[0] == '/')
}

// ContainerMemoryLimit returns the memory limit of the group that is mounted where a
// container has its own; 0 if there is none. Anywhere else nothing is mounted there, or
// the group of the whole machine, which has no limit. It delays the start of the programs,
// so it reads less than [Find] and [Group.MemoryLimit].
func ContainerMemoryLimit(proc procfs.FS) procfs.Bytes {
	mounts, err := proc.ReadFile("self/mountinfo")
	if err != nil {
		return 0
	}
	list := parseMounts(mounts)
	for _, m := range list {
		var file string
		switch m.kind + m.point {
		case "cgroup2/sys/fs/cgroup":
			file = "/sys/fs/cgroup/memory.max"
		case "cgroup/sys/fs/cgroup/memory":
			file = "/sys/fs/cgroup/memory/memory.limit_in_bytes"
		}
		if file == "" || !m.reached(file, list) {
			continue
		}
		b, err := procfs.ReadPath(file)
		if err != nil {
			continue
		}
		// Version 1 has a number near the largest one without a limit, version 2 "max".
		limit, err := strconv.ParseUint(strings.TrimSpace(string(b)), 10, 64)
		if err == nil && limit < noLimit {
			return procfs.Bytes(limit)
		}
	}
	return 0
}
