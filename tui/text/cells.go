package text

import (
	"strings"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"

	"yinit/procfs"
)

// More is the usual mark for omitted text.
const More = "…"

// ASCII is like [procfs.Printable] for a terminal that can show only ASCII: it
// replaces each other character by a question mark.
func ASCII(s string) string {
	if procfs.IsPrintableASCII(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) + 16)
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		if r < utf8.RuneSelf || size == 1 {
			b.WriteString(procfs.Printable(s[:size]))
		} else {
			b.WriteByte('?')
		}
		s = s[size:]
	}
	return b.String()
}

// Width returns how many cells s takes. Escape sequences take none.
func Width(s string) int { return ansi.StringWidth(s) }

// Cut shortens s to width cells, and ends it with more if it omits something. s may
// contain escape sequences.
func Cut(s string, width int, more string) string {
	if width <= 0 {
		return ""
	}
	if len(s) <= width { // A character is never wider than its number of bytes.
		return s
	}
	return ansi.Truncate(s, width, more)
}

// Pad cuts s, or fills it with spaces, to exactly width cells.
func Pad(s string, width int, more string) string {
	s = Cut(s, width, more)
	return s + Spaces(width-Width(s))
}

// PadLeft is like [Pad] but aligns the text to the right.
func PadLeft(s string, width int, more string) string {
	s = Cut(s, width, more)
	return Spaces(width-Width(s)) + s
}

// Spaces returns n spaces, none if n is negative.
func Spaces(n int) string {
	const many = "                                                                                "
	if n <= 0 {
		return ""
	}
	if n <= len(many) {
		return many[:n]
	}
	return strings.Repeat(" ", n)
}

// FirstFit returns the first of texts that is at most width cells wide. If there is
// none, it returns the last one, and ok is false.
func FirstFit(texts []string, width int) (text string, ok bool) {
	for _, text = range texts {
		if Width(text) <= width {
			return text, true
		}
	}
	return text, false
}
