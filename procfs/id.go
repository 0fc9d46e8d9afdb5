package procfs

import "strconv"

// ID identifies a process. A pid alone does not: it is used again once the
// process has been reaped. Two processes never share a pid and a start time,
// because the kernel hands out pids in turn and the clock moves on meanwhile.
type ID struct {
	PID   int
	Start Ticks // since boot, field 22 of proc_pid_stat(5)
}

// String returns the pid, which is what people know a process by.
func (id ID) String() string { return strconv.Itoa(id.PID) }

// IsZero reports whether id identifies nothing.
func (id ID) IsZero() bool { return id == ID{} }
