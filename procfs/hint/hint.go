// Package hint is the one place that knows how a command of yinit is typed by a user who looks at
// a container from outside. The rules write each command as it is typed inside, "yinit kill 7":
// outside, 7 is another process.
package hint

import (
	"slices"
	"strings"
	"unicode"
)

// Commands are the commands that look at a container, and take --target.
var Commands = [...]string{"top", "status", "ps", "zombies", "signals", "history", "explain", "kill", "doctor", "health"}

// A Place says how the container is reached from where the user is: the values of the options
// that all of [Commands] have. The zero value is inside.
type Place struct {
	Target string // --target; "": not given
	Root   string // --root, which only --target needs; "": not given
}

// options returns the options that a command needs, each after a space.
func (p Place) options() (all string) {
	if p.Target == "" {
		p.Root = ""
	}
	for _, o := range [][2]string{{"--target ", p.Target}, {"--root ", p.Root}} {
		if o[1] != "" {
			all += " " + o[0] + quote(o[1])
		}
	}
	return all
}

// In returns an advice with its commands as they are typed there. An advice that has been adapted
// stays as it is.
func (p Place) In(advice string) string {
	options := p.options()
	if options == "" {
		return advice
	}
	var b strings.Builder
	for {
		before, after, ok := strings.Cut(advice, program)
		if !ok {
			return b.String() + advice
		}
		b.WriteString(before + program)
		word := after[:wordLength(after)]
		if wordLength(before[max(0, len(before)-1):]) == 0 && slices.Contains(Commands[:], word) {
			b.WriteString(word)
			if after = after[len(word):]; !strings.HasPrefix(after, options) {
				b.WriteString(options)
			}
		}
		advice = after
	}
}

// program is what comes before a command.
const program = "yinit "

// wordLength returns the length of the word with which s begins.
func wordLength(s string) int {
	end := strings.IndexFunc(s, func(r rune) bool { return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	if end < 0 {
		return len(s)
	}
	return end
}

// quote returns a word as a shell reads it.
func quote(word string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_.-/:@%+=,", r)
	}
	if word != "" && strings.IndexFunc(word, func(r rune) bool { return !plain(r) }) < 0 {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
