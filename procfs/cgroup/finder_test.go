package cgroup

import (
	"os"
	"path/filepath"
	"testing"

	"yinit/procfs/proctest"
)

// TestFinder: the group of another container, or none, but never that of the reader.
func TestFinder(t *testing.T) {
	for name, tt := range map[string]struct {
		mount, path string
		want        uint64
	}{
		"on the host":                        {"/", "/docker/a", 7},
		"from a container, same depth":       {"/../..", "/../../docker/a", 7},
		"from a container, private":          {"/../..", "/../b", 0},
		"only the reader's group is mounted": {"/docker/reader", "/docker/a", 0},
		"the whole machine":                  {"/", "/", 0},
		"it has gone":                        {"/", "/docker/gone", 0},
		"it was removed":                     {"/", "/docker/a (deleted)", 0},
		"a path that leads out":              {"/", "/docker/../../../etc", 0},
	} {
		root := t.TempDir()
		for path, text := range map[string]string{"cg/docker/pids.max": "50\n", "cg/docker/a/pids.current": "7\n", "cg/pids.current": "99\n"} {
			path = filepath.Join(root, path)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		tree := proctest.New(t)
		tree.Process(proctest.Process{PID: 5, Files: map[string]string{"cgroup": "0::" + tt.path + "\n"}})
		tree.File("1/mountinfo", "20 1 0:20 / / rw - ext4 /dev/sda rw\n30 20 0:25 "+tt.mount+" /cg rw - cgroup2 cgroup2 rw\n")
		c := NewFinder(tree.FS(), "1", root).Find("5")
		if got := c.PidsUsed(); got != tt.want {
			t.Errorf("%s: %d, want %d", name, got, tt.want)
		}
		if limit := c.PidsLimit(); name == "it was removed" && limit != 0 {
			t.Errorf("%s: limit %d, that of an ancestor", name, limit)
		}
	}
}

// TestFinderLimits: limits of ancestors apply to a group. They are read once while the Finder looks
// at many groups, and anew after that.
func TestFinderLimits(t *testing.T) {
	root := t.TempDir()
	write := func(path, text string) {
		t.Helper()
		path = filepath.Join(root, "cg", path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("docker/a/pids.max", "max\n")
	write("docker/b/pids.max", "7\n")
	write("docker/pids.max", "50\n")
	write("pids.max", "99\n")
	tree := proctest.New(t)
	for pid, path := range map[int]string{5: "/docker/a", 6: "/docker/b"} {
		tree.Process(proctest.Process{PID: pid, Files: map[string]string{"cgroup": "0::" + path + "\n"}})
	}
	tree.File("1/mountinfo", "30 20 0:25 / /cg rw - cgroup2 cgroup2 rw\n")
	f := NewFinder(tree.FS(), "1", root)
	a, b := f.Find("5"), f.Find("6")
	expect := func(what string, c Group, want uint64) {
		t.Helper()
		if got := c.PidsLimit(); got != want {
			t.Errorf("%s: %d, want %d", what, got, want)
		}
	}
	expect("that of the parent", a, 50)
	expect("its own", b, 7)
	write("docker/pids.max", "5\n")
	expect("in the same look", b, 7)
	f.Close()
	expect("after it, as of now", a, 5)
	expect("after it, as of now", b, 5)
}
