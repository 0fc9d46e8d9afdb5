package procfs

import "syscall"

// nsGetTGID is NS_GET_TGID_IN_PIDNS of include/uapi/linux/nsfs.h. On mips and powerpc it has
// another value; there the kernel does not know this one, which reads as if it could not tell.
const nsGetTGID = 0x8004b709

// An OpenPIDNamespace is the PID namespace of a process. It tells which pids processes have
// there without a file of theirs, see NS_GET_TGID_IN_PIDNS in ioctl_nsfs(2), Linux 6.11.
type OpenPIDNamespace struct{ fd int }

// OpenPIDNamespace opens the PID namespace of pid. The errors are those of [FS.Namespaces].
func (f FS) OpenPIDNamespace(pid int) (*OpenPIDNamespace, error) {
	at := place{pid: pid, name: "ns/pid"}
	fd, err := openAt(atCWD, appendPath(nil, f.Root(), f.outside(at)), syscall.O_RDONLY)
	if err != nil {
		return nil, f.wrap(at, err)
	}
	return &OpenPIDNamespace{fd}, nil
}

// PID returns the pid that a process has in the namespace, which may also be one above its own.
// pid is that in the PID namespace of the caller. The error is ENOTTY if the kernel cannot tell,
// and ESRCH if the process is not in the namespace, or has ended.
func (n *OpenPIDNamespace) PID(pid int) (int, error) {
	inside, _, errno := syscall.RawSyscall(syscall.SYS_IOCTL, uintptr(n.fd), nsGetTGID, uintptr(pid))
	if errno != 0 {
		return 0, errno
	}
	return int(inside), nil
}

// Close closes the namespace.
func (n *OpenPIDNamespace) Close() error { return syscall.Close(n.fd) }
