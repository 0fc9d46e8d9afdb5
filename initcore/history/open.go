package history

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"

	"yinit/procfs"
	"yinit/procfs/asuser"
)

// ErrNoRing means that the process keeps no history that others can read: it is not
// an init, or there was no memory for one.
var ErrNoRing = errors.New("no history is kept")

const (
	ringBase = "memfd:" + memfdName + " (deleted)"
	// ringLink is the target of the link to the ring in /proc/[pid]/fd.
	ringLink = "/" + ringBase
)

// Open opens the ring that the init pid writes. A process that only reads a ring has
// it open, too, but not for writing, and is not taken for an init. The kernel decides
// which processes may open it: those of the same user, of root, or with
// CAP_SYS_PTRACE, see ptrace(2), "Ptrace access mode checking". For others the error
// matches [fs.ErrPermission]. It matches [ErrNoRing] if there is no ring, or one that is
// not sealed or that another process has made. What a process of another user has
// written into a ring of its own is still only what it claims.
func Open(proc procfs.FS, pid int) (*Reader, error) {
	dir := proc.Path(pid, "fd")
	f, err := openRing(dir)
	if errors.Is(err, fs.ErrPermission) && os.Geteuid() == 0 {
		f, err = openAsOwner(proc, pid, dir)
	}
	if err != nil {
		return nil, err
	}
	status, err := proc.Status(pid)
	if err != nil {
		_ = f.Close() // It was not even read.
		return nil, err
	}
	if len(status.NSpid) > 1 || proc.FromAbove() {
		hideReads(f)
	}
	r, err := NewReader(f)
	if err != nil {
		return nil, err
	}
	if err := checkHolder(&status, f, r); err != nil {
		_ = r.Close() // It was only read.
		return nil, err
	}
	return r, nil
}

func openRing(dir string) (*os.File, error) {
	d, err := procfs.Open(dir)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	names, err := d.Readdirnames(-1)
	if err != nil {
		return nil, err
	}
	missing := ErrNoRing
	var buf [128]byte // A longer link is another one.
	for _, name := range names {
		switch n, err := unix.Readlinkat(int(d.Fd()), name, buf[:]); {
		case errors.Is(err, fs.ErrPermission): // The links may be listed, but not read.
			missing = &fs.PathError{Op: "readlink", Path: filepath.Join(dir, name), Err: err}
		case err != nil || filepath.Base(string(buf[:n])) != ringBase:
		case writes(filepath.Join(dir, name)):
			f, err := openSealed(filepath.Join(dir, name))
			if err == nil {
				return f, nil
			}
			missing = err
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

// openSealed opens what a link in /proc/[pid]/fd leads to, if it has the seals of a ring.
// By then the link may lead elsewhere, to a FIFO for example, which must not block.
func openSealed(path string) (*os.File, error) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	f := os.NewFile(uintptr(fd), path)
	if seals, err := unix.FcntlInt(uintptr(fd), unix.F_GET_SEALS, 0); err != nil || seals&sealed != sealed {
		_ = f.Close() // It was only read.
		return nil, fmt.Errorf("%w: its memfd is not sealed", ErrNoRing)
	}
	return f, nil
}

// hideReads makes reads of the ring leave its access time alone. An init takes a change of it
// for a command of yinit beside it, and some of the processes that it has not seen for the
// threads of that command, see [Writer.LastRead]. In a PID namespace below the caller's, the
// caller has none.
func hideReads(f *os.File) {
	// It fails for a reader that neither owns the ring nor has CAP_FOWNER.
	_, _ = unix.FcntlInt(f.Fd(), unix.F_SETFL, unix.O_NOATIME)
}

// checkHolder returns an error that matches [ErrNoRing] unless the process with this status
// has made the memfd f itself and the header of the ring names it as the init.
func checkHolder(status *procfs.Status, f *os.File, r *Reader) error {
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		return fmt.Errorf("fstat: %w", err)
	}
	if !slices.Contains(status.UID[:], st.Uid) {
		return fmt.Errorf("%w: the memfd belongs to user %d, the process does not", ErrNoRing, st.Uid)
	}
	h, err := r.Header()
	if err != nil {
		return err
	}
	// The ring has the pid that the init itself sees. Before Linux 4.1 status does not.
	if n := len(status.NSpid); n > 0 && status.NSpid[n-1] != h.InitPID {
		return fmt.Errorf("%w: the memfd names %d as the init, not this process", ErrNoRing, h.InitPID)
	}
	return nil
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
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK|unix.O_NOCTTY, 0) // do not block on a FIFO
	if err != nil {
		return nil, err
	}
	r, err := NewReader(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return r, nil
}
