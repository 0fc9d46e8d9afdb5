// Package passwd reads files such as passwd(5) and group(5). Package os/user would
// link C where there is a C compiler, and take the signals away from the init.
package passwd

import (
	"bytes"
	"iter"
	"strings"
)

// Entries yields the fields of each entry of a file that has at least so many of
// them and a name, which is the first. What is no entry is passed over: an empty
// line, a comment, a line that was cut.
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
