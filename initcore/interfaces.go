package initcore

import (
	"time"

	"golang.org/x/sys/unix"

	"yinit/initcore/early"
	"yinit/initcore/watch"
	"yinit/procfs"
	"yinit/procfs/fatal"
)

// processes are the system calls on processes that the machine needs.
type processes interface {
	// start forks and execs the program. It does not wait for the exec. If the exec
	// fails, the child exits, and its death carries a *StartError.
	start(*program) (pid int, err error)
	// kill sends a signal, to the process group -pid if pid is negative. It returns nil
	// for a process that is gone: its exit is about to be reaped. It returns ESRCH for
	// an empty process group.
	kill(pid int, sig unix.Signal) error
	// queue does the same, and sends the value in info along, see sigqueue(3).
	queue(pid int, info early.Info, sig unix.Signal) error
	// group returns the process group of a child.
	group(pid int) int
	// stopped reports whether a signal has stopped a child.
	stopped(pid int) bool
	// continueGroup sends SIGCONT to each stopped member of a process group.
	continueGroup(group int)
	// reap fills in the death of a child that ended, stopped or continued; PID is 0 if
	// no child has done so. The error is ECHILD if there are no children at all.
	reap(*death) error
}

// leftovers are the processes that outlive the programs.
type leftovers interface {
	// signalAll sends a signal to every process of the namespace but kernel threads, or,
	// when the init is not PID 1, to its descendants.
	signalAll(sig unix.Signal)
	// continueStopped sends SIGCONT to those of them that are stopped.
	continueStopped()
	// endTrial ends the child that makes system calls for the init, if there is one: it is
	// no leftover process. See [trial].
	endTrial()
	// anyLeft reports whether there is any such process. It may take time in proportion to
	// the processes of the whole machine.
	anyLeft() bool
	// anyChild reports whether any such process is a child of the init. If a descendant is
	// left, at least one is.
	anyChild() bool
	// list returns the leftover processes that are alive. It is slow. known is false if
	// it finds none, not even zombies: there may be processes that it cannot see.
	list() (living []procfs.Stat, known bool)
	// everyProcess returns every visible process, zombies and the init included, but no
	// kernel threads.
	everyProcess() []procfs.Stat
	// tracer returns the process that traces pid, or 0 if there is none.
	tracer(pid int) int
}

// terminal is the controlling terminal, if there is one.
type terminal interface {
	// present reports whether a standard descriptor is the controlling terminal.
	present() bool
	// underShell reports whether a shell with job control would continue the init.
	underShell() bool
	// suspend takes the terminal from a stopped program and stops the init's own
	// process group, as a shell expects from a job. It returns after the init has been
	// continued.
	suspend()
	// stopInit stops the init alone, unless it is PID 1, and returns after it has been
	// continued.
	stopInit()
	// usedBy reports whether the process group of a program is in the foreground.
	usedBy(pid int) bool
	// giveTerminal gives the terminal to a program and continues it, if the shell has
	// put the init into the foreground, or the foreground process group is gone. It
	// reports whether it did.
	giveTerminal(pid int) bool
	// resume continues a program, with the terminal if giveTerminal can give it.
	resume(pid int)
	// takeTerminal makes the init's process group the foreground one again, if the
	// terminal is still the init's.
	takeTerminal()
}

// death is the end of a child. It also stands for a stop or a continuation of a child.
type death struct {
	PID     int
	UID     uint32
	Stopped unix.Signal       // the child did not end: this signal stopped it, or SIGCONT continued it
	Status  procfs.WaitStatus // if it ended
	// Stat was read before the child was reaped; PID is 0 if that failed, Start is 0 if
	// only process accounting was asked.
	Stat    procfs.Stat
	Runtime time.Duration // from its start until it was reaped; 0: unknown
	CPU     time.Duration // user and system time
	MaxRSS  procfs.Bytes  // see [death.peak]
	// Carried is what MaxRSS may be at most because the child had the memory of the init
	// before it executed a program; 0: unknown.
	Carried procfs.Bytes
	Failure *StartError  // why the child could not execute the program; nil: it could
	Zombie  fatal.Zombie // read before the child was reaped, if a signal ended it
	// accounted is what process accounting says, if that was asked instead of /proc.
	accounted watch.Accounted
	paths     []string // of a program: the paths that the child tried to execute

	// Filled in by [machine.died].
	program *program   // nil: the child is an orphan
	seen    watch.Seen // what the watcher saw of the child while it lived
	wasSeen bool       // seen is filled in
}

// looks are looks at programs that were sent a stop signal, and what is written about them.
// They may take long, so the answers come later.
type looks interface {
	// check begins to look at a child that was sent a signal at this time, if it can:
	// only one call can be going on.
	check(pid int, sig unix.Signal, sentAt time.Time) beginning
	// checkDone returns the answer of the last check, if it has been found.
	checkDone() (stopAnswer, bool)
	// saveReport begins to write the report in place of the earlier one, if it can.
	saveReport(report, earlier string) beginning
}

// beginning tells whether a call that takes long has begun.
type beginning uint8

const (
	begun beginning = iota
	busy            // another call is going on: it may begin later
	never           // it cannot begin at any time
)

// facts are looked up for reports only: the machine's decisions do not depend on them.
type facts interface {
	// name returns the command name of a process, "" if it is unknown.
	name(pid int) string
	// queueFull reports whether the kernel cannot queue more signals for this user.
	queueFull() bool
	// explain says why a program could not be started.
	explain(*StartError, *Program) string
	// outOfMemory says that the memory limit was hit, if a process that ended with this
	// status was killed for that; otherwise it returns "". allSeen says that every other
	// death has been seen.
	outOfMemory(s procfs.WaitStatus, now time.Time, allSeen bool) string
	// outOfMemoryUnseen returns the processes that were killed because the memory limit was
	// hit, if no death that was seen can be theirs. There may be more at another time.
	outOfMemoryUnseen(now time.Time) unseenKills
}

// evidence is looked up, for reports only, when a process has ended that should not have.
type evidence interface {
	// host finds out about the machine what the signal needs. The executable is looked
	// up among paths, for the program p.
	host(sig int, p *Program, paths []string) fatal.Host
	// killers returns the processes that may just have sent SIGKILL to the process.
	killers(pid int) []fatal.Peer
	// hungUp reports whether the terminal has hung up.
	hungUp() bool
	// failedSoon looks at the file of a program that failed, which is looked up among
	// paths. It names the program if it is an init that works as PID 1 only, and says
	// what is wrong with it if it is a script with a wrong #! line; otherwise the
	// strings are "".
	failedSoon(paths []string, p *Program) (initName, fault string)
}
