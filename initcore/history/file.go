package history

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// A File is a file in which a ring is kept, open for writing and locked. The ring that
// the init writes is in memory, see [File.Create]; the file is a copy of it.
type File struct {
	// Note says that the file was damaged and where it is now; "" if it was not.
	Note string

	fd   int
	path string
	ring []byte // an anonymous mapping of what an earlier run has left; nil: nothing
}

// What a file holds that is not a ring that can be continued.
var (
	errDamaged = errors.New("damaged")
	errVersion = errors.New("written by another version of yinit")
)

// replaceable reports whether the error means that another ring can take the place of a
// file that is renamed.
func replaceable(err error) bool { return errors.Is(err, errDamaged) || errors.Is(err, errVersion) }

// badSuffix is what a damaged file has at the end of its name, and newSuffix a file that
// is not complete yet.
const (
	badSuffix = ".bad"
	newSuffix = ".new"
)

// OpenForWriting opens the file at path and locks it, or creates it. A file without a
// single byte of a ring, as a machine leaves it that lost its power, becomes a new one in
// its place. A damaged one, and one of another version of the format, is renamed to FILE.bad. The calls may block for as long as the
// file system does.
func OpenForWriting(path string) (*File, error) {
	const tries = 3 // another init may rename the file meanwhile
	var err error
	for range tries {
		var f *File
		f, err = openExisting(path)
		switch {
		case err == nil:
			return f, nil
		case errors.Is(err, fs.ErrNotExist):
			f, err = makeNew(path, nil, "")
		case replaceable(err):
			damaged, why := f, err.Error()
			if f, err = makeNew(path, damaged, why); err != nil {
				err = fmt.Errorf("%s; and no new one can take its place: %w", why, err)
			}
			damaged.close()
		}
		if err == nil {
			return f, nil
		}
		if !errors.Is(err, errReplaced) {
			break
		}
	}
	return nil, err
}

// errReplaced means that another process has put another file in the place of ours.
var errReplaced = errors.New("another process has replaced it")

// openExisting opens the file that exists at path. It returns a damaged one with the error,
// still locked.
func openExisting(path string) (*File, error) {
	// A FIFO must not block, nor a terminal become the controlling one.
	fd, err := unix.Open(path, unix.O_RDWR|unix.O_CLOEXEC|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_NOCTTY, 0)
	if errors.Is(err, unix.ELOOP) {
		return nil, fmt.Errorf("%s is a symbolic link, which is not followed; give the file itself", path)
	}
	if errors.Is(err, unix.EWOULDBLOCK) {
		return nil, fmt.Errorf("%s: another process, such as a file server, holds a lease on it (F_SETLEASE of fcntl(2))", path)
	}
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	f := &File{fd: fd, path: path}
	if err = f.take(); err == nil {
		return f, nil
	}
	err = fmt.Errorf("%s: %w", path, err)
	if replaceable(err) {
		return f, err
	}
	f.close()
	return nil, err
}

// take locks the file and reads what it holds.
func (f *File) take() error {
	if err := lock(f.fd); err != nil {
		return err
	}
	var st unix.Stat_t
	if err := unix.Fstat(f.fd, &st); err != nil {
		return fmt.Errorf("fstat: %w", err)
	}
	if st.Mode&unix.S_IFMT != unix.S_IFREG {
		return errors.New("it is not a regular file")
	}
	if !f.inPlace() {
		return errReplaced
	}
	if err := f.load(min(st.Size, ringSize)); err != nil {
		return err
	}
	if v := le.Uint32(f.ring[offVersion:]); string(f.ring[offMagic:offMagic+len(magic)]) == magic && v != version {
		return fmt.Errorf("%w, in the format %d instead of %d", errVersion, v, version)
	}
	if st.Size <= ringSize && blank(f.ring) {
		f.forget()
		return f.initialise(st.Size)
	}
	if st.Size != ringSize {
		return fmt.Errorf("%w: it has %s instead of %d", errDamaged, plural(uint64(st.Size), "byte", "bytes"), ringSize)
	}
	if err := (&Reader{src: memory{bytes.NewReader(f.ring)}}).check(); err != nil {
		return fmt.Errorf("%w: %w", errDamaged, err)
	}
	return nil
}

// lock locks a file exclusively: two inits that wrote to one file would overwrite each
// other's records.
func lock(fd int) error {
	err := unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB)
	for tries := 0; errors.Is(err, unix.EWOULDBLOCK) && tries < 5; tries++ {
		time.Sleep(time.Millisecond) // Reader.Written holds the lock for a moment
		err = unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB)
	}
	if errors.Is(err, unix.EWOULDBLOCK) {
		return errors.New("another process has locked it, such as another yinit that writes to it")
	}
	if err != nil {
		return fmt.Errorf("flock: %w", err)
	}
	return lockedOtherwise(fd)
}

// lockedOtherwise returns an error if another process has locked a file, or a part of it,
// as fcntl(2) and lockf(3) do: flock(2) knows nothing of such locks. Before Linux 3.15 the
// kernel does not tell.
func lockedOtherwise(fd int) error {
	other := unix.Flock_t{Type: unix.F_WRLCK}
	if unix.FcntlFlock(uintptr(fd), unix.F_OFD_GETLK, &other) != nil || other.Type == unix.F_UNLCK {
		return nil
	}
	who := "another process"
	if other.Pid > 0 {
		who = fmt.Sprintf("process %d", other.Pid)
	}
	return fmt.Errorf("%s has locked it (F_SETLK of fcntl(2), or lockf(3))", who)
}

// inPlace reports whether the path names this file.
func (f *File) inPlace() bool {
	var ours, there unix.Stat_t
	return unix.Fstat(f.fd, &ours) == nil && unix.Lstat(f.path, &there) == nil &&
		ours.Dev == there.Dev && ours.Ino == there.Ino
}

