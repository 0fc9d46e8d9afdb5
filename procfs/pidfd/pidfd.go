// Package pidfd holds processes, so that a signal or a wait can never meet another
// one that got the same pid meanwhile, see pidfd_open(2), Linux 5.3.
package pidfd

import (
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"yinit/procfs"
)

// A Process is a process that is held by a descriptor. Several goroutines may use
// it at once, but for [Process.Close].
type Process struct {
	fs procfs.FS
	id procfs.ID
	fd int
}

// Hold holds the process id, and nobody who got its pid later: the start time is
// compared while the descriptor is open. The error matches [procfs.ErrGone] if the
// process was reaped.
func Hold(fs procfs.FS, id procfs.ID) (*Process, error) {
	fd, err := unix.PidfdOpen(id.PID, 0)
	switch {
	case errors.Is(err, unix.ESRCH), errors.Is(err, unix.EINVAL): // EINVAL: it is about to end
		return nil, procfs.ErrGone
	case err != nil:
		return nil, fmt.Errorf("cannot hold pid %d (pidfd_open): %w", id.PID, err)
	}
	if stat, err := fs.Stat(id.PID); err != nil || stat.ID() != id {
		_ = unix.Close(fd) // Nothing can be lost.
		return nil, procfs.ErrGone
	}
	return &Process{fs: fs, id: id, fd: fd}, nil
}

// ID is the process that is held.
func (p *Process) ID() procfs.ID { return p.id }

// Close lets the process go. It does not touch the process itself.
func (p *Process) Close() error { return unix.Close(p.fd) }

// Send sends the signal n. The error matches [procfs.ErrGone] if the process has
// ended: a zombie takes any signal and does nothing with it, see kill(2).
func (p *Process) Send(n int) error {
	if ended, err := p.Wait(0); err == nil && ended {
		return procfs.ErrGone
	}
	err := unix.PidfdSendSignal(p.fd, unix.Signal(n), nil, 0)
	if errors.Is(err, unix.ESRCH) {
		return procfs.ErrGone
	}
	return err
}

// Wait waits until the process has ended, or for at most d, and reports whether it
// has. It does not reap it.
func (p *Process) Wait(d time.Duration) (ended bool, err error) {
	began := time.Now()
	poll := []unix.PollFd{{Fd: int32(p.fd), Events: unix.POLLIN}}
	for {
		left := max(d-time.Since(began), 0)
		n, err := unix.Poll(poll, int(left/time.Millisecond))
		if err == unix.EINTR && left > 0 {
			continue
		}
		return n > 0, err
	}
}

// Stat reads the stat of the process. The error matches [procfs.ErrGone] once it
// was reaped, even if its pid was given out again.
func (p *Process) Stat() (procfs.Stat, error) {
	stat, err := p.fs.Stat(p.id.PID)
	if err == nil && stat.ID() != p.id {
		return procfs.Stat{}, procfs.ErrGone
	}
	return stat, err
}

// ExitStatus is how the process ended: from /proc while it is a zombie, or from the
// descriptor after it was reaped. It reports false if nobody tells.
func (p *Process) ExitStatus() (procfs.WaitStatus, bool) {
	for range 3 { // It may be reaped between the two.
		if status, ok := ExitStatus(p.fd); ok {
			return status, true
		}
		stat, err := p.Stat()
		if err != nil {
			continue
		}
		if stat.ExitCode != 0 { // 0 may mean that we may not know.
			return stat.ExitCode, true
		}
		// As a rule the process that has to wait for it does so in a moment.
		poll := []unix.PollFd{{Fd: int32(p.fd), Events: 0}}
		_, _ = unix.Poll(poll, 50)
	}
	return 0, false
}

// ExitStatus asks the kernel how the process of a pidfd ended. It knows once the
// process was reaped, whoever did it, since Linux 6.15; before that nobody does.
func ExitStatus(fd int) (procfs.WaitStatus, bool) {
	var i Info
	if i.Read(fd) != nil || !i.HasExit() {
		return 0, false
	}
	return i.ExitStatus(), true
}

// Reaped reports whether the process of a pidfd is gone for good. A zombie is not.
func Reaped(fd int) bool { return errors.Is(unix.PidfdSendSignal(fd, 0, nil, 0), unix.ESRCH) }
