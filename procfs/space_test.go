package procfs_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"yinit/procfs"
	"yinit/procfs/proctest"
)

// addInside adds a process with these pids in its namespaces, which has the link.
func addInside(t *testing.T, tree *proctest.Tree, parent int, start procfs.Ticks, link string, pids ...int) {
	t.Helper()
	lines := map[string]string{}
	numbers := ""
	for _, pid := range pids {
		numbers += fmt.Sprintf("%d\t", pid)
	}
	lines["NSpgid"], lines["NSsid"] = numbers, numbers
	tree.Process(proctest.Process{PID: pids[0], PPID: parent, NSpid: pids, Start: start, Comm: "p", Status: lines})
	dir := filepath.Join(tree.Root(), fmt.Sprint(pids[0]), "ns")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(link, filepath.Join(dir, "pid")); err != nil {
		t.Fatal(err)
	}
}

// TestInside shows the processes of one container only, with their pids inside.
func TestInside(t *testing.T) {
	tree := proctest.New(t)
	addInside(t, tree, 0, 1, "pid:[1]", 1)
	addInside(t, tree, 1, 2, "pid:[2]", 100, 1)
	addInside(t, tree, 100, 3, "pid:[2]", 101, 7)
	addInside(t, tree, 1, 4, "pid:[3]", 200, 1)
	addInside(t, tree, 200, 5, "pid:[3]", 201, 8)
	addInside(t, tree, 1, 6, "pid:[2]", 300, 9) // docker exec
	fs, err := tree.FS().Inside(101, nil)
	if err != nil || !fs.FromAbove() || fs.Namespace() != "pid:[2]" {
		t.Fatalf("Inside: %v", err)
	}
	for _, keep := range []int{0, 10} {
		s := procfs.NewScanner(fs)
		s.Keep(keep)
		stats, err := s.Scan(nil)
		var got [][4]int
		for _, st := range stats {
			got = append(got, [4]int{st.PID, st.PPID, st.PGRP, st.Session})
		}
		if want := [][4]int{{1, 0, 1, 1}, {7, 1, 7, 7}, {9, 0, 9, 9}}; err != nil || !slices.Equal(got, want) {
			t.Errorf("keep %d: Scan: %v, %v, want %v", keep, got, err, want)
		}
		if pids, err := s.PIDs(nil); err != nil || !slices.Equal(pids, []int{1, 7, 9}) {
			t.Errorf("PIDs: %v, %v", pids, err)
		}
		_ = s.Close()
	}
	status, err := fs.Status(7)
	if err != nil || status.PID != 7 || status.PPID != 1 || status.Tgid != 7 || !slices.Equal(status.NSpid, []int{7}) {
		t.Errorf("Status(7): %+v, %v", status, err)
	}
	if host := fs.Host(7); host != 101 {
		t.Errorf("Host(7) = %d, want 101", host)
	}
	for _, pid := range []int{8, 101, 200} { // of another container, and outside
		if _, err := fs.Stat(pid); !errors.Is(err, procfs.ErrGone) {
			t.Errorf("Stat(%d): %v, want gone", pid, err)
		}
	}
	if _, err := fs.ReadFile("self/status"); err == nil {
		t.Error("self is there, although this process is not in the container")
	}
	if _, err := fs.OpenLastPID(); err == nil {
		t.Error("the last pid of the node is taken for that of the container")
	}
}

// TestInsideReuse: another process with a pid that was used before is found.
func TestInsideReuse(t *testing.T) {
	tree := proctest.New(t)
	addInside(t, tree, 0, 1, "pid:[1]", 1)
	addInside(t, tree, 1, 2, "pid:[2]", 100, 1)
	addInside(t, tree, 100, 3, "pid:[2]", 101, 7)
	fs, err := tree.FS().Inside(100, nil)
	if err != nil {
		t.Fatal(err)
	}
	if s, err := fs.Stat(7); err != nil || s.Start != 3 {
		t.Fatalf("Stat(7): %v, %v", s, err)
	}
	// Another process gets the pid inside, and a process of another container that on the node.
	tree.Remove(101)
	addInside(t, tree, 1, 4, "pid:[3]", 101, 1)
	addInside(t, tree, 100, 5, "pid:[2]", 102, 7)
	deadline := time.Now().Add(10 * time.Second)
	for {
		s, err := fs.Stat(7)
		if err == nil && s.Start == 5 && fs.Host(7) == 102 {
			break
		}
		if err == nil && s.Start != 5 {
			t.Fatalf("Stat(7) is that of another process: %+v", s)
		}
		if time.Now().After(deadline) {
			t.Fatalf("Stat(7): %v", err)
		}
	}
}

// TestInsideOwn: the namespace of the proc filesystem itself needs no translation.
func TestInsideOwn(t *testing.T) {
	tree := proctest.New(t)
	addInside(t, tree, 0, 1, "pid:[1]", 1)
	fs, err := tree.FS().Inside(1, nil)
	if err != nil || fs != tree.FS() {
		t.Errorf("Inside(1): %v, %v, want the same", fs, err)
	}
	if _, err := tree.FS().Inside(7, nil); !errors.Is(err, procfs.ErrGone) {
		t.Errorf("Inside(7): %v, want gone", err)
	}
}

// TestOpenIn: no link leads out of the root of a process, and only regular files are opened.
func TestOpenIn(t *testing.T) {
	tree := proctest.New(t)
	tree.Process(proctest.Process{PID: 7})
	root := filepath.Join(t.TempDir(), "root")
	for name, text := range map[string]string{"etc/passwd": "inside", "../outside": "secret"} {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for name, to := range map[string]string{
		"up": "../outside", "absolute": filepath.Join(filepath.Dir(root), "outside"), "fine": "/etc/passwd", "zero": "/dev/zero", "loop": "loop", "dir": "/etc",
	} {
		if err := os.Symlink(to, filepath.Join(root, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(filepath.Join(root, "fifo"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(root, filepath.Join(tree.Root(), "7", "root")); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"/etc/passwd": "inside", "fine": "inside", "dir/passwd": "inside", "up": "", "absolute": "", "zero": "", "loop": "", "fifo": "", "etc": "", "missing": "",
	} {
		b, err := tree.FS().ReadIn(7, name, 100)
		if string(b) != want || (err == nil) != (want != "") {
			t.Errorf("ReadIn(%q) = %q, %v, want %q", name, b, err, want)
		}
	}
	d, err := tree.FS().OpenIn(7, "dir", true)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if names, err := d.Readdirnames(-1); err != nil || !slices.Equal(names, []string{"passwd"}) {
		t.Errorf("the directory has %q, %v", names, err)
	}
}
