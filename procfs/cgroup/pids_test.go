package cgroup

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"yinit/procfs"
	"yinit/procfs/proctest"
)

func TestPidsHits(t *testing.T) {
	const dir = "/sys/fs/cgroup/"
	v2 := map[string]string{"/proc/self/cgroup": "0::/\n", "/proc/self/mountinfo": mountV2}
	v1 := map[string]string{"/proc/self/cgroup": groupsV1, "/proc/self/mountinfo": dockerV1}
	for name, tt := range map[string]struct {
		base, files map[string]string
		hits, limit uint64
		known       bool
	}{
		"version 2":                {v2, map[string]string{"pids.events": "max 4\n", "pids.max": "30\n"}, 4, 30, true},
		"version 2, no limit":      {v2, map[string]string{"pids.events": "max 0\n", "pids.max": "max\n"}, 0, 0, true},
		"version 1":                {v1, map[string]string{"pids/pids.events": "max 2\n", "pids/pids.max": "12\n"}, 2, 12, true},
		"version 1 before 4.8":     {v1, map[string]string{"pids/pids.max": "12\n"}, 0, 12, false},
		"what a later kernel adds": {v2, map[string]string{"pids.events": "other 9\nmax 1\n"}, 1, 0, true},
		"nothing mounted":          {v2, nil, 0, 0, false},
	} {
		files := map[string]string{}
		for path, text := range tt.base {
			files[path] = text
		}
		for path, text := range tt.files {
			files[dir+path] = text
		}
		tr := plant(t, files)
		g := Find(procfs.New(tr.proc), "self", tr.root)
		if hits, known := g.PidsHits(); hits != tt.hits || known != tt.known {
			t.Errorf("%s: PidsHits = %d, %t, want %d, %t", name, hits, known, tt.hits, tt.known)
		}
		if limit := g.PidsLimit(); limit != tt.limit {
			t.Errorf("%s: PidsLimit = %d, want %d", name, limit, tt.limit)
		}
	}
}

// TestPids reads the number of processes and its limit, of both versions, and whether the kernel
// kills a group as one.
func TestPids(t *testing.T) {
	const v2 = "29 24 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"
	const v1 = "30 24 0:27 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n"
	for name, tt := range map[string]struct {
		files      map[string]string
		now, limit uint64
		together   bool
	}{
		"version 2": {map[string]string{
			"/proc/self/cgroup": "0::/\n", "/proc/self/mountinfo": v2, "/sys/fs/cgroup/pids.current": "7\n", "/sys/fs/cgroup/pids.max": "100\n", "/sys/fs/cgroup/memory.oom.group": "1\n",
		}, 7, 100, true},
		"no limit": {map[string]string{
			"/proc/self/cgroup": "0::/\n", "/proc/self/mountinfo": v2, "/sys/fs/cgroup/pids.current": "7\n", "/sys/fs/cgroup/pids.max": "max\n", "/sys/fs/cgroup/memory.oom.group": "0\n",
		}, 7, 0, false},
		"version 1": {map[string]string{
			"/proc/self/cgroup": "4:pids:/\n", "/proc/self/mountinfo": v1, "/sys/fs/cgroup/pids/pids.current": "8\n", "/sys/fs/cgroup/pids/pids.max": "50\n",
		}, 8, 50, false},
		"none": {map[string]string{"/proc/self/cgroup": "0::/\n", "/proc/self/mountinfo": ""}, 0, 0, false},
	} {
		g := plantedGroup(plant(t, tt.files))
		if now, limit := g.Pids(); now != tt.now || limit != tt.limit || g.KillsTogether() != tt.together {
			t.Errorf("%s: %d of %d, together %t; want %d of %d, %t", name, now, limit, g.KillsTogether(), tt.now, tt.limit, tt.together)
		}
	}
}

func plantedGroup(tr tree) Group { return Find(procfs.New(tr.proc), "self", tr.root) }

