package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"yinit/initcore/history"
	"yinit/procfs"
)

// targets reads what the verdicts about signals need, as the caller that would
// send them.
type targets struct {
	fs     procfs.FS
	caller procfs.Caller
	ours   bool // the pids are those by which we would send
	stats  []procfs.Stat
}

// uptimeOf is for how long the machine has been up. It is in every proc, and nowhere
// else: the error says that fs is none, and what to do.
func uptimeOf(fs procfs.FS) (time.Duration, error) {
	uptime, err := fs.Uptime()
	if err != nil {
		return 0, fmt.Errorf("%w; mount /proc", err)
	}
	return uptime, nil
}

// newTargets scans the processes once: a process group takes them all.
func newTargets(fs procfs.FS) (*targets, error) {
	if _, err := uptimeOf(fs); err != nil {
		return nil, err
	}
	r := &targets{fs: fs}
	r.caller, r.ours = callerOf(fs)
	s := procfs.NewScanner(fs)
	defer s.Close()
	var err error
	r.stats, err = s.Scan(nil)
	return r, err
}

// callerOf is this process, if it is in the PID namespace that fs shows. If not,
// it cannot send to the pids there; then it is whoever may do so in there.
func callerOf(fs procfs.FS) (caller procfs.Caller, ours bool) {
	caller, err := fs.Caller()
	if err != nil || caller.PID != os.Getpid() || caller.Depth > 1 {
		return procfs.Anyone(), false
	}
	caller.Depth = 1 // Kernels without NSpid do not say so.
	return caller, true
}

func (r *targets) all() []int {
	pids := make([]int, len(r.stats))
	for i := range r.stats {
		pids[i] = r.stats[i].PID
	}
	return pids
}

// read reads a process. The errors are those of procfs.FS.Target.
func (r *targets) read(pid int) (*procfs.Target, error) {
	t, err := readTarget(r.fs, pid, r.caller, r.ours)
	if err != nil {
		return nil, err
	}
	t.Orphaned = procfs.Orphaned(t.PGRP, r.stats)
	return t, nil
}

// readTarget reads a process, with its owner's rights if ours do not do: root in
// a container may not look into the processes of other users, since it lacks
// CAP_SYS_PTRACE, but it may become these users.
func readTarget(fs procfs.FS, pid int, caller procfs.Caller, ours bool) (*procfs.Target, error) {
	t, err := readCloser(fs, pid, caller)
	if err != nil {
		return nil, err
	}
	if ours {
		t.Permitted = mayKill(pid)
	}
	if pid == 1 {
		t.Relay = history.RelayOf(fs, 1)
	}
	return t, nil
}

func readCloser(fs procfs.FS, pid int, caller procfs.Caller) (*procfs.Target, error) {
	t, err := fs.Target(pid, caller)
	if err != nil || t.Told() || caller.UID[procfs.Effective] != 0 || caller.May {
		return t, err
	}
	var again *procfs.Target
	asOwner(fs, pid, func() { again, err = fs.Target(pid, caller) })
	if again == nil || err != nil || again.ID != t.ID {
		return t, nil // What we know is true all the same.
	}
	return again, nil
}

// asOwner calls read with the rights of the user of pid, if that can be told.
func asOwner(fs procfs.FS, pid int, read func()) {
	if status, err := fs.Status(pid); err == nil {
		asUser(status.UID[procfs.Real], status.GID[procfs.Real], read)
	}
}

// missing says what is the matter with a process that was asked for and could not be
// read. The mount option hidepid hides processes, see proc(5), and not from kill(2);
// ours says that pid is the number by which that knows it.
func missing(pid int, err error, ours bool) error {
	switch {
	case errors.Is(err, fs.ErrPermission), errors.Is(err, procfs.ErrGone) && ours && mayKill(pid) != procfs.Untold:
		return fmt.Errorf("process %d is hidden from this user (mount option hidepid of /proc)", pid)
	case errors.Is(err, procfs.ErrGone):
		return fmt.Errorf("there is no process %d", pid)
	default:
		return err
	}
}

// mayKill asks the kernel. Signal 0 is checked and not sent, see kill(2).
func mayKill(pid int) procfs.Answer {
	switch err := unix.Kill(pid, 0); {
	case err == nil:
		return procfs.Yes
	case errors.Is(err, unix.EPERM):
		return procfs.No
	default:
		return procfs.Untold
	}
}
