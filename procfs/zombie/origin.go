package zombie

import (
	"syscall"
	"time"

	"yinit/procfs"
)

// Origin is how a process became a child of its parent.
type Origin uint8

// The origins. The kernel does not record them; see [origins.of] for the evidence.
const (
	OriginUnknown Origin = iota
	OriginChild          // its parent started it
	OriginOrphan         // another process started it and ended, and its parent adopted it
)

// String returns the origin in a word, for programs.
func (o Origin) String() string {
	switch o {
	case OriginChild:
		return "child"
	case OriginOrphan:
		return "orphan"
	default:
		return "unknown"
	}
}

// origins finds out the origin of zombies.
type origins struct {
	fs      procfs.FS
	stats   []procfs.Stat     // of all processes
	parents map[procfs.ID]int // see [Options.Parents]
	partial bool              // stats lacks processes that this user may not read
	uptime  time.Duration
	clock   *deathClock
	nothing *bool // see nothingReaped; nil: not determined yet
}

// of returns the origin of the zombie z.
func (o *origins) of(z, parent *procfs.Stat) Origin {
	first := o.parents[z.ID()]
	switch {
	case parent.PID == 0:
		return OriginUnknown
	case z.ExitSignal != int(syscall.SIGCHLD):
		return OriginChild // adoption sets it to SIGCHLD, see reparent_leader in the kernel's exit.c
	case first != 0 && first != parent.PID, InheritedSession(z, parent):
		return OriginOrphan
	case o.onlyParent(z, parent):
		return OriginChild
	default:
		return OriginUnknown
	}
}

// InheritedSession reports whether the process p, alive or dead, is in a session that it
// has from a process other than its parent, which then is an orphan: the session has
// another leader than both, see setsid(2). Unless the parent is PID 1, which has no
// ancestor in the PID namespace, it may have left that session for a new one after it
// started p.
func InheritedSession(p, parent *procfs.Stat) bool {
	s := p.Session
	return s != 0 && s != p.PID && s != parent.Session && (parent.PID == 1 || parent.Session != parent.PID)
}

// onlyParent reports whether no process but PID 1, the parent, can have started z. Such
// a process would be in the session of PID 1, since z is, and would have ended. It has
// not been reaped if no process has reaped any; so it would be a zombie, older than z,
// which ended after z had started.
func (o *origins) onlyParent(z, parent *procfs.Stat) bool {
	if parent.PID != 1 || parent.Session != 1 || z.Session != 1 || !o.nothingReaped(parent) {
		return false
	}
	age := procfs.Age(o.uptime, z.Start)
	for i := range o.stats {
		s := &o.stats[i]
		if !s.State.Zombie() || s.ID() == z.ID() || s.Start > z.Start || s.Start == z.Start && s.PID > z.PID {
			continue
		}
		const inexact = 50 * time.Millisecond // start times are multiples of 10 ms
		if dead, ok := o.clock.since(*s); !ok || dead < age+inexact {
			return false
		}
	}
	return true
}

// nothingReaped reports whether no process that descends from PID 1 has reaped a child:
// the kernel adds the faults of each child that was waited for to those of its parent,
// and every process has some. It must not have reaped them on behalf of a parent that
// ignores SIGCHLD, either.
func (o *origins) nothingReaped(first *procfs.Stat) bool {
	if o.nothing == nil {
		nothing := !o.partial && first.MinorFaults > 0 && o.noReaper()
		o.nothing = &nothing
	}
	return *o.nothing
}

func (o *origins) noReaper() bool {
	outside := map[int]bool{} // sessions of processes that come from outside, by docker exec
	for i := range o.stats {
		if s := &o.stats[i]; s.PPID == 0 && s.PID != 1 && s.Session == s.PID {
			outside[s.PID] = true
		}
	}
	for i := range o.stats {
		s := &o.stats[i]
		if s.KernelThread() || outside[s.Session] {
			continue
		}
		if s.CMinorFaults > 0 {
			return false
		}
		status, err := o.fs.Status(s.PID)
		if err != nil || !status.Sigs.Known || status.Sigs.Ignored.Has(int(syscall.SIGCHLD)) {
			return false
		}
	}
	return true
}
