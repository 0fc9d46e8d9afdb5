package tui

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"yinit/procfs"
)

// A term is one word of a filter: key:value, or text. All terms of a filter must
// match; of the values between commas, one.
type term struct {
	key    string // "" for text
	values []string
}

// A filter chooses rows. The zero value chooses all.
type filter struct {
	text  string // as typed
	terms []term
}

// The keys of terms that the tree knows. A word with another key is text: command lines are
// full of colons.
var processTerms = []string{"state", "user", "pid", "ignores", "blocks", "catches", "pending"}

// parseFilter never fails. What cannot be right yet, because it is still being
// typed, chooses nothing out.
func parseFilter(text string, keys []string) filter {
	f := filter{text: text}
	for word := range strings.FieldsSeq(text) {
		t := term{values: []string{strings.ToLower(word)}}
		if key, value, ok := strings.Cut(word, ":"); ok && slices.Contains(keys, strings.ToLower(key)) {
			t.key = strings.ToLower(key)
			t.values = strings.FieldsFunc(strings.ToLower(value), func(r rune) bool { return r == ',' })
			t.values = slices.DeleteFunc(t.values, func(v string) bool { return !finished(t.key, v) })
		}
		if len(t.values) > 0 {
			f.terms = append(f.terms, t)
		}
	}
	return f
}

// finished reports whether v can be the value of key.
func finished(key, v string) bool {
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

func (f filter) empty() bool { return len(f.terms) == 0 }

// matches reports whether every term has a value for which yes holds.
func (f filter) matches(yes func(key, value string) bool) bool {
	for _, t := range f.terms {
		if !slices.ContainsFunc(t.values, func(v string) bool { return yes(t.key, v) }) {
			return false
		}
	}
	return true
}

func (f filter) process(p *Process) bool {
	return f.matches(func(key, value string) bool { return processHas(p, key, value) })
}

func processHas(p *Process, key, value string) bool {
	switch key {
	case "state":
		return strings.EqualFold(p.State.String(), value) || strings.HasPrefix(p.State.Word(), value) && len(value) > 1
	case "user":
		return strings.EqualFold(p.User, value)
	case "pid":
		return strconv.Itoa(p.ID.PID) == value
	case "":
		return containsFold(p.Comm, value) ||
			slices.ContainsFunc(p.Cmdline, func(s string) bool { return containsFold(s, value) })
	}
	n, err := procfs.ParseSignal(value)
	return err == nil && p.Sigs.Known && !p.Dead() && signalsOf(p, key).Has(n)
}

func signalsOf(p *Process, key string) procfs.SignalSet {
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

// containsFold reports whether s contains lower, whatever the case of s. It
// folds ASCII without allocating, the rest by package strings.
func containsFold(s, lower string) bool {
	if !procfs.IsPrintableASCII(s) {
		return strings.Contains(strings.ToLower(s), lower)
	}
	for i := 0; i+len(lower) <= len(s); i++ {
		if strings.EqualFold(s[i:i+len(lower)], lower) {
			return true
		}
	}
	return false
}

// A lineEdit is a line that is being typed.
type lineEdit struct {
	text string
	open bool
}

const maxLine = 200 // characters that a line takes

// insert adds typed or pasted text.
func (e lineEdit) insert(s string) lineEdit {
	for _, r := range s {
		if r == utf8.RuneError || !procfs.PrintableRune(r) || len(e.text) >= maxLine {
			continue
		}
		e.text += string(r)
	}
	return e
}

// erase removes the last character, or the last word.
func (e lineEdit) erase(word bool) lineEdit {
	if word {
		e.text = strings.TrimRight(e.text, " ")
		e.text = e.text[:strings.LastIndexByte(e.text, ' ')+1]
		return e
	}
	_, size := utf8.DecodeLastRuneInString(e.text)
	e.text = e.text[:len(e.text)-size]
	return e
}
