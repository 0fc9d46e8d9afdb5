package tui

import (
	"time"

	"yinit/initcore/history"
	"yinit/procfs"
	"yinit/procfs/snapshot"
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
	// History returns the records with numbers above after, oldest first.
	History(after uint64) (History, error)
	// Zombies finds out who ought to reap each zombie, and why they do not. It is
	// called only while a page shows that, see page.wants.
	Zombies() (*zombie.Report, error)
}

// A Signaller opens processes for sending signals.
type Signaller interface {
	// Hold pins the process, so that a signal can never hit another process that
	// got the same pid in the meantime. The error matches [procfs.ErrGone] if the
	// process has ended.
	Hold(procfs.ID) (Target, error)
}

// A Target is a process that is pinned for signals. Its methods are called one at a
// time. Close is called once, after all others.
type Target interface {
	// Send sends the signal. The error matches [procfs.ErrGone] if the process
	// has ended.
	Send(signal int) error
	// Watch waits until the process has ended, but for at most d, and returns its
	// state. The model calls it repeatedly with a short d.

	Watch(d time.Duration) Outcome
	// Close releases the process.
	Close() error
}

// Outcome is the state of a process some time after a signal was sent to it.
type Outcome struct {
	Ended  bool              // the process has ended; it may still be a zombie
	Known  bool              // Status is known
	Status procfs.WaitStatus // how the process ended
	State  procfs.State      // the state of a process that has not ended; 0: unknown
	After  time.Duration     // how long the process was watched
	// Sigs is what a process that has not ended does with signals now.
	Sigs procfs.Signals
}

// History is a batch of records of the history.
type History struct {
	Records []history.Record // oldest first
	Next    uint64           // the argument for the next call of Source.History
	Lost    uint64           // how many records before Records were overwritten unread
	// Since says in words which process keeps the history and since when, or why
	// there is none.
	Since string
}
