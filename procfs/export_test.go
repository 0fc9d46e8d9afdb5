package procfs

import "time"

// SparesListings reports whether s tries new pids instead of listing /proc.
func (s *Scanner) SparesListings() bool { return s.kept.arrivals.fd >= 0 }

// KeptAs returns the descriptor that s keeps for pid, -1 if none.
func (s *Scanner) KeptAs(pid int) int {
	for _, p := range s.kept.slots {
		if p.pid == pid {
			return int(p.fd)
		}
	}
	return -1
}

// CPUTime returns the CPU time of a process.
func CPUTime(pid int) (used time.Duration, ok bool) { return cpuTime(pid) }
