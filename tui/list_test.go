package tui

import (
	"testing"
)

// rowsOf returns a list with n rows in a window of room rows, with the cursor at a
// row.
func rowsOf(n, room, cursor int) list { return list{}.fit(n, room).to(cursor) }

func TestListMoves(t *testing.T) {
	for _, test := range []struct {
		name        string
		from        list
		do          []action
		cursor, top int
	}{
		{"down", rowsOf(20, 5, 0), []action{doDown}, 1, 0},
		{"up at the first row", rowsOf(20, 5, 0), []action{doUp}, 0, 0},
		{"down at the last row", rowsOf(20, 5, 19), []action{doDown}, 19, 15},
		{"below the window", rowsOf(20, 5, 4), []action{doDown}, 5, 1},
		{"back inside the window", rowsOf(20, 5, 19), []action{doUp, doUp}, 17, 15},
		{"above the window", rowsOf(20, 5, 19), []action{doUp, doUp, doUp, doUp, doUp}, 14, 14},
		{"a page keeps a row of context", rowsOf(20, 5, 0), []action{doPageDown}, 4, 0},
		{"two pages", rowsOf(20, 5, 0), []action{doPageDown, doPageDown}, 8, 4},
		{"a page up from the middle", rowsOf(20, 5, 10), []action{doPageUp}, 6, 6},
		{"a page beyond the end", rowsOf(20, 5, 18), []action{doPageDown}, 19, 15},
		{"end", rowsOf(20, 5, 3), []action{doEnd}, 19, 15},
		{"home", rowsOf(20, 5, 19), []action{doHome}, 0, 0},
		{"fewer rows than room", rowsOf(3, 5, 0), []action{doEnd, doPageDown}, 2, 0},
		{"no rows", rowsOf(0, 5, 0), []action{doDown, doEnd, doPageUp}, 0, 0},
		{"a window of one row", rowsOf(9, 1, 0), []action{doDown, doPageDown}, 2, 2},
		{"a window of no row counts as one", rowsOf(9, 0, 0), []action{doDown}, 1, 1},
		{"an action that does not move", rowsOf(20, 5, 7), []action{doFilter, doNothing}, 7, 3},
	} {
		t.Run(test.name, func(t *testing.T) {
			l := test.from
			for _, a := range test.do {
				l = l.move(a)
			}
			if l.cursor != test.cursor || l.top != test.top {
				t.Errorf("after %v the cursor is at %d and the window at %d, want %d and %d", test.do, l.cursor, l.top, test.cursor, test.top)
			}
		})
	}
}

func TestListScrolls(t *testing.T) {
	for _, test := range []struct {
		name string
		n    int
		do   []action
		top  int
	}{
		{"down", 20, []action{doDown}, 1},
		{"not below the end", 20, []action{doEnd, doDown}, 15},
		{"a page from the end", 20, []action{doEnd, doPageUp}, 11},
		{"not above the start", 20, []action{doDown, doPageUp}, 0},
		{"all is visible", 4, []action{doDown, doPageDown, doEnd}, 0},
		{"nothing to scroll", 0, []action{doEnd}, 0},
	} {
		l := list{}.fit(test.n, 5)
		for _, a := range test.do {
			l = l.scroll(a)
		}
		if l.top != test.top {
			t.Errorf("%s: the window is at %d, want %d", test.name, l.top, test.top)
		}
	}
}

func TestListFits(t *testing.T) {
	for _, test := range []struct {
		name          string
		before, after list
		cursor, top   int
	}{
		{"rows end above the cursor", rowsOf(20, 5, 19), rowsOf(20, 5, 19).fit(8, 5), 7, 3},
		{"all rows end", rowsOf(20, 5, 19), rowsOf(20, 5, 19).fit(0, 5), 0, 0},
		{"rows come back", rowsOf(20, 5, 19), rowsOf(20, 5, 19).fit(0, 5).fit(20, 5), 0, 0},
		{"the terminal gets lower", rowsOf(20, 10, 9), rowsOf(20, 10, 9).fit(20, 3), 9, 7},
		{"the terminal gets higher", rowsOf(20, 3, 19), rowsOf(20, 3, 19).fit(20, 10), 19, 10},
		{"higher than the rows", rowsOf(20, 3, 19), rowsOf(20, 3, 19).fit(20, 40), 19, 0},
	} {
		if test.after.cursor != test.cursor || test.after.top != test.top {
			t.Errorf("%s: from %+v to %+v, want the cursor at %d and the window at %d", test.name, test.before, test.after, test.cursor, test.top)
		}
	}
}

// TestListFinds checks that the selection follows an item that moved, and that find
// tries the row of the cursor first.
func TestListFinds(t *testing.T) {
	rows := []string{"a", "b", "c", "b"}
	l := rowsOf(len(rows), 2, 3)
	is := func(want string) func(int) bool { return func(row int) bool { return rows[row] == want } }
	for want, row := range map[string]int{"a": 0, "b": 3, "c": 2, "gone": -1} {
		if got := l.find(is(want)); got != row {
			t.Errorf("find(%q) = %d, want %d", want, got, row)
		}
	}
	shrunk := list{n: 1, room: 2, cursor: 3}
	if got := shrunk.find(is("b")); got != -1 {
		t.Errorf("a cursor below the last row is looked at: find = %d, want -1", got)
	}
}

func TestListCentres(t *testing.T) {
	for cursor, top := range map[int]int{0: 0, 1: 0, 2: 0, 3: 1, 10: 8, 17: 15, 19: 15} {
		if got := rowsOf(20, 5, cursor).centre().top; got != top {
			t.Errorf("centred at row %d the window is at %d, want %d", cursor, got, top)
		}
	}
}

func TestListRowAt(t *testing.T) {
	l := rowsOf(7, 5, 6) // rows 2 to 6
	for line, want := range map[int]int{0: 2, 4: 6} {
		if row, ok := l.at(line); !ok || row != want {
			t.Errorf("at(%d) = %d, %t, want %d", line, row, ok, want)
		}
	}
	for _, line := range []int{-1, 5, 100} {
		if row, ok := l.at(line); ok {
			t.Errorf("at(%d) = %d, want no row: it is outside the window", line, row)
		}
	}
	if row, ok := rowsOf(2, 5, 0).at(2); ok {
		t.Errorf("at(2) of two rows = %d, want no row", row)
	}
}

// FuzzList checks that the cursor is always on a row and in the window.
func FuzzList(f *testing.F) {
	f.Add([]byte{1, 2, 3, 4, 5, 6}, 20, 5)
	f.Add([]byte{200, 6, 100, 4, 250, 1}, 3, 0)
	f.Fuzz(func(t *testing.T, script []byte, n, room int) {
		n, room = n&0xff, room&0x3f
		l := list{}.fit(n, room)
		for _, b := range script {
			switch {
			case b < 32:
				l = l.move(action(b))
			case b < 64:
				l = l.scroll(action(b - 32))
			case b < 96:
				l = l.centre()
			default:
				l = l.fit(int(b)-96, int(b)%11)
			}
			from, to := l.visible()
			if from < 0 || from > to || to > l.n || to-from > l.room {
				t.Fatalf("%+v shows the rows %d to %d", l, from, to)
			}
			if l.n > 0 && (l.cursor < from || l.cursor >= to) {
				t.Fatalf("%+v: the cursor is outside the rows %d to %d", l, from, to)
			}
			if to-from < min(l.n, l.room) {
				t.Fatalf("%+v shows %d rows, though there are more", l, to-from)
			}
		}
	})
}
