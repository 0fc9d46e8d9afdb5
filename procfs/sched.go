package procfs

import (
	"bytes"
	"fmt"
	"math"
	"time"
)

// LastRan returns when the main thread of pid last ran, from /proc/[pid]/sched, by the
// clock of the CPU that it ran on, [Stat.Processor]. The clocks of two CPUs differ
// and stop while the machine sleeps, so the time is comparable only with that of
// another thread on the same CPU. For a zombie it is when the main thread ended,
// usually as the last thread. The file exists if the kernel has CONFIG_SCHED_DEBUG,
// as distribution kernels do, and every user may read it. The errors are those of
// [FS.Stat].
func (f FS) LastRan(pid int) (time.Duration, error) { return f.ThreadLastRan(pid, 0) }

// ThreadLastRan is [FS.LastRan] for the thread tid of pid.
func (f FS) ThreadLastRan(pid, tid int) (time.Duration, error) {
	at := place{pid: pid, tid: tid, name: "sched"}
	b, err := f.read(at, make([]byte, 0, smallFile), maxFile)
	if err != nil {
		return 0, err
	}
	d, err := ParseLastRan(b)
	if err != nil {
		return 0, f.wrap(at, err)
	}
	return d, nil
}

// ParseLastRan returns se.exec_start, which is in milliseconds, from the content of
// /proc/[pid]/sched. The error matches [ErrFormat].
func ParseLastRan(b []byte) (time.Duration, error) {
	_, rest, _ := bytes.Cut(b, []byte{'\n'}) // The first line has the process name.
	for line := range bytes.Lines(rest) {
		key, value, ok := bytes.Cut(line, []byte{':'})
		if !ok || string(bytes.TrimSpace(key)) != "se.exec_start" {
			continue
		}
		if d, ok := parseMillis(bytes.TrimSpace(value)); ok {
			return d, nil
		}
	}
	return 0, fmt.Errorf("sched: no se.exec_start: %w", ErrFormat)
}

// parseMillis parses milliseconds with six decimals, that is, to the nanosecond.
func parseMillis(b []byte) (time.Duration, bool) {
	whole, fraction, _ := bytes.Cut(b, []byte{'.'})
	millis, ok1 := parseUint(whole)
	nanos, ok2 := parseUint(fraction)
	if !ok1 || !ok2 || len(fraction) != 6 || millis > math.MaxInt64/uint64(time.Millisecond)-1 {
		return 0, false
	}
	return time.Duration(millis)*time.Millisecond + time.Duration(nanos), true
}
