package main

import (
	"os"

	"yinit/cmd/yinit/config"
	"yinit/procfs"
)

// mayReport reports whether this init may write the report of its container. A
// failed docker exec must not spend it: the report of the container's own
// failure then finds the file non-empty.
func mayReport(s *config.Settings, line *config.Line) bool {
	switch {
	case os.Getpid() == 1, s.OwnReport():
		return true
	case line.Empty():
		return false // a container's init is told what to run
	}
	if _, err := os.Stat(s.Report); err != nil {
		return false // there is nothing to write to, so there is nothing to find out
	}
	return !besideAnother(procfs.FS{})
}

// besideAnother reports whether this process is a later one of its container: the
// first process of a container may have a pid other than 1 (shareProcessNamespace,
// --pid=host), and one that docker exec started has no parent in its namespace,
// either. Where /proc does not tell, it is taken for a later one.
func besideAnother(fs procfs.FS) bool {
	scanner := procfs.NewScanner(fs)
	defer scanner.Close()
	stats, err := scanner.Scan(nil)
	if err != nil {
		return true
	}
	return beside(os.Getpid(), stats, fs.SameContainer)
}

// beside reports whether a process of the same container, other than an ancestor
// or a descendant, is alive and was there when process self started.
func beside(self int, all []procfs.Stat, sameContainer func(pid int) bool) bool {
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

// descends reports whether ancestor is found on the way up from pid. The way is
// bounded: pids that are given out again during a scan can close a circle.
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
