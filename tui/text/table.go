package text

import "strings"

// A Column is a column of a [Table].
type Column struct {
	Title string
	Right bool // its text is aligned to the right
	// Rank says how important the column is: where there is no room for all, those of the
	// lowest rank are left out.
	Rank int
}

// A Cell is a text in a style, see [Paint]. The text must be printable.
type Cell struct{ Text, Style string }

// leastLast is the least width of the last column, so long as others can be left out.
const leastLast = 20

// Table returns the lines of a table: the titles, and the rows, which have a cell for each
// column. A column is as wide as its widest cell. Only the last one is cut, to width cells
// for the line; with width 0 nothing is cut or left out. more marks what was cut off.
func Table(columns []Column, rows [][]Cell, width int, more string) []string {
	widths := make([]int, len(columns))
	for i, c := range columns {
		widths[i] = Width(c.Title)
		for _, row := range rows {
			widths[i] = max(widths[i], Width(row[i].Text))
		}
	}
	shown := fitting(columns, widths, width)
	heads := make([]Cell, len(columns))
	for i, c := range columns {
		heads[i].Text = c.Title
	}
	lines := make([]string, 0, len(rows)+1)
	for _, row := range append([][]Cell{heads}, rows...) {
		lines = append(lines, tableLine(columns, shown, widths, row, width, more))
	}
	return lines
}

// fitting returns the columns that fit beside the last one.
func fitting(columns []Column, widths []int, width int) []int {
	var shown []int
	used := min(leastLast, widths[len(widths)-1])
	for i := range columns {
		shown = append(shown, i)
		if i < len(columns)-1 {
			used += widths[i] + 1
		}
	}
	for width > 0 && used > width && len(shown) > 1 {
		worst := 0
		for at := range shown[:len(shown)-1] {
			if columns[shown[at]].Rank < columns[shown[worst]].Rank {
				worst = at
			}
		}
		used -= widths[shown[worst]] + 1
		shown = append(shown[:worst], shown[worst+1:]...)
	}
	return shown
}

func tableLine(columns []Column, shown, widths []int, row []Cell, width int, more string) string {
	var b strings.Builder
	used := 0
	for at, i := range shown {
		cell := row[i].Text
		switch {
		case at == len(shown)-1:
			if width > 0 {
				cell = Cut(cell, width-used, more)
			}
		case columns[i].Right:
			cell = PadLeft(cell, widths[i], more)
		default:
			cell = Pad(cell, widths[i], more)
		}
		b.WriteString(Paint(row[i].Style, cell))
		used += widths[i]
		if at < len(shown)-1 {
			b.WriteByte(' ')
			used++
		}
	}
	return strings.TrimRight(b.String(), " ")
}
