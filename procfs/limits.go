package procfs

import (
	"bytes"
	"fmt"
	"math"
)

// Unlimited is the value of a limit that is none.
const Unlimited Bytes = math.MaxUint64

// CoreLimit is the soft limit of the size of a core dump of pid, from
// /proc/[pid]/limits, see getrlimit(2), RLIMIT_CORE. Anybody may read it. The
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

// ParseCoreLimit takes the soft limit of the line "Max core file size" from the
// content of /proc/[pid]/limits. The error matches [ErrFormat].
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

// CorePiped reports whether core dumps of this machine go to a program, from
// /proc/sys/kernel/core_pattern, see core(5). Then the limit of their size does
// not count.
func (f FS) CorePiped() (bool, error) {
	b, err := f.read(place{name: "sys/kernel/core_pattern"}, make([]byte, 0, 256), smallFile)
	if err != nil {
		return false, err
	}
	return ParseCorePattern(b), nil
}

// ParseCorePattern reports whether the pattern begins with a pipe.
func ParseCorePattern(b []byte) (piped bool) { return bytes.HasPrefix(b, []byte{'|'}) }
