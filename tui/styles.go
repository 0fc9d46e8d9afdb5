package tui

// A style is the way in which text is drawn. A style never carries meaning alone:
// words or a sign say the same.
type style uint8

const (
	normal  style = iota
	strong        // headings
	faint         // less important text
	bad           // errors and zombies
	warn          // warnings
	reverse       // the selection
)

// The codes are parameters of SGR, see console_codes(4): attributes and the 16 ANSI
// colours only, because docker exec sets TERM=xterm, which promises no more.
var (
	colourCodes = [...]string{strong: "1", faint: "2", bad: "1;31", warn: "33", reverse: "7"}
	monoCodes   = [...]string{strong: "1", bad: "1", reverse: "7"}
)

// paint draws text in a style.
func (c *canvas) paint(l style, text string) string {
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

// glyphs are the signs on the screen. There are two sets, Unicode and ASCII.
type glyphs struct {
	tee, last, bar, blank, folded  string // guides of the tree, and the mark of a folded subtree
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
