package history

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"yinit/procfs/snapshot/filter"
)

// A Filter selects the records that satisfy all its conditions. The zero Filter
// selects every record.
type Filter []Condition

// A Condition reports whether it holds for a record.
type Condition func(*Record) bool

// Match reports whether the filter selects the record.
func (f Filter) Match(r *Record) bool {
	for _, holds := range f {
		if !holds(r) {
			return false
		}
	}
	return true
}

// Failed holds for the exit of a process that is known to have ended with another
// status than 0, see [Record.Failed].
func Failed(r *Record) bool { return r.Failed() }

// OfKind holds for records of one of the kinds.
func OfKind(kinds ...Kind) Condition {
	return func(r *Record) bool { return slices.Contains(kinds, r.Kind) }
}

// OfPID holds for records about one of the processes, and for signals sent by one
// of them.
func OfPID(pids ...int) Condition {
	return func(r *Record) bool { return slices.Contains(pids, r.PID) }
}

// Since holds for records made at t or later.
func Since(t time.Time) Condition {
	return func(r *Record) bool { return !r.Time.Before(t) }
}

// Until holds for records made at t or earlier.
func Until(t time.Time) Condition {
	return func(r *Record) bool { return !r.Time.After(t) }
}

// Matching holds for records that f selects.
func Matching(f filter.Filter) Condition {
	return func(r *Record) bool { return f.Match(subject{r}) }
}

// ParseKinds parses a comma-separated list of kinds, such as "exit,signal".
func ParseKinds(s string) ([]Kind, error) {
	var kinds []Kind
	for name := range strings.FieldsFuncSeq(s, func(r rune) bool { return r == ',' }) {
		kind, ok := ParseKind(name)
		if !ok {
			return nil, fmt.Errorf("unknown kind %q", name)
		}
		kinds = append(kinds, kind)
	}
	return kinds, nil
}
