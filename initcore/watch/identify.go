package watch

import (
	"errors"
	"time"

	"golang.org/x/sys/unix"

	"yinit/procfs"
	"yinit/procfs/zombie"
)

// watch starts watching the process with this pid, and reports whether the pid belongs
// to a process or thread.
func (w *Watcher) watch(pid int, now time.Time) bool {
	if w.procs[pid] != nil || pid == w.opt.Self {
		return true
	}
	fd, found := w.openPidfd(pid, now)
	if fd < 0 {
		return found
	}
	p := w.newProcess()
	p.fd = int32(fd)
	w.identify(p, pid)
	// If it is not reaped yet its pid was not reused, so identify has read the right
	// process.
	if gone := reaped(fd); gone || w.stat.KernelThread() {
		w.drop(p)
		return !gone
	}
	state, zombie, adopted := w.stat.State, w.stat.Zombie(), w.foundAdopted(p)
	if len(w.procs) >= w.opt.Max {
		w.countUnwatched(now)
		if !w.makeRoom(zombie) {
			w.drop(p)
			return true
		}
	}
	event := unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(fd), Pad: int32(pid)}
	if unix.EpollCtl(w.epoll, unix.EPOLL_CTL_ADD, fd, &event) != nil {
		w.drop(p)
		w.countUnwatched(now)
		return true
	}
	w.procs[pid] = p
	w.most = max(w.most, len(w.procs))
	w.stubs = w.stubs || isStub(p.Comm)
	if !zombie {
		w.keepStat(p)
	}
	w.children[p.PPID]++
	if adopted {
		p.Origin = 0 // unknown
		w.adopted(p, now)
	}
	if zombie {
		p.FoundDead = true
		w.died(p, now) // so that it is evicted first
	}
	if zombie || !w.askCmdline(p, state) {
		w.recordAdoption(p) // no command line to wait for
	}
	return true
}

// foundAdopted reports whether the init had adopted p before the watcher saw it; w.stat
// is its stat. The children of another process are orphans if that cannot have started
// them. Those of the caller need no proof: the Recorder knows which it started.
func (w *Watcher) foundAdopted(p *process) bool {
	switch {
	case w.opt.Init == 0 || p.PPID != w.opt.Init:
		return false
	case w.opt.Init == w.opt.Self:
		return true
	default:
		return w.stat.PID == p.ID.PID && w.scanner.Stat(w.opt.Init, &w.other) == nil && zombie.InheritedSession(&w.stat, &w.other)
	}
}

// openPidfd opens a pidfd. It returns -1 if it cannot, and reports whether the pid
// belongs to a process or thread.
func (w *Watcher) openPidfd(pid int, now time.Time) (fd int, found bool) {
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil && exists(pid) {
		// It may be a new process now: a process gets its pid before it is complete.
		fd, err = unix.PidfdOpen(pid, 0)
	}
	if outOfDescriptors(err) {
		w.releaseDescriptors(now)
		fd, err = unix.PidfdOpen(pid, 0)
	}
	switch {
	case outOfDescriptors(err):
		w.countUnwatched(now)
		return -1, true
	case err != nil: // if it exists it is a thread, which has no pidfd
		return -1, !errors.Is(err, unix.ESRCH) && exists(pid)
	}
	return fd, true
}

// drop releases a process that is not in w.procs yet.
func (w *Watcher) drop(p *process) {
	_ = unix.Close(int(p.fd))
	w.reuse(p)
}

// reuse keeps p for newProcess, until [Watcher.Trim] is called.
func (w *Watcher) reuse(p *process) {
	*p = process{nextFree: w.free}
	w.free = p
}

// newProcess returns a zeroed process. It reuses an old one if it can, so that thousands
// of short-lived processes do not cost an allocation each.
func (w *Watcher) newProcess() *process {
	p := w.free
	if p == nil {
		p = new(process)
	} else {
		w.free = p.nextFree
	}
	*p = process{statFD: -1}
	w.renumber(p)
	return p
}

// exists reports whether the pid belongs to a process or thread. A seccomp profile may end
// the process for kill(2).
func exists(pid int) bool {
	_, err := unix.Getpgid(pid) // it accepts thread IDs, too
	return !errors.Is(err, unix.ESRCH)
}

