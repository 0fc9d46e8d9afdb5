package procfs

import (
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// ReadMounted reads at most 64 KiB of a file of a virtual file system that is mounted with
// this ID, see proc_pid_mountinfo(5). It does not wait, whatever is in the place of the
// directory dir or of the file: the error matches [ErrCovered] if that is on another mount.
// It does not use the runtime's poller either, in which package os parks after EAGAIN.
func ReadMounted(dir, name, mount string) ([]byte, error) {
	at, err := openAt(atCWD, append([]byte(dir), 0), oPath|syscall.O_DIRECTORY)
	if err != nil {
		return nil, err
	}
	defer func() { _ = syscall.Close(at) }()
	if mountOf(at) != mount {
		return nil, ErrCovered
	}
	fd, err := openUncovered(at, name, mount)
	if err != nil {
		return nil, err
	}
	defer func() { _ = syscall.Close(fd) }()
	return readToEnd(fd, 64<<10)
}

// ReadFile reads at most 1 MiB of a file below the root, without the runtime's poller, in
// which package os parks if the kernel returns EAGAIN.
func (f FS) ReadFile(name string) ([]byte, error) {
	path := append([]byte(f.named(name)), 0)
	fd, err := openAt(atCWD, path, syscall.O_RDONLY|syscall.O_NONBLOCK)
	if err != nil {
		return nil, f.wrap(place{name: name}, err)
	}
	defer func() { _ = syscall.Close(fd) }()
	b, err := readToEnd(fd, maxFile)
	if err != nil {
		return nil, f.wrap(place{name: name}, err)
	}
	return b, nil
}

// named returns the path of a file below the root. Seen from above, "self" is not there, as in
// the proc filesystem of another namespace.
func (f FS) named(name string) string {
	if f.space == nil {
		return f.Root() + "/" + name
	}
	first, rest, _ := strings.Cut(name, "/")
	switch pid, err := strconv.Atoi(first); {
	case err == nil && pid > 0:
		return f.path(place{pid: pid, name: rest})
	case first == "self", first == "thread-self":
		return f.path(place{pid: -1, name: rest})
	}
	return f.Root() + "/" + name
}

// readToEnd reads fd until a read returns nothing, but at most limit bytes: a read of
// mountinfo or maps ends with a whole line, wherever the file ends.
func readToEnd(fd, limit int) ([]byte, error) {
	var b []byte
	for len(b) < limit {
		if cap(b)-len(b) < smallFile/8 { // else there is room for the read that returns nothing
			b = slices.Grow(b, smallFile)
		}
		n, err := readOnce(fd, b[len(b):cap(b)])
		if err != nil {
			return nil, err
		}
		if n == 0 {
			break
		}
		b = b[:len(b)+n]
	}
	return b[:min(len(b), limit)], nil
}
