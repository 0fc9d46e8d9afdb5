package verdict

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"yinit/procfs"
	"yinit/procfs/asuser"
)

// A Reader reads targets as the caller that would send them signals. Several
// goroutines may use it at once, but for [Reader.Scan].
type Reader struct {
	FS     procfs.FS
	Caller Caller
	// Ours says that the processes have the pids by which this process would send
	// signals to them: then kill(2) itself is asked whether it may.
	Ours bool
	// Relay is asked what PID 1 does with its signals; it may return nil, and be nil.
	Relay func() Relay
	// Groups, if it is not nil, knows which process groups are orphaned.
	Groups *Groups
	// Processes are those of the last [Reader.Scan].
	Processes []procfs.Stat
}

// NewReader reads fs as this process, if it is in the PID namespace that fs shows.
// If not, it cannot send to the pids there; then the caller is whoever may do so in
// there.
func NewReader(fs procfs.FS, relay func() Relay) *Reader {
	r := &Reader{FS: fs, Caller: Anyone(), Relay: relay}
	if caller, err := Self(fs); err == nil && caller.PID == os.Getpid() && caller.Depth <= 1 {
		caller.Depth = 1 // Kernels without NSpid do not say so.
		r.Caller, r.Ours = caller, true
	}
	return r
}

// Scan reads all processes, which it takes to know the process groups. The error
// says so if FS is not a proc file system.
func (r *Reader) Scan() error {
	if _, err := r.FS.Uptime(); err != nil {
		return fmt.Errorf("%w; mount /proc", err)
	}
	s := procfs.NewScanner(r.FS)
	defer s.Close()
	stats, err := s.Scan(nil)
	if err != nil {
		return err
	}
	r.Processes, r.Groups = stats, NewGroups(stats)
	return nil
}

// Read reads a process, with its owner's rights if the caller's do not do: root in
// a container may not look into the processes of other users, since it lacks
// CAP_SYS_PTRACE, but it may become these users. The errors are those of the
// function [Read].
func (r *Reader) Read(pid int) (*Target, error) {
	t, err := r.readCloser(pid)
	if err != nil {
		return nil, err
	}
	r.Complete(t)
	return t, nil
}

func (r *Reader) readCloser(pid int) (*Target, error) {
	t, err := Read(r.FS, pid, r.Caller)
	if err != nil || t.Complete() || r.Caller.UID[procfs.Effective] != 0 || r.Caller.May {
		return t, err
	}
	again := t // What is known is true all the same if the owner cannot read more.
	_ = asuser.Owner(r.FS, pid, func() {
		if closer, err := Read(r.FS, pid, r.Caller); err == nil && closer.ID == t.ID {
			again = closer
		}
	})
	return again, nil
}

// Complete adds to a target what is not in its own files: whether the caller may
// signal it, what it does with signals if it is PID 1, and its process group.
func (r *Reader) Complete(t *Target) {
	if r.Ours {
		t.Permitted = mayKill(t.ID.PID)
	}
	if t.ID.PID == 1 && r.Relay != nil {
		t.Relay = r.Relay()
	}
	if r.Groups != nil {
		t.Orphaned = r.Groups.Orphaned(t.PGRP)
	}
}

// Missing says in words why a process that was asked for could not be read, given
// the error. The mount option hidepid hides processes, see proc(5), and not from
// kill(2).
func (r *Reader) Missing(pid int, err error) error {
	switch {
	case errors.Is(err, fs.ErrPermission), errors.Is(err, procfs.ErrGone) && r.Ours && mayKill(pid) != Unknown:
		return fmt.Errorf("process %d is hidden from this user (mount option hidepid of /proc)", pid)
	case errors.Is(err, procfs.ErrGone):
		return fmt.Errorf("there is no process %d", pid)
	default:
		return err
	}
}

// mayKill asks the kernel. Signal 0 is checked and not sent, see kill(2).
func mayKill(pid int) Answer {
	switch err := syscall.Kill(pid, 0); {
	case err == nil:
		return Yes
	case errors.Is(err, syscall.EPERM):
		return No
	default:
		return Unknown
	}
}
