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
		"a path that leads out":              {"/", "/docker/../../../etc", 0},
	} {
		root := t.TempDir()
		for path, text := range map[string]string{"cg/docker/a/pids.current": "7\n", "cg/pids.current": "99\n"} {
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
		if got := NewFinder(tree.FS(), "1", root).Find("5").PidsUsed(); got != tt.want {
			t.Errorf("%s: %d, want %d", name, got, tt.want)
		}
	}
}
