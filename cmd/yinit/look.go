package main

import (
	"os"
	"time"

	"yinit/procfs"
	"yinit/procfs/explain"
	"yinit/procfs/snapshot"
	"yinit/procfs/verdict"
	"yinit/tui/text"
)

// lookTime is the time between the two looks that a command takes to measure CPU usage.
const lookTime = 200 * time.Millisecond

// lookTwice reads all processes, with what they use. It takes two snapshots.
func lookTwice(w *source) (snapshot.Snapshot, error) {
	if _, err := w.Snapshot(); err != nil {
		return snapshot.Snapshot{}, err
	}
	time.Sleep(lookTime)
	snap, err := w.Snapshot()
	if err == nil {
		lookCloser(w, &snap)
	}
	return snap, err
}

// mostCloser is how many processes are read in full. That takes several files of each.
const mostCloser = 200

// lookCloser reads all of the processes of which a row is not enough to tell what SIGTERM
// would do.
func lookCloser(w *source, snap *snapshot.Snapshot) {
	n, _ := procfs.ParseSignal("TERM")
	closer := 0
	for i := range snap.Procs {
		p := &snap.Procs[i]
		if p.Term != verdict.OutcomeUnknown || p.Dead() || closer == mostCloser {
			continue
		}
		closer++
		if d, err := w.Details(p.ID); err == nil && d.Target != nil {
			p.Target = d.Target
			p.Term, _ = verdict.Of(d.Target, n, snap.Caller)
		}
	}
}

// A paper is where a command prints text for people.
type paper struct {
	width  int  // columns of the terminal; 0: not a terminal, so that nothing is cut
	colour bool // it shows colours
	ascii  bool // it shows ASCII only
}

// newPaper returns the paper of stdout.
func newPaper() paper {
	terminal := isTerminal(1)
	return paper{
		width: terminalWidth(), ascii: onlyASCII(os.Getenv),
		colour: terminal && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb",
	}
}

// pageWidth returns the width of the lines of a text that is wrapped in a pipe, too.
func pageWidth() int {
	const most = 80
	if width := terminalWidth(); width > 0 {
		return min(max(width, 30), most)
	}
	return most
}

// printable makes foreign text safe.
func (p paper) printable(s string) string {
	if p.ascii {
		return text.ASCII(s)
	}
	return procfs.Printable(s)
}

// cell returns foreign text in a style.
func (p paper) cell(s, style string) text.Cell {
	if !p.colour {
		style = ""
	}
	return text.Cell{Text: p.printable(s), Style: style}
}

// more is the mark for what was cut off.
func (p paper) more() string {
	if p.ascii {
		return "~"
	}
	return text.More
}

// explained returns a process with what the snapshot says about it.
func explained(f *snapshot.Family, p *snapshot.Process, snap *snapshot.Snapshot) *explain.Subject {
	s := &explain.Subject{Process: p, Caller: snap.Caller}
	if parent := f.Find(p.PPID); parent != nil && parent.ID.Before(p.ID) {
		s.Parent = explain.Who(parent.ID.PID, parent.Comm)
	}
	if !p.Dead() {
		return s
	}
	if culprit := f.Find(p.Culprit); culprit != nil {
		s.Blamed = explain.Culprit(p, culprit.Comm, true)
	} else {
		s.Blamed = explain.Culprit(p, "", false)
	}
	return s
}
