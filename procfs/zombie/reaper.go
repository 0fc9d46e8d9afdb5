package zombie

import (
	"strings"
	"syscall"

	"yinit/procfs"
	"yinit/procfs/verdict"
)

// maxWaits is how many threads are asked for what they wait: a parent with more
// is a server, and its waits are not in its last threads only.
const maxWaits = 256

// ReadReaper reads what [BlameFor] wants to know of a parent. What may not be read
// is left out, and so is Init. The error matches [procfs.ErrGone] if it has ended.
func ReadReaper(fs procfs.FS, pid int) (Reaper, error) {
	stat, err := fs.Stat(pid)
	if err != nil {
		return Reaper{}, err
	}
	t, err := verdict.ReadThreads(fs, &stat)
	if err != nil {
		return Reaper{}, err
	}
	stat.State = t.LiveState()
	r := Reaper{Stat: stat, UID: t.UID[procfs.Effective], Tracer: t.Tracer, Sigs: t.Sigs, InVfork: t.InVfork()}
	if r.InVfork {
		r.Child = onlyChild(fs, pid, t.Tasks[0].TID)
	}
	for i := range t.Tasks[:min(len(t.Tasks), maxWaits)] {
		w, may := waitOf(fs, pid, &t.Tasks[i])
		switch may {
		case verdict.Yes:
			r.Waits = append(r.Waits, w)
		case verdict.Unknown:
			r.Hidden = true
		}
	}
	return r, nil
}

// waitOf is the wait for a child that a thread is in, from its system call, or
// from the place in the kernel where it sleeps. The first takes the right to
// attach to the process, the second that to read it, see proc_pid_syscall(5) and
// proc_pid_wchan(5). It is [verdict.Unknown] without either, unless the thread does not sleep.
func waitOf(fs procfs.FS, pid int, t *verdict.Task) (Wait, verdict.Answer) {
	call, err := fs.Syscall(pid, t.TID)
	if err == nil {
		if w, fd, ok := waitOfCall(call); ok && fd >= 0 {
			w.PID = fs.PIDOfPidfd(pid, fd)
			w.Other = w.PID == 0
			return w, verdict.Yes
		} else if ok {
			return w, verdict.Yes
		}
	}
	switch {
	case t.Wchan == "do_wait", strings.HasPrefix(t.Wchan, "do_wait."): // of a compiler's making
		return Wait{Other: true}, verdict.Yes
	case err == nil, t.Wchan != "", t.State != procfs.StateSleeping && t.State != procfs.StateDisk:
		return Wait{}, verdict.No
	default:
		return Wait{}, verdict.Unknown
	}
}

// onlyChild is the one living child that a thread has; 0 if there are more, or if
// the kernel does not tell.
func onlyChild(fs procfs.FS, pid, tid int) (child int) {
	children, err := fs.Children(pid, tid)
	if err != nil {
		return 0
	}
	for _, n := range children {
		stat, err := fs.Stat(n)
		switch {
		case err != nil, child != 0 && !stat.Zombie():
			return 0
		case !stat.Zombie():
			child = n
		}
	}
	return child
}

// Kinds of waitid(2).
const (
	waitAll   = 0 // P_ALL
	waitPID   = 1 // P_PID
	waitPGID  = 2 // P_PGID
	waitPIDFD = 3 // P_PIDFD, since Linux 5.4
)

// waitOfCall is the wait for a child that the call is, wait4(2) or waitid(2). A wait by
// pidfd gives the descriptor, else fd is -1. 32-bit programs have other numbers,
// and are not recognised.
func waitOfCall(s procfs.Syscall) (w Wait, fd int, ok bool) {
	if s.Running {
		return Wait{}, -1, false
	}
	first, second := int(int32(s.Args[0])), int(int32(s.Args[1])) // C ints
	switch s.Number {
	case syscall.SYS_WAIT4:
		return waitFor(first), -1, true
	case syscall.SYS_WAITID:
		switch first {
		case waitAll:
			return Wait{}, -1, true
		case waitPID:
			return waitFor(second), -1, true
		case waitPIDFD:
			return Wait{}, second, true
		case waitPGID:
			return Wait{Other: true}, -1, true
		}
	}
	return Wait{}, -1, false
}

// waitFor is the first argument of waitpid(2): -1 is any child, other numbers
// below 1 are process groups.
func waitFor(pid int) Wait {
	switch {
	case pid == -1:
		return Wait{}
	case pid > 0:
		return Wait{PID: pid}
	default:
		return Wait{Other: true}
	}
}
