package tui

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestClean(t *testing.T) {
	for _, test := range []struct{ name, in, want, ascii string }{
		{"plain", "gunicorn: worker [a]", "gunicorn: worker [a]", "gunicorn: worker [a]"},
		{"empty", "", "", ""},
		{"escape", "\x1b[2J", `\x1b[2J`, `\x1b[2J`},
		{"line ends", "a\nb\tc\r\x00\x7f", `a\nb\tc\r\x00\x7f`, `a\nb\tc\r\x00\x7f`},
		{"C1 as a byte", "\x9b31m", `\x9b31m`, `\x9b31m`},
		{"C1 in UTF-8", "\u009b31m", `\u009b31m`, "?31m"},
		{"cut in the middle", "caf\xc3", `caf\xc3`, `caf\xc3`},
		{"the replacement character itself", "\ufffd", "\ufffd", "?"},
		{"right to left", "\u202egnp\u2066\u200f", `\u202egnp\u2066\u200f`, "?gnp??"},
		{"zero width", "a\u200bb\u200d\ufeff", `a\u200bb\u200d\ufeff`, "a?b??"},
		{"looks like a space", "a\u00a0b\u3164\u2800", `a\u00a0b\u3164\u2800`, "a?b??"},
		{"line separator", "\u2028", `\u2028`, "?"},
		{"tags", "\U000e0041", `\U000e0041`, "?"},
		{"private use", "\ue000", `\ue000`, "?"},
		{"umlaut and wide", "für 世界", "für 世界", "f?r ??"},
		{"accent", "e\u0301", "e\u0301", "e?"},
		{"too many accents", "e\u0301\u0301\u0301\u0301", "e\u0301\u0301\u0301\\u0301", "e????"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := clean(test.in, false); got != test.want {
				t.Errorf("clean(%q, false) = %q, want %q", test.in, got, test.want)
			}
			if got := clean(test.in, true); got != test.ascii {
				t.Errorf("clean(%q, true) = %q, want %q", test.in, got, test.ascii)
			}
		})
	}
}

func FuzzClean(f *testing.F) {
	for _, s := range []string{"", "a", "\x1b[2J", "\u202e", "\xff", "e\u0301\u0301\u0301\u0301", "世界", "\u009b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := clean(s, false)
		if !utf8.ValidString(got) {
			t.Errorf("clean(%q) = %q is not UTF-8", s, got)
		}
		if bad := forbidden(got); bad != "" {
			t.Errorf("clean(%q) = %q has %q", s, got, bad)
		}
		if again := clean(got, false); again != got {
			t.Errorf("clean(%q) = %q, and of that %q", s, got, again)
		}
		if ascii := clean(s, true); !isPlain(ascii) {
			t.Errorf("clean(%q, true) = %q is not printable ASCII", s, ascii)
		}
		if strings.ContainsAny(got, "\x1b\n\r\x07") {
			t.Errorf("clean(%q) = %q has a control byte", s, got)
		}
	})
}
