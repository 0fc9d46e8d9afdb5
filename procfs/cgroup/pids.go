package cgroup

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
)

// The words of a message that the pids limit was hit. The inspector recognises a note of the
// init by them: PidsLimitWords and, somewhere after it, WasHitWords.
const (
	PidsLimitWords = "the limit on processes and threads"
	WasHitWords    = " was hit"
)

// controller returns the directory of a controller: it is in one hierarchy only, be it of version 1
// or 2.
func (c Group) controller(name string) (d dir, ok bool) {
	if d, ok = c.byName[name]; !ok && c.unified != nil {
		d, ok = *c.unified, true
	}
	return d, ok
}

// inVersion1 reports whether the controller is in a hierarchy of version 1.
func (c Group) inVersion1(name string) bool {
	_, ok := c.byName[name]
	return ok
}

// PidsHits returns how often fork(2) or clone(2) failed because of the pids limit of the
// group or of a group below it, from pids.events. Before Linux 6.11 the kernel also counts
// a limit of an ancestor that a process of the group hit.
func (c Group) PidsHits() (hits uint64, ok bool) {
	if d, ok := c.controller("pids"); ok {
		return d.keyed("pids.events", "max")
	}
	return 0, false
}

// PidsUsed returns how many processes and threads the group has; 0: unknown.
func (c Group) PidsUsed() uint64 {
	if d, ok := c.controller("pids"); ok {
		n, _ := d.number("pids.current") // 0 if it is gone
		return n
	}
	return 0
}

// PidsLimit returns the pids limit that applies to the group; 0: unknown, or no limit.
func (c Group) PidsLimit() uint64 {
	if d, ok := c.controller("pids"); ok {
		return d.limit("pids.max")
	}
	return 0
}

// Pids returns how many processes and threads the group has, and the limit that applies to
// it; 0: unknown, or no limit. It reads less than [Group.Read].
func (c Group) Pids() (now, limit uint64) { return c.PidsUsed(), c.PidsLimit() }

// Members returns the processes of a group of a [Finder], with their pids in the PID namespace of
// the reader, but not those of groups below it. In version 1 an engine in a container may give its
// containers a group in the hierarchy of systemd only, so these are not members. The result is nil
// if the members are unknown, and has no more than fit into 64 KiB of text. It is valid until the
// next call.
func (c Group) Members() []int {
	d, ok := c.controller("pids")
	if !ok || d.open == nil {
		return nil
	}
	pids := d.members()
	if s, ok := c.byName[systemd]; ok {
		there := s.members()
		slices.Sort(there)
		pids = slices.DeleteFunc(pids, func(pid int) bool {
			_, found := slices.BinarySearch(there, pid)
			return !found
		})
	}
	return pids
}

// members returns the processes in the directory. They are valid until the next call.
func (d dir) members() []int {
	b, err := d.open.list(strings.TrimPrefix(d.path, d.top), "cgroup.procs")
	if err != nil {
		return nil
	}
	pids := d.open.pids[:0]
	for line := range bytes.Lines(b) {
		digits, whole := bytes.CutSuffix(line, []byte{'\n'})
		if pid, err := strconv.Atoi(string(digits)); whole && err == nil && pid > 0 { // 0: it is in another PID namespace.
			pids = append(pids, pid)
		}
	}
	d.open.pids = pids
	return pids
}
