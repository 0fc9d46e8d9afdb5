package procfs

import (
	"bytes"
	"strings"
)

// CPUFlags returns the features of the first CPU, from the line "flags" of
// /proc/cpuinfo, which x86 has. It returns nil if there is none,
// or another file system is mounted over the file.
func (f FS) CPUFlags() []string {
	b, err := f.readUncovered("cpuinfo", make([]byte, 0, smallFile), maxFile)
	if err != nil {
		return nil
	}
	for line := range bytes.Lines(b) {
		if name, flags, ok := strings.Cut(string(line), ":"); ok && strings.TrimSpace(name) == "flags" {
			return strings.Fields(flags)
		}
	}
	return nil
}
