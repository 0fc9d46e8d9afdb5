package text

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"yinit/procfs"
)

func TestASCII(t *testing.T) {
	for _, test := range []struct{ name, in, want string }{
		{"plain", "gunicorn: worker", "gunicorn: worker"},
		{"escape", "\x1b[2J", `\x1b[2J`},
		{"C1 as a byte", "\x9b31m", `\x9b31m`},
		{"C1 in UTF-8", "\u009b31m", "?31m"},
		{"the replacement character itself", "\ufffd", "?"},
		{"zero width", "a\u200bb", "a?b"},
		{"umlaut and wide", "für 世界", "f?r ??"},
		{"a pile of accents", "e\u0301\u0301\u0301\u0301", "e????"},
	} {
		if got := ASCII(test.in); got != test.want {
			t.Errorf("%s: ASCII(%q) = %q, want %q", test.name, test.in, got, test.want)
		}
	}
}

func TestCutAndPad(t *testing.T) {
	for _, test := range []struct {
		name, in       string
		width          int
		cut, pad, left string
	}{
		{"it fits", "abc", 3, "abc", "abc", "abc"},
		{"shorter", "ab", 4, "ab", "ab  ", "  ab"},
		{"longer", "abcdef", 4, "abc…", "abc…", "abc…"},
		{"nothing", "", 2, "", "  ", "  "},
		{"no room", "abc", 0, "", "", ""},
		{"less than no room", "abc", -1, "", "", ""},
		{"room for the mark alone", "abc", 1, "…", "…", "…"},
		{"wide characters", "世界世界", 5, "世界…", "世界…", "世界…"},
		{"half a wide character is left", "世界世界", 4, "世…", "世… ", " 世…"},
		{"an accent takes no cell", "ae\u0301b", 3, "ae\u0301b", "ae\u0301b", "ae\u0301b"},
		{"colours take no cell", "\x1b[1mabc\x1b[m", 3, "\x1b[1mabc\x1b[m", "\x1b[1mabc\x1b[m", "\x1b[1mabc\x1b[m"},
		{"a colour is ended though its text is cut", "\x1b[1mabcd\x1b[m", 3, "\x1b[1mab…\x1b[m", "\x1b[1mab…\x1b[m", "\x1b[1mab…\x1b[m"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := Cut(test.in, test.width, More); got != test.cut {
				t.Errorf("Cut(%q, %d) = %q, want %q", test.in, test.width, got, test.cut)
			}
			if got := Pad(test.in, test.width, More); got != test.pad {
				t.Errorf("Pad(%q, %d) = %q, want %q", test.in, test.width, got, test.pad)
			}
			if got := PadLeft(test.in, test.width, More); got != test.left {
				t.Errorf("PadLeft(%q, %d) = %q, want %q", test.in, test.width, got, test.left)
			}
		})
	}
	if got := Spaces(200); len(got) != 200 {
		t.Errorf("Spaces(200) are %d", len(got))
	}
}

func TestFirstFit(t *testing.T) {
	texts := []string{"reaped by nobody", "unreaped", "Z"}
	for width, want := range map[int]string{16: texts[0], 15: texts[1], 1: texts[2], 0: texts[2]} {
		if got, ok := FirstFit(texts, width); got != want || ok != (width > 0) {
			t.Errorf("FirstFit(%d) = %q, %t, want %q", width, got, ok, want)
		}
	}
}

func TestWrap(t *testing.T) {
	for _, test := range []struct {
		name, in string
		width    int
		want     []string
	}{
		{"nothing", "", 5, []string{""}},
		{"no room", "abc", 0, nil},
		{"it fits", "ab cd", 5, []string{"ab cd"}},
		{"at a space", "ab cd", 4, []string{"ab", "cd"}},
		{"several spaces are kept in a line", "a  b c", 4, []string{"a  b", "c"}},
		{"and not at a break", "abcd   ef", 4, []string{"abcd", "ef"}},
		{"a word that is too wide", "ab abcdefgh c", 5, []string{"ab", "abcde", "fgh c"}},
		{"not after a hyphen", "give --kill-after 5s", 12, []string{"give", "--kill-after", "5s"}},
		{"wide characters", "世界世界", 5, []string{"世界", "世界"}},
		{"a wide character in one column", "世界", 1, []string{"世", "界"}},
		{"line ends", "ab\ncd ef\n", 5, []string{"ab", "cd ef", ""}},
		{"spaces alone", "      ", 3, []string{""}},
		{"it ends with a space", "ab ", 5, []string{"ab"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, Wrap(test.in, test.width)); diff != "" {
				t.Errorf("Wrap(%q, %d), -want +got:\n%s", test.in, test.width, diff)
			}
		})
	}
}

func TestParagraph(t *testing.T) {
	for _, test := range []struct {
		name, label, body string
		indent            int
		want              string
	}{
		{"one line", "  why", "it sleeps", 7, "  why  it sleeps\n"},
		{"several", "  why", "it sleeps and does not wait for its children", 7, "  why  it sleeps and\n       does not wait\n       for its\n       children\n"},
		{"no text", "  why", "", 7, "  why\n"},
		{"no label", "", "it sleeps and dreams", 7, "       it sleeps and\n       dreams\n"},
		{"the label is too long", "  --kill-after DUR", "kill later", 7, "  --kill-after DUR\n       kill later\n"},
		{"no indent", "", "it sleeps and dreams of", 0, "it sleeps and dreams\nof\n"},
		{"narrower than its indent", "", "ab", 25, strings.Repeat(" ", 25) + "a\n" + strings.Repeat(" ", 25) + "b\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, Paragraph(test.label, test.indent, 20, test.body)); diff != "" {
				t.Errorf("Paragraph, -want +got:\n%s", diff)
			}
		})
	}
}

