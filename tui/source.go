package tui

import (
	"time"

	"yinit/initcore/history"
	"yinit/procfs"
)

// A Source is the world as the inspector sees it. Each method may block for as
// long as the kernel takes; the model calls them from commands only.
type Source interface {
	// Snapshot reads everything that a frame of the Tree page and the header
	// needs. On an error the model keeps what it shows.
	Snapshot() (Snapshot, error)
	// Details reads what concerns one process alone. The error matches
	// [procfs.ErrGone] if it has ended.
	Details(procfs.ID) (Details, error)
	// History returns the records after seq, oldest first.
	History(after uint64) (History, error)
}

// A Signaller opens processes for sending signals.
type Signaller interface {
	// Hold pins the process, so that a signal can never hit another one that
	// got its pid meanwhile. The error matches [procfs.ErrGone] if it has ended.
	Hold(procfs.ID) (Target, error)
}

// A Target is a process that is pinned for signals. Its methods are called one
// at a time, Close once and last.
type Target interface {
	// Send sends the signal. The error matches [procfs.ErrGone] if the process
	// has ended.
	Send(signal int) error
	// Watch waits until the process ended, or for at most d, and says what
	// became of it. It is called again and again with a short d.
	Watch(d time.Duration) Outcome
	Close() error
}

// Outcome is what became of a process after a signal was sent to it.
type Outcome struct {
	Ended  bool              // it has ended, and may be a zombie still
	Known  bool              // Status tells how
	Status procfs.WaitStatus // how it ended
	State  procfs.State      // if it has not ended
	After  time.Duration     // how long the watch took
	// Sigs tells, if it has not ended, what it does with signals now; see the
	// fields Ignored, Blocked and SharedPending.
	Sigs procfs.Signals
}

// Snapshot is one reading of all processes and of what the header shows. The
// model keeps Procs; the source must not change them any more.
type Snapshot struct {
	Time time.Time // its location is that in which the screens show times
	// Since is the time since the snapshot before, 0 for the first one. Then
	// nothing is known of what is counted between two: CPU, Missed.
	Since time.Duration
	Host  Host      // what the header shows
	Procs []Process // in no particular order
	// Caller is who sends the signals of the menu.
	Caller procfs.Caller
}

// Host is what the header tells of the container and its machine.
type Host struct {
	Name   string        // host name, in a container its short id
	Init   string        // what PID 1 is: "yinit 0.1.0", "tini", "bash"
	Uptime time.Duration // since PID 1 started
	CPUs   int           // how many the machine has

	Pids     int          // processes and threads in the container's pids cgroup; 0: unknown
	PidsMax  int          // its limit; 0: none or unknown
	Mem      procfs.Bytes // memory in use by the container, the machine's where there is no cgroup
	MemMax   procfs.Bytes // its limit, the machine's memory where there is none
	CPU      float64      // CPUs in use since the last snapshot: 1.5 is one and a half
	CPUMax   float64      // the limit in CPUs, those of the machine where there is none
	Missed   int          // processes that came and went between this snapshot and the one before
	NoAccess string       // what could not be read and why, "" if all could
}

// Process is a row of the Tree page.
type Process struct {
	ID      procfs.ID      // pid and start time: what tells it from a later one with its pid
	PPID    int            // its parent, 0 if that is outside the PID namespace
	PGRP    int            // its process group
	Session int            // its session
	Threads int            // how many it has, those of a zombie included that have not ended
	State   procfs.State   // what the kernel says, see proc_pid_stat(5)
	User    string         // name, or the uid as digits
	Comm    string         // as the process has it: not yet fit for a terminal
	Cmdline []string       // the same; nil for kernel threads and zombies
	CPU     float64        // CPUs in use since the last snapshot, or since its start if that was later
	CPUTime time.Duration  // CPU time used since its start, in user and kernel mode
	RSS     procfs.Bytes   // memory that is resident, shared pages included; 0 of a zombie
	Age     time.Duration  // since its start
	Sigs    procfs.Signals // what it does with signals, of the main thread
	// Target is what decides about signals, as far as it takes for Term; nil:
	// unknown. The source does not change it any more.
	Target *procfs.Target
	Term   procfs.Outcome // what SIGTERM would do if Caller sent it now
	// Status tells how a zombie ended, if Known.
	Status procfs.WaitStatus
	Known  bool
	// Outside is true where the parent is outside the PID namespace
	// (docker exec), so that nobody here can be blamed for a zombie.
	Outside bool
}

// Details is what the panes show about one process.
type Details struct {
	Process Process        // the row, for what has ended meanwhile
	Sigs    procfs.Signals // with the blocked set of all threads
	Target  *procfs.Target // all that decides about signals; nil: unknown
	Cwd     string         // working directory, "" if it may not be read
	Exe     string         // the file of the program, "" if it may not be read
}

// History is a piece of the history.
type History struct {
	Records []history.Record // oldest first
	Next    uint64           // pass this to the next call
	Lost    uint64           // records between after and the first one here that were overwritten
	// Since says since when and by whom the history is kept, or why there is
	// none, in words.
	Since string
}
