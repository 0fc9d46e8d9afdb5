package procfs

import (
	"os"
	"slices"
	"sync"
	"syscall"
	"unsafe"
)

const (
	atCWD = -100 // AT_FDCWD of openat(2), which package syscall does not export

	// smallFile holds stat, status or loadavg in one read, unless a process has
	// hundreds of groups.
	smallFile = 4096
	// maxFile limits how much of a file is read. The largest is the status of a
	// process with 65,536 groups.
	maxFile = 1 << 20

	// mostRead limits how much ReadPath reads.
	mostRead = 16 << 20

	// maxInterrupts is the number of retries of a call that signals interrupt.
	maxInterrupts = 16
)

// A buffer holds the content of a file while it is parsed.
type buffer [smallFile]byte

// buffers has the buffers that are free.
var buffers = sync.Pool{New: func() any { return new(buffer) }}

// readFileAt reads the file at path, which is NUL-terminated and relative to the
// directory dir. It makes three system calls, and allocates nothing if the file is
// smaller than buf. The errors are bare errnos.
func readFileAt(dir int, path, buf []byte, limit int) ([]byte, error) {
	fd, err := openAt(dir, path, syscall.O_RDONLY)
	if err != nil {
		return nil, err
	}
	buf, err = readAll(fd, buf, limit)
	_ = syscall.Close(fd) // Nothing was written, so no data can be lost.
	return buf, err
}

// ReadPath reads at most 16 MiB of a file that is not below the root of an [FS], such as
// that of passwd(5) in a container. Unlike [os.ReadFile] it never waits: to read a FIFO
// fails or yields nothing.
func ReadPath(path string) ([]byte, error) {
	fd, err := openAt(atCWD, append([]byte(path), 0), syscall.O_RDONLY)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: path, Err: err}
	}
	defer func() { _ = syscall.Close(fd) }()
	b, err := readToEnd(fd, make([]byte, 0, smallFile), mostRead)
	if err != nil {
		return nil, &os.PathError{Op: "read", Path: path, Err: err}
	}
	return b, nil
}

// Open opens a file or a directory for reading. Unlike [os.Open] it does not wait for the
// other end of a FIFO.
func Open(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
}

// openAt is openat(2). It takes a NUL-terminated path, because that of package
// syscall copies the path to the heap for each call. It does not wait for the other end
// of a FIFO, which a directory that is not a proc filesystem may contain.
func openAt(dir int, path []byte, flags int) (int, error) {
	for tries := 0; ; tries++ {
		fd, _, errno := syscall.Syscall6(syscall.SYS_OPENAT, uintptr(dir),
			uintptr(unsafe.Pointer(&path[0])), uintptr(flags|syscall.O_CLOEXEC|syscall.O_NONBLOCK), 0, 0, 0)
		switch {
		case errno == 0:
			return int(fd), nil
		case errno != syscall.EINTR || tries == maxInterrupts:
			return -1, errno
		}
	}
}

// readAll reads fd to its end, but at most limit bytes. It takes a read that does not
// fill the buffer for the last one: the kernel generates these files in one piece,
// and one more read would cost a system call.
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

// readOnce is read(2), retried if a signal interrupts it.
func readOnce(fd int, b []byte) (int, error) {
	for tries := 0; ; tries++ {
		n, err := syscall.Read(fd, b)
		if err != syscall.EINTR || tries == maxInterrupts {
			return max(n, 0), err
		}
	}
}
