package main

import (
	"errors"
	"sync"

	"yinit/initcore/history"
	"yinit/initcore/watch"
	"yinit/procfs"
	"yinit/tui"
)

// past is the history that the inspector shows.
type past struct {
	fs   procfs.FS
	once bool // one look is all: this process does not watch

	mu      sync.Mutex // the model reads snapshots and history at the same time
	src     *history.Source
	err     error // why there is none of an init
	watched bool  // this process has tried to keep one itself
}

// find looks for the init that keeps a history, once. Where none does, this process
// watches, if it may.
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

// program is the name and version of PID 1, "" if it keeps no history.
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
