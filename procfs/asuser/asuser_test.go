package asuser_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"yinit/procfs"
	"yinit/procfs/asuser"
	"yinit/procfs/proctest"
)

// TestDo checks that another user may not read a file of root, and that root may read
// it again afterwards.
func TestDo(t *testing.T) {
	const nobody = 65534
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		err := errors.New("not called")
		asuser.Do(nobody, nobody, func() { _, err = os.ReadFile(path) })
		if os.Geteuid() == 0 && !errors.Is(err, fs.ErrPermission) {
			t.Errorf("ReadFile as nobody = %v, want permission denied", err)
		}
		if os.Geteuid() != 0 && err != nil {
			t.Errorf("ReadFile without the right to change = %v, want it to be read", err)
		}
		if _, err := os.ReadFile(path); err != nil {
			t.Errorf("ReadFile after = %v", err)
		}
	}
}

// TestOwner checks that the function is not called if the user of the process cannot
// be read.
func TestOwner(t *testing.T) {
	tree := proctest.New(t)
	tree.Process(proctest.Process{PID: 7, UID: uint32(os.Getuid()), GID: uint32(os.Getgid())})
	called := 0
	if err := asuser.Owner(tree.FS(), 7, func() { called++ }); err != nil || called != 1 {
		t.Errorf("Owner = %v, called %d times, want once", err, called)
	}
	if err := asuser.Owner(tree.FS(), 8, func() { called++ }); !errors.Is(err, procfs.ErrGone) || called != 1 {
		t.Errorf("Owner of nobody = %v, called %d times, want ErrGone", err, called-1)
	}
}

// TestDoKeepsDumpable checks that others may inspect this process afterwards as before.
func TestDoKeepsDumpable(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can take another identity")
	}
	dumpable := func() int {
		n, err := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	before := dumpable()
	asuser.Do(1000, 1000, func() {})
	if after := dumpable(); after != before || before != 1 {
		t.Errorf("PR_GET_DUMPABLE: %d before, %d after, want 1", before, after)
	}
}
