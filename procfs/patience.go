package procfs

import (
	"errors"
	"sync"
	"time"
)

const (
	// patient is how long a read that may block for ever is waited for.
	patient = 250 * time.Millisecond
	// mostStuck is how many such reads may be blocked at the same time: each has a thread.
	mostStuck = 2
)

// A Patience runs reads that may block for ever, because the kernel takes the lock of the
// memory of another process for them (mmap_lock), which that process may hold while it
// waits for a disk or a server. Only the read waits then. The zero value is ready.
type Patience struct {
	mu    sync.Mutex
	stuck map[ID]bool   // processes with a read that has not ended
	limit time.Duration // 0: patient; for tests
}

// Do runs read in another goroutine and waits for a limited time. If read ends in time, Do
// calls what it returns, which hands over the result, and reports true. While a read has
// not ended, there is no other of the same process.
func (p *Patience) Do(id ID, read func() (take func())) bool {
	p.mu.Lock()
	if p.stuck[id] || len(p.stuck) >= mostStuck {
		p.mu.Unlock()
		return false
	}
	if p.stuck == nil {
		p.stuck = map[ID]bool{}
	}
	p.stuck[id] = true
	p.mu.Unlock()

	done := make(chan func(), 1)
	go func() {
		take := read()
		p.mu.Lock()
		delete(p.stuck, id)
		p.mu.Unlock()
		done <- take
	}()
	limit := p.limit
	if limit == 0 {
		limit = patient
	}
	late := time.NewTimer(limit)
	defer late.Stop()
	select {
	case take := <-done:
		take()
		return true
	case <-late.C:
		return false
	}
}

// ErrBlocked says that a read has not ended in time.
var ErrBlocked = errors.New("blocked by the memory lock of the process")

// patientReads are the reads of CmdlineInTime.
var patientReads Patience

// CmdlineInTime is [FS.Cmdline] for whoever must not wait for ever, see [Patience]. The
// error is [ErrBlocked] if the read does not end. It needs a thread, so it is not for an
// init that could not get one.
func (f FS) CmdlineInTime(pid int) (words []string, err error) {
	if !patientReads.Do(ID{PID: pid}, func() func() {
		line, failed := f.Cmdline(pid)
		return func() { words, err = line, failed }
	}) {
		return nil, ErrBlocked
	}
	return words, err
}
