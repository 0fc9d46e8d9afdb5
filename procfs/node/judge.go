package node

import (
	"cmp"
	"slices"
	"sort"
	"strings"
	"syscall"
	"time"

	"yinit/procfs"
	"yinit/procfs/doctor"
	"yinit/procfs/snapshot"
	"yinit/procfs/snapshot/filter"
	"yinit/procfs/verdict"
)

const (
	sigTERM = int(syscall.SIGTERM)
	sigCHLD = int(syscall.SIGCHLD)
	sigPWR  = int(syscall.SIGPWR)
	sigHalt = 37 // SIGRTMIN+3

	lxcTimeout  = 60 * time.Second // lxc-stop(1), --timeout
	unitTimeout = 90 * time.Second // systemd-system.conf(5), DefaultTimeoutStopSec
)

// Examine asks the doctor. The facts are those of the view, with what its history tells.
func (c *Container) Examine(f doctor.Facts) {
	f.Dead, f.Stuck = c.Dead, c.Stuck
	f.Signal, f.Timeout = c.Signal(), c.Timeout()
	c.Facts = f
	c.Found, c.Stop = doctor.Examine(&c.Facts)
}

// Signal returns what a stop sends; 0: SIGTERM. LXC sends SIGRTMIN+3 to an init that blocks it,
// as systemd(1) does, and else SIGPWR, see lxc-stop(1). What systemd-nspawn(1) sends its command
// line says; if that cannot be read, an init that blocks SIGRTMIN+3 is one that was booted.
func (c *Container) Signal() int {
	if c.StopSignal != 0 || c.Engine != "lxc" && c.Engine != "nspawn" {
		return c.StopSignal
	}
	first := c.First()
	switch {
	case first != nil && first.Sigs.Known && first.Sigs.Blocked.Has(sigHalt):
		return sigHalt
	case c.Engine == "lxc":
		return sigPWR
	}
	return int(syscall.SIGKILL)
}

// Timeout returns how long the engine waits at a stop before it sends SIGKILL: as configured,
// as far as that can be read, else by default.
func (c *Container) Timeout() time.Duration {
	switch {
	case c.HasTimeout:
		return max(c.StopTimeout, time.Millisecond) // 0 would be the default
	case c.PodUID != "":
		return doctor.KubernetesTimeout
	case c.Engine == "lxc":
		return lxcTimeout
	case c.Engine == "nspawn":
		return unitTimeout
	}
	return doctor.DockerTimeout
}

// Init reports whether PID 1 is an init: it reacts to the stop signal, and reaps. Both are
// seen in what it does, not in its name.
func (c *Container) Init() verdict.Answer {
	switch {
	case c.Stop.Relayed:
		return verdict.Yes
	case c.Stop.Reacts == verdict.No, slices.ContainsFunc(c.Found, func(x doctor.Finding) bool { return x.ID == "no-reaper" || x.ID == "shell-pid1" }):
		return verdict.No
	case c.Stop.Reacts == verdict.Yes && c.Reaps == verdict.Yes:
		return verdict.Yes
	}
	return verdict.Unknown
}

// Reaping reports whether PID 1 reaps: it was seen to, or the doctor says that it does not.
func (c *Container) Reaping() verdict.Answer {
	if !c.Stop.Relayed && slices.ContainsFunc(c.Found, func(x doctor.Finding) bool { return x.ID == "no-reaper" }) {
		return verdict.No
	}
	return c.Reaps
}

// First returns the first process; nil: it is not there.
func (c *Container) First() *snapshot.Process {
	for i := range c.View.Procs {
		if p := &c.View.Procs[i]; p.ID.PID == 1 {
			return p
		}
	}
	return nil
}

// A Tally is the zombies of a container.
type Tally struct {
	All     int
	Culprit int           // pid inside of the one that holds most; 0: none, or it is outside
	Name    string        // of the culprit
	Oldest  time.Duration // for how long the oldest has been dead, at least
}

