package initcore

import (
	"bytes"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"time"
	"weak"

	"golang.org/x/sys/unix"

	"yinit/procfs"
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
		forgetStart()
	}})
}

// A heapAge knows whether the heap has ever been collected. The collector keeps 6 KiB for
// each size of objects in its first run, and as much in the next ones: 0.8 MB in the end,
// which is more garbage than most inits ever have. So nothing asks for the first
// collection: the runtime begins it if the heap has grown to a megabyte. From then on a
// small heap that is collected early costs less than a large one that is not.
type heapAge struct {
	first weak.Pointer[*byte] // to an object that nothing refers to
	old   bool
}

// GOGC of a heap that was never collected, and of others. The first one gives a collection
// at 1 MB, which a burst that fills the watcher does not reach, and the other one at 0.6 MB.
const (
	youngPercent = 40
	oldPercent   = 25
)

func newHeapAge() heapAge { return heapAge{first: weak.Make(new(*byte))} }

// check reports whether the heap has been collected for the first time since it was last
// called.
func (h *heapAge) check() bool {
	if h.old || h.first.Value() != nil {
		return false
	}
	h.old = true
	debug.SetGCPercent(oldPercent)
	return true
}

// forgetStart unmaps the pages of the program file that only its start, or another
// role of the program, needed; they stay in the page cache. That reduces the RSS of
// PID 1 by 1.8 MB. It does not slow down the first signal after a rest: p50 is 170 µs
// with it and 167 µs without; for the second signal 170 and 184 (60 inits each, in
// one run).
func forgetStart() {
	for _, r := range programFile() {
		_, _, _ = unix.Syscall(unix.SYS_MADVISE, uintptr(r.begin), uintptr(r.end-r.begin), unix.MADV_DONTNEED) // advice
	}
}

// programFile returns what readOnly finds in our mappings.
var programFile = sync.OnceValue(func() []addressRange {
	maps, err := procfs.FS{}.ReadFile("self/maps")
	if err != nil {
		return nil // without /proc: the kernel reclaims these pages when memory is short
	}
	return readOnly(maps)
})

// An addressRange is a mapping in /proc/[pid]/maps.
type addressRange struct{ begin, end uint64 }

// readOnly returns the read-only mappings of the program's file: its code and its
// constants. It returns none if other files are mapped read-only, too. Such a program
// is dynamically linked, as with the race detector, and some of its read-only pages
// hold data that the dynamic linker has written, which would be lost.
func readOnly(maps []byte) (ranges []addressRange) {
	program := ""
	for line := range bytes.Lines(maps) {
		f := strings.Fields(string(line))
		if len(f) < 6 || !strings.HasPrefix(f[5], "/") || f[1][1] != '-' {
			continue
		}
		if program == "" {
			program = f[5]
		}
		if f[5] != program {
			return nil
		}
		from, to, _ := strings.Cut(f[0], "-")
		begin, err1 := strconv.ParseUint(from, 16, 64)
		end, err2 := strconv.ParseUint(to, 16, 64)
		if err1 == nil && err2 == nil && begin < end {
			ranges = append(ranges, addressRange{begin, end})
		}
	}
	return ranges
}

// When the init returns memory after deaths.
const (
	tidyEvery = 8192        // deaths after which it does so at once
	tidySoon  = 512         // deaths after which it does so once the burst is over
	burstOver = time.Second // how long it waits for the burst to be over
)

// planTidying plans to return the memory that a burst of deaths needed.
func (l *loop) planTidying(now time.Time) {
	if (l.heap.check() || l.deathsSinceTidy >= tidySoon) && len(l.planned) == 0 && !l.unfinished {
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
	forgetStart()
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
