package text

import (
	"strings"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"

	"yinit/procfs"
)

// More is the usual mark for what was cut off.
const More = "…"

// ASCII is [procfs.Printable] for a terminal that can do no more than ASCII:
// what is beyond it is a question mark.
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

// Width is how many cells s takes. Escape sequences take none.
func Width(s string) int { return ansi.StringWidth(s) }

// Cut shortens s, which may have escape sequences, to width cells. What is cut
// off is replaced by more.
func Cut(s string, width int, more string) string {
	if width <= 0 {
		return ""
	}
	if len(s) <= width { // No character is wider than it has bytes.
		return s
	}
	return ansi.Truncate(s, width, more)
}

// Pad cuts or fills s to exactly width cells.
func Pad(s string, width int, more string) string {
	s = Cut(s, width, more)
	return s + Spaces(width-Width(s))
}

// PadLeft is [Pad] with the text at the right.
func PadLeft(s string, width int, more string) string {
	s = Cut(s, width, more)
	return Spaces(width-Width(s)) + s
}

// Spaces are n spaces, none if n is negative.
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

// FirstFit is the first of texts that is at most width cells wide. If none is,
// ok is false, and text is the last of them.
func FirstFit(texts []string, width int) (text string, ok bool) {
	for _, text = range texts {
		if Width(text) <= width {
			return text, true
		}
	}
	return text, false
}
