package metrics

import (
	"time"

	"yinit/procfs/doctor"
	"yinit/procfs/node"
	"yinit/procfs/verdict"
)

// culprits is of how many culprits of a container the zombies are counted one by one.
const culprits = 5

// LabelsOf returns the values of [ContainerLabels].
func LabelsOf(c *node.Container) []string {
	name := c.Name
	if c.Sandbox {
		name = "POD" // as cAdvisor calls it
	}
	if name == "" && c.PodUID == "" && IDOf(c) != "" {
		name = c.Label() // It is in no pod, so there is nothing to be joined with.
	}
	return []string{c.PodNS, c.Pod, name, IDOf(c), c.Image}
}

// IDOf returns the ID of a container with its engine, as Kubernetes writes it:
// "containerd://0123...". A container without an ID has that of its PID namespace.
func IDOf(c *node.Container) string {
	engine := c.Engine
	switch {
	case c.ID == "" && c.NS == "":
		return ""
	case c.ID == "":
		return "pidns://" + c.NS
	case engine == "":
		return c.ID
	}
	return engine + "://" + c.ID
}

// Put adds the metrics of a container that has been examined. started is when its first process
// started; zero: unknown.
func (s *Set) Put(c *node.Container, started time.Time) {
	labels := LabelsOf(c)
	add := func(f *Family, value float64, more ...string) {
		s.Add(f, value, append(labels[:len(labels):len(labels)], more...)...)
	}
	add(Processes, float64(processes(c)))
	if h := &c.View.Host; h.Pids > 0 {
		add(Pids, float64(h.Pids))
		add(PidsHits, float64(h.PidsHits))
		add(OOMKills, float64(c.Checks.OOMKills))
		if h.PidsMax > 0 {
			add(PidsLimit, float64(h.PidsMax))
		}
	}
	if !started.IsZero() {
		add(StartTime, float64(started.Unix()))
	}
	if first := c.First(); first != nil {
		add(Init, 1, first.Comm, c.Reaping().String(), c.Stop.Reacts.String())
	}
	if st := &c.Stop; st.Possible && (st.Reacts != verdict.Unknown || st.Takes > 0) {
		add(HardKills, float64(st.Hard))
		add(StopSeconds, st.Takes.Seconds())
	}
	sessions, oldest := c.Sessions()
	add(ExecSessions, float64(sessions))
	add(OldestSession, oldest.Seconds())
	for level := doctor.Problem; level <= doctor.Note; level++ {
		add(Findings, float64(doctor.Count(c.Found, level)), level.String())
	}
	s.zombies(c, add)
}

// processes returns how many processes there are, without the program that looks.
func processes(c *node.Container) int {
	n := len(c.View.Procs)
	for i := range c.View.Procs {
		if c.View.Procs[i].ID.PID == c.View.Caller.PID {
			n--
		}
	}
	return n
}

// PutNode adds what was seen of the machine.
func (s *Set) PutNode(n *node.Node) {
	s.Add(Seen, float64(len(n.Containers)))
	s.Add(Hidden, float64(n.Hidden))
	s.Add(Denied, float64(n.Denied))
	s.Add(Outside, float64(n.Processes))
}

// zombies adds the zombies by culprit. Without zombies there is one sample with 0 and no culprit,
// so that a sum over the culprits has no gaps.
func (s *Set) zombies(c *node.Container, add func(*Family, float64, ...string)) {
	add(OldestZombie, c.Zombies().Oldest.Seconds())
	names := map[int]string{0: "outside"}
	for i := range c.View.Procs {
		if p := &c.View.Procs[i]; !p.Dead() {
			names[p.ID.PID] = p.Comm
		}
	}
	held := map[string]int{}
	for i := range c.View.Procs {
		if p := &c.View.Procs[i]; p.Dead() {
			name, ok := names[p.Culprit]
			if !ok {
				name = "unknown"
			}
			held[name]++
		}
	}
	if len(held) == 0 {
		add(Zombies, 0, "")
		return
	}
	top := Top(held, culprits)
	for name, n := range held {
		if !top[name] {
			name = Other
		}
		add(Zombies, float64(n), name)
	}
}
