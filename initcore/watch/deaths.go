package watch

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"yinit/initcore/history"
	"yinit/procfs"
	"yinit/procfs/zombie"
)

// longUnreaped is how long a process must be a zombie to get a zombie record.
const longUnreaped = 10 * time.Second

// maxRounds limits the events that one call of Ready handles, so that it returns to its
// owner.
const maxRounds = 64

// Ready handles the pending events, and reports whether there were any. It does not
// block. Its owner calls it when [Watcher.FD] is readable.
func (w *Watcher) Ready(now time.Time) bool {
	w.takeCmdlines()
	var events [64]unix.EpollEvent
	for round := range maxRounds {
		n, err := unix.EpollWait(w.epoll, events[:], 0)
		if err != nil || n <= 0 {
			return round > 0
		}
		w.readAccounting(now) // those that have died are in it
		for _, e := range events[:n] {
			if e.Pad == 0 { // the reader of command lines has answered
				w.takeCmdlines()
				continue
			}
			p := w.procs[int(e.Pad)]
			if p == nil || p.fd != e.Fd { // not removed from the epoll set: close has failed
				_ = unix.EpollCtl(w.epoll, unix.EPOLL_CTL_DEL, int(e.Fd), nil)
				continue
			}
			w.wokenBy(p, e.Events, now)
		}
		if n < len(events) {
			break
		}
	}
	return true
}

// died handles the end of a process, which is still in /proc until it is reaped.
func (w *Watcher) died(p *process, now time.Time) {
	// First: its parent may reap it at any time. The init itself reads what it needs.
	known := !w.isChild(p) && w.readStat(p)
	p.Dead, p.ended = now, sinceBoot()
	w.dead++
	if known {
		p.cpu, p.group = (w.stat.UTime + w.stat.STime).Duration(), int32(w.stat.PGRP)
		w.readZombie(p)
		w.readOwner(p)
		if p.Comm != w.stat.Comm {
			w.lastProgram(p, w.stat.Comm)
		}
		w.updateParent(p, now)
	}
	w.updateChildren(p.ID.PID)
	event := unix.EpollEvent{Fd: p.fd, Pad: int32(p.ID.PID)} // from now on only EPOLLHUP
	_ = unix.EpollCtl(w.epoll, unix.EPOLL_CTL_MOD, int(p.fd), &event)
}

// isChild reports whether p is a child of the init that has this watcher.
func (w *Watcher) isChild(p *process) bool { return p.PPID == w.opt.Self && w.opt.Self == w.opt.Init }

// updateChildren updates the parent of the children of a process that has ended: the
// kernel has given them another one.
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

// updateParent sets the parent of p to that in w.stat.
func (w *Watcher) updateParent(p *process, now time.Time) {
	// No process gets a new parent outside the namespace. The kernel shows 0 for a
	// process that is just being reaped.
	if p.PPID == w.stat.PPID || w.stat.PPID == 0 {
		return
	}
	w.countChild(p.PPID, -1)
	w.countChild(w.stat.PPID, +1)
	p.PPID, p.Parent, p.parentKnown = w.stat.PPID, w.name(w.stat.PPID), false
	if w.opt.Init != 0 && p.PPID == w.opt.Init && !p.Adopted {
		w.adopted(p, now)
		w.recordAdoption(p)
	}
}

// adopted notes that the init has adopted the process. If its command line is not known
// yet, recordAdoption waits for it.
func (w *Watcher) adopted(p *process, now time.Time) {
	p.Adopted, p.adopting = true, true
	w.adopting[p.ID.PID] = now
}

// recordAdoption records a noted adoption, if it is not recorded yet.
func (w *Watcher) recordAdoption(p *process) {
	if p.adopting {
		w.recorder.Add(w.record(history.KindAdopt, p, w.adopting[p.ID.PID]))
		w.forgetAdoption(p)
	}
}

// forgetAdoption drops a noted adoption.
func (w *Watcher) forgetAdoption(p *process) {
	if p.adopting {
		p.adopting = false
		delete(w.adopting, p.ID.PID)
	}
}

