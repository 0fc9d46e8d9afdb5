package watch

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"

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
	// walkMost is how many numbers one look goes through. More than that in one
	// interval is a storm, and what is left of it is found by listing.
	walkMost = 1 << 16
)

// findNew finds the processes that were started since the last look.
func (w *Watcher) findNew(now time.Time) {
	last, err := w.lastPID()
	if err != nil {
		return // as if nothing was new; the next look finds it
	}
	w.refresh()
	before := w.last
	if last == before && len(w.unsure) == 0 {
		return
	}
	gone := 0
	for _, pid := range w.unsure {
		if !w.watch(pid, now) {
			gone++
		}
	}
	w.unsure = w.unsure[:0]
	switch step := w.distance(before, last); {
	case step <= w.walkMost:
		gone += w.walk(before, step, now)
	case last < before:
		// A wrap that far in one interval is less likely than a counter that
		// somebody has set back: CRIU does, see ns_last_pid in
		// proc_sys_kernel(5). How many were missed is unknown then.
		_, _ = w.list(now, 0, 0)
	default:
		found, err := w.list(now, before, last)
		if err == nil { // otherwise nobody knows
			gone += step - found
		}
	}
	w.last, w.looked = last, sinceBoot()
	w.countMissed(uint64(gone))
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
	if len(w.unsure) > 0 || w.dead > 0 || w.missed > 0 || w.unread > 0 || w.adopting > 0 {
		return -1, 0
	}
	for _, p := range w.procs {
		if p.fresh || p.unread {
			return -1, 0
		}
	}
	return w.loadavg, w.last
}

// distance is how many numbers the kernel gave out to get from one to the other.
func (w *Watcher) distance(from, to int) int {
	if to >= from {
		return to - from
	}
	return max(0, w.pidMax()-1-from) + max(0, to-firstPID+1)
}

// pidMax is one more than the highest pid, see pid_max in proc_sys_kernel(5).
func (w *Watcher) pidMax() int {
	n, err := w.opt.FS.PIDMax()
	if err != nil {
		return 1 << 15
	}
	return n
}

// walk looks for step numbers after before, and returns how many have no process
// or thread any more.
func (w *Watcher) walk(before, step int, now time.Time) (gone int) {
	wrap := before + step + 1
	if step > 0 {
		wrap = min(wrap, w.pidMax())
	}
	for i, pid := 0, before; i < step; i++ {
		if pid++; pid >= wrap {
			pid = firstPID
		}
		switch {
		case w.watch(pid, now):
		case step-i <= unsureMost:
			w.unsure = append(w.unsure, pid)
		default:
			gone++
		}
	}
	return gone
}

// list watches all processes that /proc lists, and returns how many of them have a
// number above from and up to to. That is at most as many as there are such numbers,
// whoever else is listed. Threads are not, so those that live are taken for missed.
func (w *Watcher) list(now time.Time, from, to int) (found int, err error) {
	pids, err := w.scanner.PIDs(nil)
	if err != nil {
		return 0, err
	}
	for _, pid := range pids {
		if w.watch(pid, now) && from < pid && pid <= to {
			found++
		}
	}
	return found, nil
}

// countMissed counts processes that came and went unseen. Those that the init reaped
// are recorded all the same.
func (w *Watcher) countMissed(gone uint64) {
	known := min(gone, w.reaped)
	w.reaped -= known
	if len(w.unsure) == 0 {
		w.reaped = 0 // it was an estimate, and a new one begins
	}
	w.missed += gone - known
	w.book.Missed(gone - known)
}

// noteMissed notes in the history, once in a while, how many were missed.
func (w *Watcher) noteMissed(now time.Time) {
	if w.missed == 0 || now.Sub(w.noted) < noteEvery {
		return
	}
	w.note(now, MissedText(w.missed))
	w.missed, w.noted = 0, now
}

// MissedText says that n processes, or threads, were missed.
func MissedText(n uint64) string {
	who := "processes or threads"
	if n == 1 {
		who = "process or thread"
	}
	return fmt.Sprintf("%d %s came and went between two looks, unseen", n, who)
}
