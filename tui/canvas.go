package tui

import (
	"strings"

	"yinit/procfs"
	"yinit/tui/text"
)

// The smallest terminal that top draws in, in cells.
const (
	minWidth  = 40
	minHeight = 10
)

// tallEnough is the smallest height, in lines, with two lines for the header and two
// for the footer.
const tallEnough = 14

// canvas holds the size of the terminal and what it can show. It knows nothing of
// processes. The zero value has colours and Unicode, but no size.
type canvas struct {
	width, height int  // of the terminal, in cells
	room          int  // lines for the page: between the tabs and the footer or the menu
	covered       bool // a pane or the menu covers the page, or a part of it
	plain         bool // no escape sequences at all
	mono          bool // no colours
	ascii         bool // no characters beyond ASCII
}

// headerLines returns the height of the header.
func (c *canvas) headerLines() int {
	if c.height != 0 && c.height < tallEnough {
		return 1
	}
	return 2
}

// footerLines returns the height of the footer: a sentence about the selected row, and the
// keys. On a low screen, what covers the page leaves the sentence out.
func (c *canvas) footerLines() int {
	if c.covered && c.headerLines() == 1 {
		return 1
	}
	return 2
}

// menuRoom returns how many lines the page and the menu share: all but the header,
// the tabs and the footer.
func (c *canvas) menuRoom() int { return max(0, c.height-c.headerLines()-1-c.footerLines()) }

// text makes foreign text safe to draw.
func (c *canvas) text(s string) string {
	if c.ascii {
		return text.ASCII(s)
	}
	return procfs.Printable(s)
}

// cut shortens s to width cells. s may contain escape sequences.
func (c *canvas) cut(s string, width int) string { return text.Cut(s, width, c.glyphs().more) }

// pad cuts s, or fills it with spaces, to exactly width cells.
func (c *canvas) pad(s string, width int) string { return text.Pad(s, width, c.glyphs().more) }

// padLeft is like pad but aligns the text to the right.
func (c *canvas) padLeft(s string, width int) string {
	return text.PadLeft(s, width, c.glyphs().more)
}

// between puts left and right at the two ends of a line. It omits right if there is
// no room for both.
func (c *canvas) between(left, right string, width int) string {
	gap := width - text.Width(left) - text.Width(right)
	if right == "" || gap < 2 {
		return c.cut(left, width)
	}
	return left + text.Spaces(gap) + right
}

// line returns a line of text in one style.
func (c *canvas) line(l style, s string) string { return c.paint(l, c.cut(" "+s, c.width)) }

// frame joins at most height lines and cuts each to the width of the terminal.
func (c *canvas) frame(lines []string, height int) string {
	lines = lines[:min(len(lines), height)]
	for i, line := range lines {
		if c.plain {
			line = strings.TrimRight(line, " ")
		}
		lines[i] = text.Cut(line, c.width, "")
	}
	return strings.Join(lines, "\n")
}

// row draws spans as a line that fills the width. In a selected row all of it is
// marked, and each span keeps its meaning.
func (c *canvas) row(spans []span, marked style) string {
	var b strings.Builder
	left := c.width
	for _, s := range spans {
		part := c.cut(s.text, left)
		left -= text.Width(part)
		b.WriteString(c.paint(s.style|marked, part))
	}
	b.WriteString(c.paint(marked, text.Spaces(left)))
	return b.String()
}

// spansWidth returns how many cells spans take.
func spansWidth(spans []span) (n int) {
	for _, s := range spans {
		n += text.Width(s.text)
	}
	return n
}

// cutSpans shortens spans to width cells.
func (c *canvas) cutSpans(spans []span, width int) []span {
	if spansWidth(spans) <= width {
		return spans
	}
	width-- // for the mark
	kept := make([]span, 0, len(spans))
	for _, s := range spans {
		if n := text.Width(s.text); n <= width {
			kept, width = append(kept, s), width-n
			continue
		}
		if width >= 0 {
			kept = append(kept, span{text.Cut(s.text, width, "") + c.glyphs().more, s.style})
		}
		break
	}
	return kept
}

// A piece is a part of a line. If a line is too long, the pieces with the lowest
// rank are omitted first.
type piece struct {
	text  string
	rank  int
	style style
	// key is the name of a key, drawn before the text; "" if there is none. press is
	// the key that a click on the piece presses; "": a click does nothing.
	key, press string
}

func (p piece) width() int {
	if p.key == "" {
		return text.Width(p.text)
	}
	return text.Width(p.key) + 1 + text.Width(p.text)
}

// A zone is a part of the screen, and the key that a click on it presses.
type zone struct {
	x, y, width int
	press       string
}

// join puts as many pieces on a line as fit, separated by two spaces.
func (c *canvas) join(pieces []piece, width int) string {
	line, _ := c.place(pieces, width, 0, 0, 2)
	return line
}

// place puts as many pieces on a line as fit, separated by gap spaces. It also returns
// the zones of the pieces, for a line that begins at the cell x, y of the screen.
func (c *canvas) place(pieces []piece, width, x, y, gap int) (string, []zone) {
	var b strings.Builder
	var zones []zone
	for i, p := range fitting(pieces, width, gap) {
		if i > 0 {
			b.WriteString(text.Spaces(gap))
			x += gap
		}
		if p.press != "" {
			zones = append(zones, zone{x, y, p.width(), p.press})
		}
		x += p.width()
		if p.key != "" {
			b.WriteString(c.paint(accent, p.key) + " ")
		}
		b.WriteString(c.paint(p.style, p.text))
	}
	return c.cut(b.String(), width), zones
}

// fitting omits pieces, those of the lowest rank first, until the rest fits or only
// one remains.
func fitting(pieces []piece, width, gap int) []piece {
	kept := make([]piece, 0, len(pieces))
	total := -gap
	for _, p := range pieces {
		if p.text != "" {
			kept = append(kept, p)
			total += p.width() + gap
		}
	}
	for total > width && len(kept) > 1 {
		least := 0
		for i := range kept {
			if kept[i].rank < kept[least].rank {
				least = i
			}
		}
		total -= kept[least].width() + gap
		kept = append(kept[:least], kept[least+1:]...)
	}
	return kept
}

// A sheet collects lines of text, wrapped to the width of the canvas.
type sheet struct {
	c     *canvas
	lines []string
}

func (s *sheet) text(l style, words string) {
	for _, line := range text.Wrap(words, s.c.width-2) {
		s.lines = append(s.lines, " "+s.c.paint(l, line))
	}
}

// field adds a name and, wrapped beside it, its value.
func (s *sheet) field(name, value string) { s.fieldIn(normal, name, value) }

// fieldIn is field with a value in a style.
func (s *sheet) fieldIn(l style, name, value string) { s.styled(l, 11, name, value) }

// entry is field with values that begin at column indent.
func (s *sheet) entry(indent int, name, value string) { s.styled(normal, indent, name, value) }

func (s *sheet) styled(l style, indent int, name, value string) {
	for i, line := range text.Wrap(value, s.c.width-indent-1) {
		if i > 0 {
			name = ""
		}
		s.lines = append(s.lines, " "+s.c.paint(strong, s.c.pad(name, indent-2))+" "+s.c.paint(l, line))
	}
}
