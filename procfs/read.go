package procfs

import (
	"slices"
	"syscall"
	"unsafe"
)

const (
	atCWD = -100 // AT_FDCWD of openat(2), which package syscall keeps to itself

	// smallFile is enough for stat, status and loadavg in one read, but for a
	// process with hundreds of groups.
	smallFile = 4096
	// maxFile bounds what is read of a file that the kernel makes. The largest
	// is the status of a process with 65,536 groups.
	maxFile = 1 << 20

	// interruptedMost is how often in a row a call may be interrupted by a signal.
	interruptedMost = 16
)

// readFileAt reads the file at path, which ends with a NUL and is relative to
// the directory dir. It costs three system calls and allocates nothing if the
// file is smaller than buf. The errors are bare errnos.
func readFileAt(dir int, path, buf []byte, limit int) ([]byte, error) {
	fd, err := openAt(dir, path, syscall.O_RDONLY)
	if err != nil {
		return nil, err
	}
	buf, err = readAll(fd, buf, limit)
	_ = syscall.Close(fd) // Nothing was written, so nothing can be lost.
	return buf, err
}

// openAt is openat(2). The syscall package's own makes a copy of the path on
// the heap for each call, which is why this one takes a path with its NUL.
func openAt(dir int, path []byte, flags int) (int, error) {
	for tries := 0; ; tries++ {
		fd, _, errno := syscall.Syscall6(syscall.SYS_OPENAT, uintptr(dir),
			uintptr(unsafe.Pointer(&path[0])), uintptr(flags|syscall.O_CLOEXEC), 0, 0, 0)
		switch {
		case errno == 0:
			return int(fd), nil
		case errno != syscall.EINTR || tries == interruptedMost:
			return -1, errno
		}
	}
}

// readAll reads fd up to its end or up to limit bytes. A read that does not
// fill the buffer is taken for the last one: the files of this package are made
// by the kernel in one piece, and asking once more would cost a system call.
func readAll(fd int, buf []byte, limit int) ([]byte, error) {
	buf = buf[:0]
	for {
		if len(buf) == cap(buf) {
			buf = slices.Grow(buf, max(cap(buf), smallFile))
		}
		free := buf[len(buf):cap(buf)]
		n, err := readOnce(fd, free)
		if err != nil {
			return nil, err
		}
		buf = buf[:len(buf)+n]
		if len(buf) >= limit {
			return buf[:limit], nil
		}
		if n < len(free) {
			return buf, nil
		}
	}
}

// readOnce is read(2), again if a signal interrupted it.
func readOnce(fd int, b []byte) (int, error) {
	for tries := 0; ; tries++ {
		n, err := syscall.Read(fd, b)
		if err != syscall.EINTR || tries == interruptedMost {
			return max(n, 0), err
		}
	}
}
