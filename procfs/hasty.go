package procfs

import (
	"syscall"
	"unsafe"
)

// Hasty returns f for a command that reads thousands of files and does nothing else meanwhile.
// It hides most of its system calls from the Go runtime: a call that the runtime tracks costs
// more, and thousands of them keep its monitor thread awake. Until such a call returns, no other
// goroutine can use the processor (P) of the caller.
func (f FS) Hasty() FS {
	f.hasty = true
	return f
}

// readAt reads the file at p, whose path from the directory dir is path. For some files the kernel
// takes a lock that another process may hold for long, such as that of its memory. The runtime has
// to see that such a call takes time.
func (f FS) readAt(dir int, p place, path, buf []byte, limit int) ([]byte, error) {
	if f.hasty && (p.name == "stat" || p.name == "status" || p.name == "wchan" || p.name == "limits") {
		return readHastily(dir, path, buf, limit)
	}
	return readFileAt(dir, path, buf, limit)
}

// readHastily is [readFileAt] with system calls that the runtime does not see. It leaves to that
// whatever is not usual.
func readHastily(dir int, path, buf []byte, limit int) ([]byte, error) {
	fd, _, errno := syscall.RawSyscall6(syscall.SYS_OPENAT, uintptr(dir), uintptr(unsafe.Pointer(&path[0])),
		syscall.O_RDONLY|syscall.O_CLOEXEC|syscall.O_NONBLOCK, 0, 0, 0)
	switch {
	case errno == syscall.EINTR:
		return readFileAt(dir, path, buf, limit)
	case errno != 0:
		return nil, errno
	}
	buf = buf[:cap(buf)]
	n, _, errno := syscall.RawSyscall(syscall.SYS_READ, fd, uintptr(unsafe.Pointer(unsafe.SliceData(buf))), uintptr(len(buf)))
	_, _, _ = syscall.RawSyscall(syscall.SYS_CLOSE, fd, 0, 0) // Nothing was written, so no data can be lost.
	switch {
	case errno == syscall.EINTR, errno == 0 && int(n) == len(buf): // There may be more.
		return readFileAt(dir, path, buf[:0], limit)
	case errno != 0:
		return nil, errno
	}
	return buf[:min(int(n), limit)], nil
}
