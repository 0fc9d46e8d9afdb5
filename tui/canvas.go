package tui

import (
	"strings"

	"yinit/procfs"
	"yinit/tui/text"
)

// Below this nothing sensible fits.
const (
	minWidth  = 40
	minHeight = 10
)

// tallEnough is the height from which the header has two lines.
const tallEnough = 14

// canvas is what is drawn on: its size, and what the terminal can show. It knows
// nothing of processes. The zero value has colours and Unicode, but no size.
type canvas struct {
	width, height int  // of the terminal, in cells
	room          int  // the lines between the tabs and the last line, or the menu
	plain         bool // no escape sequences at all
	mono          bool // no colours
	ascii         bool // no characters beyond ASCII
}

// headerLines is the height of the header.
func (c *canvas) headerLines() int {
	if c.height != 0 && c.height < tallEnough {
		return 1
	}
	return 2
}

// menuRoom is the room that the page and the menu share: all but the header, the
// tabs and the last line.
func (c *canvas) menuRoom() int { return max(0, c.height-c.headerLines()-2) }

// text makes foreign text fit for the screen.
func (c *canvas) text(s string) string {
	if c.ascii {
		return text.ASCII(s)
	}
	return procfs.Printable(s)
}

// cut shortens s, which may have escape sequences, to width cells.
func (c *canvas) cut(s string, width int) string { return text.Cut(s, width, c.glyphs().more) }

// pad cuts or fills s to exactly width cells.
func (c *canvas) pad(s string, width int) string { return text.Pad(s, width, c.glyphs().more) }

// padLeft is pad with the text at the right.
func (c *canvas) padLeft(s string, width int) string {
	return text.PadLeft(s, width, c.glyphs().more)
}

// between puts left and right at the ends of a line. The right text is left out
// if there is no room for both.
func (c *canvas) between(left, right string, width int) string {
	gap := width - text.Width(left) - text.Width(right)
	if right == "" || gap < 2 {
		return c.cut(left, width)
	}
	return left + text.Spaces(gap) + right
}

// line is a line of text in one look.
func (c *canvas) line(l look, s string) string { return c.paint(l, c.cut(" "+s, c.width)) }

// frame joins lines into one that is never too wide nor too high.
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

// A piece is a part of a line that may be left out: the lowest rank goes first.
type piece struct {
	text string
	rank int
	look look
}

// join puts as many pieces on a line as fit, two spaces between them.
func (c *canvas) join(pieces []piece, width int) string {
	var b strings.Builder
	for _, p := range fitting(pieces, width) {
		if b.Len() > 0 {
			b.WriteString("  ")
		}
		b.WriteString(c.paint(p.look, p.text))
	}
	return c.cut(b.String(), width)
}

// fitting leaves out pieces, the least important first, until the rest fits or
// one is left.
func fitting(pieces []piece, width int) []piece {
	kept := make([]piece, 0, len(pieces))
	total := -2
	for _, p := range pieces {
		if p.text != "" {
			kept = append(kept, p)
			total += text.Width(p.text) + 2
		}
	}
	for total > width && len(kept) > 1 {
		least := 0
		for i := range kept {
			if kept[i].rank < kept[least].rank {
				least = i
			}
		}
		total -= text.Width(kept[least].text) + 2
		kept = append(kept[:least], kept[least+1:]...)
	}
	return kept
}

// A sheet collects wrapped lines.
type sheet struct {
	c     *canvas
	lines []string
}

func (s *sheet) text(l look, words string) {
	for _, line := range text.Wrap(words, s.c.width-2) {
		s.lines = append(s.lines, " "+s.c.paint(l, line))
	}
}

// field adds a name and its value, which is wrapped beside it.
func (s *sheet) field(name, value string) {
	const indent = 11
	for i, line := range text.Wrap(value, s.c.width-indent-1) {
		if i > 0 {
			name = ""
		}
		s.lines = append(s.lines, " "+s.c.paint(strong, s.c.pad(name, indent-2))+" "+line)
	}
}
