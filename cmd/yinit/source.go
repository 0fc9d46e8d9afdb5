package main

import (
	"yinit/procfs"
	"yinit/procfs/snapshot"
	"yinit/procfs/verdict"
	"yinit/tui"
)

// source is what top shows: it fills tui.Source.
type source struct {
	*snapshot.Reader
	fs   procfs.FS
	past *pastOf
}

func newSource(fs procfs.FS) *source {
	past := newPast(fs)
	return &source{fs: fs, past: past, Reader: snapshot.NewReader(fs, snapshot.Options{
		Relay:   func() verdict.Relay { return relay(fs) },
		Program: func() string { return past.program(1) },
	})}
}

// History implements tui.Source.
func (s *source) History(after uint64) (tui.History, error) { return s.past.read(after) }

var _ tui.Source = (*source)(nil)
