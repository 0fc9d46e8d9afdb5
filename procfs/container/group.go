package container

import (
	"cmp"
	"errors"
	"io/fs"
	"slices"
	"strconv"

	"yinit/procfs"
)

// A Process is what [Find] needs to know about a process.
type Process struct {
	ID     procfs.ID // a start time of 0 is not known
	PPID   int
	NSpid  []int // as in [procfs.Status.NSpid]; nil: unknown
	Kernel bool  // it is a kernel thread
	Dead   bool  // it has ended: a zombie
}

// depth returns in how many PID namespaces the process is, from that of /proc downwards.
func (p *Process) depth() int { return max(len(p.NSpid), 1) }

// isInit reports whether the process is PID 1 of its namespace.
func (p *Process) isInit() bool {
	if n := len(p.NSpid); n > 0 {
		return p.NSpid[n-1] == 1
	}
	return p.ID.PID == 1
}

// A Group is the processes of a container.
type Group struct {
	NS      string // link of its PID namespace; "": this user may not read it
	Chain   Chain  // from the control groups
	First   int    // index of the process with which it began and ends; -1: it is not there
	Depth   int    // number of PID namespaces from that of /proc down to its own, at least 1
	Shared  bool   // others are in the same PID namespace, so that its first process is not PID 1, or not of them alone
	Outer   int    // index of the group in which it is nested; -1: none
	Members []int  // indices of its processes, by their pids
	Hidden  bool   // this user may not look into it
}

// PID returns the pid of a member inside the container.
func (g *Group) PID(p *Process) int {
	if n := len(p.NSpid); n >= g.Depth {
		return p.NSpid[g.Depth-1]
	}
	return p.ID.PID
}

// A space is a PID namespace.
type space struct {
	link    string
	depth   int
	first   int // index of its PID 1; -1: it is not there
	parent  *space
	members []int
	chain   Chain
	group   int  // index in the result; -1: it is the host
	denied  bool // the link may not be read
}

// A grouper finds the groups.
type grouper struct {
	fs     procfs.FS
	procs  []Process
	index  *Index   // of procs
	of     []*space // by process
	spaces []*space // that of /proc first, then by depth
	groups []Group
	chains map[int]Chain   // by process, as far as they were read
	own    map[string]bool // IDs of containers with a PID namespace of their own
	paths  func(pid int) []byte
}

// Find groups processes by containers: by their PID namespace and, where several containers
// share one, by the container in their control group. A PID namespace in a container that
// is not another container, as a browser makes for its tabs, belongs to that container.
// Processes of the host are in no group. paths returns the content of the file cgroup of a
// process, or nil.
func Find(fs procfs.FS, procs []Process, paths func(pid int) []byte) []Group {
	g := &grouper{fs: fs, paths: paths, procs: procs, index: NewIndex(procs), of: make([]*space, len(procs)), chains: map[int]Chain{}, own: map[string]bool{}}
	g.findSpaces()
	for _, s := range g.spaces {
		g.readChain(s)
	}
	for _, s := range g.spaces {
		g.settle(s)
	}
	for i := range g.groups {
		g.finish(&g.groups[i])
	}
	return g.groups
}

// findSpaces finds the PID namespaces and their processes.
func (g *grouper) findSpaces() {
	base := &space{depth: 1, first: -1, group: -1}
	var err error
	if base.link, err = g.fs.PIDNamespace(1); errors.Is(err, fs.ErrPermission) {
		base.denied = true
	}
	byKey := map[string]*space{}
	g.spaces = []*space{base}
	for i := range g.procs {
		p := &g.procs[i]
		s := base
		if p.depth() > 1 {
			s = g.space(i, byKey)
		}
		g.of[i] = s
		s.members = append(s.members, i)
		if p.isInit() {
			s.first = i
		}
	}
	slices.SortStableFunc(g.spaces, func(a, b *space) int { return cmp.Compare(a.depth, b.depth) })
	for _, s := range g.spaces[1:] {
		s.parent = base
		from := s.members
		if s.first >= 0 {
			from = []int{s.first}
		}
		for _, i := range from { // Without PID 1 the others tell: one of them came from there.
			if at, ok := g.index.Find(g.procs[i].PPID); ok && g.of[at] != s && g.of[at].depth > s.parent.depth && g.of[at].depth < s.depth {
				s.parent = g.of[at]
			}
		}
	}
}

// space returns the PID namespace of a process below that of /proc. A child that is as deep as
// its parent is in the namespace of its parent, which saves reading most links: setns(2) leads
// only downwards, and orphans stay in their namespace.
func (g *grouper) space(i int, byKey map[string]*space) *space {
	at := i
	for range len(g.procs) {
		if g.of[at] != nil {
			return g.of[at]
		}
		p := &g.procs[at]
		up, ok := g.index.Find(p.PPID)
		if !ok || g.procs[up].depth() != p.depth() || p.ID.Start != 0 && !g.procs[up].ID.Before(p.ID) {
			break
		}
		at = up
	}
	p := &g.procs[at]
	key, denied := g.key(at)
	s := byKey[key]
	if s == nil {
		s = &space{depth: p.depth(), first: -1, group: -1, denied: denied}
		if !denied {
			s.link = key
		}
		byKey[key] = s
		g.spaces = append(g.spaces, s)
	}
	for g.of[at] = s; at != i && g.of[i] == nil; { // Those between need not climb again.
		g.of[i] = s
		i, _ = g.index.Find(g.procs[i].PPID)
	}
	return s
}

