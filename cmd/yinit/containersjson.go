package main

import (
	"time"

	"yinit/initcore/history"
	"yinit/procfs"
	"yinit/procfs/node"
	"yinit/procfs/verdict"
)

// The JSON of yinit containers: an object for each container; with process IDs one for each
// process.
type (
	jsonContainer struct {
		Name      string `json:"name"`
		ID        string `json:"id"`
		Engine    string `json:"engine"`
		Image     string `json:"image"`
		Pod       string `json:"pod"`
		Namespace string `json:"namespace"` // of the pod
		PodUID    string `json:"pod_uid"`
		QoS       string `json:"qos"`
		Sandbox   bool   `json:"sandbox"`
		Outer     string `json:"outer"` // the containers around it

		PID       int        `json:"pid"` // of the first process, here
		PIDNS     string     `json:"pid_ns"`
		Shared    bool       `json:"shared"` // its PID namespace
		Processes int        `json:"processes"`
		First     *jsonFirst `json:"first"` // null: it is not there
		Init      string     `json:"init"`  // yes, no or unknown
		Reaps     string     `json:"reaps"`

		Stop     jsonNodeStop `json:"stop"`
		Zombies  jsonHeld     `json:"zombies"`
		Sessions jsonSessions `json:"sessions"`

		Pids          int              `json:"pids"`            // 0: unknown
		PidsLimit     int              `json:"pids_limit"`      // 0: none, or unknown
		PidsLimitHits uint64           `json:"pids_limit_hits"` // 0: never, or unknown
		OOMKills      uint64           `json:"oom_kills"`
		OOMGroup      bool             `json:"oom_group"`
		LastFailure   *jsonLastFailure `json:"last_failure"` // null: none is known
		Findings      []jsonFinding    `json:"findings"`     // with pids inside
	}
	// jsonFirst is the first process.
	jsonFirst struct {
		Comm       string       `json:"comm"`
		CommHex    string       `json:"comm_hex,omitempty"`
		Start      procfs.Ticks `json:"start"`
		State      string       `json:"state"`
		User       string       `json:"user"`
		AgeMS      int64        `json:"age_ms"`
		Term       string       `json:"term"` // what SIGTERM would do, from outside
		TermReason string       `json:"term_reason"`
		Dying      string       `json:"dying"` // why it has ended and cannot go; empty: it lives
	}
	jsonNodeStop struct {
		Possible  bool           `json:"possible"`
		Signal    string         `json:"signal"`
		Reacts    string         `json:"reacts"`
		TimeoutMS int64          `json:"timeout_ms"`
		Default   bool           `json:"timeout_default"` // the timeout is the engine's default
		TakesMS   int64          `json:"takes_ms"`
		AtLeast   bool           `json:"at_least"`
		Hard      int            `json:"hard"`
		Doubt     int            `json:"doubt"`
		Known     bool           `json:"known"`
		Status    int            `json:"status"`
		Killed    []jsonHardKill `json:"killed"`
	}
	jsonHardKill struct {
		PID     int    `json:"pid"`
		Inside  int    `json:"inside"`
		Comm    string `json:"comm"`
		CommHex string `json:"comm_hex,omitempty"`
		By      string `json:"by"`
	}
	jsonHeld struct {
		Count       int    `json:"count"`
		Culprit     int    `json:"culprit"` // pid inside; 0: none, or outside
		CulpritComm string `json:"culprit_comm"`
		OldestMS    int64  `json:"oldest_ms"`
	}
	jsonSessions struct {
		Count    int   `json:"count"`
		OldestMS int64 `json:"oldest_ms"`
	}
	jsonLastFailure struct {
		Time  time.Time `json:"time"`
		PID   int       `json:"pid"` // inside
		Comm  string    `json:"comm"`
		Ended string    `json:"ended"`
	}
	// jsonPlace says in which container a process is.
	jsonPlace struct {
		PID       int          `json:"pid"`
		Start     procfs.Ticks `json:"start"`
		Comm      string       `json:"comm"`
		CommHex   string       `json:"comm_hex,omitempty"`
		Inside    int          `json:"inside"` // 0: it is in no container
		Container string       `json:"container"`
		ID        string       `json:"id"`
		Engine    string       `json:"engine"`
		Pod       string       `json:"pod"`
		Namespace string       `json:"namespace"`
		PodUID    string       `json:"pod_uid"`
		Outer     string       `json:"outer"`
		First     int          `json:"first"` // pid of the first process, here
	}
)

