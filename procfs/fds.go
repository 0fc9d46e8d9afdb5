package procfs

import (
	"os"
	"strconv"
)

// FDs returns the descriptors that the process pid has open, see
// proc_pid_fd(5). The error matches [ErrGone] if it has ended, and
// [io/fs.ErrPermission] if the caller may not look.
func (f FS) FDs(pid int) ([]int, error) {
	p := place{pid: pid, name: "fd"}
	d, err := os.Open(f.path(p))
	if err != nil {
		return nil, f.wrap(p, err)
	}
	defer d.Close()
	names, err := d.Readdirnames(-1)
	if err != nil {
		return nil, f.wrap(p, err)
	}
	fds := make([]int, 0, len(names))
	for _, name := range names {
		if fd, err := strconv.Atoi(name); err == nil {
			fds = append(fds, fd)
		}
	}
	return fds, nil
}
