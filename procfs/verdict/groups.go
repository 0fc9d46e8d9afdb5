package verdict

import "yinit/procfs"

// Groups records which process groups are orphaned: no member has a parent in
// another group of the same session. In an orphaned group SIGTSTP, SIGTTIN and
// SIGTTOU do not stop a process, see setpgid(2) and will_become_orphaned_pgrp in
// the kernel's exit.c.
type Groups struct {
	orphaned map[int]Answer // by process group; groups with a living member only
	host     bool           // it is the initial PID namespace, see NewGroups
	init     bool           // PID 1 is among the processes
}

// NewGroups examines all processes of a PID namespace, in one pass.
func NewGroups(stats []*procfs.Stat) *Groups {
	byPID := make(map[int]*procfs.Stat, len(stats))
	for _, s := range stats {
		byPID[s.PID] = s
	}
	g := &Groups{
		orphaned: make(map[int]Answer),
		// Only the initial PID namespace has kthreadd. No process is outside that
		// namespace: group 0 and session 0 are those of the kernel's first task.
		host: byPID[2] != nil && byPID[2].KernelThread(),
		init: byPID[1] != nil,
	}
	for _, s := range stats {
		if !s.Dead() {
			g.add(s, byPID[s.PPID])
		}
	}
	return g
}

// add adds a living process and its parent, which is nil if it cannot be seen. One
// member with a parent as described at [Groups] keeps the group from being orphaned.
func (g *Groups) add(s, parent *procfs.Stat) {
	before, met := g.orphaned[s.PGRP]
	switch tied := g.tied(s, parent); {
	case met && before == No:
	case tied == Yes:
		g.orphaned[s.PGRP] = No
	case tied == Unknown:
		g.orphaned[s.PGRP] = Unknown
	case !met:
		g.orphaned[s.PGRP] = Yes
	}
}

// Orphaned reports whether the process group pgrp is orphaned. It is [Unknown] if
// that depends on a process that cannot be seen.
func (g *Groups) Orphaned(pgrp int) Answer {
	if pgrp == 0 && !g.host { // The leader is outside the PID namespace; members may be, too.
		return Unknown
	}
	orphaned, met := g.orphaned[pgrp]
	if !met {
		orphaned = Yes
	}
	if orphaned == Yes && !g.init {
		return Unknown // Other processes may be hidden, too: mount option hidepid, see proc(5).
	}
	return orphaned
}

// tied reports whether the parent keeps the group of s from being orphaned.
func (g *Groups) tied(s, parent *procfs.Stat) Answer {
	switch {
	case g.host && s.PPID <= 1:
		return No // The kernel does not count itself or the first init.
	case s.PPID == 0:
		// The parent is outside the PID namespace. If the session leader is inside,
		// the whole session is.
		if s.Session != 0 {
			return No
		}
		return Unknown
	case parent == nil:
		return Unknown
	case parent.Session == 0 && s.Session == 0 && !g.host:
		return Unknown // Both leaders are outside: the same one or not?
	}
	return answer(parent.Session == s.Session && parent.PGRP != s.PGRP)
}
