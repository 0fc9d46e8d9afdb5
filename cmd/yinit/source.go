package main

import (
	"yinit/initcore/history"
	"yinit/procfs/node"
	"yinit/procfs/snapshot"
	"yinit/procfs/verdict"
	"yinit/procfs/zombie"
	"yinit/tui"
)

// source implements tui.Source.
type source struct {
	*snapshot.Reader
	historyReader
	checks  checks
	garbage collector
}

// newSource returns a source of a container.
func newSource(t *node.Target) *source {
	fs := t.FS
	s := &source{historyReader: historyReader{fs: fs, container: t}}
	s.Reader = snapshot.NewReader(fs, snapshot.Options{
		Of:      t.Container(),
		Relay:   func(pid int) verdict.Relay { return history.RelayOf(fs, pid) },
		Program: s.program,
	})
	s.Reader.Targets.Before = before(fs)
	return s
}

// Snapshot implements tui.Source.
func (s *source) Snapshot() (snapshot.Snapshot, error) {
	s.garbage.beforeRead()
	snap, err := s.Reader.Snapshot()
	if err == nil {
		s.checks.note(snap.Procs)
	}
	return snap, err
}

// History implements tui.Source. It also makes the checks of the doctor, from time to time.
func (s *source) History(after uint64) (tui.History, error) {
	h, err := s.historyReader.History(after)
	if err == nil {
		if h.Checks = s.checks.due(s.historyReader.fs, s.Cgroup); h.Checks != nil {
			h.Memory = s.memory()
		}
	}
	return h, err
}

// Zombies implements tui.Source. It looks for the history each time, because one may
// begin later.
func (s *source) Zombies() (*zombie.Report, error) { return findZombies(s.historyReader.fs) }

var _ tui.Source = (*source)(nil)
