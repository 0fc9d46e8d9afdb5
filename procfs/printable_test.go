package procfs

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestPrintable(t *testing.T) {
	for _, test := range []struct{ name, in, want string }{
		{"plain", "gunicorn: worker [a]", "gunicorn: worker [a]"},
		{"empty", "", ""},
		{"quotes and backslash", `sh -c "a\nb"`, `sh -c "a\nb"`},
		{"escape", "\x1b[2J", `\x1b[2J`},
		{"line ends", "a\nb\tc\r\x00\x7f", `a\nb\tc\r\x00\x7f`},
		{"C1 as a byte", "\x9b31m", `\x9b31m`},
		{"C1 in UTF-8", "\u009b31m", `\u009b31m`},
		{"cut in the middle of a character", "caf\xc3", `caf\xc3`},
		{"the replacement character itself", "\ufffd", "\ufffd"},
		{"a surrogate in UTF-8", "\xed\xa0\x80", `\xed\xa0\x80`},
		{"right to left", "\u202egnp\u2066\u200f\u061c", `\u202egnp\u2066\u200f\u061c`},
		{"Hebrew, Arabic and their numbers", "a \u05d0\u0627 \u0661 \ufefb", `a \u05d0\u0627 \u0661 \ufefb`},
		{"right to left beyond 16 bits", "\U00010800\U0001e900", `\U00010800\U0001e900`},
		{"zero width", "a\u200bb\u200d\ufeff", `a\u200bb\u200d\ufeff`},
		{"looks like a space", "a\u00a0b\u3164\u2800", `a\u00a0b\u3164\u2800`},
		{"line separator", "\u2028", `\u2028`},
		{"tag characters", "\U000e0041", `\U000e0041`},
		{"variation selector", "a\ufe0f", `a\ufe0f`},
		{"private use", "\ue000", `\ue000`},
		{"umlaut and wide", "für 世界", "für 世界"},
		{"accent", "e\u0301", "e\u0301"},
		{"an accent on what is before", "\u0301\u0302e\u0301", `\u0301\u0302` + "e\u0301"},
		{"a pile of accents", "e\u0301\u0301\u0301\u0301", "e\u0301\u0301\u0301\\u0301"},
		{"a pile interrupted by a letter", "e\u0301\u0301\u0301e\u0301", "e\u0301\u0301\u0301e\u0301"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := Printable(test.in); got != test.want {
				t.Errorf("Printable(%q) = %q, want %q", test.in, got, test.want)
			}
		})
	}
	if n := testing.AllocsPerRun(100, func() { Printable("python3 -m worker") }); n != 0 {
		t.Errorf("Printable of plain text allocates %v times, want 0", n)
	}
}

// TestRightToLeft: no letter of the scripts that are written from right to left is kept.
func TestRightToLeft(t *testing.T) {
	for _, script := range []string{
		"Hebrew", "Arabic", "Syriac", "Thaana", "Nko", "Samaritan", "Mandaic", "Adlam", "Mende_Kikakui", "Hanifi_Rohingya",
		"Yezidi", "Phoenician", "Lydian", "Kharoshthi", "Old_Turkic", "Old_Hungarian", "Sogdian", "Chorasmian", "Elymaic", "Cypriot",
	} {
		table := unicode.Scripts[script]
		for r := rune(0x80); r <= unicode.MaxRune; r++ {
			if unicode.Is(table, r) && unicode.IsLetter(r) && PrintableRune(r) {
				t.Errorf("PrintableRune(%U) of %s = true, want false", r, script)
			}
		}
	}
	for _, r := range "aé界क\u0e01\uac00" {
		if !PrintableRune(r) {
			t.Errorf("PrintableRune(%U) = false, want true", r)
		}
	}
}

func FuzzPrintable(f *testing.F) {
	for _, s := range []string{"", "a", "\x1b[2J", "\u202e", "\xff", "e\u0301\u0301\u0301\u0301", "世界", "\u009b", `\x1b`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := Printable(s)
		if !utf8.ValidString(got) {
			t.Errorf("Printable(%q) = %q is not UTF-8", s, got)
		}
		if i := strings.IndexFunc(got, func(r rune) bool { return !PrintableRune(r) }); i >= 0 {
			t.Errorf("Printable(%q) = %q has %q", s, got, got[i:])
		}
		if again := Printable(got); again != got {
			t.Errorf("Printable(%q) = %q, and Printable of that is %q", s, got, again)
		}
		if IsPrintableASCII(s) && got != s {
			t.Errorf("Printable(%q) = %q, want it unchanged", s, got)
		}
	})
}

func FuzzContainsFold(f *testing.F) {
	f.Add("Gunicorn: worker", "WORKER")
	f.Add("für", "FÜR")
	f.Add("", "")
	f.Add("a", "ab")
	f.Fuzz(func(t *testing.T, s, part string) {
		part = strings.ToLower(part)
		got, want := ContainsFold(s, part), strings.Contains(strings.ToLower(s), part)
		if got != want {
			t.Errorf("ContainsFold(%q, %q) = %t, want %t", s, part, got, want)
		}
	})
}
