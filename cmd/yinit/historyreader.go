package main

import (
	"errors"
	"sync"

	"yinit/cmd/yinit/build"
	"yinit/initcore/history"
	"yinit/initcore/watch"
	"yinit/procfs"
	"yinit/procfs/doctor"
	"yinit/procfs/host"
	"yinit/procfs/node"
	"yinit/tui"
)

// historyReader reads the history that the inspector shows.
type historyReader struct {
	fs        procfs.FS
	container *node.Target // that fs shows
	once      bool         // only one frame is needed: do not start a watcher
	machine   bool         // fs shows containers, too, whose histories are not that of the machine

	mu      sync.Mutex // snapshots and history may be read at the same time
	src     *history.Source
	err     error                 // why no init's history was found
	watched bool                  // this process has tried to start a watcher of its own
	policy  func() *doctor.Policy // what PID 1 does at a stop, read once
}

// leaveInner leaves the history of a container that is below the machine: it is shown when the
// user looks into that container.
func (r *historyReader) leaveInner() {
	if !r.machine || r.src == nil {
		return
	}
	status, err := r.fs.Status(r.src.Init.PID)
	if err != nil || len(status.NSpid) < 2 {
		return
	}
	_ = r.src.Close() // It was only read.
	r.src, r.err = nil, &history.NotFoundError{Text: "no init of this machine keeps one; look into a container for its own"}
}

// find looks for an init that keeps a history, once. If there is none and mayWatch is
// set, it starts a watcher in this process.
func (r *historyReader) find(mayWatch bool) {
	if r.src == nil && r.err == nil {
		r.src, r.err = history.Find(r.fs, 0)
		r.leaveInner()
	}
	none, ok := errors.AsType[*history.NotFoundError](r.err)
	if !ok || none.Denied || !mayWatch || r.once || r.watched || r.fs.FromAbove() {
		return
	}
	r.watched = true
	if own, err := watch.StartOwn(r.fs, "yinit "+build.Release()); err == nil {
		r.src = history.OwnSource(own.Reader, r.err)
	}
}

// program returns the name and version of PID 1, "" if PID 1 keeps no history.
func (r *historyReader) program() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.find(false)
	if r.src == nil || r.src.Init.PID != 1 {
		return ""
	}
	h, err := r.src.Header()
	if err != nil {
		return ""
	}
	return h.Program
}

// History implements tui.Source.
func (r *historyReader) History(after uint64) (tui.History, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.find(true)
	if r.src == nil {
		return tui.History{Next: after, Since: r.err.Error()}, nil
	}
	b, err := r.src.Read(after)
	if err != nil {
		return tui.History{}, err
	}
	nameUsers(b.Records, r.container.Users())
	since, err := r.src.Since()
	if r.src.Remark != "" {
		since = r.src.Remark + "; " + since
	}
	if r.policy == nil {
		r.policy = sync.OnceValue(func() *doctor.Policy { return stopPolicy(r.fs) })
	}
	return tui.History{Records: b.Records, Next: b.Next, Lost: b.Lost, Since: since, Policy: r.policy()}, err
}

// nameUsers sets the names of the users of records, for filters.
func nameUsers(records []history.Record, users *host.Users) {
	for i := range records {
		records[i].User = users.Name(records[i].UID)
	}
}
