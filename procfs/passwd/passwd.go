// Package passwd parses the format of passwd(5) and group(5). It replaces os/user,
// which would link the C library if a C compiler is present; the init could then not
// take its signals early.
package passwd

import (
	"bytes"
	"iter"
	"strings"
)

// Entries yields the fields of each line that has at least the given number of fields
// and a name, which is the first field. It skips other lines: empty lines, comments
// and truncated lines.
func Entries(file []byte, least int) iter.Seq[[]string] {
	return func(yield func([]string) bool) {
		for line := range bytes.Lines(file) {
			fields := strings.Split(strings.TrimSpace(string(line)), ":")
			if len(fields) < max(least, 1) || fields[0] == "" || fields[0][0] == '#' {
				continue
			}
			if !yield(fields) {
				return
			}
		}
	}
}
