package tui

import (
	"yinit/procfs"
	"yinit/procfs/snapshot"
)

// A tickMsg says that it is time for the next reading. Of an older generation it
// is left over from before the interval changed, and means nothing.
type tickMsg struct{ gen int }

// A readMsg is what one reading brought.
type readMsg struct {
	snap    snapshot.Snapshot
	err     error
	hist    History
	histErr error
}

// A detailsMsg is what the details pane asked for.
type detailsMsg struct {
	id  procfs.ID
	d   snapshot.Details
	err error
}

// The messages of the signal menu carry its number, because the answer may come
// after the menu was closed, or after another one was opened. They carry the
// target too: whoever is given it last closes it.
type (
	heldMsg struct {
		menu   int
		target Target
		err    error
	}
	sentMsg struct {
		menu   int
		target Target
		err    error
	}
	watchedMsg struct {
		menu    int
		target  Target
		outcome Outcome
	}
)
