package procfs

import (
	"bytes"
	"strconv"
	"strings"
	"syscall"
)

// maxWaits is how many threads are asked for what they wait: a parent with more
// is a server, and its waits are not in its last threads only.
const maxWaits = 256

// Reaper reads what [BlameFor] wants to know of a parent. What may not be read is
// left out. The error matches [ErrGone] if it has ended.
func (f FS) Reaper(pid int) (Reaper, error) {
	stat, err := f.Stat(pid)
	if err != nil {
		return Reaper{}, err
	}
	status, err := f.Status(pid)
	if err != nil {
		return Reaper{}, err
	}
	t := NewTarget(&stat, &status)
	if err := f.tasks(t); err != nil {
		return Reaper{}, err
	}
	stat.State = t.state()
	r := Reaper{
		Stat: stat, UID: status.UID[Effective], Tracer: t.Tracer, Sigs: t.Sigs,
		InVfork: t.InVfork(),
	}
	if r.InVfork {
		r.Child = f.onlyChild(pid, t.Tasks[0].TID)
	}
	for i := range t.Tasks[:min(len(t.Tasks), maxWaits)] {
		w, may := f.waitOf(pid, &t.Tasks[i])
		switch may {
		case Yes:
			r.Waits = append(r.Waits, w)
		case Untold:
			r.Hidden = true
		}
	}
	return r, nil
}

// waitOf is the wait for a child that a thread is in, from its system call, or
// from the place in the kernel where it sleeps. The first takes the right to
// attach to the process, the second that to read it, see proc_pid_syscall(5) and
// proc_pid_wchan(5). It is [Untold] without either, unless the thread does not sleep.
func (f FS) waitOf(pid int, t *Task) (Wait, Answer) {
	call, err := f.Syscall(pid, t.TID)
	if err == nil {
		if w, fd, ok := call.wait(); ok && fd >= 0 {
			w.PID = f.pidOfPidfd(pid, fd)
			w.Else = w.PID == 0
			return w, Yes
		} else if ok {
			return w, Yes
		}
	}
	switch {
	case t.Wchan == "do_wait", strings.HasPrefix(t.Wchan, "do_wait."): // of a compiler's making
		return Wait{Else: true}, Yes
	case err == nil, t.Wchan != "", t.State != StateSleeping && t.State != StateDisk:
		return Wait{}, No
	default:
		return Wait{}, Untold
	}
}

// onlyChild is the one living child that a thread has, from /proc/[pid]/task/[tid]/children
// (proc_tid_children(5)); 0 if there are more, or if that is not told.
func (f FS) onlyChild(pid, tid int) (child int) {
	b, err := f.read(place{pid: pid, tid: tid, name: "children"}, make([]byte, 0, 256), maxFile)
	if err != nil {
		return 0
	}
	for _, word := range bytes.Fields(b) {
		n, _ := parseInt(word)
		stat, err := f.Stat(n)
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

// wait is the wait for a child that the call is, wait4(2) or waitid(2). A wait by
// pidfd gives the descriptor, else fd is -1. 32-bit programs have other numbers,
// and are not recognised.
func (s Syscall) wait() (w Wait, fd int, ok bool) {
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
			return Wait{Else: true}, -1, true
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
		return Wait{Else: true}
	}
}

// pidOfPidfd is the process that a pidfd of pid names, 0 if that cannot be told,
// see pidfd_open(2).
func (f FS) pidOfPidfd(pid, fd int) int {
	b, err := f.read(place{pid: pid, name: "fdinfo/" + strconv.Itoa(fd)}, make([]byte, 0, 512), smallFile)
	if err != nil {
		return 0
	}
	for line := range bytes.Lines(b) {
		if v, ok := bytes.CutPrefix(line, []byte("Pid:")); ok {
			n, _ := parseInt(bytes.TrimSpace(v))
			return max(n, 0)
		}
	}
	return 0
}
