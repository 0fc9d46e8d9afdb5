package pacct

import (
	"strings"

	"yinit/procfs"
)

// tries are the directories in which a file is created, the first that can be used. /dev
// is in memory in all containers, but is none that programs expect files in.
var tries = [...]string{"/dev/shm", "/run", "/tmp", "/var/tmp", "/", "/dev"}

// Places returns the directories in which the file of records can be, the best first.
// All are in a tmpfs: there a file can be created, read and cut without waiting for a
// disk, another machine or another process. A dying process waits, too, until the kernel
// has written its record. mountinfo is the content of /proc/self/mountinfo.
func Places(mountinfo []byte) (dirs []string) {
	var over [len(tries)]procfs.MountLine // over each of tries, as far as the lines were read
	for m := range procfs.MountLines(mountinfo) {
		for i, dir := range tries {
			if isOver(m.Point, dir) && len(m.Point) >= len(over[i].Point) {
				over[i] = m
			}
		}
	}
	for i, m := range over {
		if m.Kind == "tmpfs" && has(m.Options, "rw") && !has(m.Super, "ro") {
			dirs = append(dirs, tries[i])
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
