package procfs

// Orphaned reports whether the process group pgrp is orphaned: no member has a
// parent in another group of the same session. In such a group SIGTSTP, SIGTTIN
// and SIGTTOU do not stop anybody, see setpgid(2) and
// will_become_orphaned_pgrp of the kernel's exit.c. The stats are those of all
// processes; it is [Untold] if what decides is out of sight.
func Orphaned(pgrp int, stats []Stat) Answer {
	byPID := make(map[int]*Stat, len(stats))
	for i := range stats {
		byPID[stats[i].PID] = &stats[i]
	}
	// The first PID namespace has kthreadd. Nothing is outside it: group 0 and
	// session 0 are those that the first process was born into.
	host := byPID[2] != nil && byPID[2].KernelThread()
	if pgrp == 0 && !host { // The leader is outside the PID namespace, members may be.
		return Untold
	}
	orphaned := Yes
	for i := range stats {
		s := &stats[i]
		if s.PGRP != pgrp || s.Zombie() {
			continue
		}
		switch tied(s, byPID[s.PPID], host) {
		case Yes:
			return No
		case Untold:
			orphaned = Untold
		}
	}
	if orphaned == Yes && byPID[1] == nil {
		return Untold // Others may be hidden, too: mount option hidepid, see proc(5).
	}
	return orphaned
}

// tied reports whether the parent keeps the group of s from being orphaned.
func tied(s, parent *Stat, host bool) Answer {
	switch {
	case host && s.PPID <= 1:
		return No // The kernel counts neither itself nor the first init.
	case s.PPID == 0:
		// The parent is outside the PID namespace. If the leader of the session is
		// inside, then so is the whole session.
		if s.Session != 0 {
			return No
		}
		return Untold
	case parent == nil:
		return Untold
	case parent.Session == 0 && s.Session == 0 && !host:
		return Untold // Both leaders are outside: one or two?
	}
	return answer(parent.Session == s.Session && parent.PGRP != s.PGRP)
}
