package tui

import (
	"time"

	"yinit/initcore/history"
	"yinit/procfs"
	"yinit/procfs/snapshot"
)

// A Source is the world as the inspector sees it. Each method may block for as
// long as the kernel takes; the model calls them from commands only.
type Source interface {
	// Snapshot reads everything that a frame of the Tree page and the header
	// needs. On an error the model keeps what it shows.
	Snapshot() (snapshot.Snapshot, error)
	// Details reads what concerns one process alone. The error matches
	// [procfs.ErrGone] if it has ended.
	Details(procfs.ID) (snapshot.Details, error)
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

// History is a piece of the history.
type History struct {
	Records []history.Record // oldest first
	Next    uint64           // pass this to the next call
	Lost    uint64           // records between after and the first one here that were overwritten
	// Since says since when and by whom the history is kept, or why there is
	// none, in words.
	Since string
}
