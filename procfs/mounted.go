package procfs

import (
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// ReadMounted reads at most 64 KiB of a file of a virtual file system that is mounted with
// this ID, see proc_pid_mountinfo(5). It does not wait, whatever is in the place of the
// directory dir or of the file: the error matches [ErrCovered] if that is on another mount.
// It does not use the runtime's poller either, in which package os parks after EAGAIN. It
// reads into buf, which it grows if necessary.
func ReadMounted(dir, name, mount string, buf []byte) ([]byte, error) {
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
	return readToEnd(fd, buf, mostMounted)
}

// A Mount reads many files of one virtual file system, such as that of the control groups. Like
// [ReadMounted] it never waits, with a third of the system calls. Several goroutines may read at
// once.
type Mount struct {
	dir, id string
	fd      int // of dir; -1: there is none
}

// OpenMount opens the directory at which a file system is mounted. id is that of the mount; "":
// it is not known, and whatever is there is read. It does not fail: then each read does.
func OpenMount(dir, id string) *Mount {
	m := &Mount{dir, id, -1}
	fd, err := openAt(atCWD, append([]byte(dir), 0), oPath|syscall.O_DIRECTORY)
	switch {
	case err != nil:
	case id != "" && mountOf(fd) != id:
		_ = syscall.Close(fd)
	default:
		m.fd = fd
	}
	return m
}

// Close closes the directory. Files can still be read, with more system calls.
func (m *Mount) Close() {
	if m.fd >= 0 {
		_ = syscall.Close(m.fd) // Nothing was written.
		m.fd = -1
	}
}

// Read reads at most 64 KiB of a file by its path below the directory, into buf if it is large
// enough. The error matches [ErrCovered] if another file system is mounted on the way to it.
func (m *Mount) Read(name string, buf []byte) ([]byte, error) { return m.readBy(name, buf, false) }

// ReadList is [Mount.Read] for a file that the kernel gives in several pieces, because it may have
// many lines. It takes one read more.
func (m *Mount) ReadList(name string, buf []byte) ([]byte, error) { return m.readBy(name, buf, true) }

func (m *Mount) readBy(name string, buf []byte, list bool) ([]byte, error) {
	if m.fd >= 0 {
		b, err := m.read(name, buf, list)
		if err != errNoOpenat2 {
			return b, err
		}
	}
	path := filepath.Join(m.dir, name)
	if m.id == "" {
		return ReadPath(path)
	}
	return ReadMounted(filepath.Dir(path), filepath.Base(path), m.id, buf)
}

func (m *Mount) read(name string, buf []byte, list bool) ([]byte, error) {
	var onStack [256]byte
	path := append(append(onStack[:0], strings.TrimPrefix(name, "/")...), 0)
	fd, err := openat2(m.fd, path, openHow{flags: syscall.O_RDONLY | syscall.O_NONBLOCK, resolve: resolveNoMounts | resolveNoLinks})
	switch {
	case err == syscall.EXDEV:
		return nil, ErrCovered
	case err != nil:
		return nil, err
	}
	defer func() { _ = syscall.Close(fd) }()
	if list {
		return readToEnd(fd, buf, mostMounted)
	}
	return readAll(fd, buf, mostMounted)
}

// mostMounted limits how much of a file is read. Files of control groups are far smaller.
const mostMounted = 64 << 10

// ReadFile reads at most 1 MiB of a file below the root, without the runtime's poller, in
// which package os parks if the kernel returns EAGAIN.
func (f FS) ReadFile(name string) ([]byte, error) {
	return f.ReadFileInto(name, make([]byte, 0, smallFile))
}

// ReadFileInto is [FS.ReadFile] into buf if that is large enough.
func (f FS) ReadFileInto(name string, buf []byte) ([]byte, error) {
	path := append([]byte(f.named(name)), 0)
	fd, err := openAt(atCWD, path, syscall.O_RDONLY|syscall.O_NONBLOCK)
	if err != nil {
		return nil, f.wrap(place{name: name}, err)
	}
	defer func() { _ = syscall.Close(fd) }()
	b, err := readToEnd(fd, buf, maxFile)
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
// mountinfo or maps ends with a whole line, wherever the file ends. It uses the memory of
// buf.
func readToEnd(fd int, buf []byte, limit int) ([]byte, error) {
	b := buf[:0]
	for len(b) < limit {
		if cap(b)-len(b) < smallFile/16 { // else there is room for a line, and for the read that returns nothing
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
