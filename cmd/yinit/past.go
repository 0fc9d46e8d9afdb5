package main

import (
	"errors"
	"sync"

	"yinit/initcore/history"
	"yinit/initcore/watch"
	"yinit/procfs"
	"yinit/tui"
)

// past reads the history that the inspector shows.
type past struct {
	fs   procfs.FS
	once bool // only one frame is needed: do not start a watcher

	mu      sync.Mutex // snapshots and history may be read at the same time
	src     *history.Source
	err     error // why no init's history was found
	watched bool  // this process has tried to start a watcher of its own
}

// find looks for an init that keeps a history, once. If there is none and mayWatch is
// set, it starts a watcher in this process.
func (p *past) find(mayWatch bool) {
	if p.src == nil && p.err == nil {
		p.src, p.err = history.Find(p.fs, 0)
	}
	none, ok := errors.AsType[*history.NotFoundError](p.err)
	if !ok || none.Denied || !mayWatch || p.once || p.watched {
		return
	}
	p.watched = true
	if own, err := watch.StartOwn(p.fs, "yinit "+version()); err == nil {
		p.src = history.OwnSource(own.Reader, p.err)
	}
}

// program returns the name and version of PID 1, "" if PID 1 keeps no history.
func (p *past) program() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.find(false)
	if p.src == nil || p.src.Init.PID != 1 {
		return ""
	}
	h, err := p.src.Header()
	if err != nil {
		return ""
	}
	return h.Program
}

// History implements tui.Source.
func (p *past) History(after uint64) (tui.History, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.find(true)
	if p.src == nil {
		return tui.History{Next: after, Since: p.err.Error()}, nil
	}
	b, err := p.src.Read(after)
	if err != nil {
		return tui.History{}, err
	}
	since, err := p.src.Since()
	return tui.History{Records: b.Records, Next: b.Next, Lost: b.Lost, Since: since}, err
}
