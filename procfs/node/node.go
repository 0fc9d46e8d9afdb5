// Package node looks at all containers of a machine at once. It splits one snapshot of all
// processes by container, with the pids that they have inside, so that the doctor judges each
// container by the same rules as from within. Nothing is signalled, traced or started.
package node

import (
	"slices"
	"strconv"
	"time"

	"yinit/procfs"
	"yinit/procfs/cgroup"
	"yinit/procfs/container"
	"yinit/procfs/doctor"
	"yinit/procfs/idle"
	"yinit/procfs/snapshot"
	"yinit/procfs/verdict"
	"yinit/procfs/zombie"
)

// A Container is a container as the node sees it.
type Container struct {
	container.Names
	PID    int    // of its first process, on the node; 0: it is not there
	NS     string // link of the PID namespace
	Shared bool   // others are in the same PID namespace, and the first process stands for PID 1
	// View has the processes with their pids inside, and the control group.
	View  snapshot.Snapshot
	Reaps verdict.Answer // PID 1 waits for any child at the moment, or reads SIGCHLD
	// Dead and Stuck are as in [doctor.Facts].
	Dead, Stuck map[procfs.ID]time.Duration
	Checks      doctor.Checks // only those that the control group answers
	// Gained is how many more zombies it has than GainedIn before, which is about a minute, or
	// since it was first seen; 0 at the first look, see [Past].
	Gained   int
	GainedIn time.Duration
	hosts    []int       // pids on the node of the processes in the view
	byInside map[int]int // the same by the pid in the view; nil: not made yet
	first    int         // pid inside of the first process, if Shared

	// What the doctor says, see [Container.Examine].
	Facts doctor.Facts
	Found []doctor.Finding
	Stop  doctor.Stop
}

// A Node is the containers of a machine.
type Node struct {
	Time       time.Time // when the processes were read
	Containers []Container
	Hidden     int // containers that this user may not look into
	Processes  int // that are in no container
	Denied     int // files with names that this user may not read

	where map[int]place // of each process in a container, by its pid on the node; nil: not made yet
}

// A place is the index of a container, and the pid of a process in it.
type place struct{ index, inside int }

// Where returns the container of a process and its pid inside; nil: it is in none, or in one
// that is hidden.
func (n *Node) Where(pid int) (c *Container, inside int) {
	if n.where == nil {
		n.index()
	}
	at, ok := n.where[pid]
	if !ok {
		return nil, 0
	}
	c = &n.Containers[at.index]
	return c, c.Inside(at.inside)
}

// Options are what [Look] cannot find out by itself.
type Options struct {
	FS     procfs.FS
	Root   *container.Root // of the host
	Groups *cgroup.Finder
	// Closer reads a process in full, see [verdict.Reader.Read] and [verdict.Reader.ReadOutcomes].
	// It may be nil.
	Closer func(pid int) (*verdict.Target, error)
	// Cmdline reads the command line of a process without waiting for one that sleeps in the
	// kernel. It may be nil if the snapshot has them.
	Cmdline func(p *snapshot.Process) []string
	// Foresee finds out what SIGTERM would do to a process, see [snapshot.Reader.Foresee]. It
	// may be nil if the snapshot tells.
	Foresee func(p *snapshot.Process)
	// Fill reads what a lean snapshot lacks of a process, see [snapshot.Reader.Fill]. It may be
	// nil if the snapshot has all.
	Fill func(p *snapshot.Process)
	// Inner returns the pid in its container of a process of a lean snapshot without a target, by
	// its index, see [snapshot.Reader.Inner]. It may be nil if all have one.
	Inner func(i int) int
	// Own allows [Look] to reorder and modify the processes of the snapshot. The views then use
	// them without a copy.
	Own bool
	// Past is what the looks before have found; nil: there is only one look.
	Past *Past
}

// mostNamed is of how many processes of a container the command lines are read. The doctor asks
// for that of the first process, for those of docker exec and, where a stop concerns them, for
// those of the first children of the first process.
const mostNamed = 16

// mostTimed is of how many processes of a container it is found out since when they have
// been dead or stuck.
const mostTimed = 64

// Look splits a snapshot of all processes of a machine.
func Look(s *snapshot.Snapshot, o Options) *Node {
	procs := outlines(s, o.Inner)
	index := container.NewIndex(procs)
	groups := container.Find(o.FS, procs, pathsOf(o.Groups))
	names := container.Describer{FS: o.FS, Root: o.Root, Cmdline: func(pid int) []string {
		if i, ok := index.Find(pid); ok {
			return o.cmdline(&s.Procs[i])
		}
		return nil
	}}
	n := &Node{Time: s.Time, Processes: len(procs)}
	seen := make([]*container.Group, 0, len(groups)) // of the containers
	n.Containers = make([]Container, 0, len(groups))
	for i := range groups {
		g := &groups[i]
		n.Processes -= len(g.Members)
		if len(g.Members) == 1 && s.Procs[g.Members[0]].ID.PID == s.Caller.PID {
			continue // docker run --pid=host yinit: the container of the program that looks
		}
		if g.Hidden {
			n.Hidden++
			continue
		}
		described := o.Past.describe(g, procs, s.Time, func() container.Names { return names.Describe(g, procs, groups) })
		n.Containers = append(n.Containers, Container{Names: described, NS: g.NS, Shared: g.Shared})
		seen = append(seen, g)
	}
	rows := arrange(s, seen, o.Own)
	clock := idle.NewClock(o.FS)
	for i, g := range seen {
		c, count := &n.Containers[i], len(g.Members)
		c.take(s, rows[:count:count], g, procs)
		rows = rows[count:]
		c.read(o, clock)
	}
	if o.Root != nil {
		n.Denied = o.Root.Denied()
	}
	return n
}

