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

// A Filter chooses records: those for which all conditions hold. The zero Filter
// chooses all.
type Filter []Condition

// A Condition reports whether it holds for a record.
type Condition func(*Record) bool

// Match reports whether the filter chooses the record.
func (f Filter) Match(r *Record) bool {
	for _, holds := range f {
		if !holds(r) {
			return false
		}
	}
	return true
}

// Failed holds for the death of a process that did not end with 0, see
// [Record.Failed].
func Failed(r *Record) bool { return r.Failed() }

// OfKind holds for records of one of the kinds.
func OfKind(kinds ...Kind) Condition {
	return func(r *Record) bool { return slices.Contains(kinds, r.Kind) }
}

// OfPID holds for records about one of the processes, and for signals from it.
func OfPID(pids ...int) Condition {
	return func(r *Record) bool { return slices.Contains(pids, r.PID) }
}

// Since holds for records from t on.
func Since(t time.Time) Condition {
	return func(r *Record) bool { return !r.Time.Before(t) }
}

// Containing holds for records whose names or texts have the text in them, in
// upper or lower case.
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

// ParseKinds parses kinds between commas: "exit,signal".
func ParseKinds(s string) ([]Kind, error) {
	var kinds []Kind
	for name := range values(s) {
		kind, ok := ParseKind(name)
		if !ok {
			return nil, fmt.Errorf("there is no kind %q", name)
		}
		kinds = append(kinds, kind)
	}
	return kinds, nil
}

func values(s string) iter.Seq[string] {
	return strings.FieldsFuncSeq(s, func(r rune) bool { return r == ',' })
}

// ParseFilter parses what a user types: words, all of which must hold. A word is
// pid:37, kind:exit,signal, failed, or text that is looked for in the names of the
// record. It never fails: what cannot be right yet, because it is still being
// typed, chooses nothing out.
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

// appendUnlessEmpty adds a condition for those of the values between commas that
// can be parsed, if there are any.
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
