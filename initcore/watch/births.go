package watch

import (
	"slices"
	"time"

	"yinit/initcore/history"
	"yinit/procfs"
)

const (
	// firstPID is the pid at which the kernel continues after the highest one
	// (RESERVED_PIDS in kernel/pid.c).
	firstPID = 300
	// maxUnsure is how many of the newest pids are tried again in the next scan: a
	// process that is being created has its pid before it can be found.
	maxUnsure = 8
	// maxStub is how many threads the container runtime is assumed to have had in a
	// process that is a command of yinit now, or still the runtime. They got the pids after
	// that of the process, and ended when it executed yinit.
	maxStub = 16
	// young is the age below which a process may not have executed its program yet.
	// A process that docker exec starts is runc at first.
	young = 2 * time.Second
	// noteInterval is the minimum time between two notes about the same problem.
	noteInterval = time.Minute
	// maxWalk is the maximum number of pids that one scan tries one by one. If there
	// were more since the last scan, listing /proc is cheaper.
	maxWalk = 1 << 16
	// pieceTime is the CPU time after which a scan stops, for Tick to continue it.
	pieceTime = 2 * time.Millisecond
)

// findNew finds the processes that were started since the last scan.
func (w *Watcher) findNew(now time.Time) {
	for w.findSome(now); w.unfinished; {
		w.findSome(now)
	}
}

// findSome begins or continues a scan for the processes that were started since the last
// one. It sets w.unfinished if there are so many that the scan is to be continued.
func (w *Watcher) findSome(now time.Time) {
	continued := w.unfinished
	if !continued {
		w.scans++
		w.refresh()
	}
	w.unfinished = false
	if w.counter < 0 {
		_, _ = w.list(now, 0, 0) // how many were missed is unknown
		return
	}
	began := sinceBoot()
	last, err := w.lastPID()
	if err != nil {
		return // the next scan finds them
	}
	before := w.last
	if last == before && len(w.unsure) == 0 && w.doubtful == 0 {
		return
	}
	if !continued {
		for _, pid := range w.unsure {
			if !w.watch(max(pid, -pid), now) && pid > 0 {
				w.gone++
			}
		}
		w.unsure = w.unsure[:0]
	}
	switch step := w.distance(before, last); {
	case step <= w.maxWalk:
		var n int
		last, n = w.walk(before, step, now)
		w.gone += n
	case last < before:
		// That many pids in one interval are less likely than a process that has
		// decreased the counter, as CRIU does, see ns_last_pid in
		// proc_sys_kernel(5). Then the number of missed processes is unknown.
		_, _ = w.list(now, 0, 0)
	default:
		found, err := w.list(now, before, last)
		if err == nil { // otherwise the number is unknown
			w.gone += step - found
		}
	}
	w.last = last
	if w.unfinished {
		return
	}
	w.lastScan = began
	w.checkAccounting(now)
	w.addMissed(w.uninspected(w.unreaped(w.unaccounted(uint64(w.gone), now))))
	w.gone = 0
}

// openCounter opens the file with the last pid.
func (w *Watcher) openCounter() (err error) {
	if w.counter, err = w.opt.FS.OpenLastPID(); err == nil {
		w.last, err = w.lastPID()
	}
	return err
}

// lastPID returns the pid that the kernel allocated last.
func (w *Watcher) lastPID() (int, error) { return procfs.ReadLastPID(w.counter) }

// Calm returns the descriptor of the file with the last pid, and the last pid that it showed. While
// it shows the same pid, Tick would find nothing to do. The descriptor is -1 if Tick
// has something to do in any case.
func (w *Watcher) Calm() (fd, lastPID int) {
	if len(w.unsure) > 0 || w.doubtful > 0 || w.dead > 0 || w.missed > 0 || w.unread > 0 || len(w.adopting) > 0 || w.accounting.busy() {
		return -1, 0
	}
	for _, p := range w.procs {
		if p.fresh || p.unread {
			return -1, 0
		}
	}
	return w.counter, w.last
}

// distance returns how many pids the kernel allocates to get from one to the other.
func (w *Watcher) distance(from, to int) int {
	if to >= from {
		return to - from
	}
	return max(0, w.pidMax()-1-from) + max(0, to-firstPID+1)
}

// pidMax returns the highest pid plus one, see pid_max in proc_sys_kernel(5).
func (w *Watcher) pidMax() int {
	n, err := w.opt.FS.PIDMax()
	if err != nil {
		return 1 << 15
	}
	return n
}

// walk tries the pids after before, step of them, and sets w.unfinished if it stops early. It
// returns the last pid that it tried, and how many of them have no process or thread.
func (w *Watcher) walk(before, step int, now time.Time) (last, gone int) {
	end := threadCPUTime() + w.piece
	wrap := before + step + 1
	if step > 0 {
		wrap = min(wrap, w.pidMax())
	}
	stub := 0 // gone pids that belong to the inspector that was found before them
	pid := before
	for i := range step {
		if i%8 == 7 && stub == 0 && threadCPUTime() > end {
			w.unfinished = true
			break
		}
		pid = following(pid, wrap)
		switch {
		case w.watch(pid, now):
			if p := w.procs[pid]; p != nil {
				stub = 0
				if p.PPID == 0 && (p.inspects() || isStub(p.Comm)) {
					stub = maxStub
				}
			}
		case stub > 0 && step-i <= maxUnsure:
			w.unsure = append(w.unsure, -pid)
			stub--
		case stub > 0:
			stub--
		case step-i <= maxUnsure:
			w.unsure = append(w.unsure, pid)
		default:
			gone++
		}
	}
	return pid, gone
}

// following returns the pid that the kernel tries after pid. At wrap it continues with firstPID.
func following(pid, wrap int) int {
	if pid+1 >= wrap {
		return firstPID
	}
	return pid + 1
}

// isNew reports whether a process got its pid after the last scan had read the last one.
// Processes may start while a scan goes on, and on a busy machine that takes long.
func (w *Watcher) isNew(id procfs.ID) bool {
	if id.Start != 0 && id.Start < w.lastScan {
		return false
	}
	if id.PID > w.last {
		return true
	}
	last, err := w.lastPID()
	return err == nil && id.PID <= last && last < w.last // the pids have begun anew
}

// removeUnsure reports whether the last scan has found no process with this pid but expects
// one. The next scan then need not look.
func (w *Watcher) removeUnsure(pid int) bool {
	i := slices.IndexFunc(w.unsure, func(other int) bool { return other == pid || other == -pid })
	if i < 0 {
		return false
	}
	w.unsure = slices.Delete(w.unsure, i, i+1)
	return true
}

// list watches all processes that /proc lists, and returns how many of their pids are
// above from and at most to, so never more than there are pids in that range. /proc
// does not list threads, so living threads in the range count as missed.
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

// unreaped returns how many of the processes that have gone the init has not reaped: what it
// reaps it records.
func (w *Watcher) unreaped(gone uint64) uint64 {
	known := min(gone, w.reaped)
	w.reaped -= known
	if len(w.unsure) == 0 {
		w.reaped = 0 // it is an estimate, and starts anew with each scan
	}
	return gone - known
}

// addMissed counts processes that started and ended unseen.
func (w *Watcher) addMissed(n uint64) {
	w.missed += n
	w.recorder.Missed(n)
}

// noteMissed records how many processes were missed, at most once per noteInterval.
func (w *Watcher) noteMissed(now time.Time) {
	if w.missed == 0 || now.Sub(w.noted) < noteInterval {
		return
	}
	w.note(now, history.MissedText(w.missed))
	w.missed, w.noted = 0, now
}