// identify reads the attributes of the process.
func (w *Watcher) identify(p *process, pid int) {
	if err := w.scanner.Stat(pid, &w.stat); err != nil {
		// hidepid may hide it. Its end can still be recorded.
		w.stat = procfs.Stat{PID: pid}
	}
	p.ID, p.PPID, p.Comm, p.group = w.stat.ID(), w.stat.PPID, w.stat.Comm, int32(w.stat.PGRP)
	if parent := w.readOwner(p); p.PPID == 0 { // hidepid may have hidden it
		p.PPID = parent
	}
	p.Origin, p.named = p.PPID, procfs.SinceBoot()
	p.faulted = w.stat.MinorFaults > 0
	w.lookAtParent(p)
	p.yinit, p.Foreign = w.isOurs(pid, p.Comm), w.foreign(p)
	p.fresh = p.young()
}

// readOwner reads the real user ID of the process, and returns the pid of its parent, 0
// if that is unknown. The user may change: docker exec begins as root.
func (w *Watcher) readOwner(p *process) (parent int) {
	if i, err := w.ask(int(p.fd)); err == nil && i.mask&infoCreds != 0 {
		p.UID = i.ruid
		return int(i.ppid)
	}
	if w.scanner.Status(p.ID.PID, &w.status) == nil && !reaped(int(p.fd)) { // otherwise the pid may belong to another process
		p.UID = w.status.UID[procfs.Real]
	}
	return 0
}

// nameParent sets the comm of the parent if it is not known yet.
func (w *Watcher) nameParent(p *process) {
	if p.Parent == "" {
		p.Parent = w.name(p.PPID)
	}
}

// renumber gives the process a new serial, so that the answers to earlier requests are
// dropped.
func (w *Watcher) renumber(p *process) {
	w.serial++
	p.serial = w.serial
}

// changeProgram notes that the process has executed another program.
func (w *Watcher) changeProgram(p *process, comm string) {
	p.Peak = 0 // that of the former program
	entered := isStub(p.Comm)
	p.Comm, p.Cmdline, p.named = comm, "", procfs.SinceBoot()
	p.yinit = w.isOurs(p.ID.PID, comm)
	if entered {
		p.Foreign = w.foreign(p)
	}
	w.renumber(p)
}

// lastProgram notes that the process had another name when it ended, usually because it
// had executed another program. Its command line can no longer be read, so the former one
// is kept, unless it is that of the container runtime.
func (w *Watcher) lastProgram(p *process, comm string) {
	if isStub(p.Comm) {
		p.Cmdline = ""
	}
	p.Renamed = p.Cmdline != ""
	p.Peak = 0 // that of the former program
	p.Comm, p.named = comm, procfs.SinceBoot()
	p.yinit = w.isOurs(p.ID.PID, comm)
	w.renumber(p)
}

// young reports whether the process may not have executed its program yet.
func (p *process) young() bool {
	return sinceBoot() < p.ID.Start+procfs.TicksOf(young)
}

// refresh reads the attributes again of the processes that were very young, and of those
// whose command line could not be requested.
func (w *Watcher) refresh() {
	stubs, room := false, true
	n, end := 0, threadCPUTime()+w.piece
	for _, p := range w.procs {
		if !p.fresh && !p.unread || !p.Dead.IsZero() {
			continue
		}
		// Where there are thousands, nearly all wait for room.
		if room = room && w.roomForCmdline(); room || p.fresh {
			if n++; n%32 == 0 && threadCPUTime() > end {
				w.stubs = w.stubs || stubs
				return // the next scan begins with others: the order of a map is random
			}
			if !w.readAgain(p) {
				continue
			}
		}
		stubs = stubs || isStub(p.Comm)
	}
	w.stubs = stubs
}

// readAgain reads the attributes of the process again. It returns false if that has ended.
func (w *Watcher) readAgain(p *process) bool {
	p.fresh = p.fresh && p.young() // this may not have been the last time
	if w.scanner.Stat(p.ID.PID, &w.stat) != nil || w.stat.ID() != p.ID || w.stat.State.Zombie() {
		return false // a zombie has no command line
	}
	p.group = int32(w.stat.PGRP) // a shell may have moved it since
	if p.Comm != w.stat.Comm {
		w.changeProgram(p, w.stat.Comm)
	}
	w.askCmdline(p, w.stat.State)
	w.readOwner(p)
	return true
}
