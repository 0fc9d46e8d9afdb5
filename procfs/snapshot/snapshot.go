// Package snapshot reads all processes again and again and makes a row of each: what
// it used since the snapshot before, what SIGTERM would do to it, how a zombie ended
// and who ought to reap it. Beside the rows it has the meters of the container.
package snapshot

import (
	"time"

	"yinit/procfs"
	"yinit/procfs/verdict"
)

// Snapshot is one reading of all processes and of the meters. A [Reader] does not
// change it after returning it.
type Snapshot struct {
	// Time is when it was taken. Its location is that in which times are shown.
	Time time.Time
	// Since is the time since the snapshot before, 0 for the first one. Then nothing
	// is known of what is counted between two: CPU and Missed.
	Since time.Duration
	// Host has the meters of the container.
	Host Host
	// Procs are the processes, in no particular order.
	Procs []Process
	// Caller is this process, as the sender of signals that Term is about.
	Caller verdict.Caller
}

// Host is what is known of the container and its machine. Where the container has
// no limit, the machine's is given.
type Host struct {
	Name   string        // host name, in a container its short id
	Init   string        // what PID 1 is: "yinit 0.1.0", "tini", "bash"
	Uptime time.Duration // since PID 1 started
	CPUs   int           // CPUs of the machine

	Pids     int          // processes and threads in the container's pids cgroup; 0: unknown
	PidsMax  int          // their limit; 0: none, or unknown
	Mem      procfs.Bytes // memory in use
	MemMax   procfs.Bytes // its limit
	CPU      float64      // CPUs in use since the last snapshot: 1.5 is one and a half
	CPUMax   float64      // their limit
	Missed   int          // processes that came and went since the last snapshot
	NoAccess string       // what could not be read and why, "" if all could
}

// Process is one process, a row of a list or a tree.
type Process struct {
	ID      procfs.ID      // pid and start time: what tells it from a later one with its pid
	PPID    int            // its parent, 0 if that is outside the PID namespace
	PGRP    int            // its process group
	Session int            // its session
	Threads int            // living ones, and the main one if that has ended before them
	State   procfs.State   // as the kernel shows it, see proc_pid_stat(5)
	User    string         // name of the effective user, or its uid as digits; "" if unknown
	Comm    string         // name of the executable, at most 15 bytes, see comm(5)
	Cmdline []string       // nil for kernel threads and zombies
	CPU     float64        // CPUs in use since the last snapshot, or since its start if that was later
	CPUTime time.Duration  // used since its start
	RSS     procfs.Bytes   // resident memory, 0 for a zombie
	Age     time.Duration  // since its start
	Sigs    procfs.Signals // what it does with signals, of the main thread
	// Target is what decides about signals, as far as it takes for Term; nil:
	// unknown. It is shared by snapshots and must not be changed.
	Target *verdict.Target
	// Term is what SIGTERM would do to it if Caller sent it now.
	Term verdict.Outcome
	// Status tells how a zombie ended, if Known.
	Status procfs.WaitStatus
	Known  bool
	// Culprit is who ought to reap a zombie, see [zombie.CulpritOf]; 0: a process
	// outside the PID namespace.
	Culprit int
	// Outside says that the parent is outside the PID namespace, as with what
	// docker exec started.
	Outside bool
}

// Dead reports whether p has ended, see [procfs.Stat.Dead].
func (p *Process) Dead() bool { return p.State.Dead(p.Threads) }

// KernelThread reports whether p is a kernel thread.
func (p *Process) KernelThread() bool { return p.Sigs.OfKernelThread() }

// Entered reports whether p was started from outside the PID namespace, by docker
// exec for example. The parents of PID 1 and of the first kernel threads are
// outside, too.
func (p *Process) Entered() bool { return p.Outside && p.ID.PID != 1 && !p.KernelThread() }

// Details is what takes more files of one process than a row is worth.
type Details struct {
	Sigs   procfs.Signals  // with the blocked set of all threads
	Target *verdict.Target // all that decides about signals; nil: unknown
	Cwd    string          // working directory, "" if it may not be read
	Exe    string          // executable, "" if it may not be read
}
