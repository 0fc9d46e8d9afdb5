// Package filter implements the language in which users choose rows of processes and
// records of the history: words such as state:Z, mem>100M and !git, which must all hold,
// and alternatives separated by or. [Terms] describes it.
//
// The package knows neither rows nor records: it asks a [Subject].
package filter

import (
	"slices"

	"yinit/procfs"
)

// A Filter selects the subjects for which all terms of at least one alternative hold.
// The zero Filter selects all. Make others with [Parse].
type Filter []alternative

type alternative []term

// A term compares a field of a subject with values.
type term struct {
	key     Key // 0: text
	op      op
	negated bool
	values  []value // the term holds if it holds for one of them
}

// A value is what a field is compared with. The class of the key says which of its
// fields are set.
type value struct {
	text    string  // a word, or text in lower case
	number  float64 // a number, a signal, or the user ID that text is
	numeric bool    // number is set
}

// A Subject is what a filter chooses or not: the row of a process, or a record. If a
// field does not apply to it, or is not known, ok is false, and neither a term with that
// key nor its negation holds.
type Subject interface {
	// Contains reports whether one of its names or its command line contains lower,
	// ignoring case.
	Contains(lower string) bool
	// Word returns the State as its letter, the name of the User, or the Kind.
	Word(Key) (word string, ok bool)
	// Number returns the PID, PPID, Exit, Threads, CPU (in percent of one), Mem (in
	// bytes), Age or CPUTime (in nanoseconds), or the user ID for User.
	Number(Key) (n float64, ok bool)
	// Signals returns the set for Ignores, Blocks, Catches or Pending. For Signal it
	// returns the signals that the subject is about; the set is empty if a process
	// exited without one.
	Signals(Key) (set procfs.SignalSet, ok bool)
}

// Match reports whether the filter selects the subject.
func (f Filter) Match(s Subject) bool {
	return len(f) == 0 || slices.ContainsFunc(f, func(a alternative) bool { return a.match(s) })
}

func (a alternative) match(s Subject) bool {
	for i := range a {
		if is, ok := a[i].compare(s); !ok || is == a[i].negated {
			return false
		}
	}
	return true
}

// compare compares the field of the subject with the values. ok is false if the subject
// has no such field.
func (t *term) compare(s Subject) (is, ok bool) {
	switch keys[t.key].class {
	case text:
		return s.Contains(t.values[0].text), true
	case words:
		word, ok := s.Word(t.key)
		return t.any(func(v value) bool { return v.text == word }), ok
	case user:
		name, ok := s.Word(t.key)
		uid, known := s.Number(t.key)
		return t.any(func(v value) bool { return v.text == name || known && v.numeric && v.number == uid }), ok || known
	case signals:
		set, ok := s.Signals(t.key)
		return t.any(func(v value) bool { return set.Has(int(v.number)) }), ok
	default:
		n, ok := s.Number(t.key)
		return t.any(func(v value) bool { return t.op.holds(n, v.number) }), ok
	}
}

func (t *term) any(holds func(value) bool) bool { return slices.ContainsFunc(t.values, holds) }

// op is a comparison operator. != is equal, negated.
type op uint8

const (
	equal op = iota
	less
	lessOrEqual
	greater
	greaterOrEqual
)

func (o op) holds(n, value float64) bool {
	switch o {
	case less:
		return n < value
	case lessOrEqual:
		return n <= value
	case greater:
		return n > value
	case greaterOrEqual:
		return n >= value
	default:
		return n == value
	}
}
