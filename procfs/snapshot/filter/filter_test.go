package filter_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"yinit/procfs"
	"yinit/procfs/snapshot/filter"
)

// thing is a subject with the fields that it has a value for.
type thing struct {
	text    string
	words   map[filter.Key]string
	numbers map[filter.Key]float64
	signals map[filter.Key]procfs.SignalSet
}

func (s thing) Contains(lower string) bool { return procfs.ContainsFold(s.text, lower) }

func (s thing) Word(k filter.Key) (string, bool) {
	v, ok := s.words[k]
	return v, ok
}

func (s thing) Number(k filter.Key) (float64, bool) {
	v, ok := s.numbers[k]
	return v, ok
}

func (s thing) Signals(k filter.Key) (procfs.SignalSet, bool) {
	v, ok := s.signals[k]
	return v, ok
}

var (
	worker = thing{
		"worker nginx: master \"main\"",
		map[filter.Key]string{filter.State: "t", filter.User: "app"},
		map[filter.Key]float64{
			filter.PID: 37, filter.PPID: 1, filter.User: 1000, filter.Mem: 150 << 20, filter.Age: 90e9, filter.CPU: 50, filter.CPUTime: 2e9, filter.Threads: 4,
		},
		map[filter.Key]procfs.SignalSet{
			filter.Ignores: procfs.NewSignalSet(1), filter.Blocks: procfs.NewSignalSet(2), filter.Catches: procfs.NewSignalSet(15), filter.Pending: 0,
		},
	}
	death = thing{
		"git gc",
		map[filter.Key]string{filter.Kind: "exit", filter.User: "root"},
		map[filter.Key]float64{filter.PID: 40, filter.Exit: 137, filter.User: 0},
		map[filter.Key]procfs.SignalSet{filter.Signal: procfs.NewSignalSet(9)},
	}
	note = thing{"a note or two", map[filter.Key]string{filter.Kind: "note"}, nil, nil}
)

// TestMatch checks which of worker (w), death (d) and note (n) a filter selects.
func TestMatch(t *testing.T) {
	for _, test := range []struct{ filter, want string }{
		{"", "wdn"},
		{"  ", "wdn"},
		{"GIT", "d"},
		{"gc git", "d"},
		{"!git", "wn"},
		{"!!git", "d"},
		{"git or note", "dn"},
		{"git OR note", "dn"},
		{"w worker or git nothing or note", "wn"},
		{"\"or\"", "wn"},
		{"order", ""},
		{"\"nginx: m\"", "w"},
		{"'\"main\"'", "w"},
		{"it's", ""},
		{":", "w"},
		{"-x=1 or a/b:c or 10.0.0.1:80 or (sd-pam)", ""},

		{"state:T", "w"}, // The command top shows both states of stopped processes by words.
		{"STATE:Z,t", "w"},
		{"state:trac", "w"},
		{"state=zombie", ""},
		{"state!=Z", "w"},
		{"!state:Z", "w"}, // A note has no state.
		{"state!=Z,T", ""},

		{"user:app", "w"},
		{"user:1000", "w"},
		{"user:APP", ""},
		{"user!=root", "w"},
		{"user:root,app", "wd"},
		{"user:\"app\"", "w"},

		{"pid:37,40", "wd"},
		{"pid>37", "d"},
		{"pid<=37 ppid:1", "w"},
		{"threads>=4 threads<5", "w"},

		{"ignores:HUP blocks:SIGINT catches:15", "w"},
		{"ignores:TERM,HUP", "w"},
		{"!ignores:TERM", "w"},
		{"pending:TERM", ""},
		{"pending!=TERM", "w"},

		{"age>1m", "w"},
		{"age>89", "w"},
		{"age>90", ""},
		{"age<1d12h", "w"},
		{"age<0.5d", "w"},
		{"mem>100M", "w"},
		{"mem<153601K", "w"},
		{"mem>=0.14GiB", "w"},
		{"mem>157286399", "w"},
		{"!mem>100M", ""}, // A death and a note have no memory.
		{"cpu>49.5%", "w"},
		{"cpu>50", ""},
		{"cputime>1500ms", "w"},

		{"exit!=0", "d"},
		{"exit:137", "d"},
		{"exit>128 exit<160", "d"},
		{"signal:KILL", "d"},
		{"signal!=TERM", "d"},
		{"kind:exit,note", "dn"},
		{"KIND:EXIT", "d"},
	} {
		f, err := filter.Parse(test.filter)
		if err != nil {
			t.Errorf("Parse(%q): %v", test.filter, err)
			continue
		}
		got := ""
		for i, s := range []thing{worker, death, note} {
			if f.Match(s) {
				got += "wdn"[i : i+1]
			}
		}
		if got != test.want {
			t.Errorf("%q matches %q, want %q", test.filter, got, test.want)
		}
	}
}

