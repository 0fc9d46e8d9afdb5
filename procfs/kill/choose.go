package kill

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"yinit/procfs"
	"yinit/procfs/verdict"
)

// A RefusedError says that a pid is not signalled without [Order.Force]. Nothing was sent.
type RefusedError struct{ Text string }

// Error returns the text.
func (e *RefusedError) Error() string { return e.Text }

// A root is a process for which the user asked.
type root struct {
	pid   int
	id    procfs.ID // zero: there is none, but its process group or session has others
	group int       // process group, or session
}

// A choice finds the members of the scopes of the roots among the processes of a scan.
type choice struct {
	Order
	self  int // pid of this process; 0: it is not among them
	roots []root
	// began is the start time of the newest process of the first scan, and inside are the
	// process groups that had no process outside the trees then: all that starts in these
	// later descends from a member, even if its parent has ended, and PID 1 is its parent
	// now.
	began   procfs.Ticks
	inside  map[int]int       // the pid for which its processes are chosen, by process group
	scanned bool              // inside is known
	chosen  map[procfs.ID]int // the pid for which each member of a tree was chosen
	without bool              // PID 1 belongs to a scope, and is left out
}

// refuse returns an error if one of the pids may only be signalled with Force.
func (o *Order) refuse(pids []int, self int) error {
	for _, pid := range pids {
		switch {
		case o.Force:
		case pid == 1:
			return &RefusedError{"1 is PID 1: the container ends with it; --force signals it nevertheless"}
		case pid == self:
			return &RefusedError{fmt.Sprintf("%d is this command itself; --force signals it nevertheless", pid)}
		}
	}
	return nil
}

// newChoice returns the choice for the pids among the processes of the first scan. A pid
// that none of them has is in missing.
func newChoice(o Order, pids []int, self int, stats []*procfs.Stat) (c *choice, missing []int) {
	c = &choice{Order: o, self: self, inside: map[int]int{}, chosen: map[procfs.ID]int{}}
	for _, pid := range pids {
		r, ok := c.root(pid, stats)
		if !ok {
			missing = append(missing, pid)
			continue
		}
		c.roots = append(c.roots, r)
		c.chosen[r.id] = pid
	}
	for i := range stats {
		c.began = max(c.began, stats[i].Start)
	}
	return c, missing
}

// root looks up a pid. If its process has ended, its process group or session may have
// other members.
func (c *choice) root(pid int, stats []*procfs.Stat) (root, bool) {
	at := slices.IndexFunc(stats, func(s *procfs.Stat) bool { return s.PID == pid })
	r := root{pid: pid, group: pid}
	if at >= 0 {
		r.id = stats[at].ID()
		if r.group = stats[at].PGRP; c.Scope == Session {
			r.group = stats[at].Session
		}
		return r, true
	}
	return r, slices.ContainsFunc(stats, func(s *procfs.Stat) bool {
		return !s.Dead() && (c.Scope == Group && s.PGRP == pid || c.Scope == Session && s.Session == pid)
	})
}

// members returns the processes of a scan that get the signal, parents before their
// children, and for which pid each was chosen. A process for which the user has asked is
// among them even if it is a zombie, unless its group or session has others.
func (c *choice) members(stats []*procfs.Stat) (found []*procfs.Stat, asked []int) {
	order := slices.Clone(stats)
	slices.SortFunc(order, func(a, b *procfs.Stat) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.PID, b.PID))
	})
	of := c.belongs(order)
	var dead []*procfs.Stat
	others := map[int]bool{} // by the pid for which they were chosen
	for _, s := range order {
		switch pid := of(s); {
		case pid == 0:
		case pid == s.PID && s.Dead():
			dead = append(dead, s)
		case pid == s.PID, c.takes(s):
			found, asked = append(found, s), append(asked, pid)
			others[pid] = true
		}
	}
	for _, s := range dead {
		if !others[s.PID] {
			found, asked = append(found, s), append(asked, s.PID)
		}
	}
	return found, asked
}

// takes reports whether a process gets the signal as a member of a scope for which the user
// has named another process.
func (c *choice) takes(s *procfs.Stat) bool {
	switch {
	case s.Dead(), s.KernelThread():
		return false
	case c.Force:
		return true
	case s.PID == 1:
		c.without = true
		return false
	}
	return s.PID != c.self
}

// belongs returns a function that returns the pid for which a process is chosen, 0 if it is
// not. For a tree it must be called in the order of the starts.
func (c *choice) belongs(order []*procfs.Stat) func(*procfs.Stat) int {
	if c.Scope == Tree {
		return c.descends(order)
	}
	return func(s *procfs.Stat) int {
		for i := range c.roots {
			r := &c.roots[i]
			switch {
			case s.ID() == r.id,
				c.Scope == Group && r.group != 0 && s.PGRP == r.group,
				c.Scope == Session && r.group != 0 && s.Session == r.group:
				return r.pid
			}
		}
		return 0
	}
}

// descends is belongs for trees. It remembers who has been a member.
func (c *choice) descends(order []*procfs.Stat) func(*procfs.Stat) int {
	ids := make(map[int]procfs.ID, len(order))
	for i := range order {
		ids[order[i].PID] = order[i].ID()
	}
	of := func(s *procfs.Stat) int {
		if pid := c.chosen[s.ID()]; pid != 0 {
			return pid
		}
		if parent, ok := ids[s.PPID]; ok && parent.Before(s.ID()) && c.chosen[parent] != 0 {
			return c.chosen[parent]
		}
		if c.scanned && s.Start >= c.began {
			return c.inside[s.PGRP]
		}
		return 0
	}
	if !c.scanned {
		c.findInside(order, of)
		c.scanned = true
	}
	return func(s *procfs.Stat) int {
		pid := of(s)
		if pid != 0 {
			c.chosen[s.ID()] = pid
		}
		return pid
	}
}

// findInside finds the process groups that have no process outside the trees.
func (c *choice) findInside(order []*procfs.Stat, of func(*procfs.Stat) int) {
	outside := map[int]bool{0: true} // a group of outside the PID namespace
	for i := range order {
		s := order[i]
		pid := of(s)
		if pid == 0 {
			outside[s.PGRP] = true
			continue
		}
		c.chosen[s.ID()], c.inside[s.PGRP] = pid, pid
	}
	for group := range outside {
		delete(c.inside, group)
	}
}

// errNamespace: pids of /proc are not those that pidfd_open(2) takes.
var errNamespace = errors.New("/proc shows another PID namespace than that of this process, so its pids cannot be signalled; mount /proc again")

// look scans the processes. It returns an error if they cannot be signalled.
func look(r *verdict.Reader) error {
	if err := r.Scan(); err != nil {
		return err
	}
	if !r.Ours {
		return errNamespace
	}
	return nil
}
