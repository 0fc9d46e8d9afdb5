package watch

import (
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// A reaping is what the watcher must know of a process to tell which process reaped it, or
// its children.
type reaping struct {
	waited       uint64 // page faults of the children that it had waited for, when it was read
	parentWaited uint64 // waited of its parent, from before it could be reaped
}

// wokenBy handles the events of a process.
func (w *Watcher) wokenBy(p *process, events uint32, now time.Time) {
	alive := p.Dead.IsZero()
	if alive {
		w.died(p, now)
	}
	switch {
	case w.tellsReaped(p, events):
		w.wasReaped(p, now)
	case alive:
		w.lookAtReaper(p)
	}
}

// tellsReaped reports whether p, which has these events, has been reaped. Before Linux 6.9
// there is no event for that, so the process is asked for.
func (w *Watcher) tellsReaped(p *process, events uint32) bool {
	return events&unix.EPOLLHUP != 0 || !w.exitInfo && reaped(int(p.fd))
}

// recordReaped records the processes that their parents have reaped. The init calls it
// before it records that a child of its own has died, which may be the parent of some.
// That child may not be recorded as one that somebody else has reaped.
func (w *Watcher) recordReaped(child int, now time.Time) {
	defer w.recordUnnoticed(child, now)
	var events [64]unix.EpollEvent
	for range maxRounds {
		n, err := unix.EpollWait(w.epoll, events[:], 0)
		if err != nil {
			return
		}
		some := false
		for _, e := range events[:max(n, 0)] {
			p := w.procs[int(e.Pad)]
			if p == nil || p.fd != e.Fd || p.ID.PID == child || !w.tellsReaped(p, e.Events) {
				continue // Ready handles these
			}
			w.wokenBy(p, e.Events, now)
			some = true
		}
		if !some {
			return
		}
	}
}

// recordUnnoticed records the processes other than child that were reaped after their deaths
// had been noticed, in the order of their deaths. A kernel that reports how a process ended
// also has an event for this.
func (w *Watcher) recordUnnoticed(child int, now time.Time) {
	if w.exitInfo || w.dead == 0 {
		return
	}
	var list []*process
	for _, p := range w.procs {
		if !p.Dead.IsZero() && p.ID.PID != child && reaped(int(p.fd)) {
			list = append(list, p)
		}
	}
	slices.SortFunc(list, func(a, b *process) int { return a.Dead.Compare(b.Dead) })
	for _, p := range list {
		w.wasReaped(p, now)
	}
}

// lookAtParent finds out the name of p's parent, which may have executed another program
// since it was seen, and what [Watcher.kernelReaped] compares. It reads each parent once a
// scan.
func (w *Watcher) lookAtParent(p *process) {
	parent := w.procs[p.PPID]
	if parent == nil {
		w.nameParent(p)
		return
	}
	if scan := uint32(w.scans); parent.lookedAt != scan {
		parent.lookedAt = scan
		if parent.looked = w.look(parent); parent.looked {
			parent.waited = w.other.CMinorFaults
			w.rename(parent)
			w.readPeak(parent)
		}
	}
	p.Parent = w.name(p.PPID)
	p.parentKnown, p.parentWaited, p.Carried = parent.looked, parent.waited, parent.Peak
}

// readPeak reads the peak of a process whose name has been read just now. In between it may
// have executed another program: its children have the memory of the former one.
func (w *Watcher) readPeak(p *process) {
	if w.scanner.Status(p.ID.PID, &w.status) != nil || w.status.Name != p.Comm || reaped(int(p.fd)) {
		p.Peak = 0
		return
	}
	p.Peak = w.status.Peak
}

// look reads the stat file of a living process again, into w.other. It reports whether it
// could.
func (w *Watcher) look(p *process) bool {
	return p.Dead.IsZero() && w.scanner.Stat(p.ID.PID, &w.other) == nil && w.other.ID() == p.ID && !w.other.State.Zombie()
}

// rename notes that the process has executed another program, if its name in w.other has
// changed.
func (w *Watcher) rename(p *process) {
	if comm := w.other.Comm; comm != p.Comm {
		w.changeProgram(p, comm)
		w.askCmdline(p, w.other.State)
	}
}

// lookAtReaper finds out the name of the process that will reap p, which is a zombie. A
// shell often reaps a child and then executes another program, so its name is not read
// when the child has been reaped.
func (w *Watcher) lookAtReaper(p *process) {
	if parent := w.procs[p.PPID]; parent != nil && w.look(parent) && !reaped(int(p.fd)) {
		w.rename(parent)
	}
}

// reaper returns the name of the process that has reaped p.
func (w *Watcher) reaper(p *process) string {
	if parent := w.procs[p.PPID]; parent != nil && !isStub(parent.Comm) {
		return parent.Comm
	}
	return w.nameNow(p.PPID, p.Parent)
}

// kernelReaped reports whether the kernel has reaped p, which was gone when its end was
// noticed, because its parent ignores SIGCHLD or has set SA_NOCLDWAIT for it, see wait(2).
// The parent then has waited for no child since p was seen: the kernel would have added
// the page faults of that child to those of the others.
func (w *Watcher) kernelReaped(p *process, now time.Time) bool {
	parent := w.procs[p.PPID]
	return parent != nil && p.parentKnown && p.faulted && p.Dead.Equal(now) &&
		w.look(parent) && w.other.CMinorFaults == p.parentWaited
}
