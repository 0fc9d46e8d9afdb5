package container

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"yinit/procfs"
	"yinit/procfs/proctest"
)

// A fake is a process of a fake node.
type fake struct {
	pid, ppid int
	nspid     []int
	ns        string // of its PID namespace
	cgroup    string
	dead      bool
}

// node makes a fake node, and the processes as [Find] takes them.
func node(t *testing.T, all []fake) (procfs.FS, []Process) {
	t.Helper()
	tree := proctest.New(t)
	var procs []Process
	for _, f := range all {
		if f.nspid == nil {
			f.nspid = []int{f.pid}
		}
		if f.ns == "" {
			f.ns = procfs.InitialPIDNamespace
		}
		tree.Process(proctest.Process{PID: f.pid, PPID: f.ppid, NSpid: f.nspid, Exe: "/bin/true", Files: map[string]string{"cgroup": "0::" + f.cgroup + "\n"}})
		if f.ns != "-" {
			tree.Link(fmt.Sprintf("%d/ns/pid", f.pid), f.ns)
		}
		procs = append(procs, Process{ID: procfs.ID{PID: f.pid, Start: procfs.Ticks(f.pid)}, PPID: f.ppid, NSpid: f.nspid, Kernel: f.pid == 2, Dead: f.dead})
	}
	return tree.FS(), procs
}

// told describes the groups in lines: the ID, the pids inside, the first process.
func told(groups []Group, procs []Process) []string {
	var all []string
	for i := range groups {
		g := &groups[i]
		var ids, pids []string
		for _, e := range g.Chain {
			ids = append(ids, strings.Trim(e.ID, "0"))
		}
		for _, m := range g.Members {
			pids = append(pids, fmt.Sprint(g.PID(&procs[m])))
		}
		first := 0
		if g.First >= 0 {
			first = procs[g.First].ID.PID
		}
		line := fmt.Sprintf("%s: %s; first %d", strings.Join(ids, "/"), strings.Join(pids, " "), first)
		if g.Shared {
			line += ", shared"
		}
		if g.Outer >= 0 {
			line += ", in " + strings.Trim(groups[g.Outer].Chain.ID(), "0")
		}
		all = append(all, line)
	}
	return all
}

// id returns an ID that begins with a word of hexadecimal digits.
func id(word string) string { return word + strings.Repeat("0", idLength-len(word)) }

