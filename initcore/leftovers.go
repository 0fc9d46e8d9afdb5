package initcore

import (
	"errors"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"yinit/procfs"
	"yinit/procfs/zombie"
)

// withoutProc says what does not work without a /proc of our PID namespace.
func (k *kernel) withoutProc() string {
	text := "there is no /proc of this PID namespace: names are unknown, and exits of processes that are not our children are not recorded"
	if !k.isFirst {
		text += "; at shutdown, only our children and their process groups are signaled"
	}
	return text
}

// isMachine reports whether we are the init of a machine. Then there are kernel threads,
// which kill(-1) would reach: some of them end at SIGKILL, although a file system needs
// them.
func (k *kernel) isMachine() bool {
	if k.machine == nil {
		is := newEnding().ofMachine()
		k.machine = &is
	}
	return *k.machine
}

// signalAll implements leftovers.
func (k *kernel) signalAll(sig unix.Signal) {
	switch {
	case k.killsAll():
		_ = unix.Kill(-1, sig) // ESRCH: no process is left
	case k.noProc:
		k.signalChildren(sig)
	default:
		living, _ := k.list()
		for _, s := range living {
			_ = k.signalOne(s, sig) // ESRCH: it has ended
		}
	}
}

// signalChildren signals the processes that we can find without /proc: our children,
// and the process groups that they are in. A descendant of ours created such a group,
// unless it is our own. When our children have ended, their children become ours.
func (k *kernel) signalChildren(sig unix.Signal) {
	own, reached := unix.Getpgrp(), map[int]bool{}
	for _, s := range k.children() {
		group, err := unix.Getpgid(s.PID)
		switch {
		case err != nil || group <= 1 || group == own:
			_ = k.kill(s.PID, sig)
		case !reached[group]:
			reached[group] = true
			_ = k.kill(-group, sig)
		}
	}
}

// children returns the children that are alive, without /proc. It searches again only
// after all children found have ended: then their children may have become ours.
func (k *kernel) children() []procfs.Stat {
	k.found = slices.DeleteFunc(k.found, func(s procfs.Stat) bool { return !lives(s.PID) })
	if len(k.found) == 0 {
		k.found = search(k.pid)
	}
	return k.found
}

// lives reports whether pid is a child that has not ended. The kernel does not reuse
// the pid until we reap the child.
func lives(pid int) bool {
	var info childInfo
	return waitid(unix.P_PID, pid, &info, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil) == nil && info.pid == 0
}

// The limits of the search for children without /proc.
const (
	pidLimit   = 1 << 22     // PID_MAX_LIMIT of a 64-bit kernel, see proc(5)
	searchSpan = 1 << 17     // pids without a child after which it gives up
	searchTime = time.Second // time after which it gives up
)

// search checks each pid for a child. The kernel allocates pids in order, so most
// children are slightly above self or, if the pids have wrapped around, above 1.
func search(self int) (living []procfs.Stat) {
	begun, last := time.Now(), 0
	if !anyDead() {
		last = pidLimit // no child has ended, so at least one is alive: search up to the limit
	}
	for i := 1; i < pidLimit && i-last < searchSpan; i++ {
		if i%4096 == 0 && time.Since(begun) > searchTime {
			break
		}
		pair := [2]int{i, self + i}
		if i >= self {
			pair[0] = 0 // pair[1] has covered it already
		}
		for _, pid := range pair {
			if pid > 0 && pid < pidLimit && lives(pid) {
				living, last = append(living, procfs.Stat{PID: pid}), i
			}
		}
	}
	return living
}

// anyDead reports whether a child waits to be reaped.
func anyDead() bool {
	var info childInfo
	return waitid(unix.P_ALL, 0, &info, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil) == nil && info.pid != 0
}

// anyLeft implements leftovers.
func (k *kernel) anyLeft() bool {
	if k.killsAll() {
		return !errors.Is(unix.Kill(-1, 0), unix.ESRCH)
	}
	if k.isFirst && !k.noProc && !k.mute() {
		return slices.ContainsFunc(k.everyProcess(), func(s procfs.Stat) bool { return s.PID != k.pid })
	}
	return k.anyChild()
}

// anyChild implements leftovers. As the reaper we adopt orphaned descendants. So as long as
// there are descendants, at least one of them is our child.
func (k *kernel) anyChild() bool {
	if k.mute() {
		return false // there may be one, but it can only be left to the kernel
	}
	var info childInfo
	return !errors.Is(waitid(unix.P_ALL, 0, &info, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil), unix.ECHILD)
}

// list implements leftovers.
func (k *kernel) list() (living []procfs.Stat, known bool) {
	if k.noProc && (!k.isFirst || k.isMachine()) {
		return k.children(), true
	}
	for _, s := range k.everyProcess() {
		if s.PID == k.pid {
			continue
		}
		known = true
		if !s.Zombie() {
			living = append(living, s)
		}
	}
	return living, known
}

// everyProcess implements leftovers.
func (k *kernel) everyProcess() []procfs.Stat {
	scanner := procfs.NewScanner(k.fs)
	defer scanner.Close()
	all, _ := scanner.Scan(nil) // without /proc the list is empty
	all = slices.DeleteFunc(all, func(s procfs.Stat) bool { return s.KernelThread() || s.PID == k.trial.pid })
	if k.isFirst {
		return all
	}
	return descendants(all, k.pid)
}

// tracer implements leftovers.
func (k *kernel) tracer(pid int) int { return zombie.Tracer(k.fs, pid) }

// descendants returns the descendants of the process pid, in the order of all.
func descendants(all []procfs.Stat, pid int) (list []procfs.Stat) {
	root := slices.IndexFunc(all, func(s procfs.Stat) bool { return s.PID == pid })
	id := func(i int) int { return all[i].PID }
	parent := func(i int) int { return all[i].PPID }
	found := procfs.Descendants(len(all), id, parent, root)
	slices.Sort(found)
	for _, i := range found {
		list = append(list, all[i])
	}
	return list
}
