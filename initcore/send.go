package initcore

import (
	"errors"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"

	"yinit/initcore/early"
	"yinit/procfs"
)

// kill implements processes.
func (k *kernel) kill(pid int, sig unix.Signal) error {
	if pid == 0 || pid == -1 {
		return unix.EINVAL // kill(2) would signal our own group, or every process
	}
	err := k.send(pid, sig)
	if pid > 0 && errors.Is(err, unix.ESRCH) {
		return nil
	}
	return err
}

// queue implements processes.
func (k *kernel) queue(pid int, info early.Info, sig unix.Signal) error {
	if pid == 0 || pid == -1 {
		return unix.EINVAL
	}
	var si [16]uint64 // siginfo_t is 128 bytes
	copied := (*early.Info)(unsafe.Pointer(&si))
	*copied = info
	copied.Signal = int32(sig)
	if k.forbidden&featureQueue != 0 || pid < 0 && k.forbidden&featurePidfd != 0 {
		return unix.ENOSYS
	}
	if pid < 0 {
		return queueToGroup(-pid, sig, &si)
	}
	_, _, errno := unix.RawSyscall(unix.SYS_RT_SIGQUEUEINFO, uintptr(pid), uintptr(sig), uintptr(unsafe.Pointer(&si)))
	runtime.KeepAlive(&si)
	if errno != 0 {
		return errno
	}
	return nil
}

// pidfdSignalProcessGroup is PIDFD_SIGNAL_PROCESS_GROUP of pidfd_send_signal(2),
// since Linux 6.9. On older kernels no system call sends a value to a process group,
// and sending it to each member in turn could miss a member that is being forked.
const pidfdSignalProcessGroup = 1 << 2

// queueToGroup sends a signal with siginfo_t to a process group. The pid cannot be
// reused, because we have not reaped the child that has it.
func queueToGroup(pid int, sig unix.Signal, si *[16]uint64) error {
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	_, _, errno := unix.RawSyscall6(unix.SYS_PIDFD_SEND_SIGNAL, uintptr(fd), uintptr(sig), uintptr(unsafe.Pointer(si)), pidfdSignalProcessGroup, 0, 0)
	runtime.KeepAlive(si)
	if errno != 0 {
		return errno
	}
	return nil
}

// send is kill(2). Where a seccomp filter forbids that, it sends the signal through pidfds,
// to each member of a process group in turn.
func (k *kernel) send(pid int, sig unix.Signal) error {
	if k.forbidden&featureKill == 0 {
		return unix.Kill(pid, sig)
	}
	if pid > 0 {
		return k.sendByPidfd(pid, sig, func() bool { return true })
	}
	err := error(unix.ESRCH)
	for _, s := range k.everyProcess() {
		if s.PGRP == -pid {
			err = k.signalOne(s, sig)
		}
	}
	return err
}

// sendByPidfd sends a signal to a process. same reports whether the pid has not been reused.
func (k *kernel) sendByPidfd(pid int, sig unix.Signal, same func() bool) error {
	if k.forbidden&featureSend != 0 {
		return unix.ENOSYS
	}
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	if !same() {
		return unix.ESRCH
	}
	return unix.PidfdSendSignal(fd, sig, nil, 0)
}

// signalOne signals a process. It makes sure that the pid has not been reused.
func (k *kernel) signalOne(s procfs.Stat, sig unix.Signal) error {
	err := k.sendByPidfd(s.PID, sig, func() bool {
		now, err := k.fs.Stat(s.PID)
		return err == nil && now.ID() == s.ID()
	})
	// Linux < 5.3, or an old seccomp profile.
	if k.forbidden&featureKill == 0 && (errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EPERM)) {
		return unix.Kill(s.PID, sig)
	}
	return err
}

// mute reports whether no signal can be sent.
func (k *kernel) mute() bool { return k.forbidden&signalFeatures == signalFeatures }

// killsAll reports whether kill(-1) reaches exactly the leftover processes: it spares the
// caller, and reaches the processes of the PID namespace if the caller is its PID 1.
func (k *kernel) killsAll() bool {
	return k.isFirst && k.forbidden&featureKill == 0 && !k.isMachine()
}
