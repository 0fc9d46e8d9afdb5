package initcore

import (
	"time"

	"golang.org/x/sys/unix"

	"yinit/initcore/early"
	"yinit/initcore/watch"
	"yinit/procfs"
)

// processes are the system calls on processes that the rules need.
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

// leftovers are the processes that outlive the programs.
type leftovers interface {
	// signalAll sends a signal to every process of the namespace, or, when the
	// init is not PID 1, to its descendants.
	signalAll(sig unix.Signal)
	// anyLeft reports whether there is any such process.
	anyLeft() bool
	// list returns those that are alive. It is slow. known is false if it finds none,
	// not even dead ones: there may be some that it cannot see.
	list() (living []procfs.Stat, known bool)
	// everybody returns every process that can be seen, zombies too.
	everybody() []procfs.Stat
	// tracer is the process that traces pid, 0 if there is none.
	tracer(pid int) int
}

// terminal is the controlling terminal, if there is one.
type terminal interface {
	// suspend takes the terminal from a stopped program and stops the init's own
	// process group, as a shell expects of a job. It returns when the init has been
	// continued.
	suspend()
	// giveTerminal gives the terminal to a program and continues it, if the shell has
	// put the init into the foreground. It reports whether it did.
	giveTerminal(pid int) bool
	// resume continues a program, with the terminal if giveTerminal can give it.
	resume(pid int)
	// takeTerminal makes the init's process group the foreground one again, if the
	// terminal is still the init's.
	takeTerminal()
}

// death is how a child ended, or that it was stopped or continued.
type death struct {
	PID     int
	UID     uint32
	Stopped unix.Signal // it did not end: this signal stopped it, or SIGCONT continued it
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

// facts are what the rules only report, and do not need to decide.
type facts interface {
	// name returns the command name of a process, "" if it is unknown.
	name(pid int) string
	// explain says why a program could not be started.
	explain(*StartError, *Program) string
	// outOfMemory says that the memory limit was hit, if a process with this status
	// was killed for that. allSeen is that every other death has been seen.
	outOfMemory(s procfs.WaitStatus, now time.Time, allSeen bool) string
	// outOfMemoryUnseen says so if no death that was seen can have been the victim's.
	outOfMemoryUnseen(now time.Time) string
}
