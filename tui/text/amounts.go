package text

import (
	"fmt"
	"strconv"
	"time"

	"yinit/procfs"
)

// Age formats an age in at most five characters, for columns: 4s, 12m, 3h05m, 23h,
// 3d04h, 400d. A negative d is 0s. Use [procfs.Span] in sentences.
func Age(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d < 0:
		return "0s"
	case d < time.Minute:
		return fmt.Sprintf("%ds", d/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%dm", d/time.Minute)
	case d < 10*time.Hour:
		return fmt.Sprintf("%dh%02dm", d/time.Hour, d/time.Minute%60)
	case d < day:
		return fmt.Sprintf("%dh", d/time.Hour)
	case d < 10*day:
		return fmt.Sprintf("%dd%02dh", d/day, d/time.Hour%24)
	default:
		return fmt.Sprintf("%dd", d/day)
	}
}

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
func Count(n int) string {
	if n < 1000 {
		return strconv.Itoa(n)
	}
	return fmt.Sprintf("%s,%03d", Count(n/1000), n%1000)
}

// Plural returns n followed by one if n is 1, else by many: Plural(2, "process is",
// "processes are") is "2 processes are". It writes n as [Count] does.
func Plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return Count(n) + " " + many
}

// Ended says how a process ended: "exited 1", "killed by SIGSEGV (core dumped)", or,
// if its status is not known, "exit status unknown".
func Ended(known bool, s procfs.WaitStatus) string {
	return procfs.Ended(known, s)
}
