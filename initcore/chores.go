package initcore

import (
	"runtime/debug"
	"time"
	"weak"

	"golang.org/x/sys/unix"
)

// A chore is housekeeping that the init does after it has started its programs, so
// that it does not delay their start.
type chore struct {
	due time.Time
	do  func()

	// ready reports whether what the chore and all later ones wait for has happened; nil:
	// they wait for nothing. The loop asks after each event, and at the time until.
	ready func() bool
	until time.Time
}

// chores returns the chores of a new init. The last one is due soon after the start; from
// then on the init sleeps until an event occurs.
func (k *kernel) chores(m *machine, begun time.Time) (list []chore) {
	list = append(list, chore{due: begun, do: func() { k.tellForbidden(m) }, ready: k.tried, until: begun.Add(tryLimit + time.Second)})
	if m.cfg.Watch > 0 {
		list = append(list, chore{due: begun, do: func() { k.startAccounting(m) }})
	}
	list = append(list, chore{due: begun.Add(oomBegin), do: func() {
		k.oom.startCounting(time.Now())
		if meter, ok := k.oom.meter.(pidsMeter); ok {
			k.pids.startCounting(meter)
		}
	}})
	if k.cwd < 0 {
		_ = unix.Chdir("/") // cheap, and it lets the old directory be unmounted
		list = append(list, chore{due: begun.Add(20 * time.Millisecond), do: func() { k.helper.start(k.closeInherited) }})
	}
	if m.cfg.Watch > 0 {
		list = append(list, chore{due: begun.Add(watchAfter), do: func() { m.others.startWatching(m, k) }})
	}
	return append(list, chore{due: begun.Add(watchAfter), do: func() {
		debug.SetGCPercent(youngPercent)
		ForgetStart()
	}})
}

// A heapAge knows whether the heap has ever been collected. The collector keeps 6 KiB for
// each size of objects in its first run, and as much in the next ones: 0.8 MB in the end,
// which is more garbage than most inits ever have. So nothing asks for the first
// collection: the runtime begins it if the heap has grown to a megabyte. From then on a
// small heap that is collected early costs less than a large one that is not.
type heapAge struct {
	first  weak.Pointer[*byte] // to an object that nothing refers to
	looked time.Time           // when the object was last looked for
	old    bool
}

// ageInterval is how often a heapAge looks for its object. If it does so during a collection
// it keeps the object until the next one: a look at each death did so nearly always.
const ageInterval = time.Second

// GOGC of a heap that was never collected, and of others. The first one gives a collection
// at 1 MB, which a burst that fills the watcher does not reach, and the other one at 0.6 MB.
const (
	youngPercent = 40
	oldPercent   = 25
)

func newHeapAge() heapAge { return heapAge{first: weak.Make(new(*byte))} }

// check reports whether the heap has been collected for the first time since it was last
// called.
func (h *heapAge) check(now time.Time) bool {
	if h.old || now.Sub(h.looked) < ageInterval {
		return false
	}
	if h.looked = now; h.first.Value() != nil {
		return false
	}
	h.old = true
	debug.SetGCPercent(oldPercent)
	return true
}

// When the init returns memory after deaths.
const (
	tidyEvery = 8192        // deaths after which it does so at once
	tidySoon  = 512         // deaths after which it does so once the burst is over
	burstOver = time.Second // how long it waits for the burst to be over
)

// planTidying plans to return the memory that a burst of deaths needed.
func (l *loop) planTidying(now time.Time) {
	if (l.heap.check(now) || l.deathsSinceTidy >= tidySoon) && len(l.planned) == 0 && !l.unfinished {
		l.planned = append(l.planned, chore{due: now.Add(burstOver), do: l.tidyUp})
	}
}

// tidyUp returns memory to the kernel.
func (l *loop) tidyUp() {
	l.deathsSinceTidy = 0
	l.others.trim(l.heap.old)
	if l.heap.old {
		debug.FreeOSMemory() // a millisecond, for a heap as small as this one
	}
	ForgetStart()
}

// due returns the time at which the loop next has something to do; zero: it has
// nothing to do until an event occurs.
func (l *loop) due() time.Time {
	due := l.deadline()
	sooner := func(t time.Time) {
		if !t.IsZero() && (due.IsZero() || t.Before(due)) {
			due = t
		}
	}
	if len(l.planned) > 0 {
		if first := l.planned[0]; l.clock().Before(first.due) || first.ready == nil {
			sooner(first.due)
		} else {
			sooner(first.until)
		}
	}
	sooner(l.others.next())
	sooner(l.file.lookAt)
	return due
}

// doChores does the chores that are due, and reports whether there were any.
func (l *loop) doChores(now time.Time) (some bool) {
	for len(l.planned) > 0 && !now.Before(l.planned[0].due) {
		if ready := l.planned[0].ready; ready != nil && !ready() {
			break
		}
		do := l.planned[0].do
		l.planned = l.planned[1:]
		l.ignorePanic(do)
		some = true
	}
	return some
}
