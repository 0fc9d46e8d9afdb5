package main

import (
	"os"
	"sync"
	"time"

	"yinit/cmd/yinit/config"
	"yinit/initcore/history"
	"yinit/initcore/history/outside"
	"yinit/procfs"
	"yinit/procfs/doctor"
	"yinit/procfs/node"
	"yinit/procfs/snapshot"
	"yinit/tui"
)

// fleet implements tui.Fleet.
type fleet struct {
	fs   procfs.FS
	root string
	rows *source // of the machine

	mu     sync.Mutex
	past   node.Past
	own    *snapshot.Reader // of the machine, while top shows a container
	rings  map[procfs.ID]ring
	policy map[procfs.ID]*doctor.Policy
}

// A ring is what the init of a container has recorded.
type ring struct {
	records []history.Record
	memory  doctor.Memory
	at      time.Time
}

// ringEvery is how often the history of an init is read for the page of the containers: it has
// thousands of records, and the page shows the last failure.
const ringEvery = 10 * time.Second

// newFleet returns the containers of the machine, and whether there is one at the moment; nil:
// none can ever be seen from here, or only our own.
func newFleet(w *source, fs procfs.FS, root string) (f *fleet, some bool) {
	some = seesContainers(fs)
	if !some && !ofMachine(fs) {
		return nil, false
	}
	w.machine = true
	return &fleet{fs: fs, root: root, rows: w, rings: map[procfs.ID]ring{}, policy: map[procfs.ID]*doctor.Policy{}}, some
}

// ofMachine reports whether fs shows the initial PID namespace, in which kthreadd has the pid 2.
func ofMachine(fs procfs.FS) bool {
	stat, err := fs.Stat(2)
	return err == nil && stat.KernelThread()
}

// seesContainers reports whether processes of several PID namespaces are to be seen.
func seesContainers(fs procfs.FS) bool {
	s := procfs.NewScanner(fs)
	defer func() { _ = s.Close() }() // Nothing was written.
	pids, err := s.PIDs(nil)
	if err != nil {
		return false
	}
	var status procfs.Status
	for _, pid := range pids {
		if s.Status(pid, &status) == nil && len(status.NSpid) > 1 {
			return true
		}
	}
	return false
}

// Containers implements tui.Fleet.
func (f *fleet) Containers(s *snapshot.Snapshot) (*node.Node, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	l := outside.Looker{FS: f.fs, Rows: f.rows.Reader, Root: f.root, Past: &f.past, Snapshot: s, Policy: f.policyOf, Records: f.recordsOf}
	if s == nil {
		if f.own == nil {
			f.own = nodeReader(f.fs, false)
		}
		l.Rows = f.own
	} else if f.own != nil {
		f.own.Close()
		f.own = nil
	}
	n, err := l.Look()
	if err != nil {
		return nil, err
	}
	f.past.Count(n, n.Time)
	f.forget(n)
	n.Sort()
	return n, nil
}

// firstOf returns the identity of the first process on the machine.
func firstOf(c *node.Container) procfs.ID { return procfs.ID{PID: c.PID, Start: c.First().ID.Start} }

// recordsOf returns what the init of a container has recorded, as it was some seconds ago.
func (f *fleet) recordsOf(c *node.Container) ([]history.Record, doctor.Memory) {
	id := firstOf(c)
	r, ok := f.rings[id]
	if age := time.Since(r.at); !ok || age >= ringEvery {
		r = ring{at: time.Now()}
		r.records, r.memory = outside.RecordsOf(f.fs, c.PID)
		f.rings[id] = r
	}
	return r.records, r.memory
}

// policyOf returns what yinit as the first process of a container does at a stop. Its options do
// not change.
func (f *fleet) policyOf(pid int) *doctor.Policy {
	stat, err := f.fs.Stat(pid)
	if err != nil {
		return nil
	}
	p, ok := f.policy[stat.ID()]
	if !ok {
		p = config.StopPolicy(f.fs, pid, false)
		f.policy[stat.ID()] = p
	}
	return p
}

// forget forgets the inits of containers that are gone.
func (f *fleet) forget(n *node.Node) {
	there := map[procfs.ID]bool{}
	for i := range n.Containers {
		if c := &n.Containers[i]; c.First() != nil {
			there[firstOf(c)] = true
		}
	}
	for id := range f.rings {
		if !there[id] {
			delete(f.rings, id)
		}
	}
	for id := range f.policy {
		if !there[id] {
			delete(f.policy, id)
		}
	}
}

// Enter implements tui.Fleet.
func (f *fleet) Enter(pid int) (tui.Inside, error) {
	t, err := node.Through(f.fs, pid, f.root)
	if err != nil {
		return tui.Inside{}, err
	}
	s := &innerSource{source: newSource(t)}
	return tui.Inside{Source: s, Signaller: signaller{t.FS}, Saver: saver{s.source}, Close: s.close}, nil
}

// An innerSource is the source of a container that the user looks into for a while.
type innerSource struct {
	*source
	mu     sync.Mutex // a read may be under way when it is closed
	closed bool
}

// Snapshot implements tui.Source.
func (s *innerSource) Snapshot() (snapshot.Snapshot, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return snapshot.Snapshot{}, os.ErrClosed
	}
	return s.source.Snapshot()
}

// History implements tui.Source.
func (s *innerSource) History(after uint64) (tui.History, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return tui.History{}, os.ErrClosed
	}
	return s.source.History(after)
}

func (s *innerSource) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	s.closed = true
	s.Reader.Close()
	s.historyReader.mu.Lock()
	defer s.historyReader.mu.Unlock()
	if src := s.historyReader.src; src != nil {
		_ = src.Close() // It was only read.
	}
}

var _ tui.Fleet = (*fleet)(nil)
