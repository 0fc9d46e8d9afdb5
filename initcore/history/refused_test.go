package history

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestLockedOtherwise: a lock of fcntl(2) and a lease keep the file from being used, and are
// named.
func TestLockedOtherwise(t *testing.T) {
	part := unix.Flock_t{Type: unix.F_RDLCK, Start: 100, Len: 1}
	for want, take := range map[string]func(fd uintptr) error{
		"another process has locked it (F_SETLK":                      func(fd uintptr) error { return unix.FcntlFlock(fd, unix.F_OFD_SETLK, &part) },
		fmt.Sprintf("process %d has locked it (F_SETLK", os.Getpid()): func(fd uintptr) error { return unix.FcntlFlock(fd, unix.F_SETLK, &part) },
		"holds a lease on it": func(fd uintptr) error {
			_, err := unix.FcntlInt(fd, unix.F_SETLEASE, unix.F_RDLCK)
			return err
		},
	} {
		path := filepath.Join(t.TempDir(), "ring")
		must(t, os.WriteFile(path, nil, 0o600))
		holder, err := os.Open(path)
		must(t, err)
		must(t, take(holder.Fd()))
		if _, err := OpenForWriting(path); err == nil || !strings.HasPrefix(err.Error(), path+": ") || !strings.Contains(err.Error(), want) {
			t.Errorf("OpenForWriting = %v, want %q in it", err, want)
		}
		must(t, holder.Close())
		f, err := OpenForWriting(path)
		must(t, err)
		f.Close()
	}
}

// TestDamagedWithoutPlace: where no new file can be made, the damage is reported, too.
func TestDamagedWithoutPlace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ring")
	must(t, os.WriteFile(path, []byte("x"), 0o600))
	must(t, os.Mkdir(path+newSuffix, 0o700)) // root may write to any directory
	_, err := OpenForWriting(path)
	if err == nil || !strings.Contains(err.Error(), "damaged: it has 1 byte instead of") || !errors.Is(err, fs.ErrExist) {
		t.Errorf("OpenForWriting = %v, want the damage and that the new one exists", err)
	}
}
