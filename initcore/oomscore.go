package initcore

import (
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"yinit/procfs"
)

// When memory runs out, the kernel kills the process that weighs most: its pages, its page
// tables, and its oom_score_adj in thousandths of the limit, see proc_pid_oom_score_adj(5).
// If that is PID 1, the container ends. An init in C is lighter than any program; this one
// is not lighter than a small program. It may not lower its own oom_score_adj, which needs
// CAP_SYS_RESOURCE. But it may raise that of its programs, by as much as it weighs itself.

const (
	// OOMAuto is the value of [Config.OOMAdjust] for what PID 1 weighs.
	OOMAuto = -1
	// MaxOOMAdjust is the largest oom_score_adj.
	MaxOOMAdjust = 1000

	oomScoreAdj = "/proc/self/oom_score_adj"
	// oomWeight is what PID 1 weighs at most when memory runs out: 0.9 MiB in the first second,
	// and 2.1 MiB after 100,000 orphans, of memory that the kernel cannot reclaim, page tables
	// of 0.1 MiB, and some pages of its code.
	oomWeight = 3 * procfs.MiB
)

// oomScore returns the oom_score_adj of the programs, "" if it is that of the init.
func (k *kernel) oomScore() string {
	if !k.oomRead {
		k.oomAdj, k.oomRead = k.findOOMScore(), true
	}
	return k.oomAdj
}

func (k *kernel) findOOMScore() string {
	raise := k.cfg.OOMAdjust
	if raise == OOMAuto {
		if !k.isFirst {
			return "" // its end is not that of the container
		}
		raise = oomShare(k.container.MemoryLimit())
	}
	if raise <= 0 || k.noProc {
		return ""
	}
	var b [16]byte
	own, err := strconv.Atoi(strings.TrimSpace(string(b[:max(readSmall(oomScoreAdj, b[:]), 0)])))
	score := min(own+raise, MaxOOMAdjust)
	if err != nil || score <= own {
		return ""
	}
	return strconv.Itoa(score)
}

// oomShare returns how much of a memory limit PID 1 needs, in thousandths, rounded up; 0 if
// there is no limit.
func oomShare(limit procfs.Bytes) int {
	if limit == 0 {
		return 0
	}
	return int(min((MaxOOMAdjust*oomWeight+limit-1)/limit, MaxOOMAdjust))
}

// readSmall reads a file of the kernel at once, and returns the number of bytes; -1 if it
// cannot.
func readSmall(name string, b []byte) int {
	fd, err := unix.Open(name, unix.O_RDONLY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return -1
	}
	defer unix.Close(fd)
	n, err := unix.Read(fd, b)
	if err != nil {
		return -1
	}
	return n
}
