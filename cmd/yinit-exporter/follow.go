package main

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"yinit/initcore/history/tally"
	"yinit/procfs"
	"yinit/procfs/container"
	"yinit/procfs/metrics"
	"yinit/procfs/node"
)

const (
	tick    = time.Second
	rest    = 3 * time.Second  // between two looks for new containers
	patrol  = 15 * time.Second // the rings are read at least this often, even without scrapes
	mostNew = 4096             // processes that are looked at in a tick
)

// follow looks for new containers and for inits that have ended, until ctx is done. So it sees a
// container that lives only between two scrapes, and reads its history to the end.
func (e *exporter) follow(ctx context.Context) {
	a := e.arrivals()
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	var looked, saved time.Time
	for fresh := false; ; {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		e.work.Lock()
		fresh = a.update() || fresh
		e.ended()
		if e.acct != nil {
			e.acct.count(e)
		}
		e.work.Unlock()
		if now := time.Now(); fresh && now.Sub(looked) >= rest || now.Sub(looked) >= patrol {
			e.begin()
			fresh, looked = false, now
		}
		if now := time.Now(); now.Sub(saved) >= patrol {
			e.save()
			saved = now
		}
	}
}

// arrivals notices new processes by their pids, as the scanner does, at the price of reading one
// small file if there are none.
type arrivals struct {
	fs    procfs.FS
	fd    int // of a file with the last pid; -1: there is none
	last  int
	where map[int]string // ID of the container of each process; nil: not needed
	dead  map[int]string // of those that have ended since the last look
}

func (e *exporter) arrivals() *arrivals {
	a := &arrivals{fs: e.fs, fd: -1}
	if fd, err := e.fs.OpenLastPID(); err == nil {
		a.fd = fd
		a.last, _ = procfs.ReadLastPID(fd)
	}
	if e.acct != nil {
		a.where, a.dead = map[int]string{}, map[int]string{}
	}
	e.work.Lock()
	e.pids = a
	e.work.Unlock()
	return a
}

// update looks at the processes that have started since the last call, and reports whether one
// is the first of its PID namespace.
func (a *arrivals) update() (first bool) {
	if a.fd < 0 {
		return false
	}
	last, err := procfs.ReadLastPID(a.fd)
	if err != nil || last == a.last {
		return false
	}
	from := a.last + 1
	if last < from { // The pids have wrapped around; the look finds those before that.
		from, first = 1, true
	}
	if last-from >= mostNew {
		from, first = last-mostNew+1, true // the look finds the others
	}
	a.last = last
	for pid := from; pid <= last; pid++ {
		s, err := a.fs.Status(pid)
		if err != nil || s.Tgid != pid {
			continue // It has ended, or is a thread.
		}
		if n := len(s.NSpid); n > 1 && s.NSpid[n-1] == 1 {
			first = true
		}
		a.place(pid, &s)
	}
	return first
}

// place notes in which container a new process is: in that of its parent or, as for docker exec,
// in that of its control group.
func (a *arrivals) place(pid int, s *procfs.Status) {
	if a.where == nil || len(s.NSpid) < 2 {
		return
	}
	if id, ok := a.where[s.PPID]; ok {
		a.where[pid] = id
		return
	}
	if b, err := a.fs.ReadFile(strconv.Itoa(pid) + "/cgroup"); err == nil {
		if in := container.ParseCgroups(b).Inner(); in.ID != "" {
			a.where[pid] = metrics.IDOf(&node.Container{Names: container.Names{ID: in.ID, Engine: in.Engine}})
		}
	}
}

// learn takes over from a look in which container each process is.
func (a *arrivals) learn(n *node.Node) {
	if a == nil || a.where == nil {
		return
	}
	clear(a.where)
	clear(a.dead)
	for i := range n.Containers {
		c := &n.Containers[i]
		for j := range c.View.Procs {
			a.where[c.HostPID(c.View.Procs[j].ID.PID)] = metrics.IDOf(c)
		}
	}
}

// of returns the container of a process that has ended, by what was known of it or of its parent.
func (a *arrivals) of(pid, parent int) string {
	id, ok := a.where[pid]
	if !ok {
		if id, ok = a.where[parent]; !ok {
			id = a.dead[parent]
		}
	}
	delete(a.where, pid)
	if len(a.dead) < mostNew && id != "" {
		a.dead[pid] = id
	}
	return id
}

// save writes the counters to the file of --state.
func (e *exporter) save() {
	if e.path == "" {
		return
	}
	e.work.Lock()
	b, err := e.state.JSON()
	e.work.Unlock()
	if err == nil {
		err = replace(e.path, b)
	}
	if err != nil {
		e.log.Warn("cannot save the counters: after a restart some are counted again", "err", err)
	}
}

// load reads the counters of an earlier run. A file that cannot be read is as none.
func (e *exporter) load() {
	boot, _ := e.fs.BootID()
	b, err := procfs.ReadPath(e.path)
	if err != nil && e.path != "" {
		e.log.Info("no counters of an earlier run", "err", err)
	}
	e.state = tally.Parse(b, boot)
}

// replace writes a file beside path and renames it.
func replace(path string, b []byte) error {
	dir, name := filepath.Split(path)
	beside := filepath.Join(dir, "."+name+".new")
	if err := os.WriteFile(beside, b, 0o600); err != nil {
		return err
	}
	return os.Rename(beside, path)
}
