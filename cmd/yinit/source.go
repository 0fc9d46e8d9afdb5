package main

import (
	"yinit/initcore/history"
	"yinit/procfs"
	"yinit/procfs/snapshot"
	"yinit/procfs/verdict"
	"yinit/procfs/zombie"
	"yinit/tui"
)

// source implements tui.Source.
type source struct {
	*snapshot.Reader
	historyReader
}

func newSource(fs procfs.FS) *source {
	s := &source{historyReader: historyReader{fs: fs}}
	s.Reader = snapshot.NewReader(fs, snapshot.Options{
		Relay:   func(pid int) verdict.Relay { return history.RelayOf(fs, pid) },
		Program: s.program,
	})
	s.Reader.Targets.Before = before(fs)
	return s
}

// Zombies implements tui.Source. It looks for the history each time, because one may
// begin later.
func (s *source) Zombies() (*zombie.Report, error) { return findZombies(s.historyReader.fs) }

var _ tui.Source = (*source)(nil)
