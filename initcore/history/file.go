package history

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// CreateFile opens the ring in the file at path for writing, or creates it. An
// existing ring is continued by a new run. A file that is not a ring, or a damaged
// one, is left unchanged and the error matches [ErrForeign]. A ring in a file is
// not sealed: the file's permissions decide who may write to it.
func CreateFile(path string, o Origin, now time.Time) (*Writer, error) {
	fd, err := unix.Open(path, unix.O_RDWR|unix.O_CREAT|unix.O_CLOEXEC|unix.O_NOFOLLOW, 0o600)
	if errors.Is(err, unix.ELOOP) {
		return nil, fmt.Errorf("%s is a symbolic link, which is not followed; give the file itself", path)
	}
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
	// Two inits writing to one file would overwrite each other's records.
	err := unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB)
	for tries := 0; errors.Is(err, unix.EWOULDBLOCK) && tries < 5; tries++ {
		time.Sleep(time.Millisecond) // Reader.Written holds the lock for a moment
		err = unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB)
	}
	if err != nil {
		return nil, fmt.Errorf("another yinit is writing to it: %w", err)
	}
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return nil, fmt.Errorf("fstat: %w", err)
	}
	if st.Mode&unix.S_IFMT != unix.S_IFREG {
		return nil, fmt.Errorf("%w: it is not a regular file", ErrForeign)
	}
	w := &Writer{fd: fd, mapped: true, next: 1, run: 1}
	if st.Size > 0 {
		if err := w.resume(fd, st.Size); err != nil {
			return nil, err
		}
	} else if err := unix.Fallocate(fd, 0, 0, ringSize); err != nil && !errors.Is(err, unix.EOPNOTSUPP) {
		// Without reserved blocks, a write to the mapping would raise SIGBUS once
		// the disk is full.
		return nil, fmt.Errorf("fallocate: %w", err)
	}
	mem, err := mapRing(fd)
	if err != nil {
		return nil, err
	}
	w.mem = mem
	return w, nil
}

// resume continues after the last record of an earlier run.
func (w *Writer) resume(fd int, size int64) error {
	r := &Reader{src: fdSource(fd)}
	if err := r.check(); err != nil {
		return err
	}
	if size != ringSize || r.areas != slotsOf {
		return fmt.Errorf("%w: its size is %d bytes instead of %d; move it away", ErrForeign, size, ringSize)
	}
	h, err := r.Header()
	if err != nil {
		return err
	}
	if w.areas, err = r.written(); err != nil {
		return err
	}
	// Each record is in one area. If the init was killed while it wrote the last one,
	// h.Written may not count that.
	sum := uint64(0)
	for _, n := range w.areas {
		sum += n
	}
	w.next, w.run = max(h.Written, sum)+1, uint16(h.Run)+1
	w.takeOver(r, h)
	return nil
}

// Written reports whether some process is writing to the ring, which must be kept
// in a file. It returns true if that cannot be determined.
func (r *Reader) Written() bool {
	f, ok := r.src.(*os.File)
	if !ok {
		return true
	}
	// The writer holds the lock exclusively. If we get it, release it at once.
	if unix.Flock(int(f.Fd()), unix.LOCK_SH|unix.LOCK_NB) != nil {
		return true
	}
	_ = unix.Flock(int(f.Fd()), unix.LOCK_UN)
	return false
}

// An fdSource reads a descriptor that it does not own: Close leaves it open.
type fdSource int

func (fd fdSource) ReadAt(b []byte, off int64) (int, error) { return unix.Pread(int(fd), b, off) }
func (fd fdSource) Close() error                            { return nil }
