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

// A Reader reads targets on behalf of the process that would signal them. All
// methods but [Reader.Scan] may be called by several goroutines at once.
type Reader struct {
	FS     procfs.FS // the processes to read
	Caller Caller    // the process that would send the signals
	// Ours says that FS shows the PID namespace of this process, or one below it, so that
	// kill(2) takes the pids of [procfs.FS.Host]. The kernel is then asked whether it permits
	// a signal.
	Ours bool
	// Relay returns what a process does with its signals if it is an init that forwards
	// them, otherwise nil. It is asked about PID 1, and about processes that catch nearly
	// all signals, SIGCONT among them: an init need not be PID 1. It may be nil.
	Relay func(pid int) Relay
	// Before returns what PID 1 had blocked and ignored when it was started, if it is an
	// init that passes it on to its programs. It may be nil.
	Before func() Masks
	// Groups records which process groups are orphaned; nil: unknown.
	Groups *Groups
	// Processes are the processes that the last [Reader.Scan] found.
	Processes []*procfs.Stat
}

// NewReader returns a Reader of fs. The caller is this process if fs shows its PID
// namespace, or one below it. If not, this process cannot signal the pids that fs shows, and the
// caller is [Anyone].
func NewReader(fs procfs.FS, relay func(pid int) Relay) *Reader {
	r := &Reader{FS: fs, Caller: Anyone(), Relay: relay}
	if caller, err := Self(fs.Base()); err == nil && caller.PID == os.Getpid() && caller.Depth <= 1 {
		caller.Depth = 1 // Kernels before 4.1 have no NSpid, which gives the depth.
		r.Caller, r.Ours = caller, true
		if fs.FromAbove() {
			r.Caller.PID, r.Caller.Session, r.Caller.Depth, r.Caller.Above = 0, 0, 0, true
		}
	}
	return r
}

// Scan reads all processes and sets Processes and Groups. The error says so if FS
// is not a proc filesystem.
func (r *Reader) Scan() error {
	if _, err := r.FS.Uptime(); err != nil {
		return r.FS.WhatHelps(err)
	}
	s := procfs.NewScanner(r.FS)
	defer s.Close()
	stats, err := s.ScanShared(nil)
	if err != nil {
		return err
	}
	r.Processes, r.Groups = stats, NewGroups(stats)
	return nil
}

// Read reads a process. If the caller is root and may not read all of it, Read
// tries again with the identity of the owner: root in a container lacks
// CAP_SYS_PTRACE and may not inspect processes of other users, but it may become
// these users. The errors are those of the function [Read].
func (r *Reader) Read(pid int) (*Target, error) {
	return r.read(pid, func(t *Target) { t.readReasons(r.FS) })
}

// ReadOutcomes is [Reader.Read] without what only the reasons of [Of] depend on. It
// reads fewer files, which counts where there are thousands of processes.
func (r *Reader) ReadOutcomes(pid int) (*Target, error) {
	return r.read(pid, func(*Target) {})
}

// ReadOutcomesFrom is [Reader.ReadOutcomes] for a process whose stat and status the caller has
// already read.
func (r *Reader) ReadOutcomesFrom(stat *procfs.Stat, status *procfs.Status) (*Target, error) {
	nothing := func(*Target) {}
	t, err := readFrom(r.FS, stat, status, nothing)
	if err != nil {
		return nil, err
	}
	return r.finish(t, nothing), nil
}

func (r *Reader) read(pid int, more func(*Target)) (*Target, error) {
	t, err := read(r.FS, pid, more)
	if err != nil {
		return nil, err
	}
	return r.finish(t, more), nil
}

// finish reads a target again as its owner if that tells more, and adds what the files do not say.
func (r *Reader) finish(t *Target, more func(*Target)) *Target {
	t = r.readCloser(t, more)
	r.Complete(t)
	return t
}

// readCloser reads a target as its owner if the caller could not read all of it.
func (r *Reader) readCloser(t *Target, more func(*Target)) *Target {
	if t.Complete() || r.Caller.UID[procfs.Effective] != 0 || r.Caller.Unrestricted {
		return t
	}
	again := t // This is still true if the owner cannot read more.
	_ = asuser.Owner(r.FS, t.ID.PID, func() {
		if closer, err := read(r.FS, t.ID.PID, more); err == nil && closer.ID == t.ID {
			again = closer
		}
	})
	return again
}

// Complete adds to a target what its own files do not say: whether the caller may
// signal it, what it forwards if it is PID 1, which process keeps a dying PID 1 from
// ending, and whether its process group is orphaned.
func (r *Reader) Complete(t *Target) {
	if r.Ours {
		t.Permitted = mayKill(r.FS.Host(t.ID.PID))
	}
	if t.Permitted == Unknown && !r.Caller.Unrestricted { // The IDs and the namespace decide.
		t.UserNS = userNS(r.FS, t.ID.PID, r.Caller)
	}
	if r.Relay != nil && (t.ID.PID == 1 || t.catchesMost() && !r.isCaller(t.ID.PID)) {
		t.Relay = r.Relay(t.ID.PID)
	}
	if t.Dying == Exiting && t.isInit() {
		if b := r.blocker(t.ID.PID); b.PID != 0 {
			t.Blocker = &b
		}
	}
	if t.ID.PID != 1 && r.Before != nil {
		t.Before = r.Before()
	}
	if r.Groups != nil {
		t.Orphaned = r.Groups.Orphaned(t.PGRP)
	}
}

// isCaller reports whether pid is this process. A viewer has thousands of descriptors, and
// relays nothing.
func (r *Reader) isCaller(pid int) bool { return r.Caller.PID != 0 && pid == os.Getpid() }

// Missing turns the error of reading the process pid into one for the user. The
// mount option hidepid, see proc(5), hides a process from reads but not from
// kill(2), so that a hidden process can be told from one that does not exist.
func (r *Reader) Missing(pid int, err error) error {
	status, hidden := r.FS.Status(pid) // /proc has threads, too, although it does not list them
	switch {
	case hidden == nil && status.Tgid != 0 && status.Tgid != pid:
		return fmt.Errorf("%d is a thread of process %d (%s)", pid, status.Tgid, procfs.Printable(status.Name))
	case errors.Is(err, fs.ErrPermission), errors.Is(err, procfs.ErrGone) && r.Ours && mayKill(r.FS.Host(pid)) != Unknown:
		return fmt.Errorf("process %d is hidden from this user (mount option hidepid of /proc)", pid)
	case errors.Is(err, procfs.ErrGone):
		return fmt.Errorf("there is no process %d", pid)
	default:
		return err
	}
}

// mayKill asks the kernel: it checks signal 0 but does not send it, see kill(2).
func mayKill(pid int) Answer {
	if pid == 0 { // kill(2) would take it for the process group of this process
		return Unknown
	}
	switch err := syscall.Kill(pid, 0); {
	case err == nil:
		return Yes
	case errors.Is(err, syscall.EPERM):
		return No
	default:
		return Unknown
	}
}
