package main

import (
	"fmt"
	"time"

	"yinit/initcore/history"
	"yinit/procfs"
	"yinit/procfs/verdict"
)

// uptimeOf is for how long the machine has been up. It is in every proc, and nowhere
// else: the error says that fs is none, and what to do.
func uptimeOf(fs procfs.FS) (time.Duration, error) {
	uptime, err := fs.Uptime()
	if err != nil {
		return 0, fmt.Errorf("%w; mount /proc", err)
	}
	return uptime, nil
}

// newTargets reads the verdicts about all processes of fs.
func newTargets(fs procfs.FS) (*verdict.Reader, error) {
	if _, err := uptimeOf(fs); err != nil {
		return nil, err
	}
	r := newReader(fs)
	return r, r.Scan()
}

// newReader reads targets, and knows what yinit does with signals.
func newReader(fs procfs.FS) *verdict.Reader {
	return verdict.NewReader(fs, func() verdict.Relay { return relay(fs) })
}

// relay is [relayOf] as an interface, which is nil where that is.
func relay(fs procfs.FS) verdict.Relay {
	if r := relayOf(fs); r != nil {
		return r
	}
	return nil
}

// relayOf is what PID 1 forwards, if it is yinit: its history says so. Where that
// may not be read its name has to do.
func relayOf(fs procfs.FS) *history.Relay {
	if past, err := history.Open(fs, 1); err == nil {
		h, err := past.Header()
		_ = past.Close() // It was only read.
		if err == nil {
			return &h.Relay
		}
	}
	if comm, err := fs.Comm(1); err == nil && comm == "yinit" {
		return history.PlainRelay()
	}
	return nil
}
