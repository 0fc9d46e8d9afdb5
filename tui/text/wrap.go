package text

import (
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// Wrap breaks s into lines of at most width cells, at spaces and line ends. It breaks
// a word only if the word is wider than a line. It never breaks after a hyphen, so
// that an option such as --kill-after stays whole.
func Wrap(s string, width int) []string {
	if width <= 0 {
		return nil
	}
	var lines []string
	for paragraph := range strings.SplitSeq(s, "\n") {
		lines = append(lines, wrapParagraph(paragraph, width)...)
	}
	return lines
}

func wrapParagraph(s string, width int) []string {
	var lines []string
	line, used := "", 0
	for s != "" {
		word := strings.TrimLeft(s, " ")
		gap := s[:len(s)-len(word)]
		if end := strings.IndexByte(word, ' '); end >= 0 {
			word = word[:end]
		}
		s = s[len(gap)+len(word):]
		n := Width(word)
		if word == "" {
			break // only spaces remain
		}
		if line != "" && used+len(gap)+n > width {
			lines = append(lines, line)
			line, used, gap = "", 0, ""
		}
		if len(gap)+n > width {
			gap = ""
		}
		for n > width {
			head, cells := firstCells(word, width)
			lines = append(lines, head)
			word, n = word[len(head):], n-cells
		}
		line, used = line+gap+word, used+len(gap)+n
	}
	if line != "" || len(lines) == 0 {
		lines = append(lines, line)
	}
	return lines
}

// firstCells returns the part at the start of s that fits in width cells, at least
// one character, and how many cells that part takes.
func firstCells(s string, width int) (head string, cells int) {
	end := 0
	for end < len(s) {
		cluster, n := ansi.FirstGraphemeCluster(s[end:], ansi.GraphemeWidth)
		if end > 0 && cells+n > width {
			break
		}
		end += len(cluster)
		cells += n
	}
	return s[:end], cells
}

// Paragraph wraps body into lines of at most width cells that start at column indent.
// label precedes the first line, or is on a line of its own if it is too long for
// that. The result ends with a newline.
func Paragraph(label string, indent, width int, body string) string {
	margin := "\n" + Spaces(indent)
	left := label + Spaces(indent-Width(label))
	if Width(label) >= indent && indent > 0 {
		left = label + margin
	}
	lines := Wrap(strings.Join(strings.Fields(body), " "), max(width-indent, 1))
	return strings.TrimRight(left+strings.Join(lines, margin), " ") + "\n"
}
