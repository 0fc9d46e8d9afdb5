// Package pidfd holds processes by descriptor, so that a signal or a wait never reaches
// another process to which the kernel has given the same pid, see pidfd_open(2), Linux
// 5.3. It owns the pidfd system calls and the format of PIDFD_GET_INFO.
package pidfd

import (
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"yinit/procfs"
)

// A Process is a process that is held by a descriptor. All methods but
// [Process.Close] may be called by several goroutines at once.
type Process struct {
	fs procfs.FS
	id procfs.ID
	fd int
}

// Hold opens a descriptor of the process id. It compares the start time afterwards, so
// that the descriptor is not that of a later process with the same pid. The error
// matches [procfs.ErrGone] if the process has been reaped.
func Hold(fs procfs.FS, id procfs.ID) (*Process, error) {
	host := fs.Host(id.PID)
	if host == 0 {
		return nil, procfs.ErrGone
	}
	fd, err := unix.PidfdOpen(host, 0)
	switch {
	case errors.Is(err, unix.ESRCH), errors.Is(err, unix.EINVAL): // EINVAL: it is about to end
		return nil, procfs.ErrGone
	case err != nil:
		return nil, fmt.Errorf("pidfd_open of process %d: %w", id.PID, err)
	}
	if stat, err := fs.Stat(id.PID); err != nil || stat.ID() != id {
		_ = unix.Close(fd) // The process is not affected.
		return nil, procfs.ErrGone
	}
	return &Process{fs: fs, id: id, fd: fd}, nil
}

// ID returns the identity of the process.
func (p *Process) ID() procfs.ID { return p.id }

// Close closes the descriptor. It does not affect the process.
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

// Wait waits until the process has ended, but at most for d, and reports whether it
// has ended. It does not reap the process.
func (p *Process) Wait(d time.Duration) (ended bool, err error) {
	all, err := WaitAll([]*Process{p}, d)
	return all[0], err
}

// WaitAll waits until all the processes have ended, but at most for d, and reports which
// of them have ended. It does not reap them. A nil process counts as one that has ended.
func WaitAll(processes []*Process, d time.Duration) (ended []bool, err error) {
	began := time.Now()
	ended = make([]bool, len(processes))
	poll := make([]unix.PollFd, len(processes))
	alive := 0
	for i, p := range processes {
		if p == nil {
			ended[i], poll[i].Fd = true, -1 // poll(2) ignores it
			continue
		}
		poll[i] = unix.PollFd{Fd: int32(p.fd), Events: unix.POLLIN}
		alive++
	}
	for alive > 0 {
		left := max(d-time.Since(began), 0)
		n, err := unix.Poll(poll, int(left/time.Millisecond))
		switch {
		case err == unix.EINTR && left > 0:
			continue
		case err != nil:
			return ended, err
		case n <= 0:
			return ended, nil
		}
		for i := range poll {
			if poll[i].Fd >= 0 && poll[i].Revents != 0 {
				ended[i], poll[i].Fd = true, -1
				alive--
			}
		}
	}
	return ended, nil
}

// WaitAny waits until one of the processes has ended, but at most for d, and reports which
// of them have ended by then. It does not reap them. A nil process is left out.
func WaitAny(processes []*Process, d time.Duration) (ended []bool, err error) {
	ended = make([]bool, len(processes))
	poll := make([]unix.PollFd, len(processes))
	for i, p := range processes {
		poll[i].Fd = -1 // poll(2) ignores it
		if p != nil {
			poll[i] = unix.PollFd{Fd: int32(p.fd), Events: unix.POLLIN}
		}
	}
	_, err = unix.Poll(poll, int(d/time.Millisecond))
	if errors.Is(err, unix.EINTR) {
		return ended, nil
	}
	for i := range poll {
		ended[i] = poll[i].Fd >= 0 && poll[i].Revents != 0
	}
	return ended, err
}

// Stat reads the stat of the process. The error matches [procfs.ErrGone] once the
// process has been reaped, even if the kernel has reused its pid.
func (p *Process) Stat() (procfs.Stat, error) {
	stat, err := p.fs.Stat(p.id.PID)
	if err == nil && stat.ID() != p.id {
		return procfs.Stat{}, procfs.ErrGone
	}
	return stat, err
}

// ExitStatus returns how the process ended: from /proc while it is a zombie, or from
// the descriptor after it has been reaped. It reports false if neither shows it.
func (p *Process) ExitStatus() (procfs.WaitStatus, bool) {
	for range 3 { // It may be reaped between the two reads.
		if status, ok := ExitStatus(p.fd); ok {
			return status, true
		}
		stat, err := p.Stat()
		if err != nil {
			continue
		}
		// 0 may also mean that the kernel does not show it.
		if stat.ExitCode != 0 || p.fs.MayTrace(p.id.PID) {
			return stat.ExitCode, true
		}
		// Usually the parent reaps it in a moment.
		poll := []unix.PollFd{{Fd: int32(p.fd), Events: 0}}
		_, _ = unix.Poll(poll, 50)
	}
	return 0, false
}

// ExitStatus asks the kernel how the process of a pidfd ended. Since Linux 6.15 the
// kernel reports it once the process has been reaped, no matter by which process. It
// reports false on older kernels, and until then.
func ExitStatus(fd int) (procfs.WaitStatus, bool) {
	var i Info
	if i.Read(fd) != nil || !i.HasExit() {
		return 0, false
	}
	return i.ExitStatus(), true
}

// Reaped reports whether the process of a pidfd has been reaped. A zombie has not.
func Reaped(fd int) bool { return errors.Is(unix.PidfdSendSignal(fd, 0, nil, 0), unix.ESRCH) }
