package history

import (
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	"yinit/procfs"
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

// Containing holds for records with the text in the comm, the command line, the
// parent's comm or the text of the record. It ignores case.
func Containing(text string) Condition {
	text = strings.ToLower(text)
	return func(r *Record) bool {
		for _, s := range [...]string{r.Comm, r.Cmdline, r.Parent, r.Text} {
			if procfs.ContainsFold(s, text) {
				return true
			}
		}
		return false
	}
}

// ParseKinds parses a comma-separated list of kinds, such as "exit,signal".
func ParseKinds(s string) ([]Kind, error) {
	var kinds []Kind
	for name := range values(s) {
		kind, ok := ParseKind(name)
		if !ok {
			return nil, fmt.Errorf("unknown kind %q", name)
		}
		kinds = append(kinds, kind)
	}
	return kinds, nil
}

func values(s string) iter.Seq[string] {
	return strings.FieldsFuncSeq(s, func(r rune) bool { return r == ',' })
}

// ParseFilter parses a filter that a user types: words separated by spaces, all of
// which must match. A word is pid:37, kind:exit,signal, failed, or a text for
// [Containing]. It never fails: a word that is not valid yet, because the user is
// still typing it, is ignored.
func ParseFilter(text string) Filter {
	var f Filter
	for word := range strings.FieldsSeq(strings.ToLower(text)) {
		key, value, _ := strings.Cut(word, ":")
		switch {
		case word == "failed":
			f = append(f, Failed)
		case key == "pid" && word != key:
			f = appendUnlessEmpty(f, OfPID, value, parsePID)
		case key == "kind" && word != key:
			f = appendUnlessEmpty(f, OfKind, value, ParseKind)
		default:
			f = append(f, Containing(word))
		}
	}
	return f
}

func parsePID(s string) (int, bool) {
	pid, err := strconv.Atoi(s)
	return pid, err == nil
}

// appendUnlessEmpty appends a condition for the comma-separated values that can be
// parsed. It returns f unchanged if there are none.
func appendUnlessEmpty[T any](f Filter, of func(...T) Condition, list string, parse func(string) (T, bool)) Filter {
	var parsed []T
	for s := range values(list) {
		if v, ok := parse(s); ok {
			parsed = append(parsed, v)
		}
	}
	if len(parsed) == 0 {
		return f
	}
	return append(f, of(parsed...))
}
