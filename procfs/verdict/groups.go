package verdict

import "yinit/procfs"

// Groups knows of all process groups whether they are orphaned: no member has a
// parent in another group of the same session. In such a group SIGTSTP, SIGTTIN
// and SIGTTOU do not stop anybody, see setpgid(2) and
// will_become_orphaned_pgrp of the kernel's exit.c.
type Groups struct {
	orphaned map[int]Answer // of each group that has a living member
	host     bool           // see NewGroups
	init     bool           // PID 1 is among the processes
}

// NewGroups takes all processes and looks at each one once.
func NewGroups(stats []procfs.Stat) *Groups {
	byPID := make(map[int]*procfs.Stat, len(stats))
	for i := range stats {
		byPID[stats[i].PID] = &stats[i]
	}
	g := &Groups{
		orphaned: make(map[int]Answer),
		// The first PID namespace has kthreadd. Nothing is outside it: group 0 and
		// session 0 are those that the first process was born into.
		host: byPID[2] != nil && byPID[2].KernelThread(),
		init: byPID[1] != nil,
	}
	for i := range stats {
		if s := &stats[i]; !s.Dead() {
			g.add(s, byPID[s.PPID])
		}
	}
	return g
}

// add takes in a living process and its parent, nil if that is out of sight. One
// member with such a parent is enough to keep the group from being orphaned.
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
// what decides is out of sight.
func (g *Groups) Orphaned(pgrp int) Answer {
	if pgrp == 0 && !g.host { // The leader is outside the PID namespace, members may be.
		return Unknown
	}
	orphaned, met := g.orphaned[pgrp]
	if !met {
		orphaned = Yes
	}
	if orphaned == Yes && !g.init {
		return Unknown // Others may be hidden, too: mount option hidepid, see proc(5).
	}
	return orphaned
}

// tied reports whether the parent keeps the group of s from being orphaned.
func (g *Groups) tied(s, parent *procfs.Stat) Answer {
	switch {
	case g.host && s.PPID <= 1:
		return No // The kernel counts neither itself nor the first init.
	case s.PPID == 0:
		// The parent is outside the PID namespace. If the leader of the session is
		// inside, then so is the whole session.
		if s.Session != 0 {
			return No
		}
		return Unknown
	case parent == nil:
		return Unknown
	case parent.Session == 0 && s.Session == 0 && !g.host:
		return Unknown // Both leaders are outside: one or two?
	}
	return answer(parent.Session == s.Session && parent.PGRP != s.PGRP)
}
