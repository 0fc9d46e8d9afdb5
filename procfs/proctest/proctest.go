// Package proctest builds fake proc filesystems, for tests only. It owns the text of
// their files.
//
//	tree := proctest.New(t)
//	tree.Process(proctest.Process{PID: 1, Comm: "init"})
//	tree.Process(proctest.Process{PID: 7, PPID: 1, Comm: "sh", State: procfs.StateZombie})
//	stat, err := tree.FS().Stat(7)
//
// The files have the formats of proc(5) as Linux writes them, including what it
// escapes and what it does not.
//
// [Check] and [Eventually] serve the tests of all packages.
package proctest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"yinit/procfs"
)

// Tree is a fake proc filesystem in a directory that is removed after the test.
type Tree struct {
	t    testing.TB
	root string
}

// New returns an empty Tree. Any failure of its methods ends the test.
func New(t testing.TB) *Tree {
	t.Helper()
	return &Tree{t: t, root: t.TempDir()}
}

// FS returns the proc filesystem of the Tree.
func (t *Tree) FS() procfs.FS { return procfs.New(t.root) }

// Root returns the directory of the Tree, for reading it by other means.
func (t *Tree) Root() string { return t.root }

// Process writes the directory of p. It replaces an existing one of the same pid.
func (t *Tree) Process(p Process) {
	t.t.Helper()
	p.setDefaults()
	dir := strconv.Itoa(p.PID)
	t.Remove(p.PID)
	t.files(dir, p.files())
	for _, thread := range p.Threads {
		task := filepath.Join(dir, "task", strconv.Itoa(thread.TID))
		t.files(task, p.thread(thread).files())
	}
	t.link(filepath.Join(dir, "exe"), p.Exe)
	t.link(filepath.Join(dir, "cwd"), p.Cwd)
}

// Remove removes a process, if there is one with this pid.
func (t *Tree) Remove(pid int) {
	t.t.Helper()
	t.check(os.RemoveAll(filepath.Join(t.root, strconv.Itoa(pid))))
}

// Loadavg writes /proc/loadavg.
func (t *Tree) Loadavg(l procfs.Loadavg) {
	t.t.Helper()
	t.File("loadavg", fmt.Sprintf("%.2f %.2f %.2f %d/%d %d\n",
		l.One, l.Five, l.Fifteen, l.Running, l.Tasks, l.LastPID))
}

// Uptime writes /proc/uptime, in hundredths of a second as the kernel does.
func (t *Tree) Uptime(d time.Duration) {
	t.t.Helper()
	t.File("uptime", fmt.Sprintf("%.2f %.2f\n", d.Seconds(), d.Seconds()/2))
}

// File writes any other file. name is relative to the root.
func (t *Tree) File(name, content string) {
	t.t.Helper()
	path := filepath.Join(t.root, name)
	t.check(os.MkdirAll(filepath.Dir(path), 0o755))
	t.check(os.WriteFile(path, []byte(content), 0o644))
}

func (t *Tree) files(dir string, content map[string]string) {
	t.t.Helper()
	for name, text := range content {
		t.File(filepath.Join(dir, name), text)
	}
}

// Link makes a symbolic link, such as that of a descriptor: "7/fd/0". name is relative to
// the root.
func (t *Tree) Link(name, target string) {
	t.t.Helper()
	t.check(os.MkdirAll(filepath.Dir(filepath.Join(t.root, name)), 0o755))
	t.link(name, target)
}

// link makes a symbolic link, unless target is "".
func (t *Tree) link(name, target string) {
	t.t.Helper()
	if target == "" {
		return
	}
	path := filepath.Join(t.root, name)
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.check(err)
	}
	t.check(os.Symlink(target, path))
}

func (t *Tree) check(err error) {
	t.t.Helper()
	if err != nil {
		t.t.Fatal(err)
	}
}
