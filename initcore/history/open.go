package history

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"yinit/procfs"
	"yinit/procfs/asuser"
)

// ErrNoRing means that the process keeps no history that others can read: it is not
// an init, or there was no memory for one.
var ErrNoRing = errors.New("no history is kept")

const (
	memfdLink = "/memfd:"
	// ringLink is the target of the link to the ring in /proc/[pid]/fd.
	ringLink = memfdLink + memfdName + " (deleted)"
)

// Open opens the ring that the init pid writes. A process that only reads a ring has
// it open, too, but not for writing, and is not taken for an init. The kernel decides
// which processes may open it: those of the same user, of root, or with
// CAP_SYS_PTRACE, see ptrace(2), "Ptrace access mode checking". For others the error
// matches [fs.ErrPermission]. It matches [ErrNoRing] if there is no ring.
func Open(proc procfs.FS, pid int) (*Reader, error) {
	dir := filepath.Join(proc.Root(), strconv.Itoa(pid), "fd")
	f, err := openRing(dir)
	if errors.Is(err, fs.ErrPermission) && os.Geteuid() == 0 {
		f, err = openAsOwner(proc, pid, dir)
	}
	if err != nil {
		return nil, err
	}
	return NewReader(f)
}

func openRing(dir string) (*os.File, error) {
	d, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	names, err := d.Readdirnames(-1)
	if err != nil {
		return nil, err
	}
	missing := ErrNoRing
	for _, name := range names {
		path := filepath.Join(dir, name)
		switch link, err := os.Readlink(path); {
		case err == nil && writes(path) && (link == ringLink || !strings.HasPrefix(link, memfdLink) && isRingFile(path)):
			return os.Open(path)
		case errors.Is(err, fs.ErrPermission):
			missing = err // the links may be listed, but not read
		}
	}
	return nil, missing
}

// writes reports whether the descriptor is open for writing, which the mode of its
// link shows, see proc_pid_fd(5).
func writes(path string) bool {
	const forWriting = 0o200
	info, err := os.Lstat(path)
	return err == nil && info.Mode()&forWriting != 0
}

// isRingFile reports whether the descriptor is a ring that is kept in a file
// (--history FILE). The file may have any name, so its size and first bytes decide.
func isRingFile(path string) bool {
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() || info.Size() != ringSize {
		return false
	}
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	var b [len(magic)]byte
	_, err = f.ReadAt(b[:], offMagic)
	return err == nil && string(b[:]) == magic
}

// openAsOwner opens the ring with the filesystem user and group ID of the process,
// see package asuser.
func openAsOwner(proc procfs.FS, pid int, dir string) (f *os.File, err error) {
	if denied := asuser.Owner(proc, pid, func() { f, err = openRing(dir) }); denied != nil {
		return nil, denied
	}
	return f, err
}

// OpenFile opens a ring that is kept in a file.
func OpenFile(path string) (*Reader, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0) // do not block on a FIFO
	if err != nil {
		return nil, err
	}
	r, err := NewReader(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return r, nil
}
