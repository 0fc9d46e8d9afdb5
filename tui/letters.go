package tui

import (
	"slices"

	"yinit/procfs/verdict"
)

// A letter stands for the word of a verdict in the matrix of the Signals page.
type letter struct {
	sign string
	word string // as in [verdict.Column]
	rank int    // the legend omits the lowest ones first
}

// letters has a letter for each word, in the order of the legend. As in the words, the
// trouble of a stop is in upper case.
var letters = [...]letter{
	{"I", "IGNORE", 15},
	{"P", "PENDING", 14},
	{"L", "SHIELDED", 13},
	{"D", "DROP", 12},
	{"h", "handler", 11},
	{"f", "forward", 10},
	{"r", "read", 9},
	{"t", "terminate", 8},
	{"c", "core", 7},
	{"s", "stop", 6},
	{"o", "continue", 5},
	{"x", "denied", 4},
	{".", "default-ignore", 1},
	{"-", "no-effect", 2},
	{"?", "unknown", 3},
}

// letterOf returns the index in letters of a verdict.
func letterOf(f prediction) int {
	word := f.String()
	return max(0, slices.IndexFunc(letters[:], func(l letter) bool { return l.word == word }))
}

// letterSpan returns the letter of a verdict.
func letterSpan(f prediction) span {
	s := span{letters[letterOf(f)].sign, normal}
	switch {
	case f.Trouble():
		s.style = warn
	case f.Outcome == verdict.OutcomeNoEffect, f.Outcome == verdict.OutcomeUnknown, f.Outcome == verdict.OutcomeDefaultIgnore:
		s.style = faint
	case f.Outcome == verdict.OutcomeHandler, f.Outcome == verdict.OutcomeRead:
		s.style = strong
	}
	return s
}

// legend explains the letters in at most n lines. Which of them it omits depends only on
// the width, so that it does not change.
func (w *world) legend(n int) []string {
	pieces := make([]piece, 0, len(letters))
	for _, l := range letters {
		pieces = append(pieces, piece{key: l.sign, text: l.word, rank: l.rank})
	}
	rows := wrapPieces(pieces, w.width-2)
	for len(rows) > n && len(pieces) > 1 {
		least := slices.MinFunc(pieces, func(a, b piece) int { return a.rank - b.rank })
		pieces = slices.DeleteFunc(pieces, func(p piece) bool { return p == least })
		rows = wrapPieces(pieces, w.width-2)
	}
	lines := make([]string, 0, n)
	for _, row := range rows[:min(n, len(rows))] {
		lines = append(lines, " "+w.join(row, w.width-2))
	}
	return lines
}

// wrapPieces divides pieces into lines of at most width cells, with two spaces between
// pieces as [canvas.join] puts them.
func wrapPieces(pieces []piece, width int) (rows [][]piece) {
	left := 0
	for _, p := range pieces {
		if left -= p.width() + 2; left < 0 {
			rows = append(rows, nil)
			left = width - p.width()
		}
		rows[len(rows)-1] = append(rows[len(rows)-1], p)
	}
	return rows
}
