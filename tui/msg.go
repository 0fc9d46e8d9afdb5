package tui

import (
	"time"

	"yinit/procfs"
	"yinit/procfs/node"
	"yinit/procfs/snapshot"
	"yinit/procfs/verdict"
	"yinit/procfs/zombie"
)

// A tickMsg starts the next read. A tick of an older generation dates from before the
// interval changed, and is ignored.
type tickMsg struct{ gen int }

// A readMsg is the result of one read.
type readMsg struct {
	src     Source // that was read
	snap    snapshot.Snapshot
	err     error
	hist    History
	histErr error
	// blame is nil if no page wanted it.
	blame    *zombie.Report
	blameErr error
	// node is nil if no page wanted it.
	node    *node.Node
	nodeErr error
	// closer has what decides all verdicts on the processes for which the page asked.
	closer map[procfs.ID]*verdict.Target
}

// A restMsg says that the second click of a double click did not come in time.
type restMsg struct{ clicks int }

// A detailsMsg has the details that the details pane asked for.
type detailsMsg struct {
	id   procfs.ID
	d    snapshot.Details
	err  error
	more snapshot.Resources
	// moreErr is the error of more, which is read if err is nil.
	moreErr error
}

// An armedMsg makes the signal menu take the answer to what it asked. The answer to an
// earlier question is ignored.
type armedMsg struct{ menu, asked int }

// The messages of the signal menu carry its number, because they may arrive after the
// menu was closed, or after another one was opened. They also carry the target, so
// that the model can close it in either case.
type (
	heldMsg struct {
		menu   int
		target Target
		errs   []error
	}
	sentMsg struct {
		menu   int
		at     time.Time
		target Target
		errs   []error
	}
	watchedMsg struct {
		menu     int
		target   Target
		outcomes []Outcome
	}
)

// A lookedMsg has what decides the verdicts on the members of the scope of a menu; nil
// for those that could not be read.
type lookedMsg struct {
	menu    int
	targets []*verdict.Target
}
