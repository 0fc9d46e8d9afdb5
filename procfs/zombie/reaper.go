package zombie

import (
	"strings"
	"syscall"

	"yinit/procfs"
	"yinit/procfs/verdict"
)

// maxWaits is the largest number of threads whose waits are read. A process with more
// threads is a server, and unlikely to wait for children in its last threads only.
const maxWaits = 256

// ReadReaper reads what [BlameFor] needs to know about a parent. It leaves out what
// may not be read, and does not set Init. The error matches [procfs.ErrGone] if the
// process has ended.
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
	r.Waits, r.Hidden = WaitsOf(fs, t)
	return r, nil
}

// WaitsOf returns the waits for children that the threads of a process are in. hidden says that
// this may not be read of some.
func WaitsOf(fs procfs.FS, t *verdict.Target) (waits []Wait, hidden bool) {
	for i := range t.Tasks[:min(len(t.Tasks), maxWaits)] {
		w, may := waitOf(fs, t.ID.PID, &t.Tasks[i])
		switch may {
		case verdict.Yes:
			waits = append(waits, w)
		case verdict.Unknown:
			hidden = true
		}
	}
	return waits, hidden
}

// waitOf returns the wait for a child that a thread is in, from its system call or
// from the kernel function in which it sleeps. The system call requires
// PTRACE_MODE_ATTACH, the function PTRACE_MODE_READ, see proc_pid_syscall(5) and
// proc_pid_wchan(5). Without either the answer is [verdict.Unknown], unless the
// thread does not sleep.
func waitOf(fs procfs.FS, pid int, t *verdict.Task) (Wait, verdict.Answer) {
	if t.State == procfs.StateSleeping && waitsElsewhere(t.Wchan) {
		return Wait{}, verdict.No
	}
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
	case t.Wchan == "do_wait", strings.HasPrefix(t.Wchan, "do_wait."): // a suffix that a compiler added
		return Wait{Other: true}, verdict.Yes
	case err == nil, t.Wchan != "", t.State != procfs.StateSleeping && t.State != procfs.StateDisk:
		return Wait{}, verdict.No
	default:
		return Wait{}, verdict.Unknown
	}
}

// waitsElsewhere reports whether a thread that sleeps in this kernel function waits for something
// else than a child: wait4(2) and waitid(2) sleep in do_wait, which a compiler may put into their
// own functions. A frozen thread sleeps in the freezer, whatever it waits for.
func waitsElsewhere(name string) bool {
	base := strings.TrimLeft(name, "_")
	for _, prefix := range []string{"do_wait", "schedule", "do_freezer_trap", "get_signal", "refrigerator"} {
		if strings.HasPrefix(base, prefix) {
			return false
		}
	}
	return name != "" && !strings.Contains(base, "wait4") && !strings.Contains(base, "waitid")
}

// onlyChild returns the only living child of a thread; 0 if it has none or several,
// or if the kernel does not list them.
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

// The values of idtype in waitid(2).
const (
	waitAll   = 0 // P_ALL
	waitPID   = 1 // P_PID
	waitPGID  = 2 // P_PGID
	waitPIDFD = 3 // P_PIDFD, since Linux 5.4
)

// waitOfCall returns the wait that a wait4(2) or waitid(2) call is. fd is the pidfd
// that the call waits for, -1 if it takes none. The calls of 32-bit programs have
// other numbers and are not recognized.
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

// waitFor returns the wait for the first argument of waitpid(2): -1 means any child,
// other numbers below 1 mean process groups.
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
