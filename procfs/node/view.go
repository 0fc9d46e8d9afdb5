package node

import (
	"slices"

	"yinit/procfs/container"
	"yinit/procfs/snapshot"
	"yinit/procfs/verdict"
)

// outlines returns what it takes to find the containers of the processes.
func outlines(s *snapshot.Snapshot, inner func(i int) int) []container.Process {
	procs := make([]container.Process, len(s.Procs))
	var pids []int // of many short lists
	for i := range s.Procs {
		p := &s.Procs[i]
		procs[i] = container.Process{ID: p.ID, PPID: p.PPID, Kernel: p.KernelThread(), Dead: p.Dead()}
		if p.Target != nil {
			procs[i].NSpid = p.Target.NSpid
			continue
		}
		if inner == nil || inner(i) == 0 {
			continue
		}
		if pids == nil {
			pids = make([]int, 0, 2*(len(s.Procs)-i))
		}
		pids = append(pids, p.ID.PID, inner(i))
		procs[i].NSpid = pids[len(pids)-2 : len(pids) : len(pids)]
	}
	return procs
}

// arrange returns the members of the groups, one group after the other. With own it moves the rows
// of the snapshot, otherwise it copies them.
func arrange(s *snapshot.Snapshot, groups []*container.Group, own bool) []snapshot.Process {
	total := 0
	for _, g := range groups {
		total += len(g.Members)
	}
	if !own {
		rows := make([]snapshot.Process, 0, total)
		for _, g := range groups {
			for _, i := range g.Members {
				rows = append(rows, s.Procs[i])
			}
		}
		return rows
	}
	to := make([]int32, len(s.Procs)) // where each row goes, counted from 1
	next := int32(0)
	for _, g := range groups {
		for _, i := range g.Members {
			next++
			to[i] = next
		}
	}
	for i := range to {
		if to[i] == 0 { // It is in no group.
			next++
			to[i] = next
		}
	}
	for i := range to {
		for k := int(to[i]) - 1; k != i; k = int(to[i]) - 1 {
			s.Procs[i], s.Procs[k] = s.Procs[k], s.Procs[i]
			to[i], to[k] = to[k], to[i]
		}
	}
	return s.Procs[:total]
}

// take makes the rows of a group the view, with the pids that they have inside.
func (c *Container) take(s *snapshot.Snapshot, rows []snapshot.Process, g *container.Group, procs []container.Process) {
	c.hosts = make([]int, len(rows))
	inside := make([]int, len(rows))
	for k, i := range g.Members {
		c.hosts[k], inside[k] = procs[i].ID.PID, g.PID(&procs[i])
		if i == g.First && c.Shared {
			c.first, inside[k] = inside[k], 1
		}
	}
	if g.First >= 0 {
		c.PID = procs[g.First].ID.PID
	}
	within := func(host int) int { // 0: it is not in the container
		k, ok := slices.BinarySearch(c.hosts, host)
		if !ok {
			return 0
		}
		return inside[k]
	}
	c.View = snapshot.Snapshot{Time: s.Time, Procs: rows, Caller: verdict.Anyone()}
	c.View.Caller.PID = within(s.Caller.PID)
	for k := range rows {
		p := &rows[k]
		p.ID.PID, p.PPID, p.Culprit = inside[k], within(p.PPID), within(p.Culprit)
		p.Outside, p.Place = p.PPID == 0 && p.ID.PID != 1, snapshot.PlaceInit
		if p.ID.PID == 1 {
			c.View.Host.Init, c.View.Host.Uptime = p.Comm, p.Age
		}
	}
}

// HostPID returns the pid on the node of a process in the view; 0: there is none.
func (c *Container) HostPID(view int) int {
	if c.byInside == nil {
		c.byInside = make(map[int]int, len(c.hosts))
		for i, pid := range c.hosts {
			c.byInside[c.View.Procs[i].ID.PID] = pid
		}
	}
	return c.byInside[view]
}

// Inside returns the pid inside the container of a process in the view. It is another one only
// for a process that stands for PID 1.
func (c *Container) Inside(view int) int {
	if view == 1 && c.Shared {
		return c.first
	}
	return view
}

// onNode calls f with the process i of the view, which has its pid on the node meanwhile.
func (c *Container) onNode(i int, p *snapshot.Process, f func(*snapshot.Process)) {
	inside := p.ID.PID
	p.ID.PID = c.hosts[i]
	f(p)
	p.ID.PID = inside
}
