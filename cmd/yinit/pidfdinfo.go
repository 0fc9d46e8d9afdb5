package main

import (
	"unsafe"

	"golang.org/x/sys/unix"

	"yinit/procfs"
)

// pidfdInfo is struct pidfd_info of PIDFD_GET_INFO, Linux 6.13, in its first
// form of 64 bytes. The exit status is there since 6.15.
type pidfdInfo struct {
	mask                     uint64
	cgroup                   uint64
	pid, tgid, ppid          uint32
	ruid, rgid, euid, egid   uint32
	suid, sgid, fsuid, fsgid uint32
	exitCode                 int32
}

const (
	pidfdGetInfo  = 0xC040FF0B // _IOWR(0xFF, 11, 64 bytes)
	pidfdInfoExit = 1 << 3
)

// exitOf asks the kernel how the process of a pidfd ended. It knows once the
// process was reaped, whoever did it.
func exitOf(fd int) (procfs.WaitStatus, bool) {
	info := pidfdInfo{mask: pidfdInfoExit}
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), pidfdGetInfo, uintptr(unsafe.Pointer(&info)))
	if errno != 0 || info.mask&pidfdInfoExit == 0 {
		return 0, false
	}
	return procfs.WaitStatus(info.exitCode), true
}
