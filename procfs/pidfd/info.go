package pidfd

import (
	"unsafe"

	"golang.org/x/sys/unix"

	"yinit/procfs"
)

// Info is what the kernel tells of the process of a pidfd: struct pidfd_info of
// PIDFD_GET_INFO, Linux 6.13, in its first form of 64 bytes. It has no pointers and
// lives on the stack of whoever asks.
type Info struct {
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

// Read fills in i from a pidfd. Kernels that do not tell give an error.
func (i *Info) Read(fd int) error {
	*i = Info{mask: infoExit}
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), getInfo, uintptr(unsafe.Pointer(i)))
	if errno != 0 {
		return errno
	}
	return nil
}

// HasIDs reports whether the kernel told about users: it does until the process
// was reaped.
func (i *Info) HasIDs() bool { return i.mask&infoCreds != 0 }

// HasExit reports whether the kernel told how the process ended.
func (i *Info) HasExit() bool { return i.mask&infoExit != 0 }

// ExitStatus is how the process ended, if HasExit.
func (i *Info) ExitStatus() procfs.WaitStatus { return procfs.WaitStatus(i.exitCode) }

// UID is the real user of the process, if HasIDs.
func (i *Info) UID() uint32 { return i.ruid }

// PPID is the parent in the PID namespace of the caller, if HasIDs; 0 if it is
// outside.
func (i *Info) PPID() int { return int(i.ppid) }
