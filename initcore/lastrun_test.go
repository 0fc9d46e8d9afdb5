package initcore

import (
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"yinit/initcore/history"
)

func TestWhyHard(t *testing.T) {
	at := time.Date(2026, 11, 23, 8, 0, 1, 0, time.Local)
	place := func(boot byte, group, kills uint64) history.Place {
		return history.Place{BootID: [16]byte{boot}, Group: group, OOMKills: kills}
	}
	run := history.Run{Began: at, Ended: at, Hard: true}
	for name, tt := range map[string]struct {
		last history.LastRun
		here history.Place
		want string
	}{
		"nothing known":   {history.LastRun{Run: run}, history.Place{}, "no stop signal had come"},
		"a reboot":        {history.LastRun{Run: run, Place: place(1, 5, 0)}, place(2, 5, 3), "the machine was rebooted since; no stop signal had come"},
		"out of memory":   {history.LastRun{Run: run, Place: place(1, 5, 1)}, place(1, 5, 2), "the memory limit was hit meanwhile (oom_kill 1 → 2); no stop signal had come"},
		"another group":   {history.LastRun{Run: run, Place: place(1, 5, 0)}, place(1, 6, 2), "no stop signal had come"},
		"killed before":   {history.LastRun{Run: run, Place: place(1, 5, 4)}, place(1, 6, 0), "the memory limit had been hit 4 times before (oom_kill); no stop signal had come"},
		"SIGTERM":         {history.LastRun{Run: run, StopAt: at, StopBy: 15}, history.Place{}, "SIGTERM had come at 2026-11-23 08:00:01"},
		"its own end":     {history.LastRun{Run: run, StopAt: at}, history.Place{}, "its shutdown had begun at 2026-11-23 08:00:01"},
		"its last record": {history.LastRun{Run: run, Last: history.Record{Seq: 9, Time: at, Kind: history.KindExit, PID: 7, Comm: "app", Known: true, Status: 9}}, history.Place{}, "no stop signal had come; its last record, at 2026-11-23 08:00:01, is the exit of 7 (app): killed by SIGKILL"},
	} {
		if got := strings.Join(whyHard(tt.last, tt.here), "; "); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

func TestLoopText(t *testing.T) {
	now := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	run := func(ago, long time.Duration, status int) history.Run {
		return history.Run{Began: now.Add(-ago - long), Ended: now.Add(-ago), Status: status, Hard: status < 0}
	}
	asked := run(time.Minute, time.Second, 143)
	asked.Asked = true
	for name, tt := range map[string]struct {
		runs []history.Run
		want string
	}{
		"two":                    {[]history.Run{run(time.Minute, time.Second, 3), run(0, time.Second, 3)}, ""},
		"three":                  {[]history.Run{run(2*time.Minute, 2*time.Second, 3), run(time.Minute, 2*time.Second, 3), run(0, 2*time.Second, 3)}, "3rd end within 10 min, each exit 3 after 2s"},
		"one is old":             {[]history.Run{run(11*time.Minute, 2*time.Second, 3), run(time.Minute, 2*time.Second, 3), run(0, 2*time.Second, 3)}, ""},
		"a stop between":         {[]history.Run{run(3*time.Minute, time.Second, 3), asked, run(time.Minute, time.Second, 3), run(0, time.Second, 3)}, ""},
		"different times":        {[]history.Run{run(9*time.Minute, time.Second, 3), run(5*time.Minute, 40*time.Second, 3), run(0, 2*time.Second, 3)}, "3rd end within 10 min, each exit 3 after 1s to 40s"},
		"different ends":         {[]history.Run{run(9*time.Minute, time.Second, 3), run(5*time.Minute, time.Second, -1), run(0, 2*time.Second, 4)}, "3rd end within 10 min, the last one: exit 4 after 2s"},
		"the clock was set back": {[]history.Run{run(-time.Hour, time.Second, 3), run(-time.Hour, time.Second, 3), run(0, time.Second, 3)}, ""},
	} {
		if got := loopText(tt.runs, now); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
	var many []history.Run
	for i := range 9 {
		many = append(many, run(time.Duration(8-i)*time.Minute, time.Second, 3))
	}
	if got, want := loopText(many, now), "more than 8 ends within 10 min, each exit 3 after 1s"; got != want {
		t.Errorf("nine: %q, want %q", got, want)
	}
}

// TestLastRunInFile: what a run leaves in its file, and what the next one reads.
func TestLastRunInFile(t *testing.T) {
	path, at := filepath.Join(t.TempDir(), "ring"), time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	open := func(after time.Duration) *history.Writer {
		w, err := history.CreateFile(path, history.Origin{Program: "yinit"}, at.Add(after))
		if err != nil {
			t.Fatal(err)
		}
		return w
	}
	w := open(0)
	if _, ok := w.LastRun(); ok || len(w.Runs()) != 0 {
		t.Error("a new file has a last run")
	}
	w.SetPlace(history.Place{BootID: [16]byte{1}, Group: 5})
	w.SetOOMKills(2)
	w.Stopping(at.Add(time.Second), 15)
	w.Add(&history.Record{Kind: history.KindStop, Time: at.Add(time.Second), Text: "SIGTERM received"})
	w.Close() // without End

	w = open(time.Minute)
	last, ok := w.LastRun()
	want := history.Run{Began: at, Ended: at.Add(time.Second), Hard: true, Asked: true}
	if !ok || last.Run != want || last.StopBy != 15 || last.Place != (history.Place{BootID: [16]byte{1}, Group: 5, OOMKills: 2}) || last.Last.Text != "SIGTERM received" {
		t.Errorf("LastRun = %+v, %v", last, ok)
	}
	w.SetStatus(255)
	w.End(at.Add(2 * time.Minute))
	w.Close()

	for i := range 10 {
		w = open(time.Duration(3+i) * time.Minute)
		w.SetStatus(i)
		w.End(at.Add(time.Duration(3+i)*time.Minute + time.Second))
		w.Close()
	}
	w = open(time.Hour)
	defer w.Close()
	runs := w.Runs()
	if last, _ := w.LastRun(); last.Status != 9 || last.Hard || last.StopBy != 0 || !last.StopAt.IsZero() || last.Place != (history.Place{}) {
		t.Errorf("LastRun = %+v, want status 9 and nothing of earlier runs", last)
	}
	if len(runs) != 8 || runs[0].Status != 2 || runs[7].Status != 9 {
		t.Errorf("Runs = %+v, want the last eight", runs)
	}
}

// TestRestartLoop: a program that is restarted and ends again and again is told in the log
// and in the report.
func TestRestartLoop(t *testing.T) {
	var log strings.Builder
	w := reporting(t, Config{Programs: []Program{{Args: []string{"app"}, OnExit: Restart}, {Args: []string{"db"}}}})
	w.log = slog.New(&textHandler{w: &log, level: slog.LevelWarn})
	w.play("start; 2s; app exits 3; 1s; 2s; app exits 3; 2s; 2s")
	if strings.Contains(log.String(), "within") {
		t.Errorf("two ends are a loop: %s", log.String())
	}
	w.play("app exits 3; 4s; db exits 4")
	if want := "restarting app: 3rd end within 10 min, each exit 3 after 2s (status exited 3, in 4s)"; !strings.Contains(log.String(), want) {
		t.Errorf("the log is %q, want %q in it", log.String(), want)
	}
	if got, want := w.report(), "\napp: 3rd end within 10 min, each exit 3 after 2s\n"; !strings.Contains(got, want) {
		t.Errorf("report() =\n%s, want %q in it", got, want)
	}
}
