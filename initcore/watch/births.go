package watch

import (
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"yinit/initcore/history"
	"yinit/procfs"
)

const (
	// firstPID is where the kernel begins again after the highest pid
	// (RESERVED_PIDS of kernel/pid.c).
	firstPID = 300
	// unsureMost is how many of the newest numbers are looked for once more: a
	// process that is just being made has a number already, and cannot be found.
	unsureMost = 8
	// young is the age at which a process may not have become its program yet. What
	// docker exec starts is runc for a while.
	young = 2 * time.Second
	// noteEvery is how often it is noted that processes were missed.
	noteEvery = time.Minute
	// lookMost is how many numbers one look goes through. More than that in one
	// interval is a storm, and what is left of it is found by listing.
	lookMost = 1 << 16
)

// look finds the processes that are new since the last look.
func (w *Watcher) look(now time.Time) {
	last, err := w.lastPID()
	if err != nil {
		return // as if nothing was new; the next look finds it
	}
	w.refresh()
	before := w.last
	if last == before && len(w.unsure) == 0 {
		return
	}
	gone := uint64(0)
	for _, pid := range w.unsure {
		if !w.meet(pid, now) {
			gone++
		}
	}
	w.unsure = w.unsure[:0]
	step := w.distance(before, last)
	if step > lookMost {
		gone += uint64(step - w.list(now))
	} else {
		gone += w.walk(before, step, now)
	}
	w.last, w.looked = last, sinceBoot()
	w.count(gone)
}

// lastPID is the pid that was given out last, from /proc/loadavg.
func (w *Watcher) lastPID() (int, error) {
	if w.loadavg < 0 {
		fd, err := unix.Open(w.opt.FS.Root()+"/loadavg", unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err != nil {
			return 0, err
		}
		w.loadavg = fd
	}
	var b [128]byte
	n, err := unix.Pread(w.loadavg, b[:], 0)
	if err != nil {
		return 0, err
	}
	load, err := procfs.ParseLoadavg(b[:n])
	return load.LastPID, err
}

// Calm returns the descriptor of /proc/loadavg and the last pid that it showed. As
// long as it shows that, Tick would find nothing. The descriptor is -1 if there is
// something else to look at.
func (w *Watcher) Calm() (fd, lastPID int) {
	if len(w.unsure) > 0 || w.dead > 0 || w.missed > 0 {
		return -1, 0
	}
	for _, p := range w.procs {
		if p.fresh {
			return -1, 0
		}
	}
	return w.loadavg, w.last
}

// distance is how many numbers were given out from one to the other.
func (w *Watcher) distance(from, to int) int {
	if to >= from {
		return to - from
	}
	return max(0, w.highest()-from) + max(0, to-firstPID+1)
}

// highest is the highest pid, see proc_sys_kernel(5), pid_max.
func (w *Watcher) highest() int {
	n, err := w.opt.FS.PIDMax()
	if err != nil {
		return 1 << 15
	}
	return n
}

// walk looks for step numbers after before, and returns how many have no process
// or thread any more.
func (w *Watcher) walk(before, step int, now time.Time) (gone uint64) {
	wrap := before + step + 1
	if step > 0 {
		wrap = min(wrap, w.highest())
	}
	for i, pid := 0, before; i < step; i++ {
		if pid++; pid >= wrap {
			pid = firstPID
		}
		switch {
		case w.meet(pid, now):
		case step-i <= unsureMost:
			w.unsure = append(w.unsure, pid)
		default:
			gone++
		}
	}
	return gone
}

// list meets all processes that there are, and returns how many were new.
func (w *Watcher) list(now time.Time) (found int) {
	pids, err := w.scanner.PIDs(nil)
	if err != nil {
		return 0
	}
	for _, pid := range pids {
		if w.procs[pid] == nil && w.meet(pid, now) {
			found++
		}
	}
	return found
}

// count counts processes that came and went unseen. Those that the init reaped
// are recorded all the same.
func (w *Watcher) count(gone uint64) {
	known := min(gone, w.reaped)
	w.reaped -= known
	if len(w.unsure) == 0 {
		w.reaped = 0 // it was an estimate, and a new one begins
	}
	w.missed += gone - known
	w.book.Missed(gone - known)
}

// noteMissed puts it into the history once in a while.
func (w *Watcher) noteMissed(now time.Time) {
	if w.missed == 0 || now.Sub(w.noted) < noteEvery {
		return
	}
	w.note(now, history.MissedText(w.missed))
	w.missed, w.noted = 0, now
}

// meet begins to watch the process with this pid, and reports whether there is
// one, or a thread.
func (w *Watcher) meet(pid int, now time.Time) bool {
	if w.procs[pid] != nil || pid == w.opt.Self {
		return true
	}
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil && exists(pid) {
		// It may not have been one yet: a process gets its number before it is made.
		fd, err = unix.PidfdOpen(pid, 0)
	}
	switch {
	case outOfDescriptors(err):
		w.opt.Most = max(len(w.procs), 1)
		w.tooMany(now)
		return true
	case err != nil: // a thread, which has none, if it exists at all
		return !errors.Is(err, unix.ESRCH) && exists(pid)
	}
	if len(w.procs) >= w.opt.Most {
		w.tooMany(now)
		w.giveWay()
	}
	p := w.newProcess()
	p.fd = fd
	w.identify(p, pid)
	// Until it is reaped nobody else can have its pid, so that was about this one.
	if gone := reaped(fd); gone || w.stat.KernelThread() {
		_ = unix.Close(fd)
		w.free = append(w.free, p)
		return !gone
	}
	event := unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(fd), Pad: int32(pid)}
	if unix.EpollCtl(w.epoll, unix.EPOLL_CTL_ADD, fd, &event) != nil {
		_ = unix.Close(fd)
		w.tooMany(now)
		return true
	}
	w.procs[pid] = p
	w.children[p.PPID]++
	if w.opt.Init == w.opt.Self && p.PPID == w.opt.Self {
		p.Adopted, p.Origin = true, 0 // the book knows if it is ours from the start
		w.book.Add(w.begin(history.KindAdopt, p, now))
	}
	return true
}

