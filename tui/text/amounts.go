package text

import (
	"fmt"
	"time"

	"yinit/procfs"
)

// Age formats an age in at most five characters, for columns, see [procfs.ShortSpan]. Use
// [procfs.Span] in sentences.
func Age(d time.Duration) string { return procfs.ShortSpan(d) }

// After says how long after another event something happened: "at once" for less
// than a millisecond, else "after 200ms".
func After(d time.Duration) string {
	if d < time.Millisecond {
		return "at once"
	}
	return "after " + procfs.Span(d)
}

// Bytes formats b in at most five characters, for columns: 512B, 64K, 3.1M, 48M,
// 1.2G. The units are powers of 1024. Use [procfs.Bytes.String] in sentences.
func Bytes(b procfs.Bytes) string {
	if b < procfs.KiB {
		return fmt.Sprintf("%dB", b)
	}
	v, unit := float64(b)/1024, 0
	for v >= 999.5 && unit < 4 {
		v /= 1024
		unit++
	}
	if v < 9.95 && unit > 0 {
		return fmt.Sprintf("%.1f%c", v, "KMGTP"[unit])
	}
	return fmt.Sprintf("%.0f%c", v, "KMGTP"[unit])
}

// Count formats n with a comma between thousands: 1,200.
func Count(n int) string { return procfs.Count(n) }

// Plural returns n followed by one if n is 1, else by many: Plural(2, "process is",
// "processes are") is "2 processes are". It writes n as [Count] does.
func Plural(n int, one, many string) string { return procfs.Plural(n, one, many) }

// Ended says how a process ended: "exited 1", "killed by SIGSEGV (core dumped)", or,
// if its status is not known, "exit status unknown".
func Ended(known bool, s procfs.WaitStatus) string {
	return procfs.Ended(known, s)
}

// Percent formats a share, such as the CPUs in use, in percent and without the sign: 12.5,
// 0.0, 1250.
func Percent(share float64) string {
	if share < 9.995 {
		return fmt.Sprintf("%.1f", share*100)
	}
	return fmt.Sprintf("%.0f", share*100)
}
