package procfs

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxMarks is the largest number of combining marks that are kept on one character.
// Living scripts need at most three. A name with more is meant to draw over the
// lines around it.
const maxMarks = 3

// Printable makes the text of a process safe for a terminal or a log: all of the
// result is visible and stays on one line. It escapes, as in a Go string, control
// characters (\n, \x1b), bytes that are not UTF-8 (\xff), invisible characters and
// those that change the direction of the text (\u200b, \u202e), letters that are written
// from right to left (\u05d0), and all combining marks on a character after the first three, and those at the beginning, which would
// be on what is printed before. It keeps other characters, including
// backslashes, so that Printable(Printable(s)) is Printable(s). It does not allocate
// for printable ASCII.
func Printable(s string) string {
	if IsPrintableASCII(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) + 16)
	marks := maxMarks // No character has come yet that could have one.
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
		case marks <= maxMarks && PrintableRune(r):
			b.WriteRune(r)
		default:
			b.WriteString(escaped(r))
		}
		s = s[size:]
	}
	return b.String()
}

// IsPrintableASCII reports whether s contains only printable ASCII, as nearly all
// names and command lines do.
func IsPrintableASCII(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] >= 0x7f {
			return false
		}
	}
	return true
}

// PrintableRune reports whether [Printable] keeps r. It disregards the limit on
// combining marks.
func PrintableRune(r rune) bool {
	return r >= ' ' && r < 0x7f || unicode.IsPrint(r) && !isInvisible(r) && !RightToLeft(r)
}

// RightToLeft reports whether r is in a block of Unicode for a script that is written from
// right to left. Where a terminal reorders text, such a letter also moves the digits and
// marks around it, which may be those of other columns. Isolates around a name would
// prevent that, but many terminals draw them, or give them a width.
func RightToLeft(r rune) bool {
	// As in DerivedBidiClass.txt, which gives the classes R and AL to the characters that
	// these blocks will get, too.
	return r >= 0x590 && (r <= 0x8ff || r >= 0xfb1d && r <= 0xfdff || r >= 0xfe70 && r <= 0xfeff ||
		r >= 0x10800 && r <= 0x10fff || r >= 0x1e800 && r <= 0x1efff)
}

// isInvisible reports whether r is printable according to Unicode but invisible:
// the Hangul fillers, the blank Braille pattern and the like.
func isInvisible(r rune) bool {
	switch r {
	case 0x115f, 0x1160, 0x3164, 0xffa0, 0x2800, 0x034f, 0x17b4, 0x17b5:
		return true
	}
	return unicode.Is(unicode.Variation_Selector, r)
}

// escaped returns r as a Go string literal escapes it.
func escaped(r rune) string {
	switch {
	case r == '\n':
		return `\n`
	case r == '\t':
		return `\t`
	case r == '\r':
		return `\r`
	case r <= 0x7f:
		return fmt.Sprintf(`\x%02x`, r)
	case r > 0xffff:
		return fmt.Sprintf(`\U%08x`, r)
	default:
		return fmt.Sprintf(`\u%04x`, r)
	}
}

// ContainsFold reports whether s contains lower, ignoring case. lower must be in
// lower case. It does not allocate if s is printable ASCII.
func ContainsFold(s, lower string) bool {
	if !IsPrintableASCII(s) {
		return strings.Contains(strings.ToLower(s), lower)
	}
	for i := 0; i+len(lower) <= len(s); i++ {
		if strings.EqualFold(s[i:i+len(lower)], lower) {
			return true
		}
	}
	return false
}
