package main

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"yinit/tui/text"
)

// A fakeScreen understands what a painter writes. A cell has its character with the style.
type fakeScreen struct {
	columns, rows int
	cells         [][]string
	row, column   int
	style         string
	written       int
}

func newFakeScreen(columns, rows int) *fakeScreen {
	s := &fakeScreen{columns: columns, rows: rows}
	for range rows {
		s.cells = append(s.cells, slices.Repeat([]string{" "}, columns))
	}
	return s
}

// token matches a sequence or a character.
var token = regexp.MustCompile(`\x1b\[([?0-9;]*)([A-Za-z])|(?s:.)`)

func (s *fakeScreen) Write(b []byte) (int, error) {
	s.written += len(b)
	for _, t := range token.FindAllSubmatch(b, -1) {
		if len(t[2]) == 0 {
			s.put(string(t[0]))
			continue
		}
		s.obey(string(t[1]), t[2][0])
	}
	return len(b), nil
}

func (s *fakeScreen) obey(parameters string, command byte) {
	switch command {
	case 'H':
		row, column, _ := strings.Cut(parameters, ";")
		y, _ := strconv.Atoi(row)
		x, _ := strconv.Atoi(column)
		s.row, s.column = min(max(y, 1), s.rows)-1, min(max(x, 1), s.columns)-1
	case 'm':
		if s.style = parameters; parameters == "0" {
			s.style = ""
		}
	case 'K':
		s.erase(s.row, min(s.column, s.columns-1)) // After the last cell the cursor is on it.
	case 'J':
		s.erase(s.row, min(s.column, s.columns-1))
		for row := s.row + 1; row < s.rows; row++ {
			s.erase(row, 0)
		}
	}
}

func (s *fakeScreen) erase(row, from int) {
	for column := from; column < s.columns; column++ {
		s.cells[row][column] = " "
	}
}

func (s *fakeScreen) put(char string) {
	width := text.Width(char)
	if s.column+max(width, 1) > s.columns {
		return
	}
	if s.style != "" {
		char = "<" + s.style + ">" + char
	}
	if width == 0 {
		s.cells[s.row][max(s.column-1, 0)] += char
		return
	}
	s.cells[s.row][s.column] = char
	if width == 2 {
		s.cells[s.row][s.column+1] = ""
	}
	s.column += width
}

func (s *fakeScreen) String() string {
	lines := make([]string, 0, s.rows)
	for _, row := range s.cells {
		lines = append(lines, strings.TrimRight(strings.Join(row, ""), " "))
	}
	return strings.Join(lines, "\n")
}

// want returns what a screen shows on which nothing but the frame was drawn.
func (f frame) want() string {
	s := newFakeScreen(f.columns, f.rows)
	for i, line := range strings.Split(f.text, "\n") {
		fmt.Fprintf(s, "\x1b[%d;1H%s\x1b[m", i+1, line)
	}
	return s.String()
}

// randomLine returns a line of at most the given width.
func randomLine(r *rand.Rand, columns int) string {
	words := []string{"a", "b", "    ", "0.1", "é", "├─ ", "█░", "日本", "e\u0301", "👩‍🚀", "…", "xyzzy"}
	styles := []string{"", "", "1", "30;46", "31"}
	line := ""
	for r.IntN(12) != 0 {
		line += text.Paint(styles[r.IntN(len(styles))], words[r.IntN(len(words))])
	}
	return text.Cut(line, columns, "")
}

// TestPainter draws random frames, each of which shares lines with the one before, on screens
// that change their size and on which something else is written meanwhile.
func TestPainter(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	for round := range 300 {
		f := frame{columns: 5 + r.IntN(40), rows: 2 + r.IntN(8), sizes: 1}
		screen := newFakeScreen(f.columns, f.rows)
		p := newPainter(screen, nil)
		_, _ = p.Write(enterAlternate)
		lines := make([]string, f.rows)
		for step := range 20 {
			if r.IntN(10) == 0 {
				f.columns, f.rows, f.sizes = 5+r.IntN(40), 2+r.IntN(8), f.sizes+1
				*screen = *newFakeScreen(f.columns, f.rows)
				_, _ = screen.Write([]byte("junk"))
				lines = make([]string, f.rows)
			}
			for i := range lines {
				lines[i] = text.Cut(lines[i], f.columns, "")
				switch at := r.IntN(len(lines[i]) + 1); {
				case r.IntN(3) == 0:
					lines[i] = randomLine(r, f.columns)
				case r.IntN(3) == 0 && at < len(lines[i]) && lines[i][at] >= 'a' && lines[i][at] <= 'b': // one character
					lines[i] = lines[i][:at] + "c" + lines[i][at+1:]
				}
			}
			f.text = strings.Join(lines[:1+r.IntN(len(lines))], "\n")
			p.show(f)
			if p.paint(); r.IntN(10) == 0 {
				_, _ = p.Write([]byte("\x1b[1;1H\x1b[J"))
			}
			if got, want := screen.String(), f.want(); got != want {
				t.Fatalf("round %d, step %d, %d×%d: got\n%s\nwant\n%s\nframe %q", round, step, f.columns, f.rows, got, want, f.text)
			}
		}
	}
}

// TestPainterWritesLittle: a number that changes costs a few bytes, and a frame that does not
// change costs none.
func TestPainterWritesLittle(t *testing.T) {
	screen := newFakeScreen(80, 2)
	p := newPainter(screen, nil)
	_, _ = p.Write(enterAlternate)
	for _, tt := range []struct {
		was, now string
		most     int
	}{
		{"root \x1b[2m0.1\x1b[m ├─ /usr/bin/daemon", "root \x1b[2m0.2\x1b[m ├─ /usr/bin/daemon", 36},
		{"root 0.1 ├─ /usr/bin/daemon", "root 0.2 ├─ /usr/bin/daemon", 28},
		{"root", "root", 0},
	} {
		p.show(frame{text: tt.was, columns: 80, rows: 2})
		p.paint()
		screen.written = 0
		p.show(frame{text: tt.now, columns: 80, rows: 2})
		if p.paint(); screen.written > tt.most {
			t.Errorf("from %q to %q: %d bytes, want at most %d", tt.was, tt.now, screen.written, tt.most)
		}
	}
}

// TestPainterOtherScreen: nothing is drawn on the main screen, which the shell owns.
func TestPainterOtherScreen(t *testing.T) {
	screen := newFakeScreen(20, 2)
	asked := 0
	p := newPainter(screen, func() { asked++ })
	f := frame{text: "frame", columns: 20, rows: 2}
	p.show(f)
	p.paint()
	if got := screen.String(); got != "\n" {
		t.Errorf("before the alternate screen: %q", got)
	}
	_, _ = p.Write(append([]byte("x"), enterAlternate...))
	if got := screen.String(); got != f.want() || asked != 1 {
		t.Errorf("on the alternate screen: %q, size asked for %d times", got, asked)
	}
	_, _ = p.Write(append(slices.Clone(leaveAlternate), "\x1b[1;1H\x1b[J$ "...))
	p.show(frame{text: "another", columns: 20, rows: 2})
	p.paint()
	if got := screen.String(); got != "$\n" {
		t.Errorf("after it: %q", got)
	}
}
