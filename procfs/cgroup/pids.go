package cgroup

// PidsHits returns how often fork(2) or clone(2) failed because of the pids limit of the
// group or of a group below it, from pids.events. Before Linux 6.11 the kernel also counts
// a limit of an ancestor that a process of the group hit.
func (c Group) PidsHits() (hits uint64, ok bool) {
	if c.unified != nil {
		if hits, ok = c.unified.keyed("pids.events", "max"); ok {
			return hits, true
		}
	}
	if d, ok := c.byName["pids"]; ok {
		return d.keyed("pids.events", "max")
	}
	return 0, false
}

// PidsLimit returns the pids limit that applies to the group; 0: unknown, or no limit.
func (c Group) PidsLimit() uint64 {
	if c.unified != nil {
		if n := c.unified.limit("pids.max"); n != 0 {
			return n
		}
	}
	if d, ok := c.byName["pids"]; ok {
		return d.limit("pids.max")
	}
	return 0
}
