package procfs

import (
	"bytes"
	"fmt"
	"math"
)

// Unlimited is the value of a resource limit without limit, RLIM_INFINITY.
const Unlimited Bytes = math.MaxUint64

// CoreLimit returns the soft limit of pid for the size of a core dump, from
// /proc/[pid]/limits, see getrlimit(2), RLIMIT_CORE. Every user may read it, also that
// of a zombie. The errors are those of [FS.Stat].
func (f FS) CoreLimit(pid int) (Bytes, error) {
	at := place{pid: pid, name: "limits"}
	b, err := f.read(at, make([]byte, 0, smallFile), smallFile)
	if err != nil {
		return 0, err
	}
	limit, err := ParseCoreLimit(b)
	if err != nil {
		return 0, f.wrap(at, err)
	}
	return limit, nil
}

// ParseCoreLimit returns the soft limit in the line "Max core file size" of
// /proc/[pid]/limits. The error matches [ErrFormat].
func ParseCoreLimit(b []byte) (Bytes, error) {
	soft, _, ok := limit(b, "Max core file size")
	if !ok {
		return 0, fmt.Errorf("limits: no core file size: %w", ErrFormat)
	}
	return Bytes(soft), nil
}

// limit returns the soft and the hard limit in the line that begins with name.
func limit(b []byte, name string) (soft, hard uint64, ok bool) {
	for line := range bytes.Lines(b) {
		rest, found := bytes.CutPrefix(line, []byte(name))
		if !found || !bytes.HasSuffix(line, []byte{'\n'}) {
			continue
		}
		first, rest := nextField(rest)
		second, _ := nextField(rest)
		soft, ok = parseLimit(first)
		hard, known := parseLimit(second)
		return soft, hard, ok && known
	}
	return 0, 0, false
}

func parseLimit(word []byte) (uint64, bool) {
	if string(word) == "unlimited" {
		return uint64(Unlimited), true
	}
	return parseUint(word)
}

// Limits are the resource limits of a process that make the kernel send it a signal,
// and that for core dumps, see getrlimit(2). [Unlimited] is no limit.
type Limits struct {
	CPU, MaxCPU uint64 // soft and hard RLIMIT_CPU in seconds; the kernel raises the soft one by 1 at each SIGXCPU
	FileSize    Bytes  // soft RLIMIT_FSIZE
	Core        Bytes  // soft RLIMIT_CORE
}

// Limits reads /proc/[pid]/limits, also that of a zombie. The errors are those of
// [FS.Stat].
func (f FS) Limits(pid int) (Limits, error) {
	at := place{pid: pid, name: "limits"}
	b, err := f.read(at, make([]byte, 0, smallFile), smallFile)
	if err != nil {
		return Limits{}, err
	}
	l, err := ParseLimits(b)
	if err != nil {
		return Limits{}, f.wrap(at, err)
	}
	return l, nil
}

// ParseLimits parses the content of /proc/[pid]/limits. The error matches [ErrFormat].
func ParseLimits(b []byte) (l Limits, err error) {
	var hasCPU bool
	l.CPU, l.MaxCPU, hasCPU = limit(b, "Max cpu time")
	size, _, hasSize := limit(b, "Max file size")
	core, _, hasCore := limit(b, "Max core file size")
	if !hasCPU || !hasSize || !hasCore {
		return Limits{}, fmt.Errorf("limits: a line is missing: %w", ErrFormat)
	}
	l.FileSize, l.Core = Bytes(size), Bytes(core)
	return l, nil
}

// CorePiped reports whether this machine pipes core dumps to a program, from
// /proc/sys/kernel/core_pattern, see core(5). The kernel then ignores the limit of
// their size.
func (f FS) CorePiped() (bool, error) {
	pattern, err := f.CorePattern()
	if err != nil {
		return false, err
	}
	return ParseCorePattern([]byte(pattern)), nil
}

// CorePattern returns /proc/sys/kernel/core_pattern without its newline, see core(5).
func (f FS) CorePattern() (string, error) {
	b, err := f.read(place{name: "sys/kernel/core_pattern"}, make([]byte, 0, 256), smallFile)
	return string(bytes.TrimSuffix(b, []byte{'\n'})), err
}

// ParseCorePattern reports whether the pattern begins with a pipe.
func ParseCorePattern(b []byte) (piped bool) { return bytes.HasPrefix(b, []byte{'|'}) }

// CoreUsesPID reports whether the kernel appends the pid to the name of a core file, see
// core(5).
func (f FS) CoreUsesPID() bool {
	b, err := f.read(place{name: "sys/kernel/core_uses_pid"}, make([]byte, 0, 16), 16)
	return err == nil && len(b) > 0 && b[0] != '0'
}
