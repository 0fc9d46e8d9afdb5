package main

import (
	"yinit/initcore/history"
	"yinit/procfs"
	"yinit/procfs/verdict"
)

// newTargets reads the verdicts about all processes of fs.
func newTargets(fs procfs.FS) (*verdict.Reader, error) {
	r := newReader(fs)
	return r, r.Scan()
}

// newReader reads targets, and knows what yinit does with signals.
func newReader(fs procfs.FS) *verdict.Reader {
	return verdict.NewReader(fs, func() verdict.Relay { return history.RelayOf(fs, 1) })
}