func TestAge(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Hour: "0s", 0: "0s", 59900 * time.Millisecond: "59s", time.Minute: "1m", 59*time.Minute + 59*time.Second: "59m",
		3*time.Hour + 5*time.Minute: "3h05m", 23*time.Hour + 59*time.Minute: "23h", 76 * time.Hour: "3d04h", 9600 * time.Hour: "400d",
	} {
		if got := Age(d); got != want || len(got) > 5 {
			t.Errorf("Age(%v) = %q, want %q, at most 5 characters", d, got, want)
		}
	}
}

func TestAfter(t *testing.T) {
	for d, want := range map[time.Duration]string{0: "at once", 200 * time.Microsecond: "at once", 200 * time.Millisecond: "after 200ms", 4 * time.Second: "after 4s"} {
		if got := After(d); got != want {
			t.Errorf("After(%v) = %q, want %q", d, got, want)
		}
	}
}

func TestBytes(t *testing.T) {
	for b, want := range map[procfs.Bytes]string{
		0: "0B", 1023: "1023B", procfs.KiB: "1K", 64 * procfs.KiB: "64K", 3200 * procfs.KiB: "3.1M", 48 * procfs.MiB: "48M",
		1023 * procfs.KiB: "1.0M", 1228 * procfs.MiB: "1.2G", 5000 * procfs.GiB: "4.9T", 1<<64 - 1: "16384P",
	} {
		if got := Bytes(b); got != want {
			t.Errorf("Bytes(%d) = %q, want %q", b, got, want)
		}
	}
}

func TestPlural(t *testing.T) {
	for n, want := range map[int]string{0: "0 processes are", 1: "1 process is", 2: "2 processes are", -1: "-1 processes are"} {
		if got := Plural(n, "process is", "processes are"); got != want {
			t.Errorf("Plural(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestEnded(t *testing.T) {
	for _, test := range []struct {
		known  bool
		status procfs.WaitStatus
		want   string
	}{
		{true, 0, "exited 0"},
		{true, 1 << 8, "exited 1"},
		{true, 15, "killed by SIGTERM"},
		{true, 11 | 0x80, "killed by SIGSEGV (core dumped)"},
		{false, 1 << 8, "exit status unknown"},
	} {
		if got := Ended(test.known, test.status); got != test.want {
			t.Errorf("Ended(%t, %#x) = %q, want %q", test.known, test.status, got, test.want)
		}
	}
}

func TestSignals(t *testing.T) {
	for _, test := range []struct {
		name string
		set  procfs.SignalSet
		want string
	}{
		{"empty", 0, "none"},
		{"full", ^procfs.SignalSet(0), "all"},
		{"two", procfs.NewSignalSet(1, 15), "HUP TERM"},
		{"the C library's own, and single real-time ones", procfs.NewSignalSet(32, 33, 34, 64), "32 33 RTMIN RTMAX"},
		{"real-time signals in a row", procfs.NewSignalSet(34, 36, 37, 38, 63, 64), "RTMIN RTMIN+2..RTMIN+4 RTMIN+29..RTMAX"},
		{"others in a row", procfs.NewSignalSet(1, 2, 3), "HUP INT QUIT"},
	} {
		if got := Signals(test.set); got != test.want {
			t.Errorf("%s: Signals(%x) = %q, want %q", test.name, uint64(test.set), got, test.want)
		}
	}
	if got := SignalNames(^procfs.SignalSet(0)); len(got) != 34 || got[33] != "RTMIN..RTMAX" {
		t.Errorf("SignalNames of all = %q", got)
	}
}

// FuzzCutWrap checks that no result is too wide, and that wrapping loses only spaces.
func FuzzCutWrap(f *testing.F) {
	for _, s := range []string{"", "ab cd", "世界 世界", "e\u0301\u0301 x", "\x1b[2J", "👨‍👩‍👧 a", "a\u202e b", "--kill-after=5s  x", "\xff"} {
		f.Add(s, 5)
	}
	f.Fuzz(func(t *testing.T, s string, width int) {
		width = 2 + (width&0x7fffffff)%100
		s = procfs.Printable(s)
		if got := Cut(s, width, More); Width(got) > width {
			t.Errorf("Cut(%q, %d) = %q takes %d", s, width, got, Width(got))
		}
		if got := Pad(s, width, More); Width(got) != width {
			t.Errorf("Pad(%q, %d) = %q takes %d", s, width, got, Width(got))
		}
		lines := Wrap(s, width)
		for _, line := range lines {
			if Width(line) > width {
				t.Errorf("Wrap(%q, %d) has %q, which takes %d", s, width, line, Width(line))
			}
		}
		if got, want := fields(strings.Join(lines, " ")), fields(s); got != want {
			t.Errorf("Wrap(%q, %d) = %q lost something", s, width, lines)
		}
		if text := ASCII(s); !procfs.IsPrintableASCII(text) {
			t.Errorf("ASCII(%q) = %q", s, text)
		}
		if text := Paragraph("  x", 4, width+6, s); slices.ContainsFunc(strings.Split(text, "\n"), func(l string) bool { return Width(l) > width+6 }) {
			t.Errorf("Paragraph(%q, %d) is too wide: %q", s, width+6, text)
		}
	})
}

// fields returns s without spaces.
func fields(s string) string { return strings.ReplaceAll(s, " ", "") }