// TestMembers: the processes of a group, without those that the reader does not see. A list that
// is cut off at 64 KiB must not end with the first digits of a pid.
func TestMembers(t *testing.T) {
	const dir = "/sys/fs/cgroup/"
	var long strings.Builder
	for pid := 1_000_000; long.Len() < 70_000; pid++ {
		fmt.Fprintln(&long, pid)
	}
	for name, tt := range map[string]struct {
		procs string
		want  []int
		many  bool
	}{
		"three":        {"1\n27\n4194303\n", []int{1, 27, 4194303}, false},
		"elsewhere":    {"0\n12\n0\n", []int{12}, false},
		"none":         {"", nil, false},
		"no newline":   {"12\n13", []int{12}, false},
		"no such":      {"\x00", nil, false},
		"many of them": {long.String(), nil, true},
	} {
		root := t.TempDir()
		check := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		check(os.MkdirAll(root+dir+"a", 0o755))
		if tt.procs != "\x00" {
			check(os.WriteFile(root+dir+"a/cgroup.procs", []byte(tt.procs), 0o644))
		}
		tree := proctest.New(t)
		tree.Process(proctest.Process{PID: 5, Files: map[string]string{"cgroup": "0::/a\n"}})
		tree.File("1/mountinfo", "30 20 0:25 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n")
		got := NewFinder(tree.FS(), "1", root).Find("5").Members()
		if tt.many {
			if len(got) < 8000 || got[len(got)-1] != 1_000_000+len(got)-1 {
				t.Errorf("%s: %d, the last is %d", name, len(got), got[len(got)-1])
			}
		} else if !slices.Equal(got, tt.want) {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
	}
}

// TestFinderReadsOnce: until it is closed a Finder does not read the groups of a process again.
func TestFinderReadsOnce(t *testing.T) {
	tree := proctest.New(t)
	tree.Process(proctest.Process{PID: 5, Files: map[string]string{"cgroup": "0::/a\n"}})
	tree.File("1/mountinfo", "30 20 0:25 / /cg rw - cgroup2 cgroup2 rw\n")
	f := NewFinder(tree.FS(), "1", t.TempDir())
	expect := func(want string) {
		t.Helper()
		if got := string(f.Paths("5")); got != want {
			t.Errorf("Paths = %q, want %q", got, want)
		}
	}
	expect("0::/a\n")
	tree.File("5/cgroup", "0::/b\n")
	expect("0::/a\n")
	f.Close()
	expect("0::/b\n")
	if got := f.Paths("6"); got != nil {
		t.Errorf("Paths of no process = %q", got)
	}
}

// TestMembersOfVersion1: a container within a container may have a group of its own in the
// hierarchy of systemd only.
func TestMembersOfVersion1(t *testing.T) {
	root := t.TempDir()
	for path, text := range map[string]string{"pids/a/cgroup.procs": "5\n6\n7\n", "systemd/a/cgroup.procs": "7\n5\n", "systemd/a/b/cgroup.procs": "6\n"} {
		path = filepath.Join(root, "cg", path)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	tree := proctest.New(t)
	tree.Process(proctest.Process{PID: 5, Files: map[string]string{"cgroup": "2:pids:/a\n1:name=systemd:/a\n"}})
	tree.Process(proctest.Process{PID: 8, Files: map[string]string{"cgroup": "2:pids:/a\n1:name=systemd:/\n"}})
	tree.File("1/mountinfo", "30 20 0:25 / /cg/pids rw - cgroup cgroup rw,pids\n31 20 0:26 / /cg/systemd rw - cgroup cgroup rw,xattr,name=systemd\n")
	f := NewFinder(tree.FS(), "1", root)
	for pid, want := range map[string][]int{"5": {5, 7}, "8": {5, 6, 7}, "9": nil} {
		if got := f.Find(pid).Members(); !slices.Equal(got, want) {
			t.Errorf("of %s: %v, want %v", pid, got, want)
		}
	}
}
