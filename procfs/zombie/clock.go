package zombie

import (
	"time"

	"yinit/procfs"
	"yinit/procfs/idle"
)

// A deathClock finds out how long ago a zombie ended: it has not run since.
type deathClock struct{ *idle.Clock }

func newDeathClock(fs procfs.FS) *deathClock { return &deathClock{idle.NewClock(fs)} }

// since returns how long ago the process ended, if that can be found out.
func (c *deathClock) since(s procfs.Stat) (time.Duration, bool) {
	if !s.Zombie() {
		return 0, false
	}
	return c.Since(&s)
}

// A Tally counts zombies. The zero value has none.
type Tally struct {
	All     int           // zombies
	Old     int           // those that have been dead for longer than a given time
	Oldest  time.Duration // for how long the oldest has been dead, at least
	Unknown []procfs.ID   // those of which that is not known, and that started longer ago
	Parent  int           // the parent of most of the old and unknown ones; 0: outside the PID namespace
}

// Count counts the zombies among the processes, and those that have been dead for longer. It
// reads one file of each zombie, and nothing of the others.
func Count(fs procfs.FS, stats []procfs.Stat, longer time.Duration) Tally {
	var t Tally
	clock, uptime := newDeathClock(fs), procfs.SinceBoot()
	if up, err := fs.Uptime(); err == nil {
		uptime = up
	}
	parents := map[int]int{}
	for i := range stats {
		s := &stats[i]
		if !s.Zombie() {
			continue
		}
		t.All++
		dead, known := clock.since(*s)
		switch {
		case known && dead > longer:
			t.Old++
		case !known && procfs.Age(uptime, s.Start) > longer:
			t.Unknown = append(t.Unknown, s.ID())
		default:
			continue
		}
		t.Oldest = max(t.Oldest, dead)
		if parents[s.PPID]++; parents[s.PPID] > parents[t.Parent] || t.Old+len(t.Unknown) == 1 {
			t.Parent = s.PPID
		}
	}
	return t
}
