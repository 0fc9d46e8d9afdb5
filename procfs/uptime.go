package procfs

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"strconv"
	"syscall"
	"time"
	"unsafe"
)

// Uptime returns the time since the machine was booted, including the time that it
// slept, see [SinceBoot]. In a time namespace it has the same offset as
// [Stat.Start], so that [Age] is still correct. It is not read from /proc/uptime, because
// lxcfs, which may be mounted over that file, shows the uptime of the container. Only if
// f is not a proc filesystem but a copy of one, Uptime reads the file.
func (f FS) Uptime() (time.Duration, error) {
	if f.live() {
		return SinceBoot(), nil
	}
	at := place{name: "uptime"}
	b, err := f.read(at, make([]byte, 0, 128), smallFile)
	if err != nil {
		return 0, err
	}
	d, err := ParseUptime(b)
	if err != nil {
		if kind := f.notRegular(at); kind != "" {
			err = fmt.Errorf("it is %s, not a regular file as in a copy of a proc filesystem", kind)
		}
		return 0, f.wrap(at, err)
	}
	return d, nil
}

// notRegular names the type of a file that is not a regular one, and returns "" for others.
func (f FS) notRegular(p place) string {
	var st syscall.Stat_t
	if syscall.Stat(f.path(p), &st) != nil {
		return ""
	}
	switch st.Mode & syscall.S_IFMT {
	case syscall.S_IFREG:
		return ""
	case syscall.S_IFIFO:
		return "a FIFO"
	case syscall.S_IFCHR, syscall.S_IFBLK:
		return "a device"
	default:
		return "a special file"
	}
}

// live reports whether f is a proc filesystem. Where statfs(2) is forbidden, one is
// recognised by its link self.
func (f FS) live() bool {
	var st syscall.Statfs_t
	if syscall.Statfs(f.Root(), &st) == nil {
		return int64(st.Type) == procMagic
	}
	self, err := os.Readlink(f.Root() + "/self")
	return err == nil && self == strconv.Itoa(os.Getpid())
}

// SinceBoot returns the time since the machine was booted, including the time that it
// slept: CLOCK_BOOTTIME, the clock of [Stat.Start], see clock_gettime(2). It returns 0 if
// the kernel does not tell.
func SinceBoot() time.Duration {
	const clockBoottime = 7
	var ts syscall.Timespec
	_, _, errno := syscall.RawSyscall(syscall.SYS_CLOCK_GETTIME, clockBoottime, uintptr(unsafe.Pointer(&ts)), 0)
	if errno != 0 {
		return 0
	}
	return time.Duration(ts.Nano())
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
