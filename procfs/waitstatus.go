package procfs

import "fmt"

// WaitStatus is the status of a dead process as wait(2) reports it. The zero
// value is an exit with code 0.
type WaitStatus uint32

const coreFlag = 0x80

// Signaled reports whether a signal ended the process.
func (w WaitStatus) Signaled() bool { return w&0x7f != 0 && w&0x7f != 0x7f }

// Signal returns the number of the signal that ended the process, 0 if it exited.
func (w WaitStatus) Signal() int {
	if !w.Signaled() {
		return 0
	}
	return int(w & 0x7f)
}

// CoreDumped reports whether the process left a core dump.
func (w WaitStatus) CoreDumped() bool { return w.Signaled() && w&coreFlag != 0 }

// ExitCode returns the exit code of the process, or -1 if a signal ended it.
func (w WaitStatus) ExitCode() int {
	if w.Signaled() {
		return -1
	}
	return int(w>>8) & 0xff
}

// Shell returns the status as a shell shows it in $?: the exit code, or 128 plus the
// number of the signal.
func (w WaitStatus) Shell() int {
	if w.Signaled() {
		return 128 + w.Signal()
	}
	return w.ExitCode()
}

// String says in words how the process ended: "exited 1", "killed by SIGSEGV
// (core dumped)".
func (w WaitStatus) String() string {
	switch {
	case w.CoreDumped():
		return "killed by " + SignalName(w.Signal()) + " (core dumped)"
	case w.Signaled():
		return "killed by " + SignalName(w.Signal())
	default:
		return fmt.Sprintf("exited %d", w.ExitCode())
	}
}

// Ended says in words how a process ended: [WaitStatus.String], or "exit status
// unknown" if w is not known.
func Ended(known bool, w WaitStatus) string {
	if !known {
		return "exit status unknown"
	}
	return w.String()
}
