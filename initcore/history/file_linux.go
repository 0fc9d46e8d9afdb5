package history

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// CreateFile opens the ring in the file at path for writing, and continues it if
// it is there. A file that is no ring, or a damaged one, is refused and left as
// it is; the error matches [ErrForeign] then. A ring in a file is not sealed: the
// file's permissions say who may write it.
func CreateFile(path string, o Origin, now time.Time) (*Writer, error) {
	fd, err := unix.Open(path, unix.O_RDWR|unix.O_CREAT|unix.O_CLOEXEC|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	w, err := openFile(fd)
	if err != nil {
		_ = unix.Close(fd)
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	w.begin(o, now)
	return w, nil
}

func openFile(fd int) (*Writer, error) {
	// Two inits that write one file would spoil it for each other.
	err := unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB)
	for tries := 0; errors.Is(err, unix.EWOULDBLOCK) && tries < 5; tries++ {
		time.Sleep(time.Millisecond) // a reader that asks whether anybody writes has the lock for a moment
		err = unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB)
	}
	if err != nil {
		return nil, fmt.Errorf("another yinit writes it: %w", err)
	}
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return nil, fmt.Errorf("fstat: %w", err)
	}
	if st.Mode&unix.S_IFMT != unix.S_IFREG {
		return nil, fmt.Errorf("%w: it is no regular file", ErrForeign)
	}
	w := &Writer{fd: fd, mapped: true, next: 1, run: 1}
	if st.Size > 0 {
		if err := w.resume(fd, st.Size); err != nil {
			return nil, err
		}
	} else if err := unix.Fallocate(fd, 0, 0, ringSize); err != nil && !errors.Is(err, unix.EOPNOTSUPP) {
		// A disk that fills up later would end the init by SIGBUS.
		return nil, fmt.Errorf("making room for it: %w", err)
	}
	mem, err := mapRing(fd)
	if err != nil {
		return nil, err
	}
	w.mem = mem
	return w, nil
}

// resume finds out where an earlier run ended.
func (w *Writer) resume(fd int, size int64) error {
	r := &Reader{src: fdSource(fd)}
	if err := r.check(); err != nil {
		return err
	}
	if size != ringSize || r.capacity != Capacity {
		return fmt.Errorf("%w: it has %d bytes, a whole one has %d; move it away", ErrForeign, size, ringSize)
	}
	h, err := r.Header()
	if err != nil {
		return err
	}
	w.next, w.run = h.Written+1, uint16(h.Run)+1
	return nil
}

// Written reports whether some process writes to the ring, which is kept in a
// file. It is true where that cannot be found out.
func (r *Reader) Written() bool {
	f, ok := r.src.(*os.File)
	if !ok {
		return true
	}
	// Whoever writes holds the lock, and a lock that we get is given back at once.
	if unix.Flock(int(f.Fd()), unix.LOCK_SH|unix.LOCK_NB) != nil {
		return true
	}
	_ = unix.Flock(int(f.Fd()), unix.LOCK_UN)
	return false
}

// fdSource reads a descriptor that somebody else closes.
type fdSource int

func (fd fdSource) ReadAt(b []byte, off int64) (int, error) { return unix.Pread(int(fd), b, off) }
func (fd fdSource) Close() error                            { return nil }
