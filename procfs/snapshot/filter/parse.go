package filter

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// An Error says what is wrong in a filter, or what is still missing in it.
type Error struct {
	At     int    // the position of the wrong part in the filter: 1 is the first character
	Reason string // a sentence without a capital letter and a full stop
}

// Error returns the reason and the position.
func (e *Error) Error() string { return fmt.Sprintf("%s (at character %d)", e.Reason, e.At) }

// Parse parses a filter, see [Terms]. The error is an [*Error]. It is also returned for a
// term that is not finished: while the user is typing, keep the last filter that was
// valid.
func Parse(s string) (Filter, error) {
	p := parser{s: s}
	var f Filter
	var terms alternative
	or := -1 // where the last or is
	for p.skipSpaces(); !p.end(); p.skipSpaces() {
		if p.word("or") {
			or = p.at
			if len(terms) == 0 {
				return nil, p.fail(or, "or needs a term before it; to find it as text, write \"or\" in quotes")
			}
			p.at += len("or")
			f, terms = append(f, terms), nil
			continue
		}
		t, err := p.term()
		if err != nil {
			return nil, err
		}
		terms = append(terms, t)
	}
	switch {
	case terms != nil:
		f = append(f, terms)
	case or >= 0:
		return nil, p.fail(or, "or needs a term after it; to find it as text, write \"or\" in quotes")
	}
	return f, nil
}

// parser reads s from the byte at.
type parser struct {
	s  string
	at int
}

func (p *parser) end() bool    { return p.at == len(p.s) }
func (p *parser) rest() string { return p.s[p.at:] }

func (p *parser) skipSpaces() {
	for !p.end() && isSpace(p.s[p.at]) {
		p.at++
	}
}

func isSpace(b byte) bool { return b == ' ' || b >= '\t' && b <= '\r' }

// word reports whether the next word is w, ignoring case.
func (p *parser) word(w string) bool {
	rest := p.rest()
	return len(rest) >= len(w) && strings.EqualFold(rest[:len(w)], w) && (len(rest) == len(w) || isSpace(rest[len(w)]))
}

// fail returns the error for the byte at.
func (p *parser) fail(at int, format string, args ...any) *Error {
	return &Error{At: 1 + utf8.RuneCountInString(p.s[:at]), Reason: fmt.Sprintf(format, args...)}
}

// term reads a term with its exclamation marks.
func (p *parser) term() (term, error) {
	negated := false
	start := p.at
	for !p.end() && p.s[p.at] == '!' {
		negated = !negated
		p.at++
	}
	if p.end() || isSpace(p.s[p.at]) {
		return term{}, p.fail(start, "! needs a term after it, such as !text")
	}
	t, err := p.plain()
	t.negated = t.negated != negated
	return t, err
}

// plain reads a term without exclamation marks.
func (p *parser) plain() (term, error) {
	start := p.at
	name := p.name()
	operator := p.operator(name != "")
	switch {
	case operator == "":
		p.at = start
		word, err := p.value("")
		return term{values: []value{{text: strings.ToLower(word)}}}, err
	case name == "":
		return term{}, p.fail(start, "%s needs a key before it and no spaces around it, as in mem>100M; to find it as text, write it in quotes", operator)
	}
	key := keyNamed(strings.ToLower(name))
	if key == 0 {
		return term{}, p.fail(start, "unknown key %s: known are %s; to find it as text, write it in quotes", name, keyNames())
	}
	t := term{key: key}
	t.op, t.negated = operatorOf(operator)
	switch class := keys[key].class; {
	case t.op != equal && (class == words || class == user || class == signals):
		return term{}, p.fail(start, "%s takes : or !=, not %s", keys[key].name, operator)
	case t.op == equal && class.ordered():
		return term{}, p.fail(start, "%s takes >, >=, < or <=, not %s", keys[key].name, operator)
	}
	var err error
	t.values, err = p.list(start, t)
	return t, err
}

// name reads letters, which may be a key.
func (p *parser) name() string {
	start := p.at
	for !p.end() && p.s[p.at]|0x20 >= 'a' && p.s[p.at]|0x20 <= 'z' {
		p.at++
	}
	return p.s[start:p.at]
}

// operators has the longer ones first.
var operators = [...]string{"!=", ">=", "<=", ">", "<", "=", ":"}

// operator reads an operator. Without a key before it a colon is text.
func (p *parser) operator(key bool) string {
	for _, o := range operators {
		if strings.HasPrefix(p.rest(), o) && (key || o != ":") {
			p.at += len(o)
			return o
		}
	}
	return ""
}

func operatorOf(s string) (o op, negated bool) {
	switch s {
	case "<":
		return less, false
	case "<=":
		return lessOrEqual, false
	case ">":
		return greater, false
	case ">=":
		return greaterOrEqual, false
	default:
		return equal, s == "!="
	}
}

// list reads the values of a term, separated by commas. The term begins at start.
func (p *parser) list(start int, t term) ([]value, error) {
	var all []value
	for {
		at := p.at
		word, err := p.value(",")
		if err != nil {
			return nil, err
		}
		if word == "" {
			return nil, p.fail(start, "%s needs %s after it, such as %s", p.s[start:at], keys[t.key].needs, keys[t.key].example)
		}
		values, err := t.key.values(word)
		if err != nil {
			return nil, p.fail(at, "%v", err)
		}
		all = append(all, values...)
		switch {
		case p.end() || isSpace(p.s[p.at]):
			return all, nil
		case t.op != equal:
			return nil, p.fail(p.at, "only : and != take several values")
		}
		p.at++ // the comma
	}
}

// value reads a word up to a space or one of the characters in ends, or what is in
// quotes.
func (p *parser) value(ends string) (string, error) {
	start := p.at
	if !p.end() && (p.s[start] == '"' || p.s[start] == '\'') {
		return p.quoted(ends)
	}
	for !p.end() && !isSpace(p.s[p.at]) && strings.IndexByte(ends, p.s[p.at]) < 0 {
		p.at++
	}
	return p.s[start:p.at], nil
}

// quoted reads what is between two quotes. There is no escape: a text with one kind of
// quotes is written in the other.
func (p *parser) quoted(ends string) (string, error) {
	start := p.at
	length := strings.IndexByte(p.s[start+1:], p.s[start])
	if length < 0 {
		return "", p.fail(start, "the quote is not closed")
	}
	p.at = start + 1 + length + 1
	switch {
	case length == 0:
		return "", p.fail(start, "there is nothing in the quotes")
	case !p.end() && !isSpace(p.s[p.at]) && strings.IndexByte(ends, p.s[p.at]) < 0:
		return "", p.fail(p.at, "write a space after the quotes")
	}
	return p.s[start+1 : start+1+length], nil
}
