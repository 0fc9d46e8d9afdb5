package initcore

import (
	"time"

	"golang.org/x/sys/unix"

	"yinit/initcore/early"
	"yinit/initcore/watch"
	"yinit/procfs"
)

// processes is what the rules do to processes.
type processes interface {
	// start forks and execs the program. It does not wait for the exec: if that
	// fails, the process ends, and its death carries a *StartError.
	start(*program) (pid int, err error)
	// kill sends a signal, to the process group -pid if pid is negative. That a
	// process is gone is success: its exit is about to be reaped. That nobody is in
	// a group is ESRCH.
	kill(pid int, sig unix.Signal) error
	// queue does the same with the value that came with the signal, see sigqueue(3).
	queue(pid int, info early.Info, sig unix.Signal) error
	// group is the process group that a child is in.
	group(pid int) int
	// reap returns a child that ended, stopped or went on, and PID 0 if there is none now.
	// The error is ECHILD if there are no children at all.
	reap(*death) error
}

// leftovers is what the rules do to processes that outlive the programs.
type leftovers interface {
	// signalAll sends a signal to every process of the namespace, or, when the
	// init is not PID 1, to its descendants.
	signalAll(sig unix.Signal)
	// anyLeft reports whether there is any such process.
	anyLeft() bool
	// list names those that are alive. It is slow. If it knows of nobody at all,
	// not even of dead ones, there may be some that it cannot see.
	list() (living []procfs.Stat, known bool)
	// everybody is every process that can be seen, zombies too.
	everybody() []procfs.Stat
	// tracer is the process that traces pid, 0 if there is none.
	tracer(pid int) int
}

// terminal is what the rules do to the terminal, if there is one.
type terminal interface {
	// suspend takes the terminal back from a stopped program and stops the init's
	// own process group, as a shell expects it of a job. It returns when the init
	// was continued.
	suspend()
	// giveTerminal gives the terminal to a program, and lets that go on, if the shell has
	// put the init into the foreground. It reports whether it did.
	giveTerminal(pid int) bool
	// resume lets a program go on, with the terminal if giveTerminal can give it.
	resume(pid int)
	// takeTerminal makes the init's process group the foreground one again, if the
	// terminal is still the init's.
	takeTerminal()
}

// death is how and when a child ended, or that it stopped or went on.
type death struct {
	PID     int
	UID     uint32
	Stopped unix.Signal // it did not end: this signal stopped it, or is SIGCONT
	Status  procfs.WaitStatus
	Stat    procfs.Stat   // read before it was reaped; PID 0 if that failed
	Runtime time.Duration // until it was reaped
	CPU     time.Duration
	MaxRSS  procfs.Bytes
	Failure *StartError // it never became the program

	// What the rules look up, see [machine.died].
	program *program   // nil: it is an orphan
	seen    watch.Seen // what the watcher saw of it while it lived; zero: nothing
	wasSeen bool
}

// facts finds out what the rules only tell on.
type facts interface {
	// name is the command name of a process, "" if it cannot be told.
	name(pid int) string
	// explain says why a program could not be started.
	explain(*StartError, *Program) string
	// outOfMemory says that the memory limit was hit, if a process that ended so
	// was killed for that. All others that ended were seen, or not.
	outOfMemory(s procfs.WaitStatus, now time.Time, allSeen bool) string
	// outOfMemoryUnseen says so if none of those that ended can have been the victim.
	outOfMemoryUnseen(now time.Time) string
}
