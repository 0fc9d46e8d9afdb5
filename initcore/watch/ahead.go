package watch

import (
	"slices"
	"time"

	"yinit/procfs/pacct"
)

// ahead holds the accounting records of children of the init that it has not reaped yet.
// It will record their ends, and may ask for what the record says instead of reading /proc.
type ahead struct {
	// all are in the order in which the kernel wrote them. The capacity is fixed, because a
	// slice that grows leaves garbage of many sizes, see queue.
	all   []aheadRecord
	first int // those before it are free
	n     int // how many are not free
	taken int // the pid of the record that [Watcher.Accounted] has taken; 0: none
}

// An aheadRecord is the record of a process; pid 0 means that its place is free.
type aheadRecord struct {
	pid int
	Accounted
}

// Accounted is what process accounting says about a process that has ended.
type Accounted struct {
	// Comm is its command name.
	Comm string
	// Elapsed is the time from its start to its end, in 10 ms.
	Elapsed time.Duration
	// CPU is its user and system time, in 10 ms, without that of its children.
	CPU time.Duration
	// MinorFaults is how many page faults it had, see [pacct.Record].
	MinorFaults uint64
}

// maxAhead is how many records of children of the init are read before it reaps them.
const maxAhead = 1024

// add keeps a record. There is room for it.
func (a *ahead) add(r *pacct.Record) {
	if a.all == nil {
		a.all = make([]aheadRecord, 0, maxAhead)
	}
	if len(a.all) == maxAhead {
		a.all, a.first = slices.DeleteFunc(a.all, func(r aheadRecord) bool { return r.pid == 0 }), 0
	}
	a.all = append(a.all, aheadRecord{r.PID, Accounted{r.Comm, r.Elapsed, r.CPU, r.MinorFaults}})
	a.n++
}

func (a *ahead) full() bool { return a.n == maxAhead }

// take removes the record of a process, and reports whether there was one.
func (a *ahead) take(pid int) (Accounted, bool) {
	if a.n == 0 {
		return Accounted{}, false
	}
	for i := a.first; i < len(a.all); i++ {
		if a.all[i].pid != pid {
			continue
		}
		r := a.all[i].Accounted
		a.all[i] = aheadRecord{}
		a.n--
		for a.first < len(a.all) && a.all[a.first].pid == 0 {
			a.first++
		}
		if a.n == 0 {
			a.all, a.first = a.all[:0], 0
		}
		return r, true
	}
	return Accounted{}, false
}

// Accounted returns what process accounting says about a child of the init that has
// ended, and that the init is about to reap. ok is false if /proc tells more: the watcher
// knows its start, or there is no record.
func (w *Watcher) Accounted(pid int) (r Accounted, ok bool) {
	a := w.accounting
	if a == nil || w.procs[pid] != nil {
		return r, false
	}
	if a.ahead.n == 0 {
		if w.readAccounting(w.clock()); w.accounting == nil {
			return r, false
		}
	}
	if r, ok = a.ahead.take(pid); ok {
		a.ahead.taken = pid
	}
	return r, ok
}
