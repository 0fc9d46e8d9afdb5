package initcore

import (
	"golang.org/x/sys/unix"

	"yinit/procfs"
)

// stopped implements processes. The kernel reports a stop once, see waitid(2): if reap
// has received the report, /proc still shows the state.
func (k *kernel) stopped(pid int) bool {
	var info childInfo
	if waitid(unix.P_PID, pid, &info, unix.WSTOPPED|unix.WNOHANG|unix.WNOWAIT, nil) == nil && info.pid != 0 {
		return true
	}
	s, err := k.fs.Stat(pid)
	return err == nil && k.isStopped(s)
}

// isStopped reports whether a signal has stopped the process. A tracer's stop is none:
// SIGCONT does not end it.
func (k *kernel) isStopped(s procfs.Stat) bool {
	if !s.State.Zombie() {
		return s.State == procfs.StateStopped
	}
	return s.Threads > 1 && k.threadStopped(s.PID) // the main thread has ended, others have not
}

// threadStopped reports whether a thread of the process is stopped, which then all are.
// It reads files only that do not wait for the process.
func (k *kernel) threadStopped(pid int) bool {
	threads, err := k.fs.Threads(pid)
	if err != nil {
		return false
	}
	var s procfs.Status
	for _, tid := range threads {
		if err := k.fs.ThreadStatus(pid, tid, &s); err == nil && s.State == procfs.StateStopped {
			return true
		}
	}
	return false
}

// continueGroup implements processes. Most processes are not in the group, and
// getpgid(2) takes a fraction of the time of reading a stat file.
func (k *kernel) continueGroup(group int) {
	scanner := procfs.NewScanner(k.fs)
	defer scanner.Close()
	pids, err := scanner.PIDs(nil)
	if err != nil || len(pids) == 0 {
		_ = k.kill(-group, unix.SIGCONT) // without /proc it is unknown which members are stopped
		return
	}
	for _, pid := range pids {
		if in, err := unix.Getpgid(pid); err != nil || in != group {
			continue
		}
		if s, err := k.fs.Stat(pid); err == nil && s.PGRP == group && k.isStopped(s) {
			k.signalOne(s, unix.SIGCONT)
		}
	}
}

// continueStopped implements leftovers.
func (k *kernel) continueStopped() {
	if k.noProc {
		k.signalAll(unix.SIGCONT) // without /proc it is unknown which processes are stopped
		return
	}
	living, known := k.list()
	if !known && k.isFirst { // the mount option hidepid, see proc(5)
		k.signalAll(unix.SIGCONT)
		return
	}
	for _, s := range living {
		if k.isStopped(s) {
			k.signalOne(s, unix.SIGCONT)
		}
	}
}
