package main

import (
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"yinit/initcore/watch"
	"yinit/procfs"
	"yinit/tui"
)

// signaller pins processes by pidfd: it fills tui.Signaller.
type signaller struct{ fs procfs.FS }

// Hold implements tui.Signaller. A pidfd names one process for ever, see
// pidfd_open(2), Linux 5.3; the start time makes sure that it is the right one.
func (s signaller) Hold(id procfs.ID) (tui.Target, error) {
	fd, err := unix.PidfdOpen(id.PID, 0)
	switch {
	case errors.Is(err, unix.ESRCH), errors.Is(err, unix.EINVAL): // EINVAL: it is about to end
		return nil, procfs.ErrGone
	case err != nil:
		return nil, fmt.Errorf("cannot hold pid %d (pidfd_open): %w", id.PID, err)
	}
	if stat, err := s.fs.Stat(id.PID); err != nil || stat.ID() != id {
		_ = unix.Close(fd)
		return nil, procfs.ErrGone
	}
	return &target{fs: s.fs, id: id, fd: fd}, nil
}

type target struct {
	fs procfs.FS
	id procfs.ID
	fd int
}

// Send implements tui.Target.
func (t *target) Send(signal int) error {
	// A zombie takes any signal and does nothing with it, see kill(2).
	poll := []unix.PollFd{{Fd: int32(t.fd), Events: unix.POLLIN}}
	if n, err := unix.Poll(poll, 0); err == nil && n > 0 {
		return procfs.ErrGone
	}
	err := unix.PidfdSendSignal(t.fd, unix.Signal(signal), nil, 0)
	if errors.Is(err, unix.ESRCH) {
		return procfs.ErrGone
	}
	return err
}

// Watch implements tui.Target.
func (t *target) Watch(d time.Duration) tui.Outcome {
	began := time.Now()
	poll := []unix.PollFd{{Fd: int32(t.fd), Events: unix.POLLIN}}
	for {
		left := d - time.Since(began)
		n, err := unix.Poll(poll, int(max(left, 0)/time.Millisecond))
		if err == unix.EINTR && left > 0 {
			continue
		}
		o := tui.Outcome{After: time.Since(began), Ended: n > 0 && err == nil}
		if o.Ended {
			o.Status, o.Known = t.status()
			return o
		}
		if stat, err := t.fs.Stat(t.id.PID); err == nil && stat.ID() == t.id {
			o.State = stat.State
		}
		o.Sigs, _ = t.fs.Signals(t.id.PID)
		return o
	}
}

// status is how the process ended: from /proc while it is a zombie, or from the
// pidfd after it was reaped.
func (t *target) status() (procfs.WaitStatus, bool) {
	for range 3 { // it may be reaped between the two
		if status, ok := watch.ExitStatus(t.fd); ok {
			return status, true
		}
		stat, err := t.fs.Stat(t.id.PID)
		if err != nil || stat.ID() != t.id {
			continue
		}
		if stat.ExitCode != 0 { // 0 may mean that we may not know
			return stat.ExitCode, true
		}
		// Whoever has to wait for it does so in a moment, as a rule.
		poll := []unix.PollFd{{Fd: int32(t.fd), Events: 0}}
		_, _ = unix.Poll(poll, 50)
	}
	return 0, false
}

// Close implements tui.Target.
func (t *target) Close() error { return unix.Close(t.fd) }
