package procfs_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"yinit/procfs"
	"yinit/procfs/proctest"
)

// malformed is content of stat that no kernel writes.
var malformed = map[string]string{
	"empty":                "",
	"NULs":                 "\x00\x00\x00",
	"no name":              "7 S 1",
	"an open parenthesis":  "7 (sh",
	"turned round":         ")7(\n",
	"cut off":              "7 (sh) S 1 7 7 0 -1 0 0",
	"words for numbers":    "7 (sh) S one two three\n",
	"a number too large":   "7 (sh) S 99999999999999999999999999 7 7 0 -1 0" + strings.Repeat(" 0", 43) + "\n",
	"the name as the pid":  "(sh) (sh) S 1\n",
	"another's":            "9 (sh) S 1 7 7 0 -1 0 0" + strings.Repeat(" 0", 43) + "\n",
	"a megabyte of spaces": strings.Repeat(" ", 2<<20),
}

// TestScanSkipsMalformed checks that a process whose stat cannot be parsed is left out
// and counted, and that all others are found.
func TestScanSkipsMalformed(t *testing.T) {
	for name, content := range malformed {
		for _, keep := range []int{0, 10} {
			tree := proctest.New(t)
			tree.Process(proctest.Process{PID: 1, Comm: "init"})
			tree.Process(proctest.Process{PID: 7, PPID: 1, Files: map[string]string{"stat": content}})
			tree.Process(proctest.Process{PID: 9, PPID: 1, Comm: "last"})
			s := procfs.NewScanner(tree.FS())
			t.Cleanup(func() { _ = s.Close() })
			s.Keep(keep)
			for range 2 {
				list, err := s.Scan(nil)
				if err != nil || len(list) != 2 || list[0].Comm != "init" || list[1].Comm != "last" || s.Unreadable() != 1 || s.Hidden() != 0 {
					t.Errorf("%s, keeping %d: Scan = %+v, %v, %d unreadable; want 1 and 9, and 1 unreadable", name, keep, list, err, s.Unreadable())
				}
			}
			tree.Remove(7)
			if _, err := s.Scan(nil); err != nil || s.Unreadable() != 0 {
				t.Errorf("%s, keeping %d: without it %v, %d unreadable; want none", name, keep, err, s.Unreadable())
			}
		}
	}
}

// TestScanSkipsNonFiles checks that a scan does not fail if stat is not a readable
// file.
func TestScanSkipsNonFiles(t *testing.T) {
	tree := proctest.New(t)
	tree.Process(proctest.Process{PID: 1, Comm: "init"})
	tree.File("7", "a file in place of the directory")
	check(t, os.MkdirAll(filepath.Join(tree.Root(), "8", "stat"), 0o755))
	check(t, os.MkdirAll(filepath.Join(tree.Root(), "9"), 0o755))
	check(t, os.Symlink("stat", filepath.Join(tree.Root(), "9", "stat"))) // to itself
	s := procfs.NewScanner(tree.FS())
	t.Cleanup(func() { _ = s.Close() })
	list, err := s.Scan(nil)
	if err != nil || len(list) != 1 || s.Unreadable() != 3 {
		t.Errorf("Scan = %+v, %v, %d unreadable; want 1 alone, and 3 unreadable", list, err, s.Unreadable())
	}
}

// TestScanWithoutDescriptors checks that a scan fails if it runs out of descriptors,
// rather than return a list that lacks most of the processes.
func TestScanWithoutDescriptors(t *testing.T) {
	tree := proctest.New(t)
	tree.Process(proctest.Process{PID: 1, Comm: "init"})
	s := procfs.NewScanner(tree.FS())
	t.Cleanup(func() { _ = s.Close() })
	_, err := s.Scan(nil)
	check(t, err)
	var limit syscall.Rlimit
	check(t, syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit))
	check(t, syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: 3, Max: limit.Max}))
	_, err = s.Scan(nil)
	check(t, syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit))
	if !errors.Is(err, syscall.EMFILE) {
		t.Errorf("Scan without descriptors: %v, want EMFILE", err)
	}
}