// cmdline returns the command line of a process of the node.
func (o *Options) cmdline(p *snapshot.Process) []string {
	if p.Cmdline == nil && o.Cmdline != nil {
		return o.Cmdline(p)
	}
	return p.Cmdline
}

// read reads what the snapshot does not have.
func (c *Container) read(o Options, clock *idle.Clock) {
	if c.PID != 0 {
		c.readFirst(o)
		c.readOthers(o)
		c.readGroup(o.Groups.Find(strconv.Itoa(c.PID)))
	}
	c.Dead, c.Stuck = map[procfs.ID]time.Duration{}, map[procfs.ID]time.Duration{}
	timed := 0
	for i := range c.View.Procs {
		p := &c.View.Procs[i]
		stuck := p.State.Stopped() || p.State == procfs.StateDisk
		if !p.Dead() && !stuck || timed == mostTimed {
			continue
		}
		timed++
		stat, err := o.FS.Stat(c.hosts[i])
		if err != nil || stat.Start != p.ID.Start || stat.State != p.State {
			continue
		}
		since, ok := clock.Since(&stat)
		switch {
		case !ok:
		case stuck:
			c.Stuck[p.ID] = since
		default:
			c.Dead[p.ID] = since
		}
	}
}

// readFirst reads the first process in full.
func (c *Container) readFirst(o Options) {
	i := slices.IndexFunc(c.View.Procs, func(p snapshot.Process) bool { return p.ID.PID == 1 })
	if i < 0 || c.View.Procs[i].Dead() || c.View.Procs[i].State == procfs.StateDisk {
		return // Reading more may need a lock that a process in state D holds.
	}
	p := &c.View.Procs[i]
	if o.Closer != nil {
		if t, err := o.Closer(c.PID); err == nil && t.ID.Start == p.ID.Start {
			p.Target = t
			p.Term, _ = verdict.Of(t, sigTERM, verdict.Anyone())
		}
	}
	c.onNode(i, p, func(p *snapshot.Process) { p.Cmdline = o.cmdline(p) })
	c.Reaps = Reaps(o.FS, p.Target)
}

// readOthers reads of the other processes what the doctor asks for.
func (c *Container) readOthers(o Options) {
	first := c.First()
	follows := first != nil && doctor.Follows(first)
	asked := follows || first != nil && doctor.Alike(first) // what the others do with signals
	named := 1                                              // the first process
	for i := range c.View.Procs {
		p := &c.View.Procs[i]
		if p.ID.PID == 1 || p.Dead() {
			continue
		}
		if (p.PPID == 0 || follows && p.PPID == 1) && named < mostNamed {
			c.onNode(i, p, func(p *snapshot.Process) { p.Cmdline = o.cmdline(p) })
			named++
		}
		if asked && o.Fill != nil {
			c.onNode(i, p, o.Fill)
		}
		if follows && o.Foresee != nil {
			c.onNode(i, p, o.Foresee)
		}
	}
}

// Identify gives the processes that the findings name their start times, which a lean snapshot
// lacks. fill is as in [Options].
func (c *Container) Identify(fill func(*snapshot.Process)) {
	wanted := map[int][]*procfs.ID{}
	for i := range c.Found {
		for j := range c.Found[i].Procs {
			if id := &c.Found[i].Procs[j]; id.Start == 0 {
				wanted[id.PID] = append(wanted[id.PID], id)
			}
		}
	}
	for i := range c.View.Procs {
		p := c.View.Procs[i]
		if len(wanted[p.ID.PID]) == 0 {
			continue
		}
		c.onNode(i, &p, fill)
		for _, id := range wanted[p.ID.PID] {
			id.Start = p.ID.Start
		}
	}
}

// Reaps reports whether a process can be seen to reap any child: it waits for one, or it reads
// SIGCHLD by sigwait(3) or signalfd(2). If not, that is unknown: it may wait later.
func Reaps(fs procfs.FS, t *verdict.Target) verdict.Answer {
	if t == nil {
		return verdict.Unknown
	}
	if t.Relay != nil || t.SignalFDs.Has(sigCHLD) {
		return verdict.Yes
	}
	for i := range t.Tasks {
		if w := &t.Tasks[i]; w.AwaitedRead && w.Awaited.Has(sigCHLD) {
			return verdict.Yes
		}
	}
	waits, _ := zombie.WaitsOf(fs, t)
	if slices.ContainsFunc(waits, func(w zombie.Wait) bool { return w.PID == 0 && !w.Other }) {
		return verdict.Yes
	}
	return verdict.Unknown
}

// readGroup reads the limits and counters of the control group.
func (c *Container) readGroup(g cgroup.Group) {
	h := &c.View.Host
	h.Pids, h.PidsMax = int(g.PidsUsed()), int(g.PidsLimit())
	h.PidsHits, _ = g.PidsHits()
	c.Checks.OOMKills, _ = g.OOMKills()
	c.Checks.OOMGroup = g.KillsTogether()
	if c.Checks.OOMKills > 0 {
		h.MemMax = g.MemoryLimit()
	}
	h.Hosts.MemMax = h.MemMax == 0
}
