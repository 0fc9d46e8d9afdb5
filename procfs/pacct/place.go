package pacct

import (
	"strings"

	"yinit/procfs"
)

// tries are the directories in which a file is created, the first that can be used. /dev
// is in memory in all containers, but is none that programs expect files in.
var tries = []string{"/dev/shm", "/run", "/tmp", "/var/tmp", "/", "/dev"}

// Places returns the directories in which the file of records can be, the best first.
// All are in a tmpfs: there a file can be created, read and cut without waiting for a
// disk, another machine or another process. A dying process waits, too, until the kernel
// has written its record. mounts are what [procfs.FS.Mounts] returns.
func Places(mounts []procfs.MountLine) (dirs []string) {
	for _, dir := range tries {
		var m procfs.MountLine // the last one over dir
		for i := range mounts {
			if at := mounts[i].Point; isOver(at, dir) && len(at) >= len(m.Point) {
				m = mounts[i]
			}
		}
		if m.Kind == "tmpfs" && has(m.Options, "rw") && !has(m.Super, "ro") {
			dirs = append(dirs, dir)
		}
	}
	return dirs
}

// isOver reports whether a file system that is mounted at point holds the directory, if no
// other one is mounted between them. Looking into the directory could block.
func isOver(point, dir string) bool {
	return point == dir || point == "/" || strings.HasPrefix(dir, point) && dir[len(point)] == '/'
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
