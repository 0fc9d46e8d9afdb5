// Package snapshot reads all processes repeatedly, for display. It makes one row per
// process: what the process has used since the previous snapshot, what SIGTERM would
// do to it, how a zombie ended and which process ought to reap it. A snapshot also
// has the usage and limits of the container.
//
// The package owns the rows, the filters that choose rows, and the caches that make
// reading cheap. The rules are those of packages verdict and zombie.
package snapshot

import (
	"time"

	"yinit/procfs"
	"yinit/procfs/verdict"
)

// Snapshot is the state of all processes and of the container at one time. A [Reader]
// does not modify it after returning it.
type Snapshot struct {
	// Time is when the snapshot was taken, in the location in which to show times.
	Time time.Time
	// Since is the time since the previous snapshot, 0 for the first one. CPU and
	// Missed are measured between two snapshots and are then 0.
	Since time.Duration
	// Host is the state of the container and its machine.
	Host Host
	// Procs are the processes, in no particular order.
	Procs []Process
	// Caller is the sender of signals for which Term holds: this process.
	Caller verdict.Caller
}

// Host is the state of the container and its machine. If the container has no limit,
// the limit of the machine is given; Hosts says which values are those of the machine.
type Host struct {
	Name   string        // host name, in a container usually its short ID
	Init   string        // program of PID 1: "yinit 0.1.0", "tini", "bash"
	Uptime time.Duration // time since PID 1 started
	CPUs   int           // CPUs of the machine

	Pids     int          // processes and threads in the container's pids cgroup; 0: unknown
	PidsMax  int          // limit of Pids; 0: none, or unknown
	PidsHits uint64       // how often something could not be started because of it, since the cgroup exists; 0: never, or unknown
	Mem      procfs.Bytes // memory in use
	MemMax   procfs.Bytes // limit of Mem
	CPU      float64      // CPUs in use since the last snapshot: 1.5 is one and a half
	CPUMax   float64      // limit of CPU
	Hosts    Hosts        // which of these values are those of the machine
	Missed   int          // estimate of processes that started and ended since the last snapshot
	NoAccess string       // what could not be read and why; "": everything was read
}

// Hosts says which values of a [Host] are those of the whole machine, and not of the
// container.
type Hosts struct {
	Mem    bool // the control group does not count memory
	MemMax bool // it has no memory limit, or one above the memory of the machine
	CPU    bool // the control group is the whole machine
	CPUMax bool // it has no CPU limit
}

// Process is one process, a row of a list or a tree.
type Process struct {
	ID      procfs.ID      // pid and start time
	PPID    int            // pid of the parent, 0 if it is outside the PID namespace
	PGRP    int            // process group ID
	Session int            // session ID
	Threads int            // number of threads, including a main thread that has ended
	User    string         // name of the effective user, or its uid as digits; "" if unknown
	Comm    string         // name of the executable, at most 15 bytes, see comm(5)
	Cmdline []string       // nil for kernel threads and zombies; shared, so it must not be modified
	CPU     float64        // CPUs in use since the last snapshot, or since its start if that is later
	CPUTime time.Duration  // CPU time since its start
	RSS     procfs.Bytes   // resident memory, 0 for a zombie
	Age     time.Duration  // time since its start
	Sigs    procfs.Signals // signal state of the main thread
	// Target has what decides Term, but may lack what other signals need; nil:
	// unknown. Snapshots share it, so it must not be modified.
	Target *verdict.Target
	// Culprit is the pid of the process that ought to reap a zombie, see
	// [zombie.CulpritOf]; 0: a process outside the PID namespace.
	Culprit int
	// Container is the ID of the container of a process with Outside, if Place is
	// PlaceOther; "" if unknown.
	Container string
	// Term is what SIGTERM would do to it if Caller sent it now.
	Term verdict.Outcome
	// State is as the kernel shows it, see proc_pid_stat(5).
	State procfs.State
	// Place is the container of a process with Outside.
	Place Place
	// Outside says that the parent is outside the PID namespace, as for a process
	// that docker exec started.
	Outside bool
	// UID is the effective user ID, if User is not "".
	UID uint32
	// Status is how a zombie ended, if Known.
	Status procfs.WaitStatus
	Known  bool // the kernel shows Status
}

// Place says which container a process belongs to. The containers of a pod may share a
// PID namespace, as those of docker run --pid=container:NAME do.
type Place uint8

// The places.
const (
	PlaceInit  Place = iota // the container of PID 1, or unknown
	PlaceOurs               // the container of the reader, which is not that of PID 1
	PlaceOther              // another container
)

// Dead reports whether p has ended, see [procfs.Stat.Dead].
func (p *Process) Dead() bool { return p.State.Dead(p.Threads) }

// KernelThread reports whether p is a kernel thread.
func (p *Process) KernelThread() bool { return p.Sigs.OfKernelThread() }

// Entered reports whether p was started from outside the PID namespace, by docker
// exec for example. It returns false for PID 1 and kernel threads, although their
// parents are outside, too.
func (p *Process) Entered() bool { return p.Outside && p.ID.PID != 1 && !p.KernelThread() }

// Details has what is read for one process on demand, because reading it for every
// row would take too many files.
type Details struct {
	Sigs   procfs.Signals  // signal state of the whole process, see [procfs.FS.Signals]
	Target *verdict.Target // all that decides the verdicts; nil: unknown
	Cwd    string          // working directory, "" if it may not be read
	Exe    string          // executable, "" if it may not be read
}
