package tui

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxMarks is how many combining marks in a row are drawn on one character.
// Living scripts need three; more is a name that wants to scribble over its
// neighbours.
const maxMarks = 3

// clean makes foreign text fit for a terminal: what would not be drawn as a
// character of its own is spelled out (\n, \x1b, \u202e), bytes that are not
// UTF-8 as well. With ascii, whatever is beyond ASCII is a question mark.
func clean(s string, ascii bool) string {
	if isPlain(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) + 16)
	marks := 0
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		if unicode.Is(unicode.M, r) {
			marks++
		} else {
			marks = 0
		}
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, s[0])
		case r >= ' ' && r < 0x7f:
			b.WriteRune(r)
		case r < ' ' || r == 0x7f:
			b.WriteString(spellControl(r))
		case ascii:
			b.WriteByte('?')
		case !unicode.IsPrint(r) || marks > maxMarks || isBlank(r):
			b.WriteString(spell(r))
		default:
			b.WriteRune(r)
		}
		s = s[size:]
	}
	return b.String()
}

// isPlain reports whether s is printable ASCII, as nearly all text is.
func isPlain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] >= 0x7f {
			return false
		}
	}
	return true
}

// isBlank reports whether r counts as printable and yet shows nothing: the
// fillers of Hangul and an empty pattern of Braille.
func isBlank(r rune) bool {
	switch r {
	case 0x115f, 0x1160, 0x3164, 0xffa0, 0x2800, 0x034f, 0x17b4, 0x17b5:
		return true
	}
	return unicode.Is(unicode.Variation_Selector, r)
}

func spellControl(r rune) string {
	switch r {
	case '\n':
		return `\n`
	case '\t':
		return `\t`
	case '\r':
		return `\r`
	default:
		return fmt.Sprintf(`\x%02x`, r)
	}
}

func spell(r rune) string {
	if r > 0xffff {
		return fmt.Sprintf(`\U%08x`, r)
	}
	return fmt.Sprintf(`\u%04x`, r)
}
