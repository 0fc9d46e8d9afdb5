package main

import (
	"sync"
	"time"

	"yinit/procfs"
	"yinit/procfs/cgroup"
	"yinit/procfs/checkup"
	"yinit/procfs/doctor"
	"yinit/procfs/snapshot"
)

// checkEvery is how often top makes the checks of the doctor, which change rarely.
const checkEvery = 10 * time.Second

// checks makes the checks of the doctor from time to time. Its methods may be called at the
// same time.
type checks struct {
	mu    sync.Mutex
	procs []snapshot.Process // of the last snapshot
	last  time.Time          // when they were made
	late  bool               // a file system did not respond, so they are not made again
}

// note notes the processes.
func (c *checks) note(procs []snapshot.Process) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.procs = procs
}

// due makes the checks if it is time; nil: it is not.
func (c *checks) due(fs procfs.FS, group cgroup.Group) *doctor.Checks {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.procs == nil || c.late || !c.last.IsZero() && time.Since(c.last) < checkEvery {
		return nil
	}
	found := checkup.Read(fs, group, c.procs)
	c.last, c.late = time.Now(), found.Late
	return &found
}
