package tui

import (
	"strings"
	"unicode/utf8"

	"yinit/procfs"
)

// A lineEdit is a line of text that the user is typing.
type lineEdit struct {
	text  string
	open  bool
	wrong string // why text is no filter; "": it is one, and in force
}

const maxLine = 200 // bytes that a line can hold

// insert adds typed or pasted text.
func (e lineEdit) insert(s string) lineEdit {
	for _, r := range s {
		if len(e.text) >= maxLine {
			break // a paste may be long
		}
		if r == utf8.RuneError || !procfs.PrintableRune(r) {
			continue
		}
		e.text += string(r)
	}
	return e
}

// erase removes the last character, or the last word.
func (e lineEdit) erase(word bool) lineEdit {
	if word {
		e.text = strings.TrimRight(e.text, " ")
		e.text = e.text[:strings.LastIndexByte(e.text, ' ')+1]
		return e
	}
	_, size := utf8.DecodeLastRuneInString(e.text)
	e.text = e.text[:len(e.text)-size]
	return e
}
