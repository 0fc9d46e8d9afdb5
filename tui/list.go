package tui

// list holds the cursor and the visible window of a list of rows. Pages and panes
// embed it. It knows how many rows there are, not what is in them. The owner of the
// rows calls fit when the rows or the room have changed, and find and to, so that the
// selection follows the selected item. The zero value is an empty list.
type list struct {
	n      int // how many rows there are
	room   int // how many rows are visible at once, at least one
	cursor int // the selected row, 0 if there is none
	top    int // the first visible row
}

// fit returns the list with n rows in a window of room rows. If the row of the cursor
// no longer exists, the cursor moves to the last row.
func (l list) fit(n, room int) list {
	l.n, l.room = n, max(1, room)
	return l.to(l.cursor)
}

// find returns the first row for which yes is true, -1 if there is none. It tries the
// row of the cursor first, because rows seldom move.
func (l list) find(yes func(row int) bool) int {
	if l.cursor < l.n && yes(l.cursor) {
		return l.cursor
	}
	for row := range l.n {
		if yes(row) {
			return row
		}
	}
	return -1
}

// to moves the cursor to a row, or to the nearest one that exists, and scrolls just
// enough to make it visible.
func (l list) to(row int) list {
	l.cursor = max(0, min(row, l.n-1))
	l.top = min(l.top, l.cursor, l.n-l.room)
	l.top = max(l.top, l.cursor-l.room+1, 0)
	return l
}

// centre scrolls so that the cursor is in the middle of the window.
func (l list) centre() list {
	l.top = max(0, min(l.cursor-l.room/2, l.n-l.room))
	return l
}

// scrollTo moves the window to a row, and the cursor with it. The window never
// extends below the last row, unless there are too few rows to fill it.
func (l list) scrollTo(top int) list {
	l.top = max(0, min(top, l.bottom()))
	l.cursor = l.top
	return l
}

// bottom returns the first visible row if the window is at the end of the list.
func (l list) bottom() int { return max(0, l.n-l.room) }

// step returns by how many rows an action moves, 0 if it does not move. A page keeps
// one row of context.
func (l list) step(a action) int {
	page := max(1, l.room-1)
	switch a {
	case doUp:
		return -1
	case doDown:
		return 1
	case doPageUp:
		return -page
	case doPageDown:
		return page
	case doHome:
		return -l.n
	case doEnd:
		return l.n
	}
	return 0
}

// move moves the cursor.
func (l list) move(a action) list { return l.to(l.cursor + l.step(a)) }

// scroll moves the window, for rows without a cursor.
func (l list) scroll(a action) list { return l.scrollTo(l.top + l.step(a)) }

// visible returns the visible rows: from is the first, to the one after the last.
func (l list) visible() (from, to int) { return min(l.top, l.n), min(l.top+l.room, l.n) }

// at returns the row at a line of the window; ok is false if there is none.
func (l list) at(line int) (row int, ok bool) {
	row = l.top + line
	return row, line >= 0 && line < l.room && row < l.n
}
