package procfs

import (
	"bytes"
	"strconv"
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
	r := Reaper{
		Stat: stat, UID: status.UID[Effective], Tracer: status.TracerPID, Sigs: status.Sigs,
		Init: pid == 1 && KnownInit(stat.Comm),
	}
	if all, err := f.Signals(pid); err == nil {
		r.Sigs = all
	}
	threads, err := f.Threads(pid)
	if err != nil {
		return Reaper{}, err
	}
	for _, tid := range threads[:min(len(threads), maxWaits)] {
		if w, ok := f.waitOf(pid, tid); ok {
			r.Waits = append(r.Waits, w)
		}
	}
	return r, nil
}

// waitOf is the wait for a child that a thread is in, from its system call, or
// from the place in the kernel where it sleeps. The first takes the right to
// attach to the process, the second that to read it, see proc_pid_syscall(5) and
// proc_pid_wchan(5).
func (f FS) waitOf(pid, tid int) (Wait, bool) {
	b, err := f.read(place{pid: pid, tid: tid, name: "syscall"}, make([]byte, 0, 256), smallFile)
	if err == nil {
		w, fd, ok := parseWait(b)
		if ok && fd >= 0 {
			w.PID = f.pidOfPidfd(pid, fd)
			w.Else = w.PID == 0
		}
		return w, ok
	}
	b, err = f.read(place{pid: pid, tid: tid, name: "wchan"}, make([]byte, 0, 128), smallFile)
	return Wait{Else: true}, err == nil && string(b) == "do_wait"
}

// Kinds of waitid(2).
const (
	waitAll   = 0 // P_ALL
	waitPID   = 1 // P_PID
	waitPGID  = 2 // P_PGID
	waitPIDFD = 3 // P_PIDFD, since Linux 5.4
)

// parseWait parses the content of /proc/[pid]/syscall: the number, six arguments
// in hexadecimal, stack pointer and program counter; or "running"; or "-1" and
// the last two. ok says that it is wait4(2) or waitid(2). A wait by pidfd gives
// the descriptor, else fd is -1. 32-bit programs have other numbers, and are not
// recognised.
func parseWait(b []byte) (w Wait, fd int, ok bool) {
	words := bytes.Fields(b)
	if len(words) < 3 {
		return Wait{}, -1, false
	}
	number, ok := parseInt(words[0])
	first, ok1 := parseArgument(words[1])
	second, ok2 := parseArgument(words[2])
	if !ok || !ok1 || !ok2 {
		return Wait{}, -1, false
	}
	switch number {
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

// parseArgument parses an argument that is a C int.
func parseArgument(b []byte) (int, bool) {
	digits, ok := bytes.CutPrefix(b, []byte("0x"))
	v, valid := parseHex(digits)
	return int(int32(uint32(v))), ok && valid
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
