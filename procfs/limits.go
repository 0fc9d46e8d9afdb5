package procfs

import (
	"bytes"
	"fmt"
	"math"
)

// Unlimited is the value of a resource limit without limit, RLIM_INFINITY.
const Unlimited Bytes = math.MaxUint64

// CoreLimit returns the soft limit of pid for the size of a core dump, from
// /proc/[pid]/limits, see getrlimit(2), RLIMIT_CORE. Every user may read it. The
// errors are those of [FS.Stat]; zombies have no limits.
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
	for line := range bytes.Lines(b) {
		rest, ok := bytes.CutPrefix(line, []byte("Max core file size"))
		if !ok || !bytes.HasSuffix(line, []byte{'\n'}) {
			continue
		}
		word, _ := nextField(rest)
		if string(word) == "unlimited" {
			return Unlimited, nil
		}
		n, ok := parseUint(word)
		if !ok {
			break
		}
		return Bytes(n), nil
	}
	return 0, fmt.Errorf("limits: no core file size: %w", ErrFormat)
}

// CorePiped reports whether this machine pipes core dumps to a program, from
// /proc/sys/kernel/core_pattern, see core(5). The kernel then ignores the limit of
// their size.
func (f FS) CorePiped() (bool, error) {
	b, err := f.read(place{name: "sys/kernel/core_pattern"}, make([]byte, 0, 256), smallFile)
	if err != nil {
		return false, err
	}
	return ParseCorePattern(b), nil
}

// ParseCorePattern reports whether the pattern begins with a pipe.
func ParseCorePattern(b []byte) (piped bool) { return bytes.HasPrefix(b, []byte{'|'}) }
