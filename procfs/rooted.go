package procfs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"syscall"
	"unsafe"
)

// The call openat2(2), Linux 5.6, which has the same number on all machines.
const (
	sysOpenat2         = 437
	resolveNoMounts    = 0x01 // RESOLVE_NO_XDEV
	resolveNoMagicLink = 0x02 // RESOLVE_NO_MAGICLINKS
	resolveNoLinks     = 0x04 // RESOLVE_NO_SYMLINKS
	resolveInRoot      = 0x10 // RESOLVE_IN_ROOT
)

// openHow is struct open_how of openat2(2).
type openHow struct{ flags, mode, resolve uint64 }

// OpenIn opens a regular file or, with dir, a directory, below the root directory of a process,
// for reading. The process is not trusted: a symbolic link never leads out of its root, and
// nothing but a regular file is opened, since to open a device may have an effect. A file system
// of the process may not respond, so the caller should not wait for ever. The error matches
// [io/fs.ErrPermission] if the caller may not look into its root (PTRACE_MODE_READ of ptrace(2)).
func (f FS) OpenIn(pid int, name string, dir bool) (*os.File, error) {
	root, err := openAt(atCWD, append([]byte(f.Path(pid, "root")), 0), oPath|syscall.O_DIRECTORY)
	if err != nil {
		return nil, f.wrap(place{pid: pid, name: "root"}, err)
	}
	defer func() { _ = syscall.Close(root) }()
	at, err := resolve(root, strings.TrimPrefix(name, "/"))
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: name, Err: err}
	}
	defer func() { _ = syscall.Close(at) }()
	var st syscall.Stat_t
	if err := syscall.Fstat(at, &st); err != nil {
		return nil, &os.PathError{Op: "stat", Path: name, Err: err}
	}
	kind, flags := uint32(st.Mode&syscall.S_IFMT), 0
	if dir {
		flags = syscall.O_DIRECTORY
	}
	if dir && kind != syscall.S_IFDIR || !dir && kind != syscall.S_IFREG {
		return nil, fmt.Errorf("%s: %w", name, errKind)
	}
	// The descriptor of the file leads to it, and to no other one.
	fd, err := openAt(atCWD, append([]byte("/proc/self/fd/"+strconv.Itoa(at)), 0), flags|syscall.O_NOCTTY)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: name, Err: err}
	}
	return os.NewFile(uintptr(fd), name), nil
}

// errKind: a file is of another kind than the one that is asked for.
var errKind = errors.New("it is neither a regular file nor a directory")

// resolve opens a path below the directory root, which stands for / in it, with O_PATH.
func resolve(root int, name string) (int, error) {
	fd, err := openat2(root, append([]byte(name), 0), openHow{flags: oPath, resolve: resolveInRoot | resolveNoMagicLink})
	if err == errNoOpenat2 {
		return walk(root, name)
	}
	return fd, err
}

// errNoOpenat2: the kernel is older, or a seccomp filter is that does not know the call.
var errNoOpenat2 = errors.New("there is no openat2(2)")

// openat2 is openat2(2) of a NUL-terminated path. The errors are errNoOpenat2 and bare errnos.
func openat2(dir int, path []byte, how openHow) (int, error) {
	how.flags |= syscall.O_CLOEXEC
	for tries := 0; ; tries++ {
		fd, _, errno := syscall.Syscall6(sysOpenat2, uintptr(dir), uintptr(unsafe.Pointer(&path[0])), uintptr(unsafe.Pointer(&how)), unsafe.Sizeof(how), 0, 0)
		switch {
		case errno == 0:
			return int(fd), nil
		case errno == syscall.ENOSYS, errno == syscall.EPERM:
			return -1, errNoOpenat2
		case errno != syscall.EINTR && errno != syscall.EAGAIN || tries == maxInterrupts:
			return -1, errno
		}
	}
}

// walk is resolve without openat2(2): it follows no symbolic link.
func walk(dir int, name string) (int, error) {
	at, err := dir, error(nil)
	for part := range strings.SplitSeq(name, "/") {
		if part == "" || part == "." {
			continue
		}
		if part == ".." {
			err = syscall.ELOOP
			break
		}
		next, failed := openAt(at, append([]byte(part), 0), oPath|syscall.O_NOFOLLOW)
		if at != dir {
			_ = syscall.Close(at)
		}
		at, err = next, failed
		if err != nil {
			return -1, err
		}
	}
	if at == dir && err == nil {
		return syscall.Dup(dir)
	}
	if err != nil && at != dir {
		_ = syscall.Close(at)
		at = -1
	}
	return at, err
}

// OpenRoot is [FS.OpenIn] for the container that f shows: the process through which its namespace
// was found or, of another proc filesystem, PID 1.
func (f FS) OpenRoot(name string, dir bool) (*os.File, error) {
	if f.space == nil {
		return f.OpenIn(1, name, dir)
	}
	via := f.space.via
	file, err := f.Base().OpenIn(via, name, dir)
	if errors.Is(err, fs.ErrPermission) {
		f.space.as(via, func() { file, err = f.Base().OpenIn(via, name, dir) })
	}
	return file, err
}

// ReadIn reads at most limit bytes of a regular file below the root directory of a process, see
// [FS.OpenIn].
func (f FS) ReadIn(pid int, name string, limit int) ([]byte, error) {
	file, err := f.OpenIn(pid, name, false)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return readToEnd(int(file.Fd()), make([]byte, 0, smallFile), limit)
}
