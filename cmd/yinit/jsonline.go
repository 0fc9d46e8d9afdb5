package main

import (
	"encoding/json"
	"fmt"
	"strings"
)

// jsonLine is v as one line of JSON, without its end. What a process calls itself
// stands in there, and JSON allows some of what a terminal takes for a command.
func jsonLine(v any) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return "{}" // our types always encode
	}
	line := strings.TrimRight(b.String(), "\n")
	if strings.IndexFunc(line, disturbing) < 0 {
		return line
	}
	b.Reset()
	for _, r := range line {
		if disturbing(r) {
			fmt.Fprintf(&b, `\u%04x`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// disturbing reports whether r is a control character that JSON leaves as it is:
// DEL and C1, and those that change the direction of the text.
func disturbing(r rune) bool {
	switch {
	case r >= 0x7f && r <= 0x9f, r == 0x061c, r == 0x200e, r == 0x200f, r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069:
		return true
	}
	return false
}
