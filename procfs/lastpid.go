package procfs

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"syscall"
)

// ErrCovered means that another file system is mounted over a file of /proc, as lxcfs
// does with loadavg and uptime. What such a file says is not the kernel's, and reading
// it may block: another process answers.
var ErrCovered = errors.New("another file system is mounted over it, such as lxcfs")

// errFromAbove says that loadavg has the last pid of the namespace of the reader only.
var errFromAbove = errors.New("it has the last pid of another PID namespace")

// OpenLastPID opens a file whose last field is the pid or tid that was allocated last
// in the PID namespace of the reader: loadavg, or where that cannot be relied on
// sys/kernel/ns_last_pid, which some kernels lack. [ParseLastPID] parses it. If neither
// can be used the error is about loadavg, and matches [ErrCovered] if a file system is
// mounted over it.
func (f FS) OpenLastPID() (fd int, err error) {
	if f.space != nil {
		return -1, f.wrap(place{name: "loadavg"}, errFromAbove)
	}
	var onStack [96]byte
	dir, err := openAt(atCWD, appendPath(onStack[:0], f.Root(), place{}), oPath|syscall.O_DIRECTORY)
	if err != nil {
		return -1, f.wrap(place{}, err)
	}
	fd, err = openLastPID(dir)
	_ = syscall.Close(dir) // Nothing was written, so no data can be lost.
	if err != nil {
		return -1, f.wrap(place{name: "loadavg"}, err)
	}
	return fd, nil
}

// openLastPID is [FS.OpenLastPID] for the root dir.
func openLastPID(dir int) (fd int, err error) {
	for _, name := range []string{"loadavg", "sys/kernel/ns_last_pid"} {
		fd, failed := openUsable(dir, name)
		if failed == nil {
			return fd, nil
		}
		if err == nil {
			err = failed
		}
	}
	return -1, err
}

// openUsable opens a file of [FS.OpenLastPID] if it can be relied on.
func openUsable(dir int, name string) (fd int, err error) {
	if fd, err = openUncovered(dir, name, mountOf(dir)); err != nil {
		return -1, err
	}
	if _, err = ReadLastPID(fd); err != nil {
		_ = syscall.Close(fd)
		return -1, err
	}
	return fd, nil
}

// ReadLastPID reads the last pid from a descriptor of [FS.OpenLastPID].
func ReadLastPID(fd int) (int, error) {
	var b [128]byte
	n, err := preadOnce(fd, b[:])
	if err != nil {
		return 0, err
	}
	return ParseLastPID(b[:n])
}

// ParseLastPID parses the last field of a file of [FS.OpenLastPID]. The error matches
// [ErrFormat]; gVisor always shows 0, which is no pid.
func ParseLastPID(b []byte) (int, error) {
	line, whole := bytes.CutSuffix(b, []byte{'\n'})
	pid, ok := parseInt(line[bytes.LastIndexByte(line, ' ')+1:])
	if !whole || !ok || pid < 1 {
		return 0, fmt.Errorf("last pid: %w", ErrFormat)
	}
	return pid, nil
}

// oPath is O_PATH of open(2), which package syscall does not export for all machines.
const oPath = 0x200000

// openUncovered opens a file below dir for reading, unless another file system than mount, that
// of dir, is mounted over it. It finds that out without calling that file system, which might not
// respond: by the mount IDs of descriptors with O_PATH, since Linux 3.15.
func openUncovered(dir int, name, mount string) (fd int, err error) {
	path := append([]byte(name), 0)
	at, err := openAt(dir, path, oPath|syscall.O_NOFOLLOW)
	if err != nil {
		return -1, err
	}
	here := mountOf(at)
	_ = syscall.Close(at)
	if here == "" || here != mount {
		return -1, ErrCovered
	}
	return openAt(dir, path, syscall.O_RDONLY|syscall.O_NOFOLLOW)
}

// readUncovered reads at most limit bytes of a file below the root. The error matches
// [ErrCovered] if another file system is mounted over it.
func (f FS) readUncovered(name string, buf []byte, limit int) ([]byte, error) {
	var onStack [96]byte
	dir, err := openAt(atCWD, appendPath(onStack[:0], f.Root(), place{}), oPath|syscall.O_DIRECTORY)
	if err != nil {
		return nil, f.wrap(place{name: name}, err)
	}
	fd, err := openUncovered(dir, name, mountOf(dir))
	_ = syscall.Close(dir) // Nothing was written, so no data can be lost.
	if err == nil {
		buf, err = readAll(fd, buf, limit)
		_ = syscall.Close(fd)
	}
	if err != nil {
		return nil, f.wrap(place{name: name}, err)
	}
	return buf, nil
}

// Uncovered reports whether the file with this name below the root exists, and no other
// file system is mounted over it.
func (f FS) Uncovered(name string) bool {
	var onStack [96]byte
	dir, err := openAt(atCWD, appendPath(onStack[:0], f.Root(), place{}), oPath|syscall.O_DIRECTORY)
	if err != nil {
		return false
	}
	fd, err := openUncovered(dir, name, mountOf(dir))
	_ = syscall.Close(dir)
	if err == nil {
		_ = syscall.Close(fd)
	}
	return err == nil
}

// mountOf returns the mount ID of a descriptor of ours, "" if it is unknown.
func mountOf(fd int) string {
	var name [48]byte
	var content [256]byte
	path := append(strconv.AppendInt(append(name[:0], "/proc/thread-self/fdinfo/"...), int64(fd), 10), 0)
	b, err := readFileAt(atCWD, path, content[:0], smallFile)
	if err != nil {
		return ""
	}
	id, _ := mountID(b)
	return string(id)
}
