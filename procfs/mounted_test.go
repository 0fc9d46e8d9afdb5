package procfs_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"yinit/procfs"
)

// TestMount: a file of the mount is read, and one of another mount never is, open or closed.
func TestMount(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can mount")
	}
	runtime.LockOSThread() // and never unlocked, so that the thread ends with the test
	check(t, syscall.Unshare(syscall.CLONE_NEWNS))
	check(t, syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""))
	dir := t.TempDir()
	check(t, syscall.Mount("none", dir, "tmpfs", 0, ""))
	defer func() { check(t, syscall.Unmount(dir, syscall.MNT_DETACH)) }()
	for _, name := range []string{"pids.max", "a/pids.max", "a/covered", "over/pids.max"} {
		check(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755))
		check(t, os.WriteFile(filepath.Join(dir, name), []byte(name+"\n"), 0o644))
	}
	check(t, os.Symlink("over/pids.max", filepath.Join(dir, "link")))
	check(t, syscall.Mount("none", filepath.Join(dir, "over"), "tmpfs", 0, ""))
	check(t, os.WriteFile(filepath.Join(dir, "over/pids.max"), []byte("another\n"), 0o644))
	check(t, syscall.Mount("/etc/hostname", filepath.Join(dir, "a/covered"), "", syscall.MS_BIND, ""))

	m := procfs.OpenMount(dir, mountID(t, dir))
	for _, state := range []string{"open", "closed"} {
		for name, want := range map[string]error{"pids.max": nil, "/a/pids.max": nil, "a/none": syscall.ENOENT, "over/pids.max": procfs.ErrCovered, "a/covered": procfs.ErrCovered} {
			b, err := m.Read(name, nil)
			if !errors.Is(err, want) || want == nil && string(b) != strings.TrimPrefix(name, "/")+"\n" {
				t.Errorf("%s: %s: %q, %v, want %v", state, name, b, err, want)
			}
		}
		if b, err := m.Read("link", nil); string(b) == "another\n" {
			t.Errorf("%s: a link leads to another mount: %v", state, err)
		}
		m.Close()
	}
	if b, err := procfs.OpenMount(filepath.Join(dir, "over"), mountID(t, dir)).Read("pids.max", nil); !errors.Is(err, procfs.ErrCovered) {
		t.Errorf("a directory that is another mount: %q, %v", b, err)
	}
}

// mountID returns the ID of the mount at dir in the mount namespace of this thread.
func mountID(t *testing.T, dir string) string {
	t.Helper()
	b, err := os.ReadFile("/proc/thread-self/mountinfo")
	check(t, err)
	for line := range strings.Lines(string(b)) {
		if f := strings.Fields(line); f[4] == dir {
			return f[0]
		}
	}
	t.Fatalf("nothing is mounted at %s", dir)
	return ""
}
