// Package outside looks at all containers of a node from outside, and puts what their inits have
// recorded beside it. The commands and the exporter share it, so that they judge by the same facts.
package outside

import (
	"errors"
	"fmt"
	"os"
	"strconv"

	"yinit/initcore/history"
	"yinit/initcore/history/facts"
	"yinit/procfs"
	"yinit/procfs/doctor"
	"yinit/procfs/hint"
	"yinit/procfs/node"
	"yinit/procfs/snapshot"
)

// A Looker looks at the containers of a node.
type Looker struct {
	FS   procfs.FS
	Rows *snapshot.Reader
	Root string     // of the host; "": find it
	Past *node.Past // what the looks before have found; nil: there is only one
	// Snapshot is that of the machine, if Rows has just taken it; nil: take one.
	Snapshot *snapshot.Snapshot
	// Brief skips the files that only explain the verdicts on first processes. The evidence of some
	// findings then says less.
	Brief bool
	// Policy returns what yinit as the process pid does at a stop; nil: that is not known.
	Policy func(pid int) *doctor.Policy
	// Records returns the records that yinit as the first process of a container keeps. If it is
	// nil the whole ring is read, see [RecordsOf].
	Records func(c *node.Container) ([]history.Record, doctor.Memory)
}

// Look looks at all containers of the machine, and asks the doctor about each.
func (l *Looker) Look() (*node.Node, error) {
	if l.Root != "" {
		if _, err := os.ReadDir(l.Root); err != nil {
			return nil, fmt.Errorf("--root: %w", err)
		}
	}
	var o node.Options
	o.Root, o.Groups = node.FindRoot(l.FS, l.Root)
	defer o.Groups.Close()
	snap := l.Snapshot
	if snap == nil {
		l.Rows.Members = func(pid int) []int { return o.Groups.Find(strconv.Itoa(pid)).Members() }
		taken, err := l.Rows.Snapshot()
		if err != nil {
			return nil, err
		}
		snap = &taken
	}
	o.FS, o.Past, o.Inner, o.Own = l.FS, l.Past, l.Rows.Inner, l.Snapshot == nil
	o.Closer, o.Cmdline, o.Foresee, o.Fill = l.Rows.Targets.Read, l.Rows.Cmdline, l.Rows.Foresee, l.Rows.Fill
	if l.Brief {
		o.Closer = l.Rows.Outcomes
	}
	n := node.Look(snap, o)
	for i := range n.Containers {
		c := &n.Containers[i]
		f := facts.Of(&c.View, l.past(c))
		f.Place = hint.Place{Target: c.Target(), Root: l.Root}
		c.Examine(f)
	}
	return n, nil
}

// past returns what is known beside the view. Reading more of a process in state D may need a
// lock that it holds.
func (l *Looker) past(c *node.Container) facts.Past {
	p := facts.Past{Checks: c.Checks}
	if !Keeps(c) {
		return p
	}
	if l.Policy != nil {
		p.Policy = l.Policy(c.PID)
	}
	if l.Records != nil {
		p.Records, p.Memory = l.Records(c)
	} else {
		p.Records, p.Memory = RecordsOf(l.FS, c.PID)
	}
	return p
}

// Keeps reports whether the first process of a container is yinit, which may keep a history, and
// can be asked.
func Keeps(c *node.Container) bool {
	first := c.First()
	return first != nil && first.Target != nil && first.Target.Relay != nil && first.State != procfs.StateDisk
}

// RecordsOf returns the records that the init pid keeps, unless any user may have made them up.
func RecordsOf(fs procfs.FS, pid int) ([]history.Record, doctor.Memory) {
	src, h, err := Open(fs, pid)
	if err != nil {
		return nil, facts.MemoryOf(h, false, err)
	}
	defer src.Close()
	b, err := src.Read(0)
	return b.Records, facts.MemoryOf(h, false, err)
}

// Open opens the history that the init pid keeps. The error is nil only if nobody else can have
// made it up. The header is nil if there is no history.
func Open(fs procfs.FS, pid int) (*history.Source, *history.Header, error) {
	src, err := history.Find(fs, pid)
	if err != nil {
		return nil, nil, err
	}
	h, err := src.Header()
	if err == nil && (src.Init.PID != pid || src.Theirs) {
		err = ErrTheirs
	}
	if err != nil {
		_ = src.Close()
		return nil, &h, err
	}
	return src, &h, nil
}

// ErrTheirs means that a history is not that of the process, or that any user may have made it up.
var ErrTheirs = errors.New("the history is not that of this init")
