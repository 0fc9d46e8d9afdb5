package procfs

import (
	"os"
	"slices"
	"syscall"
	"time"
	"unsafe"
)

// A Scanner that keeps files first asks for the CPU time of a process, at a seventh of the
// price of its stat: if the process has not run since its stat was read, that still holds.
// What changes although it does not run:
//   - Its parent, when the one before ends, and its terminal, when the leader of its session
//     ends: see rereadOrphans.
//   - Its resident memory, which the kernel may reclaim: the stat of a process that has much
//     is always read.
//   - Its nice value, and its state if it was woken and waits for a CPU, or was frozen by a
//     control group of version 1 (Linux 6.1): its stat is read in every quietScans-th scan.

const (
	// quietScans is the number of scans after which the stat of a process is read although it
	// has not run.
	quietScans = 32
	// muchRSS is from when on the stat of a process is always read.
	muchRSS = Pages(4096)
	// idleScans is the number of scans after which the descriptor of the stat is closed of a
	// process that has not run.
	idleScans = 8
)

// cpuTime returns the CPU time of all threads of a process of the caller's PID namespace, with
// those that have ended, to the nanosecond, see clock_getcpuclockid(3). The kernel lets every
// user ask. ok is false if there is no such process, or the kernel has no such clocks.
//
// The Go scheduler does not know of the call, as in preadRaw.
func cpuTime(pid int) (used time.Duration, ok bool) {
	const sched = 2 // CPUCLOCK_SCHED of the kernel
	var ts syscall.Timespec
	_, _, errno := syscall.RawSyscall(syscall.SYS_CLOCK_GETTIME, uintptr(^pid<<3|sched), uintptr(unsafe.Pointer(&ts)), 0)
	return time.Duration(ts.Nano()), errno == 0
}

// exactClocks reports whether CPU times tell of the shortest run. Where the kernel counts with the
// timer interrupt, they are multiples of its period.
func exactClocks() bool {
	used, ok := cpuTime(os.Getpid())
	return ok && used%time.Millisecond != 0
}

// quiet reports whether the process has not run since the stat of p was read, and whether that
// need not be read again. It asks for the CPU time before the caller reads the stat, so that no
// run is lost. Another process that has got the pid has used another time.
func (s *Scanner) quiet(p *slot) (same, holds bool) {
	if !s.kept.clocks {
		return false, false
	}
	used, ok := cpuTime(p.pid)
	if same = ok && p.stat != nil && used == p.used; !same {
		p.used, p.idle = used, 0
		return false, false
	}
	holds = p.stat.RSS < muchRSS && p.stat.State != StateRunning
	if p.idle = min(p.idle+1, idleScans); p.idle == idleScans && holds {
		s.kept.forget(p) // another process needs the descriptor more
	}
	return true, holds && (s.kept.scans+p.pid)%quietScans != 0
}

// rereadOrphans reads the stat of the processes again whose parent, or the leader of whose
// session, has ended since the last scan.
func (s *Scanner) rereadOrphans() {
	if len(s.kept.ended) == 0 {
		return
	}
	slices.Sort(s.kept.ended)
	for i := range s.kept.slots {
		p := &s.kept.slots[i]
		if p.at < 0 || p.stat == nil || !s.kept.hasEnded(p.stat.PPID) && !s.kept.hasEnded(p.stat.Session) {
			continue
		}
		s.kept.same[p.at] = false
		if s.statOf(p, &s.kept.stat) == nil { // otherwise it has ended since
			*p.stat = s.kept.stat
		}
	}
}

func (k *keeper) hasEnded(pid int) bool {
	_, found := slices.BinarySearch(k.ended, pid)
	return found
}
