package snapshot

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"yinit/procfs"
)

func TestParseFilter(t *testing.T) {
	for _, test := range []struct {
		name, text string
		want       []term
	}{
		{"nothing", "", nil},
		{"spaces", "  ", nil},
		{"text in any case", "Gunicorn", []term{{"", []string{"gunicorn"}}}},
		{"two words", "a b", []term{{"", []string{"a"}}, {"", []string{"b"}}}},
		{"a key in upper case", "STATE:Z", []term{{"state", []string{"z"}}}},
		{"one of several", "state:Z,T", []term{{"state", []string{"z", "t"}}}},
		{"an unknown key is text", "app:app", []term{{"", []string{"app:app"}}}},
		{"a key without a value chooses nothing out", "ignores:", nil},
		{"a signal that is half typed", "ignores:TER", nil},
		{"the finished ones of several", "ignores:TER,HUP", []term{{"ignores", []string{"hup"}}}},
		{"a pid that is none", "pid:x", nil},
		{"commas alone", "state:,,", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := ParseFilter(test.text)
			if diff := cmp.Diff(Filter(test.want), f, cmp.AllowUnexported(term{})); diff != "" {
				t.Errorf("ParseFilter(%q): -want +got:\n%s", test.text, diff)
			}
		})
	}
}

// TestFilterSignals checks the key of each set of signals. No key matches a zombie, or
// a process whose signal state is not known.
func TestFilterSignals(t *testing.T) {
	set := procfs.NewSignalSet
	sigs := procfs.Signals{Known: true, Ignored: set(1), Blocked: set(2), Caught: set(3), Pending: set(10), SharedPending: set(12)}
	p := Process{State: procfs.StateSleeping, Threads: 1, Sigs: sigs}
	for text, want := range map[string]bool{
		"ignores:HUP": true, "ignores:INT": false, "blocks:INT": true, "blocks:HUP": false, "catches:QUIT": true, "catches:3": true,
		"catches:TERM": false, "pending:USR1": true, "pending:USR2": true, "pending:TERM": false, "ignores:INT,HUP": true,
	} {
		if got := ParseFilter(text).Match(&p); got != want {
			t.Errorf("%s matches: %t, want %t", text, got, want)
		}
	}
	dead, unknown := p, p
	dead.State, unknown.Sigs.Known = procfs.StateZombie, false
	for name, p := range map[string]*Process{"a zombie": &dead, "a process whose signals are not known": &unknown} {
		if ParseFilter("ignores:HUP").Match(p) {
			t.Errorf("%s matches ignores:HUP", name)
		}
	}
}
