package pacct

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// A File receives the records of the PID namespace of the process that called [Start].
// Only one goroutine may use it.
type File struct {
	dir   string // where it is
	fd    int
	off   int64 // end of the records that were read
	freed int64 // end of the blocks that were freed
	buf   []byte
	last  string // the command name of the last record that was read
	began time.Time
}

// freeEvery is how many bytes of records Read leaves in the file until it frees them.
const freeEvery = 64 << 10

// Allowed reports whether this process may switch on accounting, as far as its
// capabilities say: in a user namespace the kernel refuses it nevertheless.
func Allowed() bool {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	return unix.Capget(&header, &data[0]) == nil && data[0].Effective&(1<<unix.CAP_SYS_PACCT) != 0
}

// errNotMemory means that a directory is not in a tmpfs.
var errNotMemory = errors.New("it is not in a tmpfs")

// Start creates a file in dir, which must be in a tmpfs, and makes the kernel write the
// records of this PID namespace to it. It replaces the file to which they were written
// before, if any. The errors are those of acct(2): EPERM without CAP_SYS_PACCT, ENOSYS
// if the kernel has no process accounting.
func Start(dir string) (*File, error) {
	fd, err := create(dir)
	if err != nil {
		return nil, fmt.Errorf("cannot create a file in %s: %w", dir, err)
	}
	f := &File{dir: dir, fd: fd, buf: make([]byte, 64*Size)}
	if err := f.start(); err != nil {
		f.close()
		return nil, err
	}
	return f, nil
}

// Began returns when the kernel was asked to write to the file: no process that has a
// record ended before.
func (f *File) Began() time.Time { return f.began }

func (f *File) start() error {
	if err := f.free(Size); err != nil { // it is empty: this asks whether it is possible
		return fmt.Errorf("the file system of %s cannot free a part of a file: %w", f.dir, err)
	}
	if full, err := f.Full(); err != nil || full {
		return fmt.Errorf("the file system of %s is nearly full or has no size, so that the kernel would write no records to it: %w", f.dir, unix.ENOSPC)
	}
	f.began = time.Now()
	// The name in /proc leads to the file although it has no other name.
	if err := acct("/proc/self/fd/" + strconv.Itoa(f.fd)); err != nil {
		return fmt.Errorf("acct: %w", err)
	}
	return nil
}

// create creates an empty file without a name in dir, which must be in a tmpfs.
func create(dir string) (fd int, err error) {
	at, err := openDir(dir)
	if err != nil {
		return -1, err
	}
	defer unix.Close(at)
	var st unix.Statfs_t
	if err := unix.Fstatfs(at, &st); err != nil {
		return -1, err
	}
	if int64(st.Type) != unix.TMPFS_MAGIC {
		return -1, errNotMemory
	}
	return unix.Openat(at, ".", unix.O_RDWR|unix.O_CLOEXEC|unix.O_TMPFILE, 0o600)
}

// openDir opens a directory with an absolute path. It follows no symbolic link: that
// might lead to a file system which does not respond.
func openDir(dir string) (fd int, err error) {
	const flags = unix.O_PATH | unix.O_DIRECTORY | unix.O_NOFOLLOW | unix.O_CLOEXEC
	if fd, err = unix.Open("/", flags, 0); err != nil {
		return -1, err
	}
	for name := range strings.SplitSeq(strings.Trim(dir, "/"), "/") {
		if name == "" {
			continue // the root
		}
		next, err := unix.Openat(fd, name, flags, 0)
		_ = unix.Close(fd)
		if err != nil {
			return -1, err
		}
		fd = next
	}
	return fd, nil
}

// Full reports whether the kernel writes no records, or soon will not, because the file
// system is nearly full: by default it starts writing if 4 % are free, and pauses at 2 %. See
// proc_sys_kernel(5), acct. A tmpfs without a limit has size 0, with which that rule
// does not work.
func (f *File) Full() (bool, error) {
	const resume, whole = 4, 100
	var st unix.Statfs_t
	if err := unix.Fstatfs(f.fd, &st); err != nil {
		return false, err
	}
	return st.Blocks == 0 || st.Bavail*whole < st.Blocks*resume, nil
}

// Read calls do for all new records, oldest first, until it has read all or do returns
// false. The error is [ErrFormat] or that of pread(2).
func (f *File) Read(do func(Record) bool) error {
	for more := true; more; {
		n, err := unix.Pread(f.fd, f.buf, f.off)
		if err != nil {
			if err == unix.EINTR {
				continue
			}
			return err
		}
		more = n == len(f.buf)
		for b := f.buf[:n-n%Size]; len(b) > 0; b = b[Size:] {
			r, err := parse(b, f.last)
			if err != nil {
				return err
			}
			f.last = r.Comm
			f.off += Size
			if !do(r) {
				return nil
			}
		}
		if f.off-f.freed >= freeEvery {
			_ = f.free(f.off) // it worked before; otherwise the file grows
		}
	}
	return nil
}

// Rewind makes Read begin with the first record that is still in the file.
func (f *File) Rewind() { f.off = f.freed }

// free frees the blocks of the file up to end, which the kernel may append to
// meanwhile. Its size remains. Truncating it instead could lose records.
func (f *File) free(end int64) error {
	err := unix.Fallocate(f.fd, unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, f.freed, end-f.freed)
	if err == nil && f.off > 0 {
		f.freed = end
	}
	return err
}

// Dir returns the directory of the file.
func (f *File) Dir() string { return f.dir }

// Blocks returns how many bytes the file takes in its file system.
func (f *File) Blocks() int64 {
	var st unix.Stat_t
	if unix.Fstat(f.fd, &st) != nil {
		return 0
	}
	return st.Blocks * 512
}

// Stop switches accounting off and closes the file. It may be called more than once.
func (f *File) Stop() {
	if f.fd < 0 {
		return
	}
	_, _, _ = unix.Syscall(unix.SYS_ACCT, 0, 0, 0) // otherwise the kernel does so when the namespace ends
	f.close()
}

func (f *File) close() {
	_ = unix.Close(f.fd)
	f.fd = -1
}

// acct is acct(2).
func acct(path string) error {
	for range 3 {
		if err := unix.Acct(path); err != unix.EINTR {
			return err
		}
	}
	return unix.EINTR
}
