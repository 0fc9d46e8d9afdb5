package main

import (
	"os"

	"yinit/cmd/yinit/config"
	"yinit/procfs"
)

// mayReport reports whether this init may write the report of its container. The
// report goes only into an empty file, so a failed docker exec must not write it:
// the container's own failure could not be reported any more.
func mayReport(s *config.Settings, line *config.Line) bool {
	switch {
	case os.Getpid() == 1, s.OwnReport():
		return true
	case line.Empty():
		return false // the init of a container has a program to run
	}
	if _, err := os.Stat(s.Report); err != nil {
		return false // there is no file, so the answer does not matter
	}
	return !joinsContainer(procfs.FS{})
}

// joinsContainer reports whether this process was started into a running container,
// as by docker exec. The pid and the parent do not show that: the first process of a
// container may have a pid other than 1 (shareProcessNamespace, --pid=host), and
// neither it nor a process of docker exec has a parent in the namespace. If /proc
// cannot be read, the result is true.
func joinsContainer(fs procfs.FS) bool {
	scanner := procfs.NewScanner(fs)
	defer scanner.Close()
	stats, err := scanner.Scan(nil)
	if err != nil {
		return true
	}
	return olderNeighbor(os.Getpid(), stats, fs.SameContainer)
}

// olderNeighbor reports whether the container has a live process that existed when
// process self started and is neither an ancestor nor a descendant of it. It returns
// true if self is not in all.
func olderNeighbor(self int, all []procfs.Stat, sameContainer func(pid int) bool) bool {
	byPID := make(map[int]*procfs.Stat, len(all))
	for i := range all {
		byPID[all[i].PID] = &all[i]
	}
	me := byPID[self]
	if me == nil {
		return true
	}
	for i := range all {
		p := &all[i]
		if p.PID == self || p.Zombie() || p.Start > me.Start {
			continue
		}
		if descends(byPID, p.PID, self) || descends(byPID, self, p.PID) {
			continue
		}
		if sameContainer(p.PID) {
			return true
		}
	}
	return false
}

// descends reports whether ancestor is among the ancestors of pid. The number of
// steps is bounded: a pid that was reused during the scan can close a cycle.
func descends(byPID map[int]*procfs.Stat, pid, ancestor int) bool {
	for range len(byPID) {
		p := byPID[pid]
		if p == nil || p.PPID == 0 {
			return false
		}
		if pid = p.PPID; pid == ancestor {
			return true
		}
	}
	return false
}
