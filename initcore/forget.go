package initcore

import (
	"bytes"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"yinit/procfs"
)

// ForgetStart unmaps the pages of the program file that only its start, or another
// role of the program, needed; they stay in the page cache. That reduces the RSS of
// PID 1 by 1.8 MB, and that of top by 0.7 MB. It does not slow down the first signal
// after a rest: p50 is 170 µs with it and 167 µs without; for the second signal 170 and
// 184 (60 inits each, in one run).
func ForgetStart() {
	for _, r := range programFile() {
		_, _, _ = unix.Syscall(unix.SYS_MADVISE, uintptr(r.begin), uintptr(r.end-r.begin), unix.MADV_DONTNEED) // advice
	}
}

// programFile returns what readOnly finds in our mappings.
var programFile = sync.OnceValue(func() []addressRange {
	maps, err := procfs.FS{}.ReadFile("self/maps")
	if err != nil {
		return nil // without /proc: the kernel reclaims these pages when memory is short
	}
	return readOnly(maps)
})

// An addressRange is a mapping in /proc/[pid]/maps.
type addressRange struct{ begin, end uint64 }

// readOnly returns the read-only mappings of the program's file: its code and its
// constants. It returns none if other files are mapped read-only, too. Such a program
// is dynamically linked, as with the race detector, and some of its read-only pages
// hold data that the dynamic linker has written, which would be lost.
func readOnly(maps []byte) (ranges []addressRange) {
	program := ""
	for line := range bytes.Lines(maps) {
		f := strings.Fields(string(line))
		if len(f) < 6 || !strings.HasPrefix(f[5], "/") || f[1][1] != '-' {
			continue
		}
		if program == "" {
			program = f[5]
		}
		if f[5] != program {
			return nil
		}
		from, to, _ := strings.Cut(f[0], "-")
		begin, err1 := strconv.ParseUint(from, 16, 64)
		end, err2 := strconv.ParseUint(to, 16, 64)
		if err1 == nil && err2 == nil && begin < end {
			ranges = append(ranges, addressRange{begin, end})
		}
	}
	return ranges
}
