package node

import (
	"time"

	"yinit/procfs"
	"yinit/procfs/container"
)

const (
	// growthOver is over which time the growth of the number of zombies is measured.
	growthOver = time.Minute
	// namesFor is for how long names hold: docker rename changes one.
	namesFor = time.Minute
)

// A Past is what is kept from one look at a machine to the next: how many zombies containers
// had, and what they are called, so that the files of the engines are not read each time. The
// zero value has seen nothing.
type Past struct {
	counts map[identity][]count
	names  map[identity]named
}

// An identity is what stays the same of a container from one look to the next.
type identity struct {
	ns, id string
	first  procfs.ID // on the node; zero: it is not there
}

// A count is how many zombies a container had at a time.
type count struct {
	at      time.Time
	zombies int
}

// named is the names of a container, and when they were read.
type named struct {
	container.Names
	at time.Time
}

// describe returns the names of a group as read does, or those that are known.
func (past *Past) describe(g *container.Group, procs []container.Process, now time.Time, read func() container.Names) container.Names {
	if past == nil {
		return read()
	}
	key := identity{ns: g.NS, id: g.Chain.ID()}
	if g.First >= 0 {
		key.first = procs[g.First].ID
	}
	known, ok := past.names[key]
	if age := now.Sub(known.at); !ok || age < 0 || age >= namesFor {
		known = named{read(), now}
		if past.names == nil {
			past.names = map[identity]named{}
		}
		past.names[key] = known
	}
	return known.Names
}

// forget forgets the names of containers that are gone.
func (past *Past) forget(now time.Time) {
	for key, known := range past.names {
		if age := now.Sub(known.at); age < 0 || age >= namesFor {
			delete(past.names, key)
		}
	}
}

// Count sets [Container.Gained] of each container. It forgets containers that are gone.
func (past *Past) Count(n *Node, now time.Time) {
	counts := make(map[identity][]count, len(n.Containers))
	for i := range n.Containers {
		c := &n.Containers[i]
		key := identity{ns: c.NS, id: c.ID}
		if first := c.First(); first != nil {
			key.first = procfs.ID{PID: c.PID, Start: first.ID.Start}
		}
		log := append(past.counts[key], count{now, c.Zombies().All})
		for len(log) > 2 && now.Sub(log[1].at) >= growthOver { // One is kept that is a minute old.
			log = log[1:]
		}
		if last := len(log) - 1; last > 1 && now.Sub(log[last-1].at) < time.Second {
			log = append(log[:last-1], log[last])
		}
		counts[key] = log
		c.Gained, c.GainedIn = log[len(log)-1].zombies-log[0].zombies, now.Sub(log[0].at)
	}
	past.counts = counts
	past.forget(now)
}
