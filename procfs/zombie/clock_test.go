package zombie

import (
	"os/exec"
	"testing"
	"time"

	"yinit/procfs"
)

// TestDeathClock kills a child and measures how long it has been dead.
func TestDeathClock(t *testing.T) {
	cmd := exec.Command("sleep", "100")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	before := time.Now()
	_ = cmd.Process.Kill()
	defer func() { _ = cmd.Wait() }() // It was killed, which is an error to Wait.
	var stat procfs.Stat
	for deadline := time.Now().Add(time.Minute); !stat.Zombie(); {
		var err error
		if stat, err = (procfs.FS{}).Stat(cmd.Process.Pid); err != nil || time.Now().After(deadline) {
			t.Fatalf("no zombie: %+v, %v", stat, err)
		}
	}
	clock := newDeathClock(procfs.FS{})
	got, ok := clock.since(stat)
	if _, err := (procfs.FS{}).LastRan(stat.PID); err != nil {
		t.Skipf("the kernel does not report it: %v", err)
	}
	const tolerance = 50 * time.Millisecond // the scheduler's clock goes by ticks
	if most := time.Since(before) + tolerance; !ok || got > most {
		t.Errorf("since = %v, %v, want at most %v", got, ok, most)
	}
	stat.State = procfs.StateSleeping
	if got, ok := clock.since(stat); ok {
		t.Errorf("since of a living process = %v", got)
	}
	if got, ok := newDeathClock(procfs.New(t.TempDir())).since(procfs.Stat{PID: 1, State: procfs.StateZombie}); ok {
		t.Errorf("since without a proc = %v", got)
	}
}

// TestCount counts zombies by how long they have been dead.
func TestCount(t *testing.T) {
	cmd := exec.Command("sleep", "100")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Process.Kill()
	defer func() { _ = cmd.Wait() }() // It was killed, which is an error to Wait.
	var stat procfs.Stat
	for deadline := time.Now().Add(time.Minute); !stat.Zombie(); {
		var err error
		if stat, err = (procfs.FS{}).Stat(cmd.Process.Pid); err != nil || time.Now().After(deadline) {
			t.Fatalf("no zombie: %+v, %v", stat, err)
		}
	}
	living := stat
	living.State = procfs.StateSleeping
	stats := []procfs.Stat{living, stat}
	old := Count(procfs.FS{}, stats, -time.Second)
	if old.All != 1 || old.Old+len(old.Unknown) != 1 || old.Parent != stat.PPID {
		t.Errorf("dead for any time: %+v, want one child of %d", old, stat.PPID)
	}
	if young := Count(procfs.FS{}, stats, time.Hour); young.All != 1 || young.Old != 0 || len(young.Unknown) != 0 || young.Parent != 0 {
		t.Errorf("dead for an hour: %+v, want none", young)
	}
}
