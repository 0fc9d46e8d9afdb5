package watch

import (
	"errors"
	"time"

	"golang.org/x/sys/unix"

	"yinit/procfs"
)

// watch begins to watch the process with this pid, and reports whether there is one,
// or a thread.
func (w *Watcher) watch(pid int, now time.Time) bool {
	if w.procs[pid] != nil || pid == w.opt.Self {
		return true
	}
	fd, found := w.openPidfd(pid, now)
	if fd < 0 {
		return found
	}
	p := w.newProcess()
	p.fd = fd
	w.identify(p, pid)
	// Until it is reaped nobody else can have its pid, so that was about this one.
	if gone := reaped(fd); gone || w.stat.KernelThread() {
		w.drop(p)
		return !gone
	}
	state, zombie := w.stat.State, w.stat.Zombie()
	if len(w.procs) >= w.opt.Most {
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
	w.children[p.PPID]++
	if w.opt.Init == w.opt.Self && p.PPID == w.opt.Self {
		p.Origin = 0 // the book knows if it is ours from the start
		w.adopted(p, now)
	}
	if zombie {
		w.died(p, now) // so that it is the first to make room
	}
	if zombie || !w.askCmdline(p, state) {
		w.recordAdoption(p) // there is nothing to wait for
	}
	return true
}

// openPidfd opens a pidfd. It returns -1 if there is none, and whether the number is that of
// a process or a thread.
func (w *Watcher) openPidfd(pid int, now time.Time) (fd int, found bool) {
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil && exists(pid) {
		// It may not have been one yet: a process gets its number before it is made.
		fd, err = unix.PidfdOpen(pid, 0)
	}
	if outOfDescriptors(err) {
		w.giveBackDescriptors(now)
		fd, err = unix.PidfdOpen(pid, 0)
	}
	switch {
	case outOfDescriptors(err):
		w.countUnwatched(now)
		return -1, true
	case err != nil: // a thread, which has none, if it exists at all
		return -1, !errors.Is(err, unix.ESRCH) && exists(pid)
	}
	return fd, true
}

// drop gives up a process that is not watched yet.
func (w *Watcher) drop(p *process) {
	_ = unix.Close(p.fd)
	w.reuse(p)
}

// reuse keeps what is not needed any more for the next process.
func (w *Watcher) reuse(p *process) {
	if len(w.free) < freeMost {
		w.free = append(w.free, p)
	}
}

// newProcess is one that was used before, if there is any: where thousands come and
// go nothing is allocated for each.
func (w *Watcher) newProcess() *process {
	last := len(w.free) - 1
	if last < 0 {
		p := &process{}
		w.renumber(p)
		return p
	}
	p := w.free[last]
	w.free = w.free[:last]
	*p = process{}
	w.renumber(p)
	return p
}

// exists reports whether a number is that of a process or a thread.
func exists(pid int) bool { return !errors.Is(unix.Kill(pid, 0), unix.ESRCH) } // kill(2) takes thread ids, too

// identify finds out who the process is.
func (w *Watcher) identify(p *process, pid int) {
	if err := w.scanner.Stat(pid, &w.stat); err != nil {
		// With hidepid it may be hidden. It has a number and an end all the same.
		w.stat = procfs.Stat{PID: pid}
	}
	p.ID, p.PPID, p.Comm = w.stat.ID(), w.stat.PPID, w.stat.Comm
	if parent := w.readOwner(p); p.PPID == 0 { // it may be hidden by hidepid
		p.PPID = parent
	}
	p.Origin = p.PPID
	w.nameParent(p)
	p.fresh = p.young()
}

// readOwner reads which user the process belongs to, and returns its parent, 0 if that
// is unknown. The user may change: docker exec begins as root.
func (w *Watcher) readOwner(p *process) (parent int) {
	var i info
	if w.ask(&i, p.fd) == nil && i.mask&infoCreds != 0 {
		p.UID = i.ruid
		return int(i.ppid)
	}
	if w.scanner.Status(p.ID.PID, &w.status) == nil {
		p.UID = w.status.UID[procfs.Real]
	}
	return 0
}

func (w *Watcher) nameParent(p *process) {
	if p.Parent == "" {
		p.Parent = w.name(p.PPID)
	}
}

// renumber gives the process a new serial: answers to what was asked before are dropped.
func (w *Watcher) renumber(p *process) {
	w.serial++
	p.serial = w.serial
}

// changeProgram notes that the process has become another program.
func (w *Watcher) changeProgram(p *process, comm string) {
	p.Comm, p.Cmdline = comm, ""
	w.renumber(p)
}

// young reports whether the process may not have become its program yet.
func (p *process) young() bool {
	return sinceBoot() < p.ID.Start+procfs.Ticks(young*procfs.TicksPerSecond/time.Second)
}

// refresh looks once more at those that were very young, and at those whose command
// line could not be asked for.
func (w *Watcher) refresh() {
	for pid, p := range w.procs {
		if !p.fresh && !p.unread || !p.deadAt.IsZero() {
			continue
		}
		p.fresh = p.fresh && p.young() // this may not have been the last time
		if w.scanner.Stat(pid, &w.stat) != nil || w.stat.ID() != p.ID || w.stat.State.Zombie() {
			continue // the dead have no command line any more
		}
		if p.Comm != w.stat.Comm {
			w.changeProgram(p, w.stat.Comm)
		}
		w.askCmdline(p, w.stat.State)
		w.readOwner(p)
	}
}
