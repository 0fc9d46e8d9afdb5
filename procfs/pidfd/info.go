package pidfd

import (
	"unsafe"

	"golang.org/x/sys/unix"

	"yinit/procfs"
)

// Info is what the kernel reports about the process of a pidfd: struct pidfd_info of
// PIDFD_GET_INFO, Linux 6.13, in its first version of 64 bytes. It has no pointers, so
// that it can stay on the stack of the caller.
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
	infoCreds = 1 << 1     // the IDs are set
	infoExit  = 1 << 3     // exitCode is set, Linux 6.15
)

// Read sets i from a pidfd. It returns an error if the kernel does not support this.
func (i *Info) Read(fd int) error {
	*i = Info{mask: infoExit}
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), getInfo, uintptr(unsafe.Pointer(i)))
	if errno != 0 {
		return errno
	}
	return nil
}

// HasIDs reports whether the IDs are known. They are until the process has been
// reaped.
func (i *Info) HasIDs() bool { return i.mask&infoCreds != 0 }

// HasExit reports whether the exit status is known.
func (i *Info) HasExit() bool { return i.mask&infoExit != 0 }

// ExitStatus returns how the process ended. It is valid if HasExit.
func (i *Info) ExitStatus() procfs.WaitStatus { return procfs.WaitStatus(i.exitCode) }

// UID returns the real user of the process. It is valid if HasIDs.
func (i *Info) UID() uint32 { return i.ruid }

// PPID returns the pid of the parent in the PID namespace of the caller, 0 if it is
// outside that. It is valid if HasIDs.
func (i *Info) PPID() int { return int(i.ppid) }
