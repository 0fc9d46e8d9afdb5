package main

import (
	"slices"
	"strings"
	"testing"

	"yinit/initcore/history"
	"yinit/initcore/history/historytest"
)

// TestHistoryWords checks the words of the lines. JSON, top and the report are tested with
// the same cases.
func TestHistoryWords(t *testing.T) {
	for _, c := range slices.Concat(historytest.Deaths(), historytest.Signals(), historytest.Others()) {
		line := recordLine(&c.Record)
		for _, words := range c.Words {
			if !strings.Contains(line, words) {
				t.Errorf("%s: the line is %q, want it to have %q", c.Name, line, words)
			}
		}
	}
}

// TestHistoryLine checks that a command line cannot imitate another column or line.
func TestHistoryLine(t *testing.T) {
	r := history.Record{Kind: history.KindExit, PID: 7, Comm: "a\x1b[2J  b\n" + strings.Repeat("c", 40), PPID: 3, Parent: "\u202e\n", Known: true}
	const want = `  exit        7  a\x1b[2J b\nccccccccccc…  exited 0   reaped by 3 (\u202e\n)`
	if got := recordLine(&r); !strings.HasSuffix(got, want) {
		t.Errorf("recordLine = %q, want it to end with %q", got, want)
	}
}
