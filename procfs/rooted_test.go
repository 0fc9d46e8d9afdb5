package procfs

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// TestWalk: where openat2(2) is missing, no link is followed at all.
func TestWalk(t *testing.T) {
	root := t.TempDir()
	if err := os.MkdirAll(filepath.Join(root, "etc"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "etc/passwd"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/etc", filepath.Join(root, "link")); err != nil {
		t.Fatal(err)
	}
	dir, err := openAt(atCWD, append([]byte(root), 0), oPath|syscall.O_DIRECTORY)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = syscall.Close(dir) }()
	for name, want := range map[string]bool{"etc/passwd": true, "./etc//passwd": true, "": true, "link/passwd": false, "../x": false, "etc/../../x": false, "missing": false} {
		fd, err := walk(dir, name)
		if (err == nil) != want {
			t.Errorf("walk(%q): %v, want found: %t", name, err, want)
		}
		if err == nil {
			_ = syscall.Close(fd)
		}
	}
}