// Zombies counts the zombies, by the one that ought to reap them.
func (c *Container) Zombies() (t Tally) {
	held := map[int]int{}
	for i := range c.View.Procs {
		p := &c.View.Procs[i]
		if !p.Dead() {
			continue
		}
		t.All++
		t.Oldest = max(t.Oldest, c.Dead[p.ID])
		held[p.Culprit]++
		if n := held[p.Culprit]; t.All == 1 || n > held[t.Culprit] || n == held[t.Culprit] && p.Culprit < t.Culprit {
			t.Culprit = p.Culprit
		}
	}
	for i := range c.View.Procs {
		if p := &c.View.Procs[i]; t.Culprit != 0 && p.ID.PID == t.Culprit {
			t.Name = p.Comm
		}
	}
	return t
}

// Sessions returns how many processes were started from outside, as by docker exec, and still
// run, and for how long the oldest has.
func (c *Container) Sessions() (n int, oldest time.Duration) {
	for i := range c.View.Procs {
		p := &c.View.Procs[i]
		if p.Entered() && !p.Dead() && p.ID.PID != c.View.Caller.PID {
			n, oldest = n+1, max(oldest, p.Age)
		}
	}
	return n, oldest
}

// Dying says why PID 1 has ended and cannot go; "" if it has not.
func (c *Container) Dying() string {
	first := c.First()
	if first == nil || first.Target == nil || first.Target.Dying == verdict.NotDying {
		return ""
	}
	_, why := verdict.Of(first.Target, sigTERM, verdict.Anyone())
	return why
}

// Worst returns the worst finding; nil: there is none.
func (c *Container) Worst() *doctor.Finding {
	if len(c.Found) == 0 {
		return nil
	}
	return &c.Found[0]
}

// Sort puts the worst container first: by its problems, its risks, the processes that a stop
// kills hard and how long that takes, its zombies, the processes that a stop may kill hard, then
// by name.
func (n *Node) Sort() {
	sort.SliceStable(n.Containers, func(i, j int) bool {
		a, b := &n.Containers[i], &n.Containers[j]
		return cmp.Or(
			cmp.Compare(doctor.Count(b.Found, doctor.Problem), doctor.Count(a.Found, doctor.Problem)),
			cmp.Compare(doctor.Count(b.Found, doctor.Risk), doctor.Count(a.Found, doctor.Risk)),
			cmp.Compare(b.Stop.Hard, a.Stop.Hard),
			cmp.Compare(b.Stop.Takes, a.Stop.Takes),
			cmp.Compare(b.Zombies().All, a.Zombies().All),
			cmp.Compare(b.Stop.Doubt, a.Stop.Doubt),
			strings.Compare(a.Title(), b.Title()),
			cmp.Compare(a.PID, b.PID),
		) < 0
	})
	n.where = nil
}

// Choose keeps the containers that the filter selects.
func (n *Node) Choose(f filter.Filter) {
	if len(f) == 0 {
		return
	}
	n.Containers = slices.DeleteFunc(n.Containers, func(c Container) bool { return !c.Match(f) })
	n.where = nil
}

// index notes where each process is.
func (n *Node) index() {
	n.where = map[int]place{}
	for i := range n.Containers {
		c := &n.Containers[i]
		for k, pid := range c.hosts {
			n.where[pid] = place{i, c.View.Procs[k].ID.PID}
		}
	}
}

// Match reports whether the filter selects the container. Text is looked for in its names, the
// other terms are about its first process.
func (c *Container) Match(f filter.Filter) bool {
	first := c.First()
	if first == nil {
		first = &snapshot.Process{ID: procfs.ID{PID: c.PID}}
	}
	return f.Match(subject{first.Subject(), c})
}

// subject is a container as a filter sees it.
type subject struct {
	filter.Subject
	*Container
}

func (s subject) Contains(lower string) bool {
	for _, name := range []string{s.Title(), s.ID, s.Engine, s.Image, s.Outer, s.PodUID} {
		if procfs.ContainsFold(name, lower) {
			return true
		}
	}
	return s.Subject.Contains(lower)
}

func (s subject) Number(key filter.Key) (float64, bool) {
	if key == filter.PID {
		return float64(s.PID), true
	}
	return s.Subject.Number(key)
}
