package main

import (
	"time"

	"yinit/procfs"
	"yinit/procfs/pidfd"
	"yinit/tui"
)

// signaller implements tui.Signaller with pidfds.
type signaller struct{ fs procfs.FS }

// Hold implements tui.Signaller.
func (s signaller) Hold(id procfs.ID) (tui.Target, error) {
	p, err := pidfd.Hold(s.fs, id)
	if err != nil {
		return nil, err
	}
	return target{p, s.fs}, nil
}

// target implements tui.Target. Send and Close are those of pidfd.Process.
type target struct {
	*pidfd.Process
	fs procfs.FS
}

// Watch implements tui.Target.
func (t target) Watch(d time.Duration) tui.Outcome {
	began := time.Now()
	ended, err := t.Wait(d)
	o := tui.Outcome{After: time.Since(began), Ended: ended && err == nil}
	if o.Ended {
		o.Status, o.Known = t.ExitStatus()
		return o
	}
	if stat, err := t.Stat(); err == nil {
		o.State = stat.State
	}
	o.Sigs, _ = t.fs.Signals(t.ID().PID)
	return o
}
