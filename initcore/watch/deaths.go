package watch

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"yinit/initcore/history"
	"yinit/procfs"
	"yinit/procfs/zombie"
)

// longUnreaped is how long a zombie may wait for its parent before it is worth a
// record.
const longUnreaped = 10 * time.Second

// roundsMost bounds what is taken in at once, so that the owner gets its turn.
const roundsMost = 64

// Ready takes in what has happened, and reports whether anything had.
func (w *Watcher) Ready(now time.Time) bool {
	w.takeCmdlines()
	var events [64]unix.EpollEvent
	for round := range roundsMost {
		n, err := unix.EpollWait(w.epoll, events[:], 0)
		if err != nil || n <= 0 {
			return round > 0
		}
		for _, e := range events[:n] {
			if e.Pad == 0 { // the reader of command lines has answered
				w.takeCmdlines()
				continue
			}
			p := w.procs[int(e.Pad)]
			if p == nil || p.fd != int(e.Fd) { // closing it has failed
				_ = unix.EpollCtl(w.epoll, unix.EPOLL_CTL_DEL, int(e.Fd), nil)
				continue
			}
			if p.deadAt.IsZero() {
				w.died(p, now)
			}
			if e.Events&unix.EPOLLHUP != 0 {
				w.wasReaped(p, now)
			}
		}
		if n < len(events) {
			break
		}
	}
	return true
}

// died takes in that a process has ended. Until it is reaped /proc still tells of it.
func (w *Watcher) died(p *process, now time.Time) {
	p.deadAt, p.Dead, p.ended = now, now, sinceBoot()
	w.dead++
	if w.scanner.Stat(p.ID.PID, &w.stat) == nil && w.stat.ID() == p.ID {
		p.cpu = (w.stat.UTime + w.stat.STime).Duration()
		w.readOwner(p)
		if p.Comm != w.stat.Comm { // it has become another program meanwhile
			w.changeProgram(p, w.stat.Comm)
		}
		w.updateParent(p, now)
	}
	w.updateChildren(p.ID.PID)
	event := unix.EpollEvent{Fd: int32(p.fd), Pad: int32(p.ID.PID)} // from now on only that it hangs up
	_ = unix.EpollCtl(w.epoll, unix.EPOLL_CTL_MOD, p.fd, &event)
}

// updateChildren reads the parent of the children of a process that has ended: they
// have another one now.
func (w *Watcher) updateChildren(parent int) {
	if w.children[parent] == 0 {
		return
	}
	now := w.clock()
	for pid, p := range w.procs {
		if p.PPID == parent && w.scanner.Stat(pid, &w.stat) == nil && w.stat.ID() == p.ID {
			w.updateParent(p, now)
		}
	}
}

// updateParent takes over the parent that was just read into w.stat.
func (w *Watcher) updateParent(p *process, now time.Time) {
	// No process gets a parent outside. The kernel shows 0 for one that is just
	// being reaped.
	if p.PPID == w.stat.PPID || w.stat.PPID == 0 {
		return
	}
	w.countChild(p.PPID, -1)
	w.countChild(w.stat.PPID, +1)
	p.PPID, p.Parent = w.stat.PPID, w.name(w.stat.PPID)
	if w.opt.Init != 0 && p.PPID == w.opt.Init && !p.Adopted {
		w.adopted(p, now)
		w.recordAdoption(p)
	}
}

// adopted notes that the process has come to the init. If its command line is not known
// yet the record waits for it.
func (w *Watcher) adopted(p *process, now time.Time) {
	p.Adopted, p.adopting, p.adoptedAt = true, true, now
	w.adopting++
}

// recordAdoption records that the process has come to the init, if it is not yet.
func (w *Watcher) recordAdoption(p *process) {
	if p.adopting {
		w.book.Add(w.record(history.KindAdopt, p, p.adoptedAt))
		w.forgetAdoption(p)
	}
}

func (w *Watcher) forgetAdoption(p *process) {
	if p.adopting {
		p.adopting = false
		w.adopting--
	}
}

