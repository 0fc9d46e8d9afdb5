package tui

import (
	"strings"
	"testing"
)

func TestLineEdit(t *testing.T) {
	line := lineEdit{open: true}.insert("state:Z für").insert("\x1b[2J\n\u202e\xff")
	if want := "state:Z für[2J"; line.text != want {
		t.Fatalf("the line is %q, want %q: what cannot be seen is not typed", line.text, want)
	}
	for _, test := range []struct {
		name string
		do   func(lineEdit) lineEdit
		want string
	}{
		{"the last character", func(e lineEdit) lineEdit { return e.erase(false) }, "state:Z für[2"},
		{"a character of two bytes", func(e lineEdit) lineEdit { return lineEdit{text: "fü"}.erase(false) }, "f"},
		{"the last word", func(e lineEdit) lineEdit { return e.erase(true) }, "state:Z "},
		{"the only word", func(e lineEdit) lineEdit { return e.erase(true).erase(true) }, ""},
		{"of an empty line", func(e lineEdit) lineEdit { return lineEdit{}.erase(false).erase(true) }, ""},
		{"too much", func(e lineEdit) lineEdit { return e.insert(strings.Repeat("x", 500)) }, line.text + strings.Repeat("x", maxLine-len(line.text))},
	} {
		if got := test.do(line).text; got != test.want {
			t.Errorf("%s: the line is %q, want %q", test.name, got, test.want)
		}
	}
}

// TestFilterLineKeys checks that while the user types a filter, letters are text and
// editing keys edit it.
func TestFilterLineKeys(t *testing.T) {
	u := newUser(t, 80, 24, Options{})
	u.press("/").write("worker state:T")
	u.seesRows(1, 12, 56)
	u.press("ctrl+w")
	u.seesRows(1, 12, 55, 56)
	u.sees("filter: worker ")
	u.press("down")
	if got := u.selected(); got != 56 && got != 55 {
		t.Errorf("down while typing selects %d", got)
	}
	u.press("ctrl+u")
	u.seesRows(1, 12, 37, 38, 44, 55, 56, 4120, 4125)
	u.write("q").press("esc")
	if u.quit || u.m.line.open || u.m.page().filter() != "" {
		t.Errorf("after esc: quit %t, line open %t, filter %q", u.quit, u.m.line.open, u.m.page().filter())
	}
}

// TestFilterLineIsLong checks that a long line shows its end, where the cursor is.
func TestFilterLineIsLong(t *testing.T) {
	u := newUser(t, 40, 12, Options{})
	u.press("/").write("a-filter-that-is-longer-than-the-screen-is-wide")
	lines := strings.Split(u.screen(), "\n")
	if last := strings.TrimRight(lines[len(lines)-2], " "); !strings.HasSuffix(last, "than-the-screen-is-wide") {
		t.Errorf("the line of the filter is %q, want the end of the filter", last)
	}
}
