package procfs

// State is what a process does at the moment, by the letter that the kernel
// uses: field 3 of proc_pid_stat(5), State in proc_pid_status(5).
type State byte

// The states that Linux has had since 4.14.
const (
	StateRunning  State = 'R' // runs, or would if a processor were free
	StateSleeping State = 'S' // waits for an event, a signal wakes it
	StateDisk     State = 'D' // waits, mostly for a disk, and no signal but a fatal one may wake it
	StateStopped  State = 'T' // a signal such as SIGSTOP stopped it
	StateTraced   State = 't' // a debugger stopped it
	StateZombie   State = 'Z' // has ended, its parent has not asked for its status
	StateDead     State = 'X' // is being reaped at this moment
	StateIdle     State = 'I' // an idle kernel thread
	StateParked   State = 'P' // a parked kernel thread
)

// String is the letter, "?" for the zero value and whatever is not a letter.
func (s State) String() string {
	if s|0x20 < 'a' || s|0x20 > 'z' {
		return "?"
	}
	return string(rune(s))
}

// Zombie reports whether s is that of a dead process or thread. See also
// [Stat.Zombie].
func (s State) Zombie() bool { return s == StateZombie }

// Ended reports whether s is that of a thread that has ended, reaped at this moment
// or not. See [Stat.Dead] for processes.
func (s State) Ended() bool { return s == StateZombie || s == StateDead }

// Dead reports whether a process has ended whose main thread is in state s, and
// which has so many threads: it waits to be reaped, or is being reaped. The main
// thread may end before the others, and then the process is not dead.
func (s State) Dead(threads int) bool { return s == StateZombie && threads <= 1 || s == StateDead }

// Stopped reports whether a signal or a debugger stopped the process.
func (s State) Stopped() bool { return s == StateStopped || s == StateTraced }

// Word is s in a word for people.
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
