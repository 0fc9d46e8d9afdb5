package main

import (
	"yinit/initcore/history"
	"yinit/procfs"
	"yinit/procfs/verdict"
)

// newTargets returns a reader that has scanned the processes of fs.
func newTargets(fs procfs.FS) (*verdict.Reader, error) {
	r := newReader(fs)
	return r, r.Scan()
}

// newReader returns a reader of verdicts that takes into account what yinit as PID 1
// does with signals.
func newReader(fs procfs.FS) *verdict.Reader {
	return verdict.NewReader(fs, func() verdict.Relay { return history.RelayOf(fs, 1) })
}
