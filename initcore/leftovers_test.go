package initcore

import (
	"os/exec"
	"testing"
	"time"

	"yinit/procfs"
)

// TestDescendants: only descendants of the init are leftovers if it is not
// PID 1, and finding them among many takes time in proportion to how many there are.
func TestDescendants(t *testing.T) {
	all := []procfs.Stat{{PID: 1}, {PID: 5, PPID: 1}, {PID: 6, PPID: 5}, {PID: 9, PPID: 7}, {PID: 7, PPID: 5}, {PID: 8, PPID: 1}, {PID: 20, PPID: 21}, {PID: 21, PPID: 20}}
	var got []int
	for _, s := range descendants(all, 5) {
		got = append(got, s.PID)
	}
	want := map[int]bool{6: true, 7: true, 9: true}
	if len(got) != len(want) {
		t.Errorf("descendants of 5: %v, want 6, 7 and 9", got)
	}
	for _, pid := range got {
		if !want[pid] {
			t.Errorf("%d is no descendant of 5", pid)
		}
	}
	if got := descendants(all, 99); got != nil {
		t.Errorf("descendants of a process that is not in the list: %v", got)
	}

	const many = 50_000
	chain := make([]procfs.Stat, many)
	for i := range chain {
		chain[i] = procfs.Stat{PID: i + 1, PPID: i}
	}
	begun := time.Now()
	if got := descendants(chain, 1); len(got) != many-1 {
		t.Errorf("%d descendants in a chain, want %d", len(got), many-1)
	}
	if took := time.Since(begun); took > 5*time.Second {
		t.Errorf("%d processes took %v", many, took)
	}
}

// TestAnyChild: an init that cannot send signals leaves its children to the kernel.
func TestAnyChild(t *testing.T) {
	cmd := exec.Command("sleep", "1000")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}()
	for forbidden, want := range map[features]bool{0: true, featureKill: true, signalFeatures: false} {
		k := &kernel{forbidden: forbidden, noProc: true}
		if got := k.anyChild(); got != want {
			t.Errorf("with %b forbidden anyChild = %t, want %t", forbidden, got, want)
		}
		if got := k.anyLeft(); got != want {
			t.Errorf("with %b forbidden anyLeft = %t, want %t", forbidden, got, want)
		}
	}
}
