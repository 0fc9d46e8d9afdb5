package main

import (
	"errors"
	"slices"

	"yinit/initcore/history"
	"yinit/initcore/history/facts"
	"yinit/initcore/history/outside"
	"yinit/procfs"
	"yinit/procfs/doctor"
	"yinit/procfs/metrics"
	"yinit/procfs/node"
	"yinit/procfs/pidfd"
)

// A ring is the history of a container. It stays open, which keeps the memfd after the end of
// the container, so that the last records can still be read.
type ring struct {
	src   *history.Source
	init  procfs.ID
	hold  *pidfd.Process   // of the init; nil: it is not held
	facts []history.Record // those that the doctor asks for
}

// mostFacts is how many records are kept for the doctor. It asks which programs the init has
// started, and how these ended, and what failed last.
const mostFacts = 32

// records is the callback of a look: it counts what is new in the history of a container.
func (e *exporter) records(c *node.Container) ([]history.Record, doctor.Memory) {
	id := metrics.IDOf(c)
	first := c.First()
	r := e.rings[id]
	if r != nil && first != nil && (r.init.PID != c.PID || r.init.Start != first.ID.Start) {
		e.release(id) // It was restarted.
		r = nil
	}
	if r == nil {
		src, h, err := outside.Open(e.fs, c.PID)
		if err != nil {
			if !errors.Is(err, history.ErrNoRing) {
				e.unread++
			}
			return nil, facts.MemoryOf(h, false, err)
		}
		r = &ring{src: src, init: procfs.ID{PID: c.PID, Start: src.Init.Start}}
		r.hold, _ = pidfd.Hold(e.fs, r.init) // Without it the next look sees that it is gone.
		e.rings[id] = r
		e.warmUp(id, r)
	}
	h, err := e.advance(id, r)
	if err != nil {
		e.release(id)
	}
	return r.facts, facts.MemoryOf(h, false, err)
}

// warmUp reads the records for the doctor of a ring that was counted by an earlier run of the
// exporter.
func (e *exporter) warmUp(id string, r *ring) {
	h, err := r.src.Header()
	if err != nil || e.state.Entry(id).After(&h) == 0 {
		return
	}
	if b, err := r.src.Read(0); err == nil {
		r.keep(b.Records)
	}
}

// advance counts what is new in a ring.
func (e *exporter) advance(id string, r *ring) (*history.Header, error) {
	h, err := r.src.Header()
	if err != nil {
		return nil, err
	}
	entry := e.state.Entry(id)
	b, err := r.src.Read(entry.After(&h))
	if err != nil {
		return &h, err
	}
	entry.Advance(&h, &b)
	r.keep(b.Records)
	return &h, nil
}

// keep keeps the records that the doctor asks for. Those of starts are few and count most.
func (r *ring) keep(records []history.Record) {
	for i := range records {
		x := &records[i]
		if x.Kind == history.KindStart || x.Kind == history.KindOOM || x.Kind == history.KindExit && (x.Failed() || r.started(x.PID)) {
			r.facts = append(r.facts, *x)
		}
	}
	for len(r.facts) > mostFacts {
		i := slices.IndexFunc(r.facts, func(x history.Record) bool { return x.Kind != history.KindStart })
		r.facts = slices.Delete(r.facts, max(i, 0), max(i, 0)+1)
	}
}

// started reports whether the init has started this process as a program.
func (r *ring) started(pid int) bool {
	return slices.ContainsFunc(r.facts, func(x history.Record) bool { return x.Kind == history.KindStart && x.PID == pid })
}

// release reads a ring to its end and closes it.
func (e *exporter) release(id string) {
	r := e.rings[id]
	if r == nil {
		return
	}
	delete(e.rings, id)
	_, _ = e.advance(id, r) // What cannot be read now never can.
	if r.hold != nil {
		r.hold.Close()
	}
	_ = r.src.Close()
}

// ended releases the rings of the inits that have ended, and reports whether there were any.
func (e *exporter) ended() (any bool) {
	ids, held := make([]string, 0, len(e.rings)), make([]*pidfd.Process, 0, len(e.rings))
	for id, r := range e.rings {
		if r.hold != nil {
			ids, held = append(ids, id), append(held, r.hold)
		}
	}
	ended, err := pidfd.WaitAny(held, 0)
	if err != nil {
		return false
	}
	for i, gone := range ended {
		if gone {
			e.release(ids[i])
			any = true
		}
	}
	return any
}
