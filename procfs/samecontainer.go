package procfs

import "os"

// SameContainer reports whether pid is in the same container as the caller, see
// [ContainerKey.Same]. It returns false for a process that has ended, and where that
// cannot be determined.
func (f FS) SameContainer(pid int) bool {
	same, _ := f.OurKey().Same(f.ContainerKey(pid))
	return same
}

// OurKey is the key of the container of the caller. From above, it is that of the process
// through which the namespace was found: the container that the user has chosen.
func (f FS) OurKey() ContainerKey { return f.Base().ContainerKey(f.self(os.Getpid())) }

// JoinsContainer reports whether the caller was started into a running container, as
// by docker exec. The pid and the parent do not show that: the first process of a
// container may have a pid other than 1 (shareProcessNamespace, --pid=host), and
// neither it nor a process of docker exec has a parent in the namespace. If /proc
// cannot be read, the result is true.
func (f FS) JoinsContainer() bool {
	scanner := NewScanner(f)
	defer scanner.Close()
	stats, err := scanner.Scan(nil)
	if err != nil {
		return true
	}
	return olderNeighbor(os.Getpid(), stats, f.SameContainer)
}

// olderNeighbor reports whether the container has a live process that existed when
// process self started and is neither an ancestor nor a descendant of it. It returns
// true if self is not in all.
func olderNeighbor(self int, all []Stat, sameContainer func(pid int) bool) bool {
	byPID := make(map[int]*Stat, len(all))
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
func descends(byPID map[int]*Stat, pid, ancestor int) bool {
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