// key returns what the processes of a PID namespace have in common: its link. Without
// permission it is the container in the control group or, if that tells none, the
// process itself, which has no parent in its namespace.
func (g *grouper) key(i int) (key string, denied bool) {
	link, err := g.fs.PIDNamespace(g.procs[i].ID.PID)
	if err == nil && link != "" {
		return link, false
	}
	denied = errors.Is(err, fs.ErrPermission)
	if id := g.chain(i).ID(); id != "" {
		return id, denied
	}
	return "of " + strconv.Itoa(g.procs[i].ID.PID), denied
}

// chain reads the containers in the control groups of a process.
func (g *grouper) chain(i int) Chain {
	c, ok := g.chains[i]
	if !ok {
		c = ParseCgroups(g.paths(g.procs[i].ID.PID))
		g.chains[i] = c
	}
	return c
}

// settle decides to which group the processes of a namespace belong. Its parent is settled.
func (g *grouper) settle(s *space) {
	if s.parent == nil && g.isHost(s) {
		g.split(s, -1)
		return
	}
	outer := -1
	if s.parent != nil {
		outer = s.parent.group
	}
	if outer >= 0 {
		if id := s.chain.ID(); id == "" || id == g.groups[outer].Chain.ID() {
			s.group = outer
			g.groups[outer].Members = append(g.groups[outer].Members, s.members...)
			return
		}
	}
	s.group = len(g.groups)
	g.groups = append(g.groups, Group{NS: s.link, Chain: s.chain, First: s.first, Depth: s.depth, Outer: outer, Hidden: s.denied})
	g.split(s, s.group)
}

// readChain finds the containers that the namespace is in. A zombie has left its control groups
// in version 1.
func (g *grouper) readChain(s *space) {
	if s.parent == nil && g.isHost(s) {
		return
	}
	for _, i := range append([]int{s.first}, s.members...) {
		if i >= 0 && len(s.chain) == 0 && !g.procs[i].Dead {
			s.chain = g.chain(i)
		}
		if len(s.chain) > 0 || i >= 0 && i != s.first && !g.procs[i].Dead {
			break
		}
	}
	if id := s.chain.ID(); id != "" {
		g.own[id] = true
	}
}

// isHost reports whether the namespace of /proc is that of the machine, and not that of a
// container.
func (g *grouper) isHost(s *space) bool {
	if s.link == procfs.InitialPIDNamespace {
		return true
	}
	second, ok := g.index.Find(2)
	return ok && g.procs[second].Kernel
}

// split gives the processes of a namespace to the group that it is, or the host if that is
// -1, but those in the control group of another container to one of their own.
func (g *grouper) split(s *space, group int) {
	if group >= 0 && !g.mixed(s) {
		g.groups[group].Members = append(g.groups[group].Members, s.members...)
		return
	}
	others := map[string]int{s.chain.ID(): group}
	where := make(map[int]int, len(s.members)) // the group by the pid
	for _, i := range s.members {
		p := &g.procs[i]
		if p.Kernel {
			continue
		}
		c := g.chain(i)
		at, known := others[c.ID()]
		switch {
		case len(c) == 0 && p.Dead:
			if at, known = where[p.PPID]; !known {
				at = group
			}
		case !known && (len(c) == 0 || g.own[c.ID()]):
			at = group // docker exec, before it enters the namespace
		case !known:
			at = len(g.groups)
			others[c.ID()] = at
			denied := !g.fs.MayTrace(p.ID.PID)
			g.groups = append(g.groups, Group{NS: s.link, Chain: c, First: -1, Depth: s.depth, Shared: true, Outer: -1, Hidden: denied})
		}
		where[p.ID.PID] = at
		if at >= 0 {
			g.groups[at].Members = append(g.groups[at].Members, i)
		}
	}
}

// mixed reports whether several containers share a PID namespace. A process of another one
// than that of PID 1 came from outside, or descends from one that did.
func (g *grouper) mixed(s *space) bool {
	return slices.ContainsFunc(s.members, func(i int) bool {
		p := &g.procs[i]
		if up, ok := g.index.Find(p.PPID); ok && g.of[up] == s || i == s.first || p.Dead {
			return false
		}
		id := g.chain(i).ID()
		return id != "" && id != s.chain.ID()
	})
}

// finish sorts the members, and finds the first process where that is not PID 1.
func (g *grouper) finish(x *Group) {
	slices.SortFunc(x.Members, func(a, b int) int { return cmp.Compare(g.procs[a].ID.PID, g.procs[b].ID.PID) })
	if x.First >= 0 || !x.Shared {
		return
	}
	member := map[int]bool{}
	for _, i := range x.Members {
		member[g.procs[i].ID.PID] = true
	}
	for _, i := range x.Members {
		p := &g.procs[i]
		if !member[p.PPID] && (x.First < 0 || p.ID.Before(g.procs[x.First].ID)) {
			x.First = i
		}
	}
}
