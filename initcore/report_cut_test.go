package initcore

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"yinit/initcore/history"
)

// TestReportOfACutHistory: a history file that another process truncated ends neither
// the init nor its report, and the report says what is wrong.
func TestReportOfACutHistory(t *testing.T) {
	w := reporting(t, one())
	path := filepath.Join(t.TempDir(), "ring")
	hist, err := history.CreateFile(path, history.Origin{PID: 1}, w.clock)
	check(t, err)
	t.Cleanup(hist.Close)
	w.hist = hist
	w.play("start")
	w.orphanDies(100, "before")
	check(t, os.Truncate(path, 0))
	w.orphanDies(101, "after")
	w.play("left parent; app dies of KILL; none left; 1s")
	got := w.report()
	for _, part := range []string{
		"yinit: exit status 137: app killed by SIGKILL: no sender is known for SIGKILL; no stop signal had come before\n",
		"the history is not in its file: it was truncated to 0 of 1572736 bytes\n",
		" 100 before: exited 3\n",
		" 101 after: exited 3\n",
	} {
		if !strings.Contains(got, part) {
			t.Errorf("report() =\n%s, want %q in it", got, part)
		}
	}
}