func TestParseErrors(t *testing.T) {
	const quotes = "; to find it as text, write it in quotes"
	for _, test := range []struct {
		filter string
		at     int
		reason string // the beginning
	}{
		{"foo:1", 1, "unknown key foo: known are state, user, pid, "},
		{"é foo:1", 3, "unknown key foo: "},
		{"http://x", 1, "unknown key http: "},
		{"state:", 1, "state: needs a state after it, such as state:Z,T"},
		{"git state:Z,", 5, "state:Z, needs a state after it, such as state:Z,T"},
		{"state:,", 1, "state: needs a state"},
		{"state:q", 7, `unknown state "q": known are R (running), `},
		{"state:Z,q", 9, `unknown state "q"`},
		{"state>Z", 1, "state takes : or !=, not >"},
		{"user:", 1, "user: needs a user after it, such as user:app"},
		{"ignores:TER", 9, `unknown signal "TER": use a name such as TERM`},
		{"ignores<=TERM", 1, "ignores takes : or !=, not <="},
		{"pid:x", 5, `"x" is not a number`},
		{"pid:-1", 5, `"-1" is not a number`},
		{"pid>1,2", 6, "only : and != take several values"},
		{"mem>", 1, "mem> needs an amount after it, such as mem>100M"},
		{"mem> 100M", 1, "mem> needs an amount"},
		{"mem >100M", 5, "> needs a key before it and no spaces around it, as in mem>100M" + quotes},
		{"=1", 1, "= needs a key"},
		{"mem:100M", 1, "mem takes >, >=, < or <=, not :"},
		{"mem>1Q", 5, `"1Q" is not an amount; write a number with a unit, such as 64K`},
		{"mem>M", 5, `"M" is not an amount`},
		{"mem>-1", 5, `"-1" is not an amount`},
		{"mem>1e9", 5, `"1e9" is not an amount`},
		{"age>1x", 5, `"1x" is not a time; write a number with a unit, such as 5s`},
		{"age>d", 5, `"d" is not a time`},
		{"age>1d-1h", 5, `"1d-1h" is not a time`},
		{"cpu>much", 5, `"much" is not a percentage`},
		{"kind:end", 6, `unknown kind "end": known are start, exit, `},
		{"!", 1, "! needs a term after it, such as !text"},
		{"a !! b", 3, "! needs a term"},
		{"or a", 1, "or needs a term before it"},
		{"a or or b", 6, "or needs a term before it"},
		{"a or", 3, "or needs a term after it"},
		{`"a b`, 1, "the quote is not closed"},
		{`user:"a b`, 6, "the quote is not closed"},
		{`""`, 1, "there is nothing in the quotes"},
		{`"a"b`, 4, "write a space after the quotes"},
	} {
		f, err := filter.Parse(test.filter)
		e, ok := errors.AsType[*filter.Error](err)
		if !ok || f != nil || e.At != test.at || !strings.HasPrefix(e.Reason, test.reason) {
			t.Errorf("Parse(%q) = %v, %v; want an error at %d: %s", test.filter, f, err, test.at, test.reason)
		}
	}
}

// TestTerms checks that each example is valid, and that all keys are described.
func TestTerms(t *testing.T) {
	for _, term := range filter.Terms() {
		if strings.HasPrefix(term.Meaning, "for ") || strings.HasPrefix(term.Meaning, "equal") {
			continue // operators
		}
		if _, err := filter.Parse(term.Example); err != nil {
			t.Errorf("the example %q: %v", term.Example, err)
		}
		if utf8.RuneCountInString(term.Example) > 13 || term.Meaning == "" {
			t.Errorf("%q: too long for the help, or without a meaning %q", term.Example, term.Meaning)
		}
	}
}

// FuzzParse checks that an error points into the text, that what is in quotes is found as
// it is, and that adding an alternative selects no less.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"state:Z,T user:app pid:37", "age>1d2h mem>=1.5GiB cpu<50%", "exit!=0 or signal:SEGV !text", `"a b" 'c' user:"d e"`, "or ! : = >", "é\x80\xff",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		found, err := filter.Parse(s)
		if e, ok := errors.AsType[*filter.Error](err); ok != (err != nil) || ok && (e.At < 1 || e.At > utf8.RuneCountInString(s)+1 || found != nil) {
			t.Fatalf("Parse(%q) = %v, %v", s, found, err)
		}
		if more, bad := filter.Parse(s + " or note"); err == nil && len(found) > 0 && (bad != nil || !more.Match(note) || found.Match(worker) && !more.Match(worker)) {
			t.Errorf("%q or note: %v, %v", s, more, bad)
		}
		if s == "" || strings.Contains(s, `"`) || !procfs.IsPrintableASCII(s) {
			return
		}
		quoted, err := filter.Parse(`"` + s + `"`)
		if err != nil || !quoted.Match(thing{text: "<" + s + ">"}) {
			t.Errorf("%q in quotes: %v, %v", s, quoted, err)
		}
	})
}

func BenchmarkMatch(b *testing.B) {
	f, err := filter.Parse("mem>100M user:app or exit!=0")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	var s filter.Subject = worker
	for b.Loop() {
		f.Match(s)
	}
}

// A filter that is not finished says what is missing.
func ExampleParse() {
	for _, s := range []string{"mem>", "mem>100M user:app"} {
		f, err := filter.Parse(s)
		fmt.Println(err, f.Match(worker))
	}
	// Output:
	// mem> needs an amount after it, such as mem>100M (at character 1) true
	// <nil> true
}

// The terms of the language, as help shows them.
func ExampleTerms() {
	i := slices.IndexFunc(filter.Terms(), func(t filter.Term) bool { return t.Example == "exit!=0" })
	fmt.Println(filter.Terms()[i].Meaning)
	// Output: exit status: the code, or 128+n if signal n ended it
}
