package tui

import "yinit/tui/text"

// A style is the way in which text is drawn. A style never carries meaning alone:
// words or a sign say the same.
type style uint8

const (
	normal style = iota
	strong       // headings, and the names of programs
	faint        // less important text: guides, units, zeros
	bad          // what is wrong now: zombies, failures, a full limit
	warn         // what will be wrong: ignored signals, stopped processes, a limit that is near
	accent       // where the user is and can go: the keys in the footer, the sorted column

	styles // how many there are

	// selected is added to another style for text in the selected row, which keeps its
	// alarm, and in the tab of the page that is shown.
	selected style = 1 << 4
)

// The codes are parameters of SGR, as in package text. In a
// selected row both colours are set, so that it is legible on any background.
var (
	colourCodes = [styles]string{strong: text.Strong, faint: text.Faint, bad: text.Bad, warn: text.Warn, accent: text.Accent}
	colourRow   = [styles]string{"30;46", "30;46", "30;46", "1;37;41", "30;43", "30;46"}
	monoCodes   = [styles]string{strong: "1", bad: "1", accent: "1"}
	monoRow     = [styles]string{"7", "1;7", "7", "1;7", "7", "1;7"}
)

// paint draws text in a style.
func (c *canvas) paint(l style, words string) string {
	if c.plain || words == "" {
		return words
	}
	codes := &colourCodes
	switch row := l&selected != 0; {
	case row && c.mono:
		codes = &monoRow
	case row:
		codes = &colourRow
	case c.mono:
		codes = &monoCodes
	}
	code := codes[l&^selected]
	return text.Paint(code, words)
}

// A span is text in one style.
type span struct {
	text  string
	style style
}

// glyphs are the signs on the screen. There are two sets, Unicode and ASCII.
type glyphs struct {
	tee, last, bar, blank, folded         string // guides of the tree, and the mark of a folded subtree
	cursor, dead, fresh, tag              string // in the first column
	full, empty                           string // bars
	up, down                              string
	more, dot, dash, bullet, arrow, times string
	rule                                  string   // the title of the menu
	levels                                []string // of a plot: how full a cell is, see [canvas.plot]
}

var (
	unicodeGlyphs = glyphs{
		tee: "├─ ", last: "└─ ", bar: "│  ", blank: "   ", folded: "⊞ ",
		cursor: "▌", dead: "×", fresh: "+", tag: "●", full: "█", empty: "░", up: "▲", down: "▼",
		more: "…", dot: " · ", dash: "–", bullet: "•", arrow: " → ", times: "×",
		rule: "─", levels: []string{" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"},
	}
	asciiGlyphs = glyphs{
		tee: "|- ", last: "`- ", bar: "|  ", blank: "   ", folded: "[+] ",
		cursor: ">", dead: "x", fresh: "+", tag: "*", full: "#", empty: ".", up: "^", down: "v",
		more: "~", dot: " - ", dash: "-", bullet: "*", arrow: " -> ", times: "x",
		rule: "-", levels: []string{" ", ".", ":", "|", "#"},
	}
)

func (c *canvas) glyphs() *glyphs {
	if c.ascii {
		return &asciiGlyphs
	}
	return &unicodeGlyphs
}
