package procfs

import (
	"bytes"
	"fmt"
	"math"
	"time"
)

// Uptime reads from /proc/uptime the time since the machine was booted, including
// the time that it slept, see proc_uptime(5). In a time namespace it has the same
// offset as [Stat.Start], so that [Age] is still correct. If lxcfs is mounted over
// the file, it is the uptime of the container, and ages are 0.
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

// Age returns the time since the start of a process, given the uptime of the machine.
// It is never negative, even though the two are read one after the other.
func Age(uptime time.Duration, start Ticks) time.Duration {
	const tick = Ticks(time.Second / TicksPerSecond)
	if uptime < 0 || start > Ticks(uptime)/tick {
		return 0
	}
	return uptime - start.Duration()
}

// BootID reads /proc/sys/kernel/random/boot_id, which identifies the time from one boot
// of the machine to the next, see random(4).
func (f FS) BootID() (string, error) {
	b, err := f.read(place{name: "sys/kernel/random/boot_id"}, make([]byte, 0, 64), 64)
	return string(bytes.TrimSpace(b)), err
}
