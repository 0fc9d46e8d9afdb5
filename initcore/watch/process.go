package watch

import (
	"time"

	"yinit/procfs"
	"yinit/procfs/fatal"
)

// A process is a watched process.
// There may be thousands of them, so fields of the same size stand together, and 240 bytes
// is a size of which the runtime keeps objects.
type process struct {
	Seen
	reaping
	serial uint64 // unique among the processes of the watcher, and the programs that each executed

	nextFree *process // the next of Watcher.free, once this one is there

	cpu    time.Duration // its CPU time, known once it is a zombie or its accounting record was read; 0: unknown
	named  time.Duration // since when it has been known by this name, since boot
	ended  procfs.Ticks  // Dead, since boot
	zombie *fatal.Zombie // what explains the signal that ended it; nil: its status was not known in time

	fd            int32             // its pidfd
	statFD        int32             // its stat file; -1: not open
	tracer        int32             // the process that traces it, read once it has been a zombie for long; 0: none
	group         int32             // its process group; 0: unknown
	lookedAt      uint32            // the scan in which [Watcher.lookAtParent] has read it, modulo 2^32
	shownStatus   procfs.WaitStatus // how it ended, from its stat file
	accountStatus procfs.WaitStatus // how it ended, from its accounting record

	shown        bool // shownStatus is known
	accounted    bool // its accounting record was read
	accountKnown bool // accountStatus is known
	yinit        bool // it executes yinit, see [Watcher.isOurs]
	fresh        bool // it may not have executed its program yet
	unread       bool // its command line could not be requested yet
	adopting     bool // it was adopted by the init, which is not recorded yet
	recorded     bool // a zombie record was written for it or another zombie of its culprit
	asked        bool // tracer is known
	looked       bool // waited is known
	parentKnown  bool // parentWaited is known
	faulted      bool // it has had page faults
}

// Seen is what the watcher learned about a process while it lived.
type Seen struct {
	// ID is its pid and start time, which is 0 if its stat file could not be read.
	ID procfs.ID
	// PPID is its current parent, 0 if that is outside the namespace.
	PPID int
	// Origin is the first known parent, 0 if unknown.
	Origin int
	// Parent is the parent's command name, "" if unknown.
	Parent string
	// Comm is its command name.
	Comm string
	// Cmdline is its command line, joined by spaces; "" if it was not read in time.
	Cmdline string
	// Peak is its largest RSS when the watcher last read that, which it does when it sees
	// new children of the process; 0 if it did not.
	Peak procfs.Bytes
	// Carried is Peak of its first known parent. The process may have had that much memory
	// before it executed its program.
	Carried procfs.Bytes
	// Dead is when the watcher noticed its end, zero if it did not.
	Dead time.Time
	// UID is its real user ID.
	UID uint32
	// Adopted is true if the init has adopted it.
	Adopted bool
	// Renamed is true if Comm is its name at its end, and Cmdline is from before, when it
	// had another name.
	Renamed bool
	// FoundDead is true if it was a zombie when the watcher first saw it. It may have
	// ended long before Dead.
	FoundDead bool
	// Inspector is true if it ran one of yinit's commands.
	Inspector bool
	// Foreign is true if it belongs to another container in this PID namespace.
	Foreign bool
}
