package main

import (
	"bufio"
	"bytes"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"yinit/initcore/history"
	"yinit/initcore/history/historytest"
	"yinit/procfs/host"
)

// TestHistoryWords checks the words of the lines. JSON, top and the report are tested with
// the same cases.
func TestHistoryWords(t *testing.T) {
	for _, c := range slices.Concat(historytest.Deaths(), historytest.Signals(), historytest.Others()) {
		line := strings.Join(recordLines(&c.Record, 0), "\n")
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
	const want = `  exit        7  a\x1b[2J b\nccc…  exited 0   reaped by 3 (\u202e\n)`
	if got := strings.Join(recordLines(&r, 80), "\n"); !strings.HasSuffix(got, want) {
		t.Errorf("recordLines = %q, want it to end with %q", got, want)
	}
}

// Records of several days and zones have a line with the date before the first of each.
func TestHistoryDays(t *testing.T) {
	old := time.Local
	defer func() { time.Local = old }()
	time.Local = time.UTC
	day := time.Date(2026, 11, 24, 23, 59, 59, 0, time.UTC)
	var out bytes.Buffer
	p := printer{out: bufio.NewWriter(&out), users: host.NewUsers(filepath.Join(t.TempDir(), "passwd")), width: func() int { return 0 }}
	for _, d := range []time.Duration{0, 500 * time.Millisecond, time.Second, 72 * time.Hour} {
		if err := p.print([]history.Record{{Kind: history.KindNote, Run: 1, Time: day.Add(d), Text: "x"}}); err != nil {
			t.Fatal(err)
		}
	}
	want := "--- 2026-11-24 (UTC)\n23:59:59.000  note    x\n23:59:59.500  note    x\n" +
		"--- 2026-11-25 (UTC)\n00:00:00.000  note    x\n--- 2026-11-27 (UTC)\n23:59:59.000  note    x\n"
	if out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
	for zone, want := range map[*time.Location]string{
		time.FixedZone("CET", 3600):          "--- 2026-11-24 (CET, UTC+01:00)",
		time.FixedZone("-03", -3*3600):       "--- 2026-11-24 (UTC-03:00)",
		time.FixedZone("WET", 0):             "--- 2026-11-24 (UTC)",
		time.FixedZone("+0545", 5*3600+2700): "--- 2026-11-24 (UTC+05:45)",
	} {
		if got := dayLine(time.Date(2026, 11, 24, 12, 0, 0, 0, zone)); got != want {
			t.Errorf("dayLine in %s = %q, want %q", zone, got, want)
		}
	}
}
