package procfs

import "strconv"

// ID identifies a process. A pid alone does not: the kernel reuses it after the
// process has been reaped. Two processes do not share both pid and start time,
// because the kernel allocates pids in turn and the clock advances meanwhile.
type ID struct {
	PID   int   // process ID in the PID namespace of the mount
	Start Ticks // start time since boot, field 22 of proc_pid_stat(5)
}

// String returns the pid in decimal.
func (id ID) String() string { return strconv.Itoa(id.PID) }

// IsZero reports whether id identifies nothing.
func (id ID) IsZero() bool { return id == ID{} }

// Before reports whether id was started before other, or with it and has a lower pid. A
// parent that was not started before its child is another process, to which the kernel
// has given the pid of the parent. So with this rule no process is its own ancestor.
func (id ID) Before(other ID) bool {
	return id.Start < other.Start || id.Start == other.Start && id.PID < other.PID
}
