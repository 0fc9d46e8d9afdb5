package verdict

import (
	"fmt"

	"yinit/procfs"
)

// Dying says whether a process that is not a zombie yet is past the point of return:
// signals that are sent to it have no effect (prepare_signal in the kernel's signal.c).
type Dying uint8

// The ways of dying.
const (
	NotDying Dying = iota
	Dumping        // it writes a core dump, which SIGKILL ends
	Killed         // SIGKILL is pending for all its threads
	Exiting        // all its threads are in do_exit
)

// A Blocker is a process for which a dying PID 1 waits: a PID namespace ends only when
// all its processes have been reaped (zap_pid_ns_processes in the kernel's
// pid_namespace.c).
type Blocker struct {
	PID    int          // process ID
	Comm   string       // its name
	State  procfs.State // of its main thread
	Tracer int          // the process that traces it, and must wait for it; 0: none
	By     string       // the name of the tracer
	More   int          // number of further processes for which PID 1 waits
}

// exiting reports whether stat is that of a thread in do_exit.
func exiting(stat *procfs.Stat) bool {
	const pfExiting = 0x4 // PF_EXITING of the kernel's sched.h
	return stat.Flags&pfExiting != 0
}

// dying derives the way of dying from the threads.
func (t *Target) dying(dumping bool) Dying {
	killed := t.Sigs.Pending.Union(t.Sigs.SharedPending).Has(sigKill)
	switch {
	case t.Kernel, len(t.Tasks) == 0, t.Partial && !killed:
		return NotDying
	case dumping:
		return Dumping
	}
	way := Exiting
	for i := range t.Tasks {
		switch task := &t.Tasks[i]; {
		case task.Exiting:
		case task.Killed || killed:
			way = Killed
		default:
			return NotDying
		}
	}
	return way
}

// blocker returns the process for which a dying PID 1 waits, among all processes.
// Children of the others that have died came to PID 1.
func (r *Reader) blocker(pid int) (b Blocker) {
	scanner := procfs.NewScanner(r.FS)
	defer scanner.Close()
	stats, err := scanner.Scan(nil)
	if err != nil {
		return b
	}
	for i := range stats {
		s := &stats[i]
		if s.PPID != pid {
			continue
		}
		if b.PID != 0 {
			b.More++
			continue
		}
		b.PID, b.Comm, b.State = s.PID, s.Comm, s.State
		if status, err := r.FS.Status(s.PID); err == nil && status.TracerPID != 0 {
			b.Tracer = status.TracerPID
			if tracer, err := r.FS.Status(b.Tracer); err == nil {
				b.Tracer, b.By = tracer.Tgid, tracer.Name
			}
		}
	}
	return b
}

// dying reports whether signal n has no effect because the process is dying.
func (q *question) dying() bool {
	return q.t.Dying != NotDying && (q.t.Dying != Dumping || q.n != sigKill)
}

func whyDying(q *question) string {
	t, b, more := q.t, Blocker{}, ""
	if t.Blocker != nil {
		b = *t.Blocker
	}
	if b.More > 0 {
		more = fmt.Sprintf(", and %d more", b.More)
	}
	name := procfs.Printable(b.Comm)
	switch {
	case t.Dying == Dumping:
		return "it is dumping core: only SIGKILL has an effect"
	case b.Tracer != 0:
		return fmt.Sprintf("it is dying, and waits for %d, which %d (%s) holds%s", b.PID, b.Tracer, procfs.Printable(b.By), more)
	case b.PID != 0 && b.State == procfs.StateDisk:
		return fmt.Sprintf("it is dying, and waits for %d (%s), in uninterruptible sleep%s", b.PID, name, more)
	case b.PID != 0:
		return fmt.Sprintf("it is dying, and waits for %d (%s) to end%s", b.PID, name, more)
	case t.LiveState() == procfs.StateTraced:
		return fmt.Sprintf("it is dying, and its tracer %d holds it", t.Tracer)
	case q.frozen():
		return "it is dying, as soon as its cgroup is thawed"
	case t.LiveState() == procfs.StateDisk:
		return "it is dying: uninterruptible sleep delays its end"
	case t.Dying == Killed:
		return "it is dying: SIGKILL is pending already"
	default:
		return "it is dying"
	}
}
