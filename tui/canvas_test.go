package tui

import (
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
	"github.com/google/go-cmp/cmp"
)

func TestFitting(t *testing.T) {
	pieces := []piece{{text: "name", rank: 5}, {text: "up 3d", rank: 2}, {text: ""}, {text: "3 zombies", rank: 9}}
	for width, want := range map[int]string{
		100: "name  up 3d  3 zombies",
		22:  "name  up 3d  3 zombies",
		21:  "name  3 zombies",
		15:  "name  3 zombies",
		14:  "3 zombies",
		5:   "3 zo…",
		0:   "",
	} {
		if got := (&canvas{plain: true}).join(pieces, width); got != want {
			t.Errorf("join to %d cells = %q, want %q", width, got, want)
		}
	}
	if got := (&canvas{}).join(nil, 10); got != "" {
		t.Errorf("join of nothing = %q", got)
	}
}

// TestFittingTies checks that of pieces of the same rank the first one is omitted.
func TestFittingTies(t *testing.T) {
	got := (&canvas{plain: true}).join([]piece{{text: "one"}, {text: "two"}, {text: "three"}}, 10)
	if want := "two  three"; got != want {
		t.Errorf("join = %q, want %q", got, want)
	}
}

func TestBetween(t *testing.T) {
	c := &canvas{plain: true}
	for _, test := range []struct {
		name, left, right string
		width             int
		want              string
	}{
		{"room for both", "left", "right", 12, "left   right"},
		{"two spaces are left", "left", "right", 11, "left  right"},
		{"one space is too few", "left", "right", 10, "left"},
		{"no right text", "left", "", 12, "left"},
		{"the left text alone is too long", "left", "right", 3, "le…"},
		{"wide characters", "世界", "世", 8, "世界  世"},
		{"no left text", "", "right", 8, "   right"},
	} {
		if got := c.between(test.left, test.right, test.width); got != test.want {
			t.Errorf("%s: between = %q, want %q", test.name, got, test.want)
		}
	}
}

func TestPaint(t *testing.T) {
	for _, test := range []struct {
		name string
		c    canvas
		want map[style]string
	}{
		{"colours", canvas{}, map[style]string{normal: "x", strong: "\x1b[1mx\x1b[m", bad: "\x1b[1;31mx\x1b[m", warn: "\x1b[33mx\x1b[m", selected: "\x1b[30;46mx\x1b[m", selected | bad: "\x1b[1;37;41mx\x1b[m", selected | warn: "\x1b[30;43mx\x1b[m"}},
		{"NO_COLOR", canvas{mono: true}, map[style]string{normal: "x", strong: "\x1b[1mx\x1b[m", faint: "x", bad: "\x1b[1mx\x1b[m", warn: "x", selected: "\x1b[7mx\x1b[m"}},
		{"plain text", canvas{plain: true}, map[style]string{normal: "x", strong: "x", faint: "x", bad: "x", warn: "x", selected: "x"}},
	} {
		for l, want := range test.want {
			if got := test.c.paint(l, "x"); got != want {
				t.Errorf("%s: paint(%d) = %q, want %q", test.name, l, got, want)
			}
			if got := test.c.paint(l, ""); got != "" {
				t.Errorf("%s: paint(%d) of nothing = %q", test.name, l, got)
			}
		}
	}
}

// TestGlyphs checks that --ascii draws ASCII only, and that each sign is as wide as in
// Unicode, so that columns stay aligned.
func TestGlyphs(t *testing.T) {
	all := func(g *glyphs) []string {
		return []string{g.tee, g.last, g.bar, g.blank, g.cursor, g.dead, g.fresh, g.full, g.empty, g.up, g.down, g.more, g.dot, g.dash, g.bullet, g.rule}
	}
	unicode, ascii := all((&canvas{}).glyphs()), all((&canvas{ascii: true}).glyphs())
	for i := range unicode {
		if w := ansi.StringWidth(unicode[i]); w != len(ascii[i]) {
			t.Errorf("%q takes %d cells and %q takes %d", unicode[i], w, ascii[i], len(ascii[i]))
		}
	}
	if i := strings.IndexFunc(strings.Join(ascii, ""), func(r rune) bool { return r > '~' }); i >= 0 {
		t.Errorf("the ASCII signs %q are not ASCII", ascii)
	}
}

func TestCanvasText(t *testing.T) {
	for _, test := range []struct {
		c    canvas
		want string
	}{{canvas{}, `für\x1b\u202e`}, {canvas{ascii: true}, `f?r\x1b?`}} {
		if got := test.c.text("für\x1b\u202e"); got != test.want {
			t.Errorf("text with ascii %t = %q, want %q", test.c.ascii, got, test.want)
		}
	}
}

func TestSheet(t *testing.T) {
	s := sheet{c: &canvas{plain: true, width: 24}}
	s.text(strong, "a heading that is too wide")
	s.field("command", "sleep 100 --until-the-end")
	s.field("a long name", "cut")
	want := []string{" a heading that is too", " wide", " command   sleep 100", "           --until-the-", "           end", " a long n… cut"}
	if diff := cmp.Diff(want, s.lines); diff != "" {
		t.Errorf("the lines of a sheet, -want +got:\n%s", diff)
	}
}

func TestHeaderLines(t *testing.T) {
	for height, want := range map[int]int{0: 2, 1: 1, 10: 1, tallEnough - 1: 1, tallEnough: 2, 50: 2} {
		if got := (&canvas{height: height}).headerLines(); got != want {
			t.Errorf("at height %d the header has %d lines, want %d", height, got, want)
		}
	}
	for height, want := range map[int]int{0: 0, 1: 0, 3: 0, 10: 6, 24: 19} {
		if got := (&canvas{height: height}).menuRoom(); got != want {
			t.Errorf("at height %d page and menu have %d lines, want %d", height, got, want)
		}
	}
	if got := (&canvas{height: 10, covered: true}).menuRoom(); got != 7 {
		t.Errorf("at height 10 a pane has %d lines, want 7", got)
	}
}
