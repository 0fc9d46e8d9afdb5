package cgroup

// The words of a message that the pids limit was hit. The inspector recognises a note of the
// init by them: PidsLimitWords and, somewhere after it, WasHitWords.
const (
	PidsLimitWords = "the limit on processes and threads"
	WasHitWords    = " was hit"
)

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

// Pids returns how many processes and threads the group has, and the limit that applies to
// it; 0: unknown, or no limit. It reads less than [Group.Read].
func (c Group) Pids() (now, limit uint64) {
	if c.unified != nil {
		if n, ok := c.unified.number("pids.current"); ok {
			return n, c.unified.limit("pids.max")
		}
	}
	if d, ok := c.byName["pids"]; ok {
		n, _ := d.number("pids.current")
		return n, d.limit("pids.max")
	}
	return 0, 0
}
