package pacct

import (
	"bytes"
	"strings"
)

// tries are the directories in which a file is created, the first that can be used. /dev
// is in memory in all containers, but is none that programs expect files in.
var tries = []string{"/dev/shm", "/run", "/tmp", "/var/tmp", "/", dev}

const dev = "/dev"

// local are the types of file systems on disks of the machine, which do not need
// another machine or process to respond. A dying process waits for the kernel to write
// its record, so the file must not be on any other file system.
var local = map[string]bool{
	"overlay": true, "ext2": true, "ext3": true, "ext4": true, "xfs": true, "btrfs": true, "f2fs": true,
	"zfs": true, "bcachefs": true,
}

// A Place is a directory in which the file of records can be.
type Place struct {
	Dir string
	// Memory is true if the file system is in memory. Creating a file there, and reading
	// it, does not wait for a disk.
	Memory bool
}

// Places returns the directories in which the file of records can be, the best first:
// those in memory. mountinfo is the content of /proc/self/mountinfo.
func Places(mountinfo []byte) []Place {
	var memory, disk []Place
	for _, dir := range tries {
		switch kind, writable := typeOf(mountinfo, dir); {
		case !writable:
		case kind == "tmpfs":
			memory = append(memory, Place{Dir: dir, Memory: true})
		case local[kind] && dir != dev:
			disk = append(disk, Place{Dir: dir})
		}
	}
	return append(memory, disk...)
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
