package watch

import (
	"errors"
	"unsafe"

	"golang.org/x/sys/unix"

	"yinit/procfs"
)

// info is struct pidfd_info of PIDFD_GET_INFO, Linux 6.13, in its first form of
// 64 bytes.
type info struct {
	mask                     uint64
	cgroup                   uint64
	pid, tgid, ppid          uint32
	ruid, rgid, euid, egid   uint32
	suid, sgid, fsuid, fsgid uint32
	exitCode                 int32
}

const (
	getInfo   = 0xC040FF0B // _IOWR(0xFF, 11, 64 bytes)
	infoCreds = 1 << 1     // the ids are there
	infoExit  = 1 << 3     // exitCode is there, Linux 6.15
)

// ask fills in what the kernel tells of the process of a pidfd.
func (i *info) ask(fd int) error {
	*i = info{mask: infoExit}
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), getInfo, uintptr(unsafe.Pointer(i)))
	if errno != 0 {
		return errno
	}
	return nil
}

// ExitStatus asks the kernel how the process of a pidfd ended. It knows once the
// process was reaped, whoever did it, since Linux 6.15; before that nobody does.
func ExitStatus(fd int) (procfs.WaitStatus, bool) {
	var i info
	if i.ask(fd) != nil || i.mask&infoExit == 0 {
		return 0, false
	}
	return procfs.WaitStatus(i.exitCode), true
}

// reaped reports whether the process of a pidfd is gone for good. A zombie is not.
func reaped(fd int) bool { return errors.Is(unix.PidfdSendSignal(fd, 0, nil, 0), unix.ESRCH) }