// newProcess is one that was used before, if there is any: where thousands come and
// go nothing is allocated for each.
func (w *Watcher) newProcess() *process {
	last := len(w.free) - 1
	if last < 0 {
		return &process{}
	}
	p := w.free[last]
	w.free = w.free[:last]
	*p = process{}
	return p
}

// exists reports whether a number is that of a process or a thread.
func exists(pid int) bool { return !errors.Is(unix.Kill(pid, 0), unix.ESRCH) } // kill(2) takes thread ids, too

// tooMany counts a process that is not watched.
func (w *Watcher) tooMany(now time.Time) {
	w.book.Unwatched(1)
	if !w.full {
		w.full = true
		w.note(now, fmt.Sprintf("%d processes are watched, and there are more: new ones take the places of others, whose deaths are not seen unless the init reaps them", w.opt.Most))
	}
}

// giveWay stops watching some process that lives: those that come are worth more
// than those that stay.
func (w *Watcher) giveWay() {
	for pid, p := range w.procs { // in no order, so a different one each time
		if p.deadAt.IsZero() {
			w.forget(pid)
			return
		}
	}
}

// identify finds out who the process is.
func (w *Watcher) identify(p *process, pid int) {
	if err := w.scanner.Stat(pid, &w.stat); err != nil {
		// With hidepid it may be hidden. It has a number and an end all the same.
		w.stat = procfs.Stat{PID: pid}
	}
	p.ID, p.PPID, p.Comm = w.stat.ID(), w.stat.PPID, w.stat.Comm
	if parent := w.own(p); p.PPID == 0 { // it may be hidden by hidepid
		p.PPID = parent
	}
	p.Cmdline = w.cmdline(pid)
	p.Origin = p.PPID
	w.nameParent(p)
	p.fresh = p.young()
}

// own reads whose process it is, and returns its parent, 0 if it is not told. The
// user may change: docker exec begins as root.
func (w *Watcher) own(p *process) (parent int) {
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

// cmdline is the command line, as much of it as a record holds.
func (w *Watcher) cmdline(pid int) string {
	line, err := w.scanner.CommandLine(pid, history.MaxText)
	if err != nil {
		return ""
	}
	return line
}

// young reports whether the process may not have become its program yet.
func (p *process) young() bool {
	return sinceBoot() < p.ID.Start+procfs.Ticks(young*procfs.TicksPerSecond/time.Second)
}

// refresh looks once more at those that were very young.
func (w *Watcher) refresh() {
	for pid, p := range w.procs {
		if !p.fresh || !p.deadAt.IsZero() {
			continue
		}
		p.fresh = p.young() // this may not have been the last time
		if w.scanner.Stat(pid, &w.stat) != nil || w.stat.ID() != p.ID || w.stat.State.Zombie() {
			continue // the dead have no command line any more
		}
		// It has none for a moment, too, while it becomes its program, or dies.
		if line := w.cmdline(pid); line != "" || p.Comm != w.stat.Comm {
			p.Comm, p.Cmdline = w.stat.Comm, line
		}
		w.own(p)
	}
}
