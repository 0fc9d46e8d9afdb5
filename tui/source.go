package tui

import (
	"time"

	"yinit/initcore/history"
	"yinit/procfs"
	"yinit/procfs/doctor"
	"yinit/procfs/snapshot"
	"yinit/procfs/verdict"
	"yinit/procfs/zombie"
)

// A Source reads processes and the history. Each method may block for as long as the
// kernel takes; the model calls them from commands only.
type Source interface {
	// Snapshot reads everything that the Tree page and the header show. On an
	// error the model keeps showing the previous snapshot.
	Snapshot() (snapshot.Snapshot, error)
	// Details reads what only the details of one process show. The error matches
	// [procfs.ErrGone] if the process has ended.
	Details(procfs.ID) (snapshot.Details, error)
	// Resources reads what one process has, which takes longer than Details. Its error is
	// that of Details.
	Resources(procfs.ID) (snapshot.Resources, error)
	// History returns the records with numbers above after, oldest first.
	History(after uint64) (History, error)
	// Zombies finds out who ought to reap each zombie, and why they do not. It is
	// called only while a page shows that, see page.wants.
	Zombies() (*zombie.Report, error)
}

// A Signaller opens processes for sending signals.
type Signaller interface {
	// Hold pins the processes, so that a signal can never hit another process that
	// got one of the pids in the meantime. The errors are in the order of ids, nil for
	// a process that is pinned. An error matches [procfs.ErrGone] if the process has
	// ended. The target is never nil.
	Hold(ids []procfs.ID) (Target, []error)
}

// A Target is one or more processes that are pinned for signals. What its methods return
// is in the order of the processes. They are called one at a time. Close is called once,
// after all others.
type Target interface {
	// Send sends the signal to each process that is pinned. The errors are nil for a
	// process to which it was sent, and match [procfs.ErrGone] for one that has ended
	// and [io/fs.ErrPermission] for one that the caller may not signal.
	Send(signal int) []error
	// Watch waits until all the processes have ended, but for at most d, and returns
	// the state of each. The model calls it repeatedly with a short d.
	Watch(d time.Duration) []Outcome
	// Close releases the processes.
	Close() error
}

// Outcome is the state of a process some time after a signal was sent to it.
type Outcome struct {
	Ended  bool              // the process has ended; it may still be a zombie
	Known  bool              // Status is known; it is not read if the target is several processes
	Status procfs.WaitStatus // how the process ended
	State  procfs.State      // the state of a process that has not ended; 0: unknown
	After  time.Duration     // from sending the signal until the process ended, or until now
	// Sent is what keeps a process that has not ended running; nil: unknown. It is read
	// for a limited number of processes.
	Sent *verdict.Sent
}

// History is a batch of records of the history.
type History struct {
	Records []history.Record // oldest first
	Next    uint64           // the argument for the next call of Source.History
	Lost    uint64           // how many records before Records were overwritten unread
	// Since says in words which process keeps the history and since when, or why
	// there is none.
	Since string
	// Policy is what yinit as PID 1 does at a stop; nil: it is not yinit, or unknown.
	Policy *doctor.Policy
	// Checks are what the doctor asks beside the processes; nil: as before.
	Checks *doctor.Checks
	// Memory is what is known about the history itself, if there are Checks.
	Memory doctor.Memory
}
