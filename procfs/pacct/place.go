package pacct

import (
	"bytes"
	"strings"
)

// tries are the directories in which a file is created, the first that can be used. /dev
// is in memory in all containers, but is none that programs expect files in.
var tries = []string{"/dev/shm", "/run", "/tmp", "/var/tmp", "/", "/dev"}

// Places returns the directories in which the file of records can be, the best first.
// All are in a tmpfs: there a file can be created, read and cut without waiting for a
// disk, another machine or another process. A dying process waits, too, until the kernel
// has written its record. mountinfo is the content of /proc/self/mountinfo.
func Places(mountinfo []byte) (dirs []string) {
	for _, dir := range tries {
		if kind, writable := typeOf(mountinfo, dir); writable && kind == "tmpfs" {
			dirs = append(dirs, dir)
		}
	}
	return dirs
}

// typeOf returns the type of the file system that is mounted at dir or above it, and
// whether it can be written to. It looks into no file system. See
// proc_pid_mountinfo(5): of two lines for one directory the later one is on top.
func typeOf(mountinfo []byte, dir string) (kind string, writable bool) {
	longest := -1
	for line := range bytes.Lines(mountinfo) {
		before, after, ok := strings.Cut(string(line), " - ")
		f, g := strings.Fields(before), strings.Fields(after)
		if !ok || len(f) < 6 || len(g) < 1 {
			continue
		}
		at := f[4]
		if at != dir && at != "/" && !strings.HasPrefix(dir, at+"/") || len(at) < longest {
			continue
		}
		longest, kind = len(at), g[0]
		writable = has(f[5], "rw") && (len(g) < 3 || !has(g[2], "ro"))
	}
	return kind, writable
}

// has reports whether a list of mount options has this one.
func has(options, option string) bool {
	for o := range strings.SplitSeq(options, ",") {
		if o == option {
			return true
		}
	}
	return false
}
