package zombie

import (
	"runtime"
	"time"

	"golang.org/x/sys/unix"

	"yinit/procfs"
)

// deathClock tells how long ago a zombie ended: by when it ran last, which the
// scheduler keeps by the clock of the processor. To know what that clock shows
// now, a thread of ours goes there and looks at when it ran itself.
type deathClock struct {
	fs      procfs.FS
	began   time.Time
	offsets map[int]time.Duration // what the clock of a processor showed at began
	none    map[int]bool          // processors where we may not go
}

func newDeathClock(fs procfs.FS) *deathClock {
	return &deathClock{fs: fs, began: time.Now(), offsets: map[int]time.Duration{}, none: map[int]bool{}}
}

// since is how long ago the process ended, if that can be told. A machine that
// sleeps stops this clock.
func (c *deathClock) since(s procfs.Stat) (time.Duration, bool) {
	if !s.Zombie() {
		return 0, false
	}
	ran, err := c.fs.LastRan(s.PID)
	if err != nil || !c.visit(s.Processor) {
		return 0, false
	}
	return max(c.offsets[s.Processor]+time.Since(c.began)-ran, 0), true
}

// visit finds out what the clock of a processor shows.
func (c *deathClock) visit(cpu int) bool {
	if _, ok := c.offsets[cpu]; ok {
		return true
	}
	if c.none[cpu] {
		return false
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	c.none[cpu] = true
	var before, there unix.CPUSet
	if err := unix.SchedGetaffinity(0, &before); err != nil {
		return false
	}
	there.Set(cpu)
	if err := unix.SchedSetaffinity(0, &there); err != nil {
		return false // the control group keeps us elsewhere
	}
	defer func() { _ = unix.SchedSetaffinity(0, &before) }() // It was allowed before.
	now, err := procfs.FS{}.ThreadLastRan(unix.Getpid(), unix.Gettid())
	if err != nil {
		return false
	}
	c.offsets[cpu] = now - time.Since(c.began)
	delete(c.none, cpu)
	return true
}
