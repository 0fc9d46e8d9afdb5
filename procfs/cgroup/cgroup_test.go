package cgroup

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"yinit/procfs"
)

// tree is a fake machine: /proc/self in proc, everything else in root.
type tree struct {
	t          *testing.T
	proc, root string
}

// plant creates the files of a tree. The names begin with "/proc/", or are paths of
// control groups.
func plant(t *testing.T, files map[string]string) tree {
	t.Helper()
	tr := tree{t: t, proc: t.TempDir(), root: t.TempDir()}
	for name, text := range files {
		path := filepath.Join(tr.root, name)
		if rest, ok := strings.CutPrefix(name, "/proc/"); ok {
			path = filepath.Join(tr.proc, rest)
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return tr
}

func (tr tree) usage() Usage { return Find(procfs.New(tr.proc), "self", tr.root).Read() }

const (
	mountV2    = "29 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n"
	mountProc  = "23 1 0:22 / /proc rw - proc proc rw\n"
	mountOther = "broken line\n31 23 0:30 / /tmp rw shared:5 - tmpfs tmpfs rw\n"
)

// dockerV1 is a container on a machine with version 1 and no cgroup namespace:
// the paths are those of the host, but only its own groups are mounted.
const dockerV1 = `40 39 0:31 /docker/abc /sys/fs/cgroup/pids ro,nosuid master:17 - cgroup cgroup rw,pids
41 39 0:32 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory
42 39 0:33 /docker/abc /sys/fs/cgroup/cpu,cpuacct ro - cgroup cgroup rw,cpu,cpuacct
`

const groupsV1 = "9:pids:/docker/abc\n8:memory:/docker/abc\n7:cpu,cpuacct:/docker/abc\n1:name=systemd:/docker/abc\n"

func TestUsage(t *testing.T) {
	const v2, v1 = "/sys/fs/cgroup/", "/sys/fs/cgroup/"
	for name, tt := range map[string]struct {
		files map[string]string
		want  Usage
	}{
		"version 2 with a namespace": {
			map[string]string{
				"/proc/self/cgroup": "0::/\n", "/proc/self/mountinfo": mountProc + mountV2 + mountOther,
				v2 + "pids.current": "12\n", v2 + "pids.max": "100\n",
				v2 + "memory.current": "1048576\n", v2 + "memory.max": "536870912\n", v2 + "memory.stat": "anon 5\ninactive_file 48576\nactive_file 7\n",
				v2 + "cpu.stat": "usage_usec 2500000\nuser_usec 1\n", v2 + "cpu.max": "150000 100000\n",
				v2 + "memory.events": "low 0\nhigh 0\nmax 9\noom 4\noom_kill 3\noom_group_kill 0\n",
			},
			Usage{
				Pids: 12, PidsMax: 100, Mem: 1_000_000, MemMax: 512 * procfs.MiB, CPU: 2500 * time.Millisecond, HasCPU: true,
				CPUMax: 1.5, OOMKills: 3, HasOOM: true, hasPids: true, hasMem: true,
			},
		},
		"version 2 without a namespace": {
			map[string]string{
				"/proc/self/cgroup": "0::/system.slice/app.service\n", "/proc/self/mountinfo": mountV2,
				v2 + "system.slice/app.service/pids.current":   "3\n",
				v2 + "system.slice/app.service/pids.max":       "max\n",
				v2 + "system.slice/app.service/memory.current": "5000\n",
				v2 + "system.slice/app.service/memory.max":     "max\n",
				v2 + "system.slice/app.service/cpu.max":        "max 100000\n",
				v2 + "pids.current":                            "999\n",
				v2 + "cgroup.procs":                            "",
			},
			Usage{Pids: 3, Mem: 5000, hasPids: true, hasMem: true},
		},
		"limits of the ancestors": {
			map[string]string{
				"/proc/self/cgroup": "0::/a/b/c\n", "/proc/self/mountinfo": mountV2,
				v2 + "a/b/c/pids.current": "3\n", v2 + "a/b/c/pids.max": "max\n", v2 + "a/b/pids.max": "40\n", v2 + "a/pids.max": "30\n",
				v2 + "a/b/c/memory.current": "5000\n", v2 + "a/b/c/memory.max": "max\n", v2 + "a/memory.max": "9000\n",
				v2 + "a/b/c/cpu.max": "max 100000\n", v2 + "a/b/cpu.max": "200000 100000\n", v2 + "a/cpu.max": "50000 100000\n",
			},
			Usage{Pids: 3, PidsMax: 30, Mem: 5000, MemMax: 9000, CPUMax: 0.5, hasPids: true, hasMem: true},
		},
		"a limit of the group is tighter than its ancestor's": {
			map[string]string{
				"/proc/self/cgroup": "0::/a/b\n", "/proc/self/mountinfo": mountV2,
				v2 + "a/b/pids.current": "3\n", v2 + "a/b/pids.max": "20\n", v2 + "a/pids.max": "30\n",
				v2 + "a/b/cpu.max": "25000 100000\n", v2 + "a/cpu.max": "50000 100000\n",
			},
			Usage{Pids: 3, PidsMax: 20, CPUMax: 0.25, hasPids: true},
		},
		"max everywhere": {
			map[string]string{
				"/proc/self/cgroup": "0::/\n", "/proc/self/mountinfo": mountV2,
				v2 + "pids.current": "1\n", v2 + "pids.max": "max\n", v2 + "memory.current": "7\n", v2 + "memory.max": "max\n", v2 + "cpu.max": "max 100000\n",
				v2 + "memory.events": "oom_kill 0\n",
			},
			Usage{Pids: 1, Mem: 7, HasOOM: true, hasPids: true, hasMem: true},
		},
		"more page cache than memory": {
			map[string]string{
				"/proc/self/cgroup": "0::/\n", "/proc/self/mountinfo": mountV2,
				v2 + "memory.current": "7\n", v2 + "memory.stat": "inactive_file 8\n",
			},
			Usage{Mem: 7, hasMem: true},
		},
		"version 2 of the whole machine": {
			map[string]string{
				"/proc/self/cgroup": "0::/\n", "/proc/self/mountinfo": mountV2,
				v2 + "cpu.stat": "usage_usec 1\n", v2 + "cgroup.procs": "1\n",
			},
			Usage{CPU: time.Microsecond, HasCPU: true, CPUWhole: true, Root: true},
		},
		"hybrid, memory alone has a group": {
			map[string]string{
				"/proc/self/cgroup":         "8:memory:/g\n7:cpu,cpuacct:/\n0::/\n",
				"/proc/self/mountinfo":      strings.ReplaceAll(dockerV1, "/docker/abc", "/") + "43 39 0:34 / /sys/fs/cgroup/unified ro - cgroup2 cgroup2 rw\n",
				v1 + "unified/cgroup.procs": "1\n", v1 + "unified/cpu.stat": "usage_usec 4\n",
				v1 + "cpu,cpuacct/cpuacct.usage":      "7000\n",
				v1 + "memory/g/memory.usage_in_bytes": "3000\n",
			},
			Usage{Mem: 3000, CPU: 4 * time.Microsecond, HasCPU: true, CPUWhole: true, hasMem: true},
		},
		"version 1, memory alone has a group": {
			map[string]string{
				"/proc/self/cgroup":                   "8:memory:/g\n7:cpu,cpuacct:/\n",
				"/proc/self/mountinfo":                strings.ReplaceAll(dockerV1, "/docker/abc", "/"),
				v1 + "cpu,cpuacct/cpuacct.usage":      "7000\n",
				v1 + "memory/g/memory.usage_in_bytes": "3000\n",
			},
			Usage{Mem: 3000, CPU: 7 * time.Microsecond, HasCPU: true, CPUWhole: true, hasMem: true},
		},
		"version 2 in a cgroup namespace, without controllers": {
			map[string]string{
				"/proc/self/cgroup": "0::/\n", "/proc/self/mountinfo": mountV2,
				v2 + "cpu.stat": "usage_usec 1\n", v2 + "cgroup.events": "populated 1\n", v2 + "pids.current": "1\n",
			},
			Usage{Pids: 1, CPU: time.Microsecond, HasCPU: true, hasPids: true},
		},
		"garbage in the files": {
			map[string]string{
				"/proc/self/cgroup": "0::/\nnonsense\n", "/proc/self/mountinfo": mountV2,
				v2 + "pids.current": "-5\n", v2 + "pids.max": "\n", v2 + "memory.current": "lots\n", v2 + "memory.max": "1e9\n",
				v2 + "cpu.stat": "usage_usec\nusage_usec x\n", v2 + "cpu.max": "0 0\n", v2 + "memory.events": "oom_kill -1\n",
			},
			Usage{Root: true},
		},
		"a mount point with a space": {
			map[string]string{
				"/proc/self/cgroup": "0::/\n", "/proc/self/mountinfo": "29 23 0:26 / /my\\040groups rw - cgroup2 cgroup2 rw\n",
				"/my groups/pids.current": "4\n",
			},
			Usage{Pids: 4, hasPids: true},
		},
		"version 1 in Docker": {
			map[string]string{
				"/proc/self/cgroup": groupsV1, "/proc/self/mountinfo": dockerV1,
				v1 + "pids/pids.current": "5\n", v1 + "pids/pids.max": "64\n",
				v1 + "memory/memory.usage_in_bytes": "3000\n", v1 + "memory/memory.limit_in_bytes": "8000\n", v1 + "memory/memory.stat": "inactive_file 1\ntotal_inactive_file 1000\n",
				v1 + "memory/memory.oom_control":         "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n",
				v1 + "cpu,cpuacct/cpuacct.usage":         "7000000\n",
				v1 + "cpu,cpuacct/cpu.cfs_quota_us":      "200000\n",
				v1 + "cpu,cpuacct/cpu.cfs_period_us":     "100000\n",
				"/docker/abc/pids.current (not mounted)": "",
			},
			Usage{
				Pids: 5, PidsMax: 64, Mem: 2000, MemMax: 8000, CPU: 7 * time.Millisecond, HasCPU: true, CPUMax: 2,
				OOMKills: 2, HasOOM: true, hasPids: true, hasMem: true,
			},
		},
		"version 1, the path in /proc is not below the mount": {
			map[string]string{
				"/proc/self/cgroup":      "9:pids:/../../other\n8:memory:/kubepods/x\n",
				"/proc/self/mountinfo":   dockerV1,
				v1 + "pids/pids.current": "5\n", v1 + "pids/pids.max": "max\n",
				v1 + "memory/memory.usage_in_bytes": "3000\n", v1 + "memory/memory.limit_in_bytes": "8000\n",
			},
			Usage{Pids: 5, Mem: 3000, MemMax: 8000, hasPids: true, hasMem: true},
		},
		"version 1 without limits": {
			map[string]string{
				"/proc/self/cgroup": "8:memory:/g\n7:cpu,cpuacct:/g\n", "/proc/self/mountinfo": strings.ReplaceAll(dockerV1, "/docker/abc", "/"),
				v1 + "memory/g/memory.usage_in_bytes": "3000\n", v1 + "memory/g/memory.limit_in_bytes": "9223372036854771712\n",
				v1 + "memory/memory.limit_in_bytes":   "9223372036854771712\n",
				v1 + "cpu,cpuacct/g/cpuacct.usage":    "1000\n",
				v1 + "cpu,cpuacct/g/cpu.cfs_quota_us": "-1\n", v1 + "cpu,cpuacct/g/cpu.cfs_period_us": "100000\n",
			},
			Usage{Mem: 3000, CPU: time.Microsecond, HasCPU: true, hasMem: true},
		},
		"version 1, a limit of the parent": {
			map[string]string{
				"/proc/self/cgroup": "8:memory:/p/g\n", "/proc/self/mountinfo": strings.ReplaceAll(dockerV1, "/docker/abc", "/"),
				v1 + "memory/p/g/memory.usage_in_bytes": "3000\n", v1 + "memory/p/g/memory.limit_in_bytes": "9223372036854771712\n",
				v1 + "memory/p/memory.limit_in_bytes": "4000\n",
			},
			Usage{Mem: 3000, MemMax: 4000, hasMem: true},
		},
		"version 1 of the whole machine": {
			map[string]string{
				"/proc/self/cgroup": "9:pids:/\n8:memory:/\n", "/proc/self/mountinfo": strings.ReplaceAll(dockerV1, "/docker/abc", "/"),
				v1 + "memory/memory.usage_in_bytes": "3000\n", v1 + "memory/memory.limit_in_bytes": "9223372036854771712\n",
			},
			Usage{Root: true},
		},
		"hybrid: version 2 is mounted, and has no controllers": {
			map[string]string{
				"/proc/self/cgroup":                 groupsV1 + "0::/docker/abc\n",
				"/proc/self/mountinfo":              dockerV1 + "43 39 0:34 /docker/abc /sys/fs/cgroup/unified ro - cgroup2 cgroup2 rw\n",
				v1 + "unified/cgroup.procs":         "1\n",
				v1 + "unified/cpu.stat":             "usage_usec 4\n",
				v1 + "pids/pids.current":            "5\n",
				v1 + "pids/pids.max":                "64\n",
				v1 + "memory/memory.oom_control":    "oom_kill 6\n",
				v1 + "memory/memory.usage_in_bytes": "3000\n",
				v1 + "memory/memory.limit_in_bytes": "8000\n",
			},
			Usage{
				Pids: 5, PidsMax: 64, Mem: 3000, MemMax: 8000, CPU: 4 * time.Microsecond, HasCPU: true,
				OOMKills: 6, HasOOM: true, hasPids: true, hasMem: true,
			},
		},
		"no cgroup file":    {map[string]string{"/proc/self/mountinfo": mountV2, v2 + "pids.current": "1\n"}, Usage{Root: true}},
		"no mountinfo file": {map[string]string{"/proc/self/cgroup": "0::/\n", v2 + "pids.current": "1\n"}, Usage{Root: true}},
		"nothing mounted":   {map[string]string{"/proc/self/cgroup": "0::/\n", "/proc/self/mountinfo": mountProc}, Usage{Root: true}},
		"nothing in it":     {map[string]string{"/proc/self/cgroup": "0::/\n", "/proc/self/mountinfo": mountV2}, Usage{Root: true}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := plant(t, tt.files).usage(); got != tt.want {
				t.Errorf("Read() =\n\t%+v, want\n\t%+v", got, tt.want)
			}
		})
	}
}

func TestZeroGroup(t *testing.T) {
	if got, want := (Group{}).Read(), (Usage{Root: true}); got != want {
		t.Errorf("Group{}.Read() = %+v, want %+v", got, want)
	}
}

// TestOfAnotherProcess checks that the paths are those of the other process, and the
// mounts those of this one.
func TestOfAnotherProcess(t *testing.T) {
	tr := plant(t, map[string]string{
		"/proc/37/cgroup": "0::/b\n", "/proc/self/cgroup": "0::/a\n", "/proc/self/mountinfo": mountV2,
		"/sys/fs/cgroup/a/pids.current": "1\n", "/sys/fs/cgroup/b/pids.current": "2\n",
	})
	if got := Find(procfs.New(tr.proc), "37", tr.root).Read().Pids; got != 2 {
		t.Errorf("Pids of process 37 = %d, want 2", got)
	}
}

// TestThisMachine checks that reading works on any machine.
func TestThisMachine(t *testing.T) {
	u := Find(procfs.FS{}, "self", "").Read()
	if u.Pids > 0 && u.PidsMax > 0 && u.Pids > u.PidsMax+1000 {
		t.Errorf("Read() = %+v, which cannot be", u)
	}
}

// TestOOMCounters reads the counters of both versions.
func TestOOMCounters(t *testing.T) {
	v2 := plant(t, map[string]string{
		"/proc/self/cgroup": "0::/\n", "/proc/self/mountinfo": mountV2,
		"/sys/fs/cgroup/memory.events": "oom_kill 3\noom_group_kill 2\n",
	})
	g := Find(procfs.New(v2.proc), "self", v2.root)
	if n, ok := g.OOMGroupKills(); n != 2 || !ok || g.OOMGroup() == 0 {
		t.Errorf("version 2: OOMGroupKills = %d, %v, OOMGroup = %d", n, ok, g.OOMGroup())
	}
	v1 := plant(t, map[string]string{
		"/proc/self/cgroup": groupsV1, "/proc/self/mountinfo": dockerV1,
		"/sys/fs/cgroup/memory/memory.oom_control": "oom_kill 2\n",
	})
	g = Find(procfs.New(v1.proc), "self", v1.root)
	if _, ok := g.OOMGroupKills(); ok || g.OOMGroup() == 0 {
		t.Errorf("version 1: OOMGroupKills known = %v, OOMGroup = %d", ok, g.OOMGroup())
	}
	if (Group{}).OOMGroup() != 0 {
		t.Error("no group has an inode")
	}
}
