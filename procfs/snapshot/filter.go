package snapshot

import (
	"slices"
	"strconv"
	"strings"

	"yinit/procfs"
)

// A Filter selects the processes for which all its terms hold. The zero Filter selects
// all processes.
type Filter []term

// A term is one word of a filter: key:value,value or text. It holds if at least one of
// its values does.
type term struct {
	key    string // "" for text
	values []string
}

// filterKeys are the keys of terms. A word with another key is text, because command
// lines often contain colons.
var filterKeys = []string{"state", "user", "pid", "ignores", "blocks", "catches", "pending"}

// ParseFilter parses what a user types: words that must all hold. A word is
// state:Z,T, user:app, pid:37, ignores:TERM (or blocks, catches, pending), or text to
// find in the name or the command line, ignoring case. ParseFilter never fails: it
// ignores a value that is not valid, because the user may still be typing it.
func ParseFilter(text string) Filter {
	var f Filter
	for word := range strings.FieldsSeq(strings.ToLower(text)) {
		t := term{values: []string{word}}
		if key, value, ok := strings.Cut(word, ":"); ok && slices.Contains(filterKeys, key) {
			t.key = key
			t.values = strings.FieldsFunc(value, func(r rune) bool { return r == ',' })
			t.values = slices.DeleteFunc(t.values, func(v string) bool { return !complete(key, v) })
		}
		if len(t.values) > 0 {
			f = append(f, t)
		}
	}
	return f
}

// complete reports whether v can be the value of key.
func complete(key, v string) bool {
	switch key {
	case "ignores", "blocks", "catches", "pending":
		_, err := procfs.ParseSignal(v)
		return err == nil
	case "pid":
		_, err := strconv.Atoi(v)
		return err == nil
	}
	return true
}

// Match reports whether the filter selects the process.
func (f Filter) Match(p *Process) bool {
	for _, t := range f {
		if !slices.ContainsFunc(t.values, func(v string) bool { return p.has(t.key, v) }) {
			return false
		}
	}
	return true
}

func (p *Process) has(key, value string) bool {
	switch key {
	case "state":
		return strings.EqualFold(p.State.String(), value) || strings.HasPrefix(p.State.Word(), value) && len(value) > 1
	case "user":
		return strings.EqualFold(p.User, value)
	case "pid":
		return strconv.Itoa(p.ID.PID) == value
	case "":
		return procfs.ContainsFold(p.Comm, value) ||
			slices.ContainsFunc(p.Cmdline, func(s string) bool { return procfs.ContainsFold(s, value) })
	}
	n, err := procfs.ParseSignal(value)
	return err == nil && p.Sigs.Known && !p.Dead() && p.signals(key).Has(n)
}

// signals returns the set of signals that the key of a term refers to.
func (p *Process) signals(key string) procfs.SignalSet {
	switch key {
	case "ignores":
		return p.Sigs.Ignored
	case "blocks":
		return p.Sigs.Blocked
	case "catches":
		return p.Sigs.Caught
	default:
		return p.Sigs.Pending | p.Sigs.SharedPending
	}
}
