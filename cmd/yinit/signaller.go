package main

import (
	"errors"
	"time"

	"yinit/procfs"
	"yinit/procfs/pidfd"
	"yinit/procfs/verdict"
	"yinit/tui"
)

// signaller implements tui.Signaller with pidfds.
type signaller struct{ fs procfs.FS }

// Hold implements tui.Signaller.
func (s signaller) Hold(ids []procfs.ID) (tui.Target, []error) {
	t := &target{fs: s.fs, held: make([]*pidfd.Process, len(ids)), missed: make([]error, len(ids)), ended: make([]time.Duration, len(ids))}
	for i, id := range ids {
		t.held[i], t.missed[i] = pidfd.Hold(s.fs, id)
	}
	return t, t.missed
}

// mostExplained is for how many processes Watch reads why they still exist. That takes
// several files of each.
const mostExplained = 32

// target implements tui.Target.
type target struct {
	fs     procfs.FS
	held   []*pidfd.Process // nil: not held
	missed []error          // why not

	signal int             // the signal that was sent last
	sent   time.Time       // when
	ended  []time.Duration // how long after that each process was seen to have ended; 0: not yet
}

// Send implements tui.Target.
func (t *target) Send(signal int) []error {
	t.signal, t.sent = signal, time.Now()
	clear(t.ended)
	errs := make([]error, len(t.held))
	for i, p := range t.held {
		if errs[i] = t.missed[i]; p != nil {
			errs[i] = p.Send(signal)
		}
	}
	return errs
}

// Watch implements tui.Target.
func (t *target) Watch(d time.Duration) []tui.Outcome {
	ended, _ := pidfd.WaitAll(t.held, d) // after an error, as after an interrupt, they are watched again
	now := max(time.Since(t.sent), 1)
	outcomes := make([]tui.Outcome, len(t.held))
	explained := 0
	for i, p := range t.held {
		o := &outcomes[i]
		o.Ended, o.After = ended[i], now
		switch {
		case p == nil:
		case o.Ended:
			if t.ended[i] == 0 {
				t.ended[i] = now
			}
			o.After = t.ended[i]
			if len(t.held) == 1 { // Reading it may take a moment for each process.
				o.Status, o.Known = p.ExitStatus()
			}
		default:
			explain := explained < mostExplained
			if explain {
				explained++
			}
			t.look(p, o, explain)
		}
	}
	return outcomes
}

// look reads the state of a process that has not ended and, if explain is true, what
// keeps it running.
func (t *target) look(p *pidfd.Process, o *tui.Outcome, explain bool) {
	if stat, err := p.Stat(); err == nil {
		o.State = stat.State
	}
	if !explain {
		return
	}
	at := procfs.SinceBoot() - time.Since(t.sent)
	if s, err := verdict.ReadSent(t.fs, p.ID().PID, t.signal, at); err == nil && s.Target.ID == p.ID() {
		o.Sent = &s
	}
}

// Close implements tui.Target.
func (t *target) Close() error {
	var errs []error
	for _, p := range t.held {
		if p != nil {
			errs = append(errs, p.Close())
		}
	}
	return errors.Join(errs...)
}
