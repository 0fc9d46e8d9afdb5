package main

import (
	"bufio"
	"fmt"
	"strings"

	"yinit/procfs/doctor"
	"yinit/tui/text"
)

// A report is text of several paragraphs for people, on a paper.
type report struct {
	paper
	out *bufio.Writer
}

func newReport(out *bufio.Writer) *report { return &report{newPaper(), out} }

// in returns printable text in a style.
func (p *report) in(style, s string) string {
	if !p.colour {
		return s
	}
	return text.Paint(style, s)
}

// level returns a level in capitals and in its colour, eight cells wide.
func (p *report) level(l doctor.Level) string {
	word := fmt.Sprintf("%-8s", strings.ToUpper(l.String()))
	return p.in([...]string{text.Bad, text.Warn, text.Faint}[min(l, doctor.Note)], word)
}

// paragraph prints foreign text behind a label, wrapped on a terminal.
func (p *report) paragraph(label string, indent int, body string) { p.styled("", label, indent, body) }

// styled prints a paragraph with the text, but not the label, in a style.
func (p *report) styled(style, label string, indent int, body string) {
	width := max(p.width-1, 30)
	if p.width == 0 {
		width = 1 << 20
	}
	for line := range strings.Lines(text.Paragraph(label, indent, width, p.printable(body))) {
		line = strings.TrimSuffix(line, "\n")
		at := min(indent, len(line)) // the label is ASCII
		fmt.Fprintln(p.out, line[:at]+p.in(style, line[at:]))
	}
}

// cut shortens a line to the terminal.
func (p *report) cut(line string) string {
	if p.width == 0 {
		return line
	}
	return text.Cut(line, p.width-1, p.more())
}
