package initcore

import (
	"errors"

	"golang.org/x/sys/unix"

	"yinit/procfs"
)

// signalAll implements leftovers. kill(-1) spares the caller, and reaches
// exactly the processes of the PID namespace if the caller is its PID 1.
func (k *kernel) signalAll(sig unix.Signal) {
	if k.isFirst {
		_ = unix.Kill(-1, sig) // ESRCH: nobody is left
		return
	}
	for _, s := range k.list() {
		k.signalOne(s, sig)
	}
}

// signalOne makes sure that the pid is still that of the process.
func (k *kernel) signalOne(s procfs.Stat, sig unix.Signal) {
	fd, err := unix.PidfdOpen(s.PID, 0)
	if err != nil {
		if errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EPERM) { // Linux < 5.3, or an old seccomp profile
			_ = unix.Kill(s.PID, sig)
		}
		return
	}
	defer unix.Close(fd)
	if now, err := k.fs.Stat(s.PID); err == nil && now.ID() == s.ID() {
		_ = unix.PidfdSendSignal(fd, sig, nil, 0) // ESRCH: it has ended
	}
}

// anyLeft implements leftovers.
func (k *kernel) anyLeft() bool {
	if k.isFirst {
		return !errors.Is(unix.Kill(-1, 0), unix.ESRCH)
	}
	if k.noProc {
		return false // we could not find them
	}
	// Descendants that are no children of ours have a parent that is one, or that
	// has one: the last of them is always ours.
	var info childInfo
	return !errors.Is(waitid(unix.P_ALL, 0, &info, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil), unix.ECHILD)
}

// list implements leftovers.
func (k *kernel) list() []procfs.Stat {
	all := k.everybody()
	var ours []procfs.Stat
	for _, s := range all {
		if s.PID != k.pid && !s.Zombie() {
			ours = append(ours, s)
		}
	}
	return ours
}

// everybody implements leftovers.
func (k *kernel) everybody() []procfs.Stat {
	scanner := procfs.NewScanner(k.fs)
	defer scanner.Close()
	all, _ := scanner.Scan(nil) // without /proc there is nobody to name
	if k.isFirst {
		return all
	}
	var ours []procfs.Stat
	for _, s := range all {
		if descends(all, s, k.pid) {
			ours = append(ours, s)
		}
	}
	return ours
}

// descends reports whether s is a descendant of the process pid.
func descends(all []procfs.Stat, s procfs.Stat, pid int) bool {
	for range all { // no chain is longer, even if the snapshot has a circle
		if s.PPID == pid {
			return true
		}
		parent := find(all, s.PPID)
		if parent == nil {
			return false
		}
		s = *parent
	}
	return false
}

func find(all []procfs.Stat, pid int) *procfs.Stat {
	for i := range all {
		if all[i].PID == pid {
			return &all[i]
		}
	}
	return nil
}
