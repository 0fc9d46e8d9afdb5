package pacct

import (
	"errors"
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"yinit/procfs/proctest"
)

// TestCreateInMemoryOnly: the file is never on a disk, nor where a symbolic link leads:
// the kernel and PID 1 would wait for the file system there. It does not call acct(2).
func TestCreateInMemoryOnly(t *testing.T) {
	check := proctest.Check
	const memory = "/dev/shm"
	var st unix.Statfs_t
	if err := unix.Statfs(memory, &st); err != nil || int64(st.Type) != unix.TMPFS_MAGIC {
		t.Skipf("%s is no tmpfs here", memory)
	}
	dir, err := os.MkdirTemp(memory, "pacct")
	check(t, err)
	defer os.RemoveAll(dir)
	check(t, os.Mkdir(dir+"/real", 0o700))
	disk, err := os.Getwd()
	check(t, err)
	check(t, os.Symlink(disk, dir+"/link"))
	check(t, os.Symlink(dir, dir+"/loop"))

	if fd, err := create(dir + "/real"); err != nil {
		t.Errorf("in a tmpfs: %v", err)
	} else {
		check(t, unix.Close(fd))
	}
	for _, c := range []struct {
		name, dir string
		want      error
	}{
		{"a file system that is no tmpfs", "/proc", errNotMemory},
		{"a symbolic link", dir + "/link", unix.ENOTDIR},
		{"a symbolic link above", dir + "/loop/real", unix.ENOTDIR},
		{"nothing", dir + "/none", unix.ENOENT},
	} {
		fd, err := create(c.dir)
		if err == nil {
			_ = unix.Close(fd)
		}
		if err == nil || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%s: descriptor %d, error %v; want %v", c.name, fd, err, c.want)
		}
	}
	if check(t, unix.Statfs(disk, &st)); int64(st.Type) == unix.TMPFS_MAGIC {
		return // the tests are in memory, too
	}
	if _, err := create(disk); !errors.Is(err, errNotMemory) {
		t.Errorf("on a disk: %v, want %v", err, errNotMemory)
	}
	left, err := os.ReadDir(disk)
	check(t, err)
	for _, e := range left {
		if e.Name()[0] == '.' {
			t.Errorf("a file was left: %s", e.Name())
		}
	}
}