// recordLateAdoptions records those whose command line keeps them waiting.
func (w *Watcher) recordLateAdoptions(now time.Time) {
	if w.adopting == 0 {
		return
	}
	for _, p := range w.procs {
		if p.adopting && (w.cmdlines.stuck() || now.Sub(p.adoptedAt) >= w.cmdlines.patience) {
			w.recordAdoption(p)
		}
	}
}

// wasReaped records the end of a process that somebody has waited for.
func (w *Watcher) wasReaped(p *process, now time.Time) {
	w.recordAdoption(p)
	r := w.record(history.KindExit, p, now)
	r.Parent = w.nameNow(p.PPID, p.Parent)
	var i info
	if w.ask(&i, p.fd) == nil && i.mask&infoExit != 0 {
		r.Known, r.Status = true, procfs.WaitStatus(i.exitCode)
	}
	r.CPU, r.ZombieFor = p.cpu, now.Sub(p.deadAt)
	if p.ID.Start != 0 && p.ended > p.ID.Start {
		r.Runtime = (p.ended - p.ID.Start).Duration()
	}
	w.book.Add(r)
	w.forget(p.ID.PID)
	delete(w.holders, p.ID.PID)
}

// checkZombies records those that are left for long, and finds out who was
// reaped where the kernel does not tell by itself (before Linux 6.9).
func (w *Watcher) checkZombies(now time.Time) {
	held, first := map[int]int{}, map[int]*process{}
	for _, p := range w.procs {
		if p.deadAt.IsZero() {
			continue
		}
		if reaped(p.fd) {
			w.wasReaped(p, now)
			continue
		}
		if now.Sub(p.deadAt) < longUnreaped {
			continue
		}
		culprit := w.culprit(p)
		held[culprit]++
		if old := first[culprit]; !p.recorded && (old == nil || p.deadAt.Before(old.deadAt)) {
			first[culprit] = p
		}
	}
	for culprit, p := range first {
		w.recordZombies(p, culprit, held[culprit], now)
	}
}

// culprit is who ought to reap the zombie p. Nobody can begin to trace a zombie, so
// that only a tracer is asked for again: it may have gone.
func (w *Watcher) culprit(p *process) int {
	if !p.asked || p.tracer != 0 {
		p.asked, p.tracer = true, zombie.Tracer(w.opt.FS, p.ID.PID)
	}
	return zombie.CulpritOf(&procfs.Stat{PID: p.ID.PID, PPID: p.PPID}, p.tracer)
}

// recordZombies records that a process, the culprit, leaves zombies. One that leaves thousands would
// fill the history with them, so after the first ones their number has to double.
func (w *Watcher) recordZombies(p *process, culprit, held int, now time.Time) {
	if held >= 2*w.holders[culprit] {
		w.holders[culprit] = held
		r := w.record(history.KindZombie, p, now)
		r.ZombieFor = now.Sub(p.deadAt)
		if w.scanner.Stat(p.ID.PID, &w.stat) == nil && w.stat.ID() == p.ID && (w.stat.ExitCode != 0 || w.opt.FS.MayTrace(p.ID.PID)) {
			r.Known, r.Status = true, w.stat.ExitCode // otherwise 0 may mean that we may not know
		}
		r.Parent = w.nameNow(p.PPID, p.Parent)
		name := r.Parent
		if culprit != p.PPID {
			name = w.nameNow(culprit, "?")
		}
		r.Text = fmt.Sprintf("%d (%s) has not waited for it; it holds %s", culprit, name, zombies(held))
		w.book.Add(r)
	}
	for _, q := range w.procs {
		if !q.deadAt.IsZero() && now.Sub(q.deadAt) >= longUnreaped && w.culprit(q) == culprit {
			if !q.recorded {
				q.recorded = true
				w.recorded++
			}
		}
	}
}

func zombies(n int) string {
	if n == 1 {
		return "1 zombie"
	}
	return fmt.Sprintf("%d zombies", n)
}
