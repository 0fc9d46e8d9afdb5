package procfs

import (
	"fmt"
	"time"
)

// TicksPerSecond is USER_HZ, the unit in which the kernel reports times to
// user space. It is 100 on every architecture that Go supports, whatever the
// kernel's own HZ is; see proc_pid_stat(5) and sysconf(3), _SC_CLK_TCK.
const TicksPerSecond = 100

// Ticks is a time in clock ticks; there are [TicksPerSecond] in a second.
type Ticks uint64

// Duration converts t to a duration.
func (t Ticks) Duration() time.Duration {
	return time.Duration(t) * (time.Second / TicksPerSecond)
}

// TicksOf returns how many whole clock ticks d has; 0 if it is negative.
func TicksOf(d time.Duration) Ticks { return Ticks(max(d, 0) / (time.Second / TicksPerSecond)) }

// Pages is an amount of memory in pages of the machine's page size.
type Pages int64

// Bytes converts p to bytes, given the page size of the machine.
func (p Pages) Bytes(pageSize int) Bytes {
	if p < 0 { // The kernel's RSS counters may be off by a batch, see proc_pid_stat(5).
		return 0
	}
	return Bytes(p) * Bytes(pageSize)
}

// Bytes is an amount of memory in bytes.
type Bytes uint64

// The binary multiples of a byte.
const (
	KiB Bytes = 1 << 10
	MiB Bytes = 1 << 20
	GiB Bytes = 1 << 30
)

// String formats b in the largest binary unit that gives a number of at least 1:
// "512 MiB", "1.5 GiB".
func (b Bytes) String() string {
	for _, u := range []struct {
		size Bytes
		name string
	}{{GiB, "GiB"}, {MiB, "MiB"}, {KiB, "KiB"}} {
		if b < u.size {
			continue
		}
		if b%u.size == 0 {
			return fmt.Sprintf("%d %s", b/u.size, u.name)
		}
		return fmt.Sprintf("%.1f %s", float64(b)/float64(u.size), u.name)
	}
	return fmt.Sprintf("%d B", uint64(b))
}