// load reads the first size bytes of the file into memory of the size of a ring. Pages of
// zeros take none.
func (f *File) load(size int64) error {
	const page = 4096
	mem, err := unix.Mmap(-1, 0, ringSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		return fmt.Errorf("mmap: %w", err)
	}
	f.ring = mem
	var buf [16 * page]byte
	for off := int64(0); off < size; {
		n, err := unix.Pread(f.fd, buf[:min(len(buf), int(size-off))], off)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err == nil && n == 0 {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return fmt.Errorf("read: %w", err)
		}
		copyPages(mem[off:], buf[:n])
		off += int64(n)
	}
	return nil
}

// copyPages copies src to dst, without the pages that are zero.
func copyPages(dst, src []byte) {
	const page = 4096
	for off := 0; off < len(src); off += page {
		if part := src[off:min(off+page, len(src))]; !zero(part) {
			copy(dst[off:], part)
		}
	}
}

func zero(b []byte) bool { return len(b) == 0 || b[0] == 0 && bytes.Equal(b[1:], b[:len(b)-1]) }

// blank reports whether a file holds nothing of a ring: neither its magic nor a record.
func blank(ring []byte) bool {
	return zero(ring[offMagic:offMagic+len(magic)]) && zero(ring[headerSize:])
}

// memory is a source of bytes in memory.
type memory struct{ *bytes.Reader }

func (memory) Close() error { return nil }

// initialise makes a ring without records of a file that held nothing in its size bytes.
func (f *File) initialise(size int64) error {
	// Without reserved blocks, the disk may be full when there is something to record.
	err := unix.Fallocate(f.fd, 0, 0, ringSize)
	if errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.ENOSYS) {
		err = unix.Ftruncate(f.fd, ringSize)
	}
	if err != nil {
		_ = unix.Ftruncate(f.fd, size) // what it has reserved is of no use
		return fmt.Errorf("fallocate: %w", err)
	}
	var header [headerSize]byte
	putLayout(header[:])
	copy(header[offMagic:], magic)
	if err := writeAt(f.fd, header[:], 0); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	return syncFile(f.fd)
}

// syncFile writes a file to its disk. Some file systems do not know the call.
func syncFile(fd int) error {
	if err := unix.Fsync(fd); err != nil && !errors.Is(err, unix.EINVAL) && !errors.Is(err, unix.EOPNOTSUPP) {
		return fmt.Errorf("fsync: %w", err)
	}
	return nil
}

// makeNew makes a new ring under another name and renames it, so that there is never half
// of one under this name. It first renames the file that is there if that is damaged, and
// why says what is wrong with it. Its lock keeps another init from finding it damaged as
// well: that would rename the new ring over it.
func makeNew(path string, damaged *File, why string) (_ *File, err error) {
	unfinished := path + newSuffix
	_ = unix.Unlink(unfinished) // of a start that was interrupted
	fd, err := unix.Open(unfinished, unix.O_RDWR|unix.O_CREAT|unix.O_EXCL|unix.O_CLOEXEC|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, &fs.PathError{Op: "create", Path: path, Err: err}
	}
	f := &File{fd: fd, path: path}
	defer func() {
		if err != nil {
			_ = unix.Unlink(unfinished)
			f.close()
		}
	}()
	if err := lock(fd); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if err := f.initialise(0); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if damaged != nil {
		if !damaged.inPlace() {
			return nil, fmt.Errorf("%s: %w", path, errReplaced)
		}
		if err := unix.Rename(path, path+badSuffix); err != nil {
			return nil, fmt.Errorf("renaming it to %s: %w", path+badSuffix, err)
		}
		f.Note = why + ": it is now " + path + badSuffix + ", and a new one begins"
	}
	// Another init that starts at the same time may have renamed its own file, or ours.
	if err := renameNew(unfinished, path); !f.inPlace() {
		if err == nil || errors.Is(err, unix.EEXIST) || errors.Is(err, unix.ENOENT) {
			err = errReplaced
		}
		return nil, fmt.Errorf("renaming %s: %w", unfinished, err)
	}
	if dir, err := os.Open(filepath.Dir(path)); err == nil {
		_, _ = dir.Sync(), dir.Close() // the file is there, if not yet on the disk
	}
	return f, nil
}

// renameNew renames a file, and never replaces another one where the file system can
// promise that.
func renameNew(from, to string) error {
	err := unix.Renameat2(unix.AT_FDCWD, from, unix.AT_FDCWD, to, unix.RENAME_NOREPLACE)
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS) {
		err = unix.Rename(from, to)
	}
	return err
}

// CreateFile opens the file at path with [OpenForWriting], and creates a ring that is
// copied into it at each change, see [File.Create].
func CreateFile(path string, o Origin, now time.Time) (*Writer, error) {
	f, err := OpenForWriting(path)
	if err != nil {
		return nil, err
	}
	w, err := f.Create(o, now, false)
	if err != nil {
		f.close()
	}
	return w, err
}

// Close releases the file, unless [File.Create] has been called.
func (f *File) Close() { f.close() }

func (f *File) close() {
	f.forget()
	_ = unix.Close(f.fd) // all of it is written
}

// forget releases the memory of what the file held.
func (f *File) forget() {
	if f.ring != nil {
		_ = unix.Munmap(f.ring) // cannot fail: it is a mapping of ours
		f.ring = nil
	}
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

// writeAt writes all of b.
func writeAt(fd int, b []byte, off int64) error {
	for len(b) > 0 {
		n, err := unix.Pwrite(fd, b, off)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err == nil && n == 0 {
			err = io.ErrShortWrite
		}
		if err != nil {
			return err
		}
		b, off = b[n:], off+int64(n)
	}
	return nil
}
