package main

import (
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"yinit/cmd/yinit/config"
	"yinit/initcore/history"
	"yinit/initcore/history/outside"
	"yinit/initcore/history/tally"
	"yinit/procfs"
	"yinit/procfs/doctor"
	"yinit/procfs/metrics"
	"yinit/procfs/node"
	"yinit/procfs/snapshot"
	"yinit/procfs/verdict"
)

// kept is for how long the series of a container stay after its end, so that its last exits
// can be scraped.
const kept = 15 * time.Minute

// An exporter looks at the containers of a node. One look runs at a time, and concurrent scrapes
// share its result.
type exporter struct {
	log    *slog.Logger
	fs     procfs.FS
	looker outside.Looker

	mu     sync.Mutex // guards look
	look   *look      // the look in progress; nil: none
	latest atomic.Pointer[result]

	work   sync.Mutex // guards all below, which a look and the follower use
	state  *tally.State
	rings  map[string]*ring     // by ID of the container
	last   map[string]*lastSeen // what was last seen of each container, by its ID
	unread int                  // containers with yinit as PID 1 whose history this user may not read
	pids   *arrivals            // which container each process is in; nil without accounting
	acct   *accounting          // nil: off
	path   string               // of the file with the counters; "": none
	said   map[string]bool      // warnings that were logged

	looks, failed, late atomic.Uint64
}

// A look is in progress until done is closed.
type look struct{ done chan struct{} }

// A result is what a look has found.
type result struct {
	set  *metrics.Set
	at   time.Time
	took time.Duration
}

// lastSeen is what was last seen of a container.
type lastSeen struct {
	labels []string
	set    *metrics.Set
	ended  time.Time // when it was seen to be gone; zero: it is there
}

func newExporter(fs procfs.FS, root string, log *slog.Logger) *exporter {
	e := &exporter{
		log: log, fs: fs, state: &tally.State{Entries: map[string]*tally.Entry{}},
		rings: map[string]*ring{}, last: map[string]*lastSeen{}, said: map[string]bool{},
	}
	rows := snapshot.NewReader(fs, snapshot.Options{Bare: true, Relay: func(pid int) verdict.Relay { return history.RelayOf(fs, pid) }})
	e.looker = outside.Looker{
		FS: fs, Rows: rows, Root: root, Records: e.records, Brief: true,
		Policy: func(pid int) *doctor.Policy { return config.StopPolicy(fs, pid, false) },
	}
	return e
}

// fresh is how long a scrape may use the previous look. However many clients scrape, there is at
// most one look a second.
const fresh = time.Second

// refresh starts a look, or joins the one in progress, and waits for its end, at most for
// patience. If that is too short, the scrape gets the values of the previous look.
func (e *exporter) refresh(patience time.Duration) {
	if r := e.latest.Load(); r != nil && time.Since(r.at) < fresh {
		return
	}
	l := e.begin()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-l.done:
	case <-timer.C:
		e.late.Add(1)
	}
}

// begin starts a look, unless one is in progress, and returns it.
func (e *exporter) begin() *look {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.look != nil {
		return e.look
	}
	l := &look{make(chan struct{})}
	e.look = l
	go func() {
		e.lookNow()
		e.mu.Lock()
		e.look = nil
		e.mu.Unlock()
		close(l.done)
	}()
	return l
}

// lookNow looks at all containers.
func (e *exporter) lookNow() {
	e.work.Lock()
	defer e.work.Unlock()
	began := time.Now()
	e.unread = 0
	n, err := e.looker.Look()
	e.looks.Add(1)
	if err != nil {
		e.failed.Add(1)
		e.warn("look", "cannot look at the processes", "err", err)
		return
	}
	set := &metrics.Set{}
	set.PutNode(n)
	now := time.Now()
	for i := range n.Containers {
		e.see(&n.Containers[i], now)
	}
	e.pids.learn(n)
	e.drop(now)
	for _, c := range e.last {
		c.put(set)
	}
	for id, entry := range e.state.Entries {
		if entry.Labels != nil && (entry.Init != 0 || len(entry.Counts.Exits) > 0 || id == "") {
			entry.Counts.Put(set, entry.Labels)
		}
	}
	set.Add(metrics.Unread, float64(e.unread))
	set.Add(metrics.Accounting, truth(e.acct != nil))
	e.latest.Store(&result{set, began, time.Since(began)})
	e.tellBlind(n)
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// see stores what a look has found about a container.
func (e *exporter) see(c *node.Container, now time.Time) {
	id := metrics.IDOf(c)
	entry := e.state.Entry(id)
	entry.Labels, entry.Seen = metrics.LabelsOf(c), now
	var started time.Time
	if first := c.First(); first != nil {
		started = entry.Start(first.ID.Start, c.View.Time.Add(-first.Age))
	}
	set := &metrics.Set{}
	set.Put(c, started)
	e.last[id] = &lastSeen{labels: entry.Labels, set: set}
}

// drop notes which containers are gone, and forgets them after a while.
func (e *exporter) drop(now time.Time) {
	for id, c := range e.last {
		entry := e.state.Entry(id)
		if entry.Seen.Equal(now) {
			continue
		}
		if c.ended.IsZero() {
			c.ended = now
			e.release(id)
		}
		if now.Sub(entry.Seen) > kept {
			delete(e.last, id)
		}
	}
	if node := e.state.Entries[""]; node != nil {
		node.Seen = now
	}
	e.state.Forget(now.Add(-kept))
}

// put adds the metrics of a container. For a container that has ended it adds only the counters
// and the times of its start and end: gauges such as the number of zombies no longer apply.
func (c *lastSeen) put(set *metrics.Set) {
	for _, f := range metrics.Families() {
		if !c.ended.IsZero() && f.Kind != metrics.Counter && f != metrics.StartTime && f != metrics.Init {
			continue
		}
		for _, x := range c.set.Samples(f) {
			set.Add(f, x.Value, x.Labels...)
		}
	}
	if !c.ended.IsZero() {
		set.Add(metrics.EndTime, float64(c.ended.Unix()), c.labels...)
	}
}

// tellBlind logs what the exporter cannot see, once for each reason.
func (e *exporter) tellBlind(n *node.Node) {
	user := os.Geteuid()
	if n.Hidden > 0 {
		e.warn("hidden", "this user may not look into all containers: run it as root, with CAP_SYS_PTRACE", "containers", n.Hidden, "uid", user)
	}
	if n.Denied > 0 {
		e.warn("names", "this user may not read all files with names of containers, so some have none", "files", n.Denied, "uid", user)
	}
	if e.unread > 0 {
		e.warn("histories", "this user may not read the history of all containers in which yinit is PID 1", "containers", e.unread, "uid", user)
	}
	if len(n.Containers)+n.Hidden == 0 {
		e.warn("none", "there is no container to be seen from here: run it on the host, or with --pid=host (hostPID in Kubernetes)")
	}
}

// warn logs a warning once.
func (e *exporter) warn(key, text string, args ...any) {
	if !e.said[key] {
		e.said[key] = true
		e.log.Warn(text, args...)
	}
}
