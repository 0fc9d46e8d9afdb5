package node

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"yinit/procfs"
	"yinit/procfs/cgroup"
	"yinit/procfs/snapshot"
	"yinit/procfs/verdict"
)

// TestLookOwn: the views are the same whether they have the rows of the snapshot or copies.
func TestLookOwn(t *testing.T) {
	proc := t.TempDir()
	member := func(pid, parent, space int, inside ...int) snapshot.Process {
		ns := filepath.Join(proc, strconv.Itoa(pid), "ns")
		if err := os.MkdirAll(ns, 0o755); err != nil {
			t.Fatal(err)
		}
		link := procfs.InitialPIDNamespace
		if space > 0 {
			link = "pid:[" + strconv.Itoa(space) + "]"
		}
		if err := os.Symlink(link, filepath.Join(ns, "pid")); err != nil {
			t.Fatal(err)
		}
		return snapshot.Process{
			ID: procfs.ID{PID: pid, Start: procfs.Ticks(pid)}, PPID: parent, Comm: "p" + strconv.Itoa(pid), State: procfs.StateSleeping, Threads: 1,
			Target: &verdict.Target{ID: procfs.ID{PID: pid}, NSpid: append([]int{pid}, inside...)},
		}
	}
	rows := []snapshot.Process{
		member(1, 0, 0), member(10, 1, 7, 1), member(11, 1, 8, 1), member(12, 10, 7, 2), member(13, 1, 0), member(14, 11, 8, 5), member(15, 12, 7, 3),
	}
	fs := procfs.New(proc)
	for _, own := range []bool{false, true} {
		s := &snapshot.Snapshot{Procs: slices.Clone(rows)}
		n := Look(s, Options{FS: fs, Groups: cgroup.NewFinder(fs, "self", ""), Own: own})
		if len(n.Containers) != 2 || n.Processes != 2 {
			t.Fatalf("own: %t: %d containers, %d other processes, want 2 and 2", own, len(n.Containers), n.Processes)
		}
		type row struct {
			pid, parent, host int
			comm              string
		}
		want := [][]row{{{1, 0, 10, "p10"}, {2, 1, 12, "p12"}, {3, 2, 15, "p15"}}, {{1, 0, 11, "p11"}, {5, 1, 14, "p14"}}}
		for i := range n.Containers {
			c := &n.Containers[i]
			var got []row
			for _, p := range c.View.Procs {
				got = append(got, row{p.ID.PID, p.PPID, c.HostPID(p.ID.PID), p.Comm})
			}
			if !slices.Equal(got, want[i]) {
				t.Errorf("own: %t: container %d has %v, want %v", own, i, got, want[i])
			}
		}
		if same := &n.Containers[0].View.Procs[0] == &s.Procs[0]; same != own {
			t.Errorf("own: %t: the view has the rows of the snapshot: %t", own, same)
		}
		if !own && !slices.EqualFunc(rows, s.Procs, func(a, b snapshot.Process) bool { return a.ID == b.ID && a.PPID == b.PPID }) {
			t.Errorf("a look that does not own the rows changed them")
		}
	}
}