func TestFind(t *testing.T) {
	host := []fake{{pid: 1, cgroup: "/init.scope"}, {pid: 2, cgroup: "/"}, {pid: 100, ppid: 1, cgroup: "/system.slice/containerd.service"}}
	a := "/docker/" + id("a")
	for name, tt := range map[string]struct {
		procs []fake
		want  []string
	}{
		"a host without containers": {host, nil},
		"a container, with docker exec, a child and a zombie": {
			append(host[:3:3],
				fake{pid: 200, ppid: 100, nspid: []int{200, 1}, ns: "pid:[10]", cgroup: a},
				fake{pid: 201, ppid: 200, nspid: []int{201, 7}, ns: "pid:[10]", cgroup: a},
				fake{pid: 202, ppid: 200, nspid: []int{202, 8}, ns: "pid:[10]", cgroup: "/", dead: true},
				fake{pid: 203, ppid: 100, nspid: []int{203, 20}, ns: "pid:[10]", cgroup: a}),
			[]string{"a: 1 7 8 20; first 200"},
		},
		"a PID namespace within a container": {
			append(host[:3:3],
				fake{pid: 200, ppid: 100, nspid: []int{200, 1}, ns: "pid:[10]", cgroup: a},
				fake{pid: 201, ppid: 200, nspid: []int{201, 7, 1}, ns: "pid:[11]", cgroup: a},
				fake{pid: 202, ppid: 201, nspid: []int{202, 8, 2}, ns: "pid:[11]", cgroup: a}),
			[]string{"a: 1 7 8; first 200"},
		},
		"a PID namespace within a container, whose PID 1 is not known": {
			append(host[:3:3],
				fake{pid: 200, ppid: 100, nspid: []int{200, 1}, ns: "pid:[10]", cgroup: a},
				fake{pid: 201, ppid: 200, nspid: []int{201, 7}, ns: "pid:[11]", cgroup: a},
				fake{pid: 202, ppid: 201, nspid: []int{202, 8, 2}, ns: "pid:[11]", cgroup: a},
				fake{pid: 203, ppid: 100, nspid: []int{203, 9, 3}, ns: "pid:[11]", cgroup: a}),
			[]string{"a: 1 7 8 9; first 200"},
		},
		"Docker in Docker": {
			append(host[:3:3],
				fake{pid: 200, ppid: 100, nspid: []int{200, 1}, ns: "pid:[10]", cgroup: a},
				fake{pid: 210, ppid: 200, nspid: []int{210, 9}, ns: "pid:[10]", cgroup: a},
				fake{pid: 220, ppid: 210, nspid: []int{220, 30, 1}, ns: "pid:[12]", cgroup: a + "/docker/" + id("b")}),
			[]string{"a: 1 9; first 200", "a/b: 1; first 220, in a"},
		},
		"--pid=host": {
			append(host[:3:3],
				fake{pid: 200, ppid: 100, cgroup: a},
				fake{pid: 201, ppid: 200, cgroup: a},
				fake{pid: 202, ppid: 201, cgroup: "/", dead: true},
				fake{pid: 203, ppid: 1, cgroup: "/system.slice/ssh.service"}),
			[]string{"a: 200 201 202; first 200, shared"},
		},
		"a pod whose containers share a PID namespace": {
			append(host[:3:3],
				fake{pid: 200, ppid: 100, nspid: []int{200, 1}, ns: "pid:[10]", cgroup: "/kubepods/pod" + testUID + "/" + id("a")},
				fake{pid: 210, ppid: 100, nspid: []int{210, 7}, ns: "pid:[10]", cgroup: "/kubepods/pod" + testUID + "/" + id("b")},
				fake{pid: 211, ppid: 210, nspid: []int{211, 8}, ns: "pid:[10]", cgroup: "/kubepods/pod" + testUID + "/" + id("b")},
				fake{pid: 212, ppid: 200, nspid: []int{212, 9}, ns: "pid:[10]", cgroup: "/kubepods/pod" + testUID + "/" + id("b")},
				fake{pid: 213, ppid: 211, nspid: []int{213, 10}, ns: "pid:[10]", cgroup: "/", dead: true},
				fake{pid: 220, ppid: 100, nspid: []int{220, 20}, ns: "pid:[10]", cgroup: "/kubepods/pod" + testUID + "/" + id("c")}),
			[]string{"a: 1; first 200", "b: 7 8 9 10; first 210, shared", "c: 20; first 220, shared"},
		},
		"namespaces whose links may not be read": {
			append(host[:3:3],
				fake{pid: 200, ppid: 100, nspid: []int{200, 1}, ns: "-", cgroup: a},
				fake{pid: 203, ppid: 100, nspid: []int{203, 20}, ns: "-", cgroup: a},
				fake{pid: 300, ppid: 100, nspid: []int{300, 1}, ns: "-", cgroup: "/"},
				fake{pid: 301, ppid: 300, nspid: []int{301, 2}, ns: "-", cgroup: "/"}),
			[]string{"a: 1 20; first 200", ": 1 2; first 300"},
		},
		"in a container": {
			[]fake{{pid: 1, ns: "pid:[10]", cgroup: "/"}, {pid: 7, ppid: 1, ns: "pid:[10]", cgroup: "/"}},
			[]string{": 1 7; first 1"},
		},
		"docker exec, about to enter": {
			append(host[:3:3],
				fake{pid: 200, ppid: 100, nspid: []int{200, 1}, ns: "pid:[10]", cgroup: a},
				fake{pid: 203, ppid: 100, cgroup: a}),
			[]string{"a: 1; first 200"},
		},
		"PID 1 cannot be seen": {
			append(host[:3:3], fake{pid: 203, ppid: 100, nspid: []int{203, 20}, ns: "pid:[10]", cgroup: a}),
			[]string{"a: 20; first 0"},
		},
	} {
		fs, procs := node(t, tt.procs)
		if diff := cmp.Diff(tt.want, told(Find(fs, procs, pathsIn(fs)), procs)); diff != "" {
			t.Errorf("%s: -want +got\n%s", name, diff)
		}
	}
}

// pathsIn reads the paths of control groups.
func pathsIn(fs procfs.FS) func(pid int) []byte {
	return func(pid int) []byte {
		b, _ := fs.ReadFile(strconv.Itoa(pid) + "/cgroup") // Nothing if it has ended.
		return b
	}
}
