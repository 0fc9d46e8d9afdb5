// Package idle finds out for how long a process has not run: a zombie since its end, one in
// uninterruptible sleep since it began to wait.
package idle

import (
	"runtime"
	"time"

	"golang.org/x/sys/unix"

	"yinit/procfs"
)

// A Clock finds out how long ago a process last ran. The scheduler records that by the clock
// of the CPU. To read that clock, a thread of this process moves to the CPU and reads when it
// last ran itself. One goroutine at a time may use a Clock.
type Clock struct {
	fs      procfs.FS
	began   time.Time
	offsets map[int]time.Duration // by CPU: what its clock showed at began
	denied  map[int]bool          // CPUs that this process may not use
}

// NewClock returns a Clock for processes of fs.
func NewClock(fs procfs.FS) *Clock {
	return &Clock{fs: fs, began: time.Now(), offsets: map[int]time.Duration{}, denied: map[int]bool{}}
}

// Since returns how long ago the main thread of a process last ran, if that can be found out.
// The clock stops while the machine sleeps.
func (c *Clock) Since(s *procfs.Stat) (time.Duration, bool) {
	ran, err := c.fs.LastRan(s.PID)
	if err != nil || !c.readClock(s.Processor) {
		return 0, false
	}
	return max(c.offsets[s.Processor]+time.Since(c.began)-ran, 0), true
}

// readClock reads the clock of a CPU, once, and reports whether it could.
func (c *Clock) readClock(cpu int) bool {
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
