package zombie

import (
	"runtime"
	"time"

	"golang.org/x/sys/unix"

	"yinit/procfs"
)

// deathClock finds out how long ago a zombie ended. The scheduler records when a
// thread last ran, by the clock of its CPU. To read that clock, a thread of this
// process moves to the CPU and reads when it last ran itself.
type deathClock struct {
	fs      procfs.FS
	began   time.Time
	offsets map[int]time.Duration // by CPU: what its clock showed at began
	denied  map[int]bool          // CPUs that this process may not use
}

func newDeathClock(fs procfs.FS) *deathClock {
	return &deathClock{fs: fs, began: time.Now(), offsets: map[int]time.Duration{}, denied: map[int]bool{}}
}

// since returns how long ago the process ended, if that can be found out. The clock
// stops while the machine sleeps.
func (c *deathClock) since(s procfs.Stat) (time.Duration, bool) {
	if !s.Zombie() {
		return 0, false
	}
	ran, err := c.fs.LastRan(s.PID)
	if err != nil || !c.readClock(s.Processor) {
		return 0, false
	}
	return max(c.offsets[s.Processor]+time.Since(c.began)-ran, 0), true
}

// readClock reads the clock of a CPU, once, and reports whether it could.
func (c *deathClock) readClock(cpu int) bool {
	if _, ok := c.offsets[cpu]; ok {
		return true
	}
	if c.denied[cpu] {
		return false
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	c.denied[cpu] = true
	var before, there unix.CPUSet
	if err := unix.SchedGetaffinity(0, &before); err != nil {
		return false
	}
	there.Set(cpu)
	if err := unix.SchedSetaffinity(0, &there); err != nil {
		return false // the cpuset of the control group does not include the CPU
	}
	defer func() { _ = unix.SchedSetaffinity(0, &before) }() // This affinity was allowed before.
	now, err := procfs.FS{}.ThreadLastRan(unix.Getpid(), unix.Gettid())
	if err != nil {
		return false
	}
	c.offsets[cpu] = now - time.Since(c.began)
	delete(c.denied, cpu)
	return true
}
