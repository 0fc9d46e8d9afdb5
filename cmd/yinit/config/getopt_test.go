package config

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var testTable = []Option{
	{Short: "f", Long: "follow"},
	{Short: "j", Long: "json"},
	{Short: "m", Long: "max", Arg: "N", Value: Count},
	{Long: "maximum", Arg: "N", Value: Count},
	{Long: "file", Arg: "FILE", Value: File},
	{Long: "failed"},
}

// TestGetopt checks that lines are parsed as getopt_long(3) does.
func TestGetopt(t *testing.T) {
	for _, c := range []struct {
		line  string
		mixed bool
		want  string // options, then | and the operands
		err   string
	}{
		{line: "", want: "|"},
		{line: "-f --json", want: "-f --json|"},
		{line: "-fj", want: "-f -j|"},
		{line: "-fm3 x", want: "-f -m=3|x"},
		{line: "-m 3", want: "-m=3|"},
		{line: "-m=3", want: "-m=3|"},
		{line: "-m -1", want: "-m=-1|"},
		{line: "--max=3", want: "--max=3|"},
		{line: "--max 3", want: "--max=3|"},
		{line: "--max=", want: "--max=|"},
		{line: "--max --follow", want: "--max=--follow|"},
		{line: "--max=a=b", want: "--max=a=b|"},
		{line: "-- -f", want: "|-f --"},
		{line: "x -f", want: "|x -f"},
		{line: "x -f y", mixed: true, want: "-f|x y"},
		{line: "x -- -f y", mixed: true, want: "|x -f y --"},
		{line: "- -f", mixed: true, want: "-f|-"},
		{line: "-", want: "|-"},
		// Abbreviations must be unambiguous; a full name always is.
		{line: "--fo", want: "--follow|"},
		{line: "--j", want: "--json|"},
		{line: "--maxi 4", want: "--maximum=4|"},
		{line: "--fi x", want: "--file=x|"},
		{line: "--f", err: "option --f is ambiguous; write --follow or --file or --failed"},
		{line: "--ma 3", err: "option --ma is ambiguous; write --max or --maximum"},
		{line: "--jsn", err: "unknown option --jsn; did you mean --json?"},
		{line: "--zzz", err: "unknown option --zzz; see yinit test --help"},
		{line: "--=3", err: "unknown option --; see yinit test --help"},
		{line: "-fz", err: "unknown option -z; see yinit test --help"},
		{line: "-json", err: "unknown option -s; see yinit test --help"},
		{line: "-fm", err: "option -m requires a value; write -m N"},
		{line: "--max", err: "option --max requires a value; write --max N"},
		{line: "--json=1", err: "option --json takes no value; leave out =1"},
	} {
		var got []string
		g := getopt{table: testTable, mixed: c.mixed, help: "yinit test --help", take: func(o *Option, value, written string) error {
			if o.Arg != "" {
				written += "=" + value
			}
			got = append(got, written)
			return nil
		}}
		operands, dashes, err := g.parse(strings.Fields(c.line))
		if dashes {
			operands = append(operands, "--")
		}
		if c.err != "" {
			if err == nil || err.Error() != c.err {
				t.Errorf("parse(%q): %v, want %s", c.line, err, c.err)
			}
			continue
		}
		if text := strings.Join(got, " ") + "|" + strings.Join(operands, " "); err != nil || text != c.want {
			t.Errorf("parse(%q) = %s, %v, want %s", c.line, text, err, c.want)
		}
	}
}

// TestCommandParse checks that values are stored in the targets.
func TestCommandParse(t *testing.T) {
	type options struct {
		json, follow, failed bool
		kinds                []string
		pid                  int
		since                time.Duration
		file                 string
	}
	c := Lookup("history")
	for line, want := range map[string]options{
		"":                           {},
		"--json -f":                  {json: true, follow: true},
		"--kind exit,signal --fa":    {kinds: []string{"exit", "signal"}, failed: true},
		"--pid 7 --since 1.5":        {pid: 7, since: 1500 * time.Millisecond},
		"--since=10m --file ring -f": {since: 10 * time.Minute, file: "ring", follow: true},
	} {
		var got options
		words, err := c.Parse(strings.Fields(line), Bind{
			"json": &got.json, "follow": &got.follow, "failed": &got.failed, "kind": &got.kinds,
			"pid": &got.pid, "since": &got.since, "file": &got.file,
		})
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(options{})); err != nil || len(words) > 0 || diff != "" {
			t.Errorf("Parse(%q): %q, %v, -want +got:\n%s", line, words, err, diff)
		}
	}
	for line, want := range map[string]string{
		"x":            `history: unexpected argument "x"; see yinit history --help`,
		"--jsno":       "history: unknown option --jsno; did you mean --json?",
		"--pid 0":      `history: --pid: "0" is not a process id; write a number such as 1; see yinit history --help`,
		"--since -3s":  `history: --since: "-3s" is negative; write 0 or more; see yinit history --help`,
		"--file=":      "history: --file: the value is empty; see yinit history --help",
		"--kind exits": `history: --kind: "exits" is unknown; did you mean exit?; see yinit history --help`,
	} {
		var o options
		_, err := c.Parse(strings.Fields(line), Bind{"pid": &o.pid, "since": &o.since, "file": &o.file, "kind": &o.kinds})
		if err == nil || err.Error() != want {
			t.Errorf("Parse(%q): %v, want %s", line, err, want)
		}
	}
	if _, err := c.Parse([]string{"x", "-h"}, nil); !errors.Is(err, ErrHelp) {
		t.Errorf("Parse(x -h): %v, want ErrHelp", err)
	}
}

// FuzzGetopt checks that no operand is lost and that an error is one line.
func FuzzGetopt(f *testing.F) {
	f.Add("-fm3 x --max=3 -- y", true)
	f.Add("--f --json=1 -", false)
	f.Fuzz(func(t *testing.T, text string, mixed bool) {
		args := strings.Split(text, " ")
		g := getopt{table: testTable, mixed: mixed, take: func(o *Option, value, _ string) error {
			if o.Arg == "" && value != "" {
				t.Errorf("%q: --%s has no value, got %q", text, o.Long, value)
			}
			return nil
		}}
		operands, _, err := g.parse(args)
		if len(operands) > len(args) {
			t.Errorf("%q has operands %q", text, operands)
		}
		if err != nil && !strings.Contains(text, "\n") && strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %v", text, err)
		}
	})
}
