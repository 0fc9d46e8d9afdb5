package procfs

import (
	"testing"
)

// TestOlderNeighbor: which processes were started into a container in which another
// process was running.
func TestOlderNeighbor(t *testing.T) {
	proc := func(pid, ppid int, start Ticks) Stat {
		return Stat{PID: pid, PPID: ppid, Start: start, State: 'S', Threads: 1}
	}
	zombie := proc(20, 0, 100)
	zombie.State = StateZombie
	outside := map[int]bool{1: true, 2: true} // the pause container of a pod, and a process of another container
	for _, c := range []struct {
		name string
		all  []Stat
		want bool
	}{
		{"alone", []Stat{proc(30, 0, 500)}, false},
		{"the first of a pod's container", []Stat{proc(1, 0, 10), proc(2, 0, 20), proc(30, 0, 500)}, false},
		{"docker exec beside the init", []Stat{proc(7, 0, 100), proc(30, 0, 500)}, true},
		{"at the same tick as the init", []Stat{proc(7, 0, 500), proc(30, 0, 500)}, true},
		{"docker exec sh, beside the init's program", []Stat{proc(8, 1, 100), proc(29, 0, 400), proc(30, 29, 500)}, true},
		{"an entry point's shell waits", []Stat{proc(25, 0, 100), proc(30, 25, 500)}, false},
		{"an entry point's shell, which has a helper", []Stat{proc(25, 0, 100), proc(26, 25, 101), proc(30, 25, 500)}, true},
		{"its own children from before exec", []Stat{proc(30, 0, 500), proc(31, 30, 500), proc(32, 31, 500)}, false},
		{"a probe that started later", []Stat{proc(30, 0, 500), proc(40, 0, 501)}, false},
		{"a zombie", []Stat{zombie, proc(30, 0, 500)}, false},
		{"a circle of reused pids", []Stat{proc(5, 6, 1), proc(6, 5, 1), proc(30, 0, 500)}, true},
		{"not to be found in /proc", []Stat{proc(1, 0, 1)}, true},
	} {
		got := olderNeighbor(30, c.all, func(pid int) bool { return !outside[pid] })
		if got != c.want {
			t.Errorf("%s: beside = %v, want %v", c.name, got, c.want)
		}
	}
}
