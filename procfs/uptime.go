package procfs

import (
	"bytes"
	"fmt"
	"math"
	"time"
)

// Uptime reads from /proc/uptime how long ago the machine was booted, including
// the time that it slept, see proc_uptime(5). In a time namespace it is shifted
// like [Stat.Start], so that [Age] stays right. Where lxcfs is mounted over the
// file it is the container's, and ages come out as 0.
func (f FS) Uptime() (time.Duration, error) {
	at := place{name: "uptime"}
	b, err := f.read(at, make([]byte, 0, 128), smallFile)
	if err != nil {
		return 0, err
	}
	d, err := ParseUptime(b)
	if err != nil {
		return 0, f.wrap(at, err)
	}
	return d, nil
}

// ParseUptime parses the content of /proc/uptime. The error matches
// [ErrFormat].
func ParseUptime(b []byte) (time.Duration, error) {
	word, _ := nextField(bytes.TrimSuffix(b, []byte{'\n'}))
	n, ok := parseDecimal(word)
	if !ok || n > math.MaxInt64 {
		return 0, fmt.Errorf("uptime: %w", ErrFormat)
	}
	return time.Duration(n), nil
}

// Age is how long ago a process was started, given the uptime of the machine.
// It is never negative: the two are read one after the other.
func Age(uptime time.Duration, start Ticks) time.Duration {
	const tick = Ticks(time.Second / TicksPerSecond)
	if uptime < 0 || start > Ticks(uptime)/tick {
		return 0
	}
	return uptime - start.Duration()
}
