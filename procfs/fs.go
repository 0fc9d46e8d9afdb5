package procfs

import (
	"errors"
	"fmt"
	"strconv"
	"syscall"
)

const defaultRoot = "/proc"

// ErrGone says that the process ended before or during the read: ENOENT when
// opening, ESRCH when reading a file of /proc/[pid] that was open already.
var ErrGone = errors.New("process is gone")

// ErrFormat says that a file does not have the format that proc(5) describes.
var ErrFormat = errors.New("unexpected format")

// FS is a proc filesystem. The zero value is the one mounted at /proc. An FS
// may be copied and used by several goroutines at once.
type FS struct {
	root  string
	space *Space // the PID namespace that is shown, if it is one below that of the proc filesystem
	hasty bool   // see [FS.Hasty]
}

// New returns the proc filesystem mounted at root, such as the host's /proc mounted
// elsewhere in a container, or a fake one in a test.
func New(root string) FS { return FS{root: root} }

// Root is the directory that f reads.
func (f FS) Root() string {
	if f.root == "" {
		return defaultRoot
	}
	return f.root
}

// WhatHelps adds to err, the error of a file that every proc filesystem has, what the user can
// do about it.
func (f FS) WhatHelps(err error) error {
	if f.Root() == defaultRoot {
		return fmt.Errorf("%w; mount /proc", err)
	}
	return fmt.Errorf("%w; %s is neither a proc filesystem nor a copy of one", err, f.Root())
}

// place names a file below the root: of the whole system if pid is 0, of a process
// if tid is 0, else of a thread. An empty name is the directory itself.
type place struct {
	pid, tid int
	name     string
}

// appendTo appends the path relative to the root, such as "37/task/38/status".
func (p place) appendTo(b []byte) []byte {
	if p.pid == 0 {
		return append(b, p.name...)
	}
	b = strconv.AppendInt(b, int64(p.pid), 10)
	if p.tid != 0 {
		b = append(b, "/task/"...)
		b = strconv.AppendInt(b, int64(p.tid), 10)
	}
	if p.name != "" {
		b = append(b, '/')
		b = append(b, p.name...)
	}
	return b
}

// outside returns the place of a process in the proc filesystem.
func (f FS) outside(p place) place {
	if f.space == nil {
		return p
	}
	return f.space.outside(p)
}

// appendPath appends the path of p below root with a terminating NUL, for system calls. It is
// not a method of FS: the compiler would move b to the heap because one of the methods that
// call each other keeps a path.
func appendPath(b []byte, root string, p place) []byte {
	b = append(b, root...)
	b = append(b, '/')
	return append(p.appendTo(b), 0)
}

// path returns the path of p, for error messages and less frequent system calls.
func (f FS) path(p place) string {
	p = f.outside(p)
	return f.Root() + "/" + string(p.appendTo(nil))
}

// wrap adds the path of p to err. A file that is missing below the directory of a
// process means that the process is gone.
func (f FS) wrap(p place, err error) error {
	if p.pid != 0 && gone(err) {
		err = ErrGone
	}
	return fmt.Errorf("%s: %w", f.path(p), err)
}

// read reads at most limit bytes of the file at p into buf, which it grows if
// necessary. The error matches [ErrGone] if the process ended before or
// during the read, and [io/fs.ErrPermission] if the caller may not read it.
func (f FS) read(p place, buf []byte, limit int) ([]byte, error) {
	var onStack [96]byte
	got, err := f.readAt(atCWD, p, appendPath(onStack[:0], f.Root(), f.outside(p)), buf, limit)
	if f.space != nil && gone(err) && f.space.moved(p.pid) { // Another process may have its pid inside.
		got, err = readFileAt(atCWD, appendPath(onStack[:0], f.Root(), f.outside(p)), buf, limit)
	}
	if err != nil {
		return nil, f.wrap(p, err)
	}
	return got, nil
}

// gone reports whether err is that of a process that has ended.
func gone(err error) bool { return errors.Is(err, syscall.ENOENT) || errors.Is(err, syscall.ESRCH) }

// Path returns the path of a file or directory of a process, such as "root" or "fd/3".
func (f FS) Path(pid int, name string) string { return f.path(place{pid: pid, name: name}) }
