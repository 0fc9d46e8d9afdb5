package text

// The styles of text on a terminal: parameters of SGR, see console_codes(4). They are
// attributes and the 16 ANSI colours only, because docker exec sets TERM=xterm, which
// promises no more. A style never carries meaning alone: words or a sign say the same.
const (
	Strong = "1"    // headings, and the names of programs
	Faint  = "2"    // less important text
	Bad    = "1;31" // what is wrong now
	Warn   = "33"   // what will be wrong
	Accent = "36"   // where the user is and can go
)

// Paint draws s in a style; "" is none.
func Paint(style, s string) string {
	if style == "" || s == "" {
		return s
	}
	return "\x1b[" + style + "m" + s + "\x1b[m"
}