// recordLateAdoptions records the adoptions that have waited too long for a command
// line.
func (w *Watcher) recordLateAdoptions(now time.Time) {
	for pid, at := range w.adopting {
		if w.cmdlines.stuck() || now.Sub(at) >= w.cmdlines.timeout {
			w.recordAdoption(w.procs[pid])
		}
	}
}

// wasReaped records the exit of a process that has been reaped.
func (w *Watcher) wasReaped(p *process, now time.Time) {
	w.recordAdoption(p)
	r := w.record(history.KindExit, p, now)
	r.Parent, r.ReapedByKernel = w.reaper(p), w.kernelReaped(p, now)
	if i, err := w.ask(int(p.fd)); err == nil && i.mask&infoExit != 0 {
		r.Known, r.Status = true, procfs.WaitStatus(i.exitCode)
	} else if p.shown {
		r.Known, r.Status = true, p.shownStatus
	} else if p.accounted {
		r.Known, r.Status = p.accountKnown, p.accountStatus
	}
	r.CPU, r.ZombieFor, r.Group = p.cpu, now.Sub(p.Dead), int(p.group)
	if p.ID.Start != 0 && p.ended > p.ID.Start && !p.FoundDead {
		r.Runtime = (p.ended - p.ID.Start).Duration()
	}
	if r.Known {
		r.Text = w.why(p, r)
	}
	w.inspectorEnded = w.inspectorEnded || r.Inspector
	w.recorder.Add(r)
	w.expectAccounting(p.ID.PID, p) // this may use the buffer r
	w.forget(p.ID.PID)
	delete(w.holders, p.ID.PID)
}

// checkZombies records the processes that have been zombies for long. It also detects
// which were reaped, for kernels before Linux 6.9, which do not report that by EPOLLHUP.
func (w *Watcher) checkZombies(now time.Time) {
	held, first := map[int]int{}, map[int]*process{}
	for _, p := range w.procs {
		if p.Dead.IsZero() {
			continue
		}
		if reaped(int(p.fd)) {
			w.wasReaped(p, now)
			continue
		}
		if now.Sub(p.Dead) < longUnreaped {
			continue
		}
		culprit := w.culprit(p)
		held[culprit]++
		if old := first[culprit]; !p.recorded && (old == nil || p.Dead.Before(old.Dead)) {
			first[culprit] = p
		}
	}
	for culprit, p := range first {
		w.recordZombies(p, culprit, held[culprit], now)
	}
}

// culprit returns the process that should reap the zombie p: its tracer, or else its
// parent. A zombie cannot get a new tracer, so once it has none culprit does not read
// that again.
func (w *Watcher) culprit(p *process) int {
	if !p.asked || p.tracer != 0 {
		p.asked, p.tracer = true, int32(zombie.Tracer(w.opt.FS, p.ID.PID))
	}
	return zombie.CulpritOf(&procfs.Stat{PID: p.ID.PID, PPID: p.PPID}, int(p.tracer))
}

// recordZombies records that the culprit has not reaped held zombies, of which p is the
// oldest without a record. A process that leaves thousands must not fill the history, so
// there is another record only when their number has doubled.
func (w *Watcher) recordZombies(p *process, culprit, held int, now time.Time) {
	if held >= 2*w.holders[culprit] {
		w.holders[culprit] = held
		r := w.record(history.KindZombie, p, now)
		r.ZombieFor = now.Sub(p.Dead)
		if w.scanner.Stat(p.ID.PID, &w.stat) == nil && w.stat.ID() == p.ID && (w.stat.ExitCode != 0 || w.opt.FS.MayTrace(p.ID.PID)) {
			r.Known, r.Status = true, w.stat.ExitCode // without permission the kernel shows 0
		}
		r.Parent = w.nameNow(p.PPID, p.Parent)
		name := r.Parent
		if culprit != p.PPID {
			name = w.nameNow(culprit, "?")
		}
		r.Text = fmt.Sprintf("%d (%s) has not waited for it; it holds %s", culprit, name, zombies(held))
		w.recorder.Add(r)
	}
	for _, q := range w.procs {
		if !q.Dead.IsZero() && now.Sub(q.Dead) >= longUnreaped && w.culprit(q) == culprit {
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
