package tui

// A look is a manner in which text is drawn. No look carries meaning alone: what
// it stresses is said in words or by a sign as well.
type look uint8

const (
	normal  look = iota
	strong       // headings
	faint        // what can be skipped
	bad          // what is wrong
	warn         // what will be
	reverse      // the selection
)

// codes are the parameters of SGR, see console_codes(4): the 16 colours of ANSI
// and attributes, because that is what docker exec's TERM=xterm promises.
var (
	colourCodes = [...]string{strong: "1", faint: "2", bad: "1;31", warn: "33", reverse: "7"}
	monoCodes   = [...]string{strong: "1", bad: "1", reverse: "7"}
)

// paint draws text in a look.
func (c *canvas) paint(l look, text string) string {
	if c.plain || text == "" {
		return text
	}
	code := ""
	if c.mono && int(l) < len(monoCodes) {
		code = monoCodes[l]
	} else if !c.mono && int(l) < len(colourCodes) {
		code = colourCodes[l]
	}
	if code == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[m"
}

// glyphs are the signs of which there are two sets.
type glyphs struct {
	tee, last, bar, blank, folded  string // guides of the tree, and of a subtree that is not shown
	cursor, dead, fresh            string // in the first column
	full, empty                    string // bars
	up, down                       string
	more, dot, dash, bullet, arrow string
	rule                           string // the title of the menu
}

var (
	unicodeGlyphs = glyphs{
		tee: "├─ ", last: "└─ ", bar: "│  ", blank: "   ", folded: "⊞ ",
		cursor: "▌", dead: "×", fresh: "+", full: "█", empty: "░", up: "▲", down: "▼",
		more: "…", dot: " · ", dash: "–", bullet: "•", arrow: " → ",
		rule: "─",
	}
	asciiGlyphs = glyphs{
		tee: "|- ", last: "`- ", bar: "|  ", blank: "   ", folded: "[+] ",
		cursor: ">", dead: "x", fresh: "+", full: "#", empty: ".", up: "^", down: "v",
		more: "~", dot: " - ", dash: "-", bullet: "*", arrow: " -> ",
		rule: "-",
	}
)

func (c *canvas) glyphs() *glyphs {
	if c.ascii {
		return &asciiGlyphs
	}
	return &unicodeGlyphs
}
