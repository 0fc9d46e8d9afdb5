package procfs

import "bytes"

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
