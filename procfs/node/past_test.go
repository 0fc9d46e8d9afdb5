package node

import (
	"testing"
	"time"

	"yinit/procfs"
	"yinit/procfs/container"
	"yinit/procfs/snapshot"
)

// look returns a node with one container that has a number of zombies.
func look(start procfs.Ticks, zombies int) *Node {
	c := Container{Names: container.Names{ID: "x"}, PID: 100}
	c.View.Procs = append(c.View.Procs, snapshot.Process{ID: procfs.ID{PID: 1, Start: start}, State: procfs.StateSleeping})
	for i := range zombies {
		c.View.Procs = append(c.View.Procs, snapshot.Process{ID: procfs.ID{PID: 2 + i, Start: start}, State: procfs.StateZombie, Threads: 1})
	}
	return &Node{Containers: []Container{c}}
}

// TestGrowth counts what a container gains in a minute. A container that has taken the place of
// another one begins anew.
func TestGrowth(t *testing.T) {
	var past Past
	begin := time.Unix(1000, 0)
	for _, tt := range []struct {
		after  time.Duration
		start  procfs.Ticks
		all    int
		gained int
		in     time.Duration
	}{
		{0, 7, 3, 0, 0},
		{2 * time.Second, 7, 5, 2, 2 * time.Second},
		{30 * time.Second, 7, 8, 5, 30 * time.Second},
		{61 * time.Second, 7, 9, 6, 61 * time.Second}, // No other count is a minute old.
		{63 * time.Second, 7, 9, 4, 61 * time.Second},
		{100 * time.Second, 7, 2, -6, 70 * time.Second},
		{101 * time.Second, 8, 4, 0, 0},
	} {
		n := look(tt.start, tt.all)
		past.Count(n, begin.Add(tt.after))
		if c := &n.Containers[0]; c.Gained != tt.gained || c.GainedIn != tt.in {
			t.Errorf("after %v: %+d in %v, want %+d in %v", tt.after, c.Gained, c.GainedIn, tt.gained, tt.in)
		}
	}
}

// TestNamesAreRead reads names again after a minute, and for another first process at once.
func TestNamesAreRead(t *testing.T) {
	var past Past
	reads := 0
	ask := func(start procfs.Ticks, after time.Duration) {
		g := container.Group{NS: "pid:[1]", First: 0}
		procs := []container.Process{{ID: procfs.ID{PID: 100, Start: start}}}
		past.describe(&g, procs, time.Unix(1000, 0).Add(after), func() container.Names {
			reads++
			return container.Names{}
		})
	}
	for i, tt := range []struct {
		start procfs.Ticks
		after time.Duration
		reads int
	}{
		{7, 0, 1},
		{7, time.Second, 1},
		{7, 59 * time.Second, 1},
		{7, time.Minute, 2},
		{7, 61 * time.Second, 2},
		{8, 62 * time.Second, 3},
		{8, 30 * time.Second, 4}, // The clock has been set back.
	} {
		if ask(tt.start, tt.after); reads != tt.reads {
			t.Errorf("%d: read %d times, want %d", i, reads, tt.reads)
		}
	}
}