func jsonOfContainer(c *node.Container) jsonContainer {
	z := c.Zombies()
	sessions, oldest := c.Sessions()
	j := jsonContainer{
		Name: c.Name, ID: c.ID, Engine: c.Engine, Image: c.Image, Pod: c.Pod, Namespace: c.PodNS, PodUID: c.PodUID, QoS: c.QoS,
		Sandbox: c.Sandbox, Outer: c.Outer, PID: c.PID, PIDNS: c.NS, Shared: c.Shared, Processes: len(c.View.Procs),
		Init: c.Init().String(), Reaps: c.Reaps.String(), Stop: jsonOfNodeStop(c),
		Zombies:  jsonHeld{z.All, z.Culprit, z.Name, z.Oldest.Milliseconds()},
		Sessions: jsonSessions{sessions, oldest.Milliseconds()},
		Pids:     c.View.Host.Pids, PidsLimit: c.View.Host.PidsMax, PidsLimitHits: c.View.Host.PidsHits,
		OOMKills: c.Checks.OOMKills, OOMGroup: c.Checks.OOMGroup, Findings: make([]jsonFinding, 0, len(c.Found)),
	}
	if p := c.First(); p != nil {
		j.First = &jsonFirst{
			Comm: p.Comm, CommHex: history.Hex(p.Comm), Start: p.ID.Start, State: p.State.String(), User: p.User,
			AgeMS: p.Age.Milliseconds(), Term: p.Term.String(), TermReason: termReason(p.Target), Dying: c.Dying(),
		}
	}
	if n := len(c.Facts.Failures); n > 0 {
		f := &c.Facts.Failures[n-1]
		j.LastFailure = &jsonLastFailure{f.Time, f.PID, f.Comm, procfs.Ended(true, f.Status)}
	}
	for i := range c.Found {
		j.Findings = append(j.Findings, jsonOfFinding(&c.Found[i]))
	}
	return j
}

// termReason says why SIGTERM from outside the container has its effect.
func termReason(t *verdict.Target) string {
	if t == nil {
		return ""
	}
	n, _ := procfs.ParseSignal("TERM")
	_, why := verdict.Of(t, n, verdict.Anyone())
	return why
}

func jsonOfNodeStop(c *node.Container) jsonNodeStop {
	s := &c.Stop
	j := jsonNodeStop{
		Possible: s.Possible, Signal: procfs.SignalName(s.Signal), Reacts: s.Reacts.String(), TimeoutMS: s.Timeout.Milliseconds(),
		Default: !c.HasTimeout, TakesMS: s.Takes.Milliseconds(), AtLeast: s.AtLeast, Hard: s.Hard, Doubt: s.Doubt,
		Known: s.Known, Status: s.Status, Killed: []jsonHardKill{},
	}
	for i := range s.Steps {
		step := &s.Steps[i]
		if step.Hard() {
			p := step.Process
			j.Killed = append(j.Killed, jsonHardKill{c.HostPID(p.ID.PID), c.Inside(p.ID.PID), p.Comm, history.Hex(p.Comm), step.By.String()})
		}
	}
	return j
}

func jsonOfPlace(s *procfs.Stat, c *node.Container, inside int) jsonPlace {
	j := jsonPlace{PID: s.PID, Start: s.Start, Comm: s.Comm, CommHex: history.Hex(s.Comm)}
	if c != nil {
		j.Inside, j.Container, j.ID, j.Engine = inside, c.Title(), c.ID, c.Engine
		j.Pod, j.Namespace, j.PodUID, j.Outer, j.First = c.Pod, c.PodNS, c.PodUID, c.Outer, c.PID
	}
	return j
}
