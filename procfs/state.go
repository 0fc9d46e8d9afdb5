package procfs

// State is the scheduling state of a process or thread as the kernel's letter: field
// 3 of proc_pid_stat(5), State in proc_pid_status(5).
type State byte

// The states that Linux has had since 4.14.
const (
	StateRunning  State = 'R' // running or runnable
	StateSleeping State = 'S' // interruptible sleep: a signal wakes it
	StateDisk     State = 'D' // uninterruptible sleep, usually for a disk; at most a fatal signal wakes it
	StateStopped  State = 'T' // a signal such as SIGSTOP stopped it
	StateTraced   State = 't' // a debugger stopped it
	StateZombie   State = 'Z' // has ended, and its parent has not waited for it
	StateDead     State = 'X' // is just being reaped
	StateIdle     State = 'I' // an idle kernel thread
	StateParked   State = 'P' // a parked kernel thread
)

// String returns the letter, or "?" if s is not a letter.
func (s State) String() string {
	if s|0x20 < 'a' || s|0x20 > 'z' {
		return "?"
	}
	return string(rune(s))
}

// Zombie reports whether s is the state of a zombie. See [Stat.Zombie] for
// processes.
func (s State) Zombie() bool { return s == StateZombie }

// Ended reports whether s is the state of a thread that has ended. See [Stat.Dead]
// for processes.
func (s State) Ended() bool { return s == StateZombie || s == StateDead }

// Dead reports whether a process has ended, given the state s of its main thread and
// its number of threads. A process whose main thread ended before the others is not
// dead.
func (s State) Dead(threads int) bool { return s == StateZombie && threads <= 1 || s == StateDead }

// Stopped reports whether a signal or a debugger stopped the process.
func (s State) Stopped() bool { return s == StateStopped || s == StateTraced }

// Word returns s as a word for people.
func (s State) Word() string {
	switch s {
	case StateRunning:
		return "running"
	case StateSleeping:
		return "sleeping"
	case StateDisk:
		return "disk sleep"
	case StateStopped:
		return "stopped"
	case StateTraced:
		return "traced"
	case StateZombie:
		return "zombie"
	case StateDead:
		return "dead"
	case StateIdle:
		return "idle"
	case StateParked:
		return "parked"
	default:
		return "unknown"
	}
}
