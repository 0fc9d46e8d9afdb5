package watch

import (
	"time"

	"golang.org/x/sys/unix"

	"yinit/procfs"
)

// threadCPUTime returns the CPU time of this thread.
func threadCPUTime() time.Duration {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &ts); err != nil {
		return 0
	}
	return time.Duration(ts.Nano())
}

// sinceBoot returns the time since boot, on the clock of the start times of processes; 0
// if it is unknown.
func sinceBoot() procfs.Ticks {
	return procfs.TicksOf(procfs.SinceBoot())
}
