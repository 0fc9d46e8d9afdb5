package procfs

import (
	"bytes"
	"slices"
	"syscall"
)

// A Scanner that keeps files first reads the schedstat of a process, at a quarter of the
// price of its stat: if the process has not run since its stat was read, that still holds.
// What changes although it does not run:
//   - Its parent, when the one before ends, and its terminal, when the leader of its session
//     ends: see rereadOrphans.
//   - Its resident memory, which the kernel may reclaim: the stat of a process that has much
//     is always read.
//   - Its nice value, and its state if it was woken, and waits for a CPU: its stat is read in
//     every quietScans-th scan.

const (
	// quietScans is the number of scans after which the stat of a process is read although it
	// has not run.
	quietScans = 32
	// muchRSS is from when on the stat of a process is always read.
	muchRSS = Pages(4096)
	// idleScans is the number of scans after which the descriptor of the stat is closed of a
	// process that has not run.
	idleScans = 8
	// busyScans is the number of scans in which a process must have run for the next ones not
	// to ask whether it has.
	busyScans = 4
)

// A run is how much the main thread of a process has run, from /proc/[pid]/schedstat.
type run struct {
	time  uint64 // time on a CPU, in ns
	count uint64 // how often it got a CPU
}

// parseRun returns the content of a schedstat file. ok is false if the kernel does not count,
// which it shows as zeros.
func parseRun(b []byte) (r run, ok bool) {
	c := cursor{rest: bytes.TrimSuffix(b, []byte{'\n'})}
	r.time = c.uint()
	c.skip(1) // the time that it waited for a CPU
	r.count = c.uint()
	return r, !c.bad && r.time != 0 && r.count != 0
}

// quiet reports whether the process has not run since the stat of p was read, and whether that
// need not be read again. It reads the schedstat before the caller reads the stat, so that no
// run is lost.
func (s *Scanner) quiet(p *slot) (same, holds bool) {
	if p.stat == nil || p.stat.Threads != 1 || p.noSched {
		return false, false
	}
	if p.busy >= busyScans && (s.kept.scans+p.pid)%busyScans != 0 {
		return false, false
	}
	if p.sched < 0 && !s.openSched(p) {
		return false, false
	}
	n, errno := preadRaw(int(p.sched), s.file[:cap(s.file)])
	if errno != 0 { // it is gone, and another process may have its pid
		s.kept.close(&p.sched)
		return false, false
	}
	now, ok := parseRun(s.file[:n])
	if !ok {
		p.noSched = true
		s.kept.close(&p.sched)
		return false, false
	}
	if same = now == p.ran; !same {
		p.ran = now
		p.busy, p.idle = min(p.busy+1, busyScans), 0
		return false, false
	}
	p.busy = 0
	holds = p.stat.RSS < muchRSS && p.stat.State != StateRunning
	if p.idle = min(p.idle+1, idleScans); p.idle == idleScans && holds {
		s.kept.close(&p.fd) // another process needs it more
	}
	return true, holds && (s.kept.scans+p.pid)%quietScans != 0
}

// openSched opens the schedstat of p. If a limit is reached, it takes the place of the stat of
// p, which is read less often.
func (s *Scanner) openSched(p *slot) bool {
	if s.kept.count >= s.kept.limit || s.kept.full {
		if p.fd < 0 {
			return false
		}
		s.kept.close(&p.fd)
	}
	s.path = append(place{pid: p.pid, name: "schedstat"}.appendTo(s.path[:0]), 0)
	fd, err := openAt(s.dir, s.path, syscall.O_RDONLY)
	switch {
	case err == syscall.EMFILE || err == syscall.ENFILE:
		s.kept.releaseHalf()
		return false
	case err != nil: // it is gone, or the kernel has no such file
		p.noSched = true
		return false
	case !s.kept.take(&p.sched, fd):
		s.kept.full = true
		_ = syscall.Close(fd)
		return false
	}
	p.ran = run{}
	return true
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
