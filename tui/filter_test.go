package tui

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"yinit/initcore/history"
	"yinit/procfs"
)

func TestParseFilter(t *testing.T) {
	for _, test := range []struct {
		name, text string
		keys       []string
		want       []term
	}{
		{"nothing", "", processTerms, nil},
		{"spaces", "  ", processTerms, nil},
		{"text in any case", "Gunicorn", processTerms, []term{{"", []string{"gunicorn"}}}},
		{"two words", "a b", processTerms, []term{{"", []string{"a"}}, {"", []string{"b"}}}},
		{"a key in upper case", "STATE:Z", processTerms, []term{{"state", []string{"z"}}}},
		{"one of several", "state:Z,T", processTerms, []term{{"state", []string{"z", "t"}}}},
		{"an unknown key is text", "app:app", processTerms, []term{{"", []string{"app:app"}}}},
		{"the key of another page is text", "state:Z", recordTerms, []term{{"", []string{"state:z"}}}},
		{"a key without a value chooses nothing out", "ignores:", processTerms, nil},
		{"a signal that is half typed", "ignores:TER", processTerms, nil},
		{"the finished ones of several", "ignores:TER,HUP", processTerms, []term{{"ignores", []string{"hup"}}}},
		{"a pid that is none", "pid:x", processTerms, nil},
		{"a kind that is half typed", "kind:ex", recordTerms, nil},
		{"a kind", "kind:exit", recordTerms, []term{{"kind", []string{"exit"}}}},
		{"commas alone", "state:,,", processTerms, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := parseFilter(test.text, test.keys)
			if diff := cmp.Diff(test.want, f.terms, cmp.AllowUnexported(term{})); diff != "" || f.text != test.text || f.empty() != (test.want == nil) {
				t.Errorf("parseFilter(%q) = %q, -want +got:\n%s", test.text, f.text, diff)
			}
		})
	}
}

// TestFilterSignals: each set of signals has its key; of a zombie, and where the kernel
// does not tell, none matches.
func TestFilterSignals(t *testing.T) {
	set := procfs.NewSignalSet
	sigs := procfs.Signals{Known: true, Ignored: set(1), Blocked: set(2), Caught: set(3), Pending: set(10), SharedPending: set(12)}
	p := Process{State: procfs.StateSleeping, Threads: 1, Sigs: sigs}
	for text, want := range map[string]bool{
		"ignores:HUP": true, "ignores:INT": false, "blocks:INT": true, "blocks:HUP": false, "catches:QUIT": true, "catches:3": true,
		"catches:TERM": false, "pending:USR1": true, "pending:USR2": true, "pending:TERM": false, "ignores:INT,HUP": true,
	} {
		if got := parseFilter(text, processTerms).process(&p); got != want {
			t.Errorf("%s matches: %t, want %t", text, got, want)
		}
	}
	dead, unknown := p, p
	dead.State, unknown.Sigs.Known = procfs.StateZombie, false
	for name, p := range map[string]*Process{"a zombie": &dead, "a process whose signals are not known": &unknown} {
		if parseFilter("ignores:HUP", processTerms).process(p) {
			t.Errorf("%s matches ignores:HUP", name)
		}
	}
}

func TestFilterRecords(t *testing.T) {
	r := history.Record{Kind: history.KindExit, PID: 55, Comm: "git", Cmdline: "git gc --auto", Parent: "Gunicorn", Text: "out of memory", Known: true, Status: 9}
	for text, want := range map[string]bool{
		"git": true, "--AUTO": true, "gunicorn": true, "memory": true, "failed": true, "pid:55": true, "pid:5": false, "kind:exit": true,
		"kind:signal,exit": true, "kind:signal": false, "git nothing": false, "failed git pid:55 kind:exit": true,
	} {
		if got := parseFilter(text, recordTerms).record(&r); got != want {
			t.Errorf("%s matches: %t, want %t", text, got, want)
		}
	}
}

func FuzzContainsFold(f *testing.F) {
	f.Add("Gunicorn: worker", "WORKER")
	f.Add("für", "FÜR")
	f.Add("", "")
	f.Add("a", "ab")
	f.Fuzz(func(t *testing.T, s, part string) {
		part = strings.ToLower(part)
		got, want := containsFold(s, part), strings.Contains(strings.ToLower(s), part)
		if got != want {
			t.Errorf("containsFold(%q, %q) = %t, want %t", s, part, got, want)
		}
	})
}

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

// TestFilterLineKeys: while a filter is typed, letters are letters, and the keys of a
// line edit it.
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

// TestFilterLineIsLong: of a long line the end is seen, where the cursor is.
func TestFilterLineIsLong(t *testing.T) {
	u := newUser(t, 40, 12, Options{})
	u.press("/").write("a-filter-that-is-longer-than-the-screen-is-wide")
	lines := strings.Split(u.screen(), "\n")
	if last := strings.TrimRight(lines[len(lines)-1], " "); !strings.HasSuffix(last, "than-the-screen-is-wide") {
		t.Errorf("the last line is %q, want the end of the filter", last)
	}
}
