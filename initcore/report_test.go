package initcore

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"golang.org/x/sys/unix"

	"yinit/initcore/history"
	"yinit/initcore/history/historytest"
	"yinit/procfs"
)

// reporting is a world with a history.
func reporting(t *testing.T, cfg Config) *world {
	t.Helper()
	cfg.Report = "asked for"
	w := newWorld(t, cfg)
	var err error
	w.hist, err = history.Create(history.Origin{PID: 1}, w.clock)
	check(t, err)
	t.Cleanup(w.hist.Close)
	return w
}

// orphanDies lets an orphan exit with 3.
func (w *world) orphanDies(pid int, comm string) {
	w.died(&death{PID: pid, Status: 3 << 8, Stat: procfs.Stat{PID: pid, Comm: comm}}, w.clock)
}

func TestReport(t *testing.T) {
	w := reporting(t, one())
	w.clock = time.Date(2026, 11, 23, 8, 0, 1, 5e6, time.UTC)
	w.play("start")
	for i := range 12 {
		w.orphanDies(100+i, fmt.Sprintf("orphan%d", i))
	}
	w.play("left parent; app dies of KILL; none left; 1s")
	got := w.report()
	want := `yinit: exit status 137: app killed by SIGKILL: no sender is known for SIGKILL; no stop signal had come before
last deaths:
  08:00:01.005 103 orphan3: exited 3
  08:00:01.005 104 orphan4: exited 3
  08:00:01.005 105 orphan5: exited 3
  08:00:01.005 106 orphan6: exited 3
  08:00:01.005 107 orphan7: exited 3
  08:00:01.005 108 orphan8: exited 3
  08:00:01.005 109 orphan9: exited 3
  08:00:01.005 110 orphan10: exited 3
  08:00:01.005 111 orphan11: exited 3
  08:00:01.005 11 app: killed by SIGKILL: no sender is known for SIGKILL; no stop signal had come before
`
	if got != want {
		t.Errorf("report() =\n%s, want\n%s", got, want)
	}
}

// TestReportWords: the report uses the same words as the history.
func TestReportWords(t *testing.T) {
	for _, c := range historytest.Deaths() {
		w := reporting(t, one())
		w.hist.Add(&c.Record)
		want := fmt.Sprintf(" 31 git gc: %s\n", c.Words[0])
		if got := w.report(); !strings.HasSuffix(got, want) {
			t.Errorf("%s: report() = %q, want it to end with %q", c.Name, got, want)
		}
	}
}

func TestReportSender(t *testing.T) {
	w := reporting(t, one()).play("start; INT; app dies of INT")
	if got, want := w.report(), "yinit: exit status 130: app killed by SIGINT: sender was pid 77 (killer)\n"; !strings.HasPrefix(got, want) {
		t.Errorf("report() = %q, want it to begin with %q", got, want)
	}
}

func TestReportIsShortAndPlain(t *testing.T) {
	cfg := one()
	hostile := "\x1b[2J\xff\n\x00\u0085世" + strings.Repeat("界", 3000)
	cfg.Programs[0].Name = hostile
	cfg.Programs[0].Args = []string{"app", strings.Repeat("é", 500)}
	w := reporting(t, cfg)
	w.machine.start(w.clock)
	for i := range 20 {
		w.orphanDies(100+i, "a\nb\x1b]0;c\xfe")
	}
	w.died(&death{PID: 11, Status: 9}, w.clock)
	w.zombies = strings.Repeat("1 held by 5 (x), ", 1000)
	got := w.report()
	if len(got) > maxReport || !utf8.ValidString(got) {
		t.Errorf("report() has %d bytes, valid UTF-8: %v; want at most %d, valid", len(got), utf8.ValidString(got), maxReport)
	}
	if i := strings.IndexFunc(got, func(r rune) bool { return r != '\n' && (r < ' ' || r >= 0x7f && r < 0xa0) }); i >= 0 {
		t.Errorf("report() has a control character at %d: %q", i, got[i:min(i+20, len(got))])
	}
	// One line for the status, one for the zombies, one above the deaths.
	if n := strings.Count(got, "\n"); n != 3+lastDeaths {
		t.Errorf("report() has %d lines, want %d:\n%s", n, 3+lastDeaths, got)
	}
}

func TestReportWithoutHistory(t *testing.T) {
	w := newWorld(t, one()).play("start; app exits 7")
	if got, want := w.report(), "yinit: exit status 7: app exited 7\n"; got != want {
		t.Errorf("report() = %q, want %q", got, want)
	}
}

func TestHeldZombies(t *testing.T) {
	process := func(pid, ppid int, comm string, state procfs.State) procfs.Stat {
		return procfs.Stat{PID: pid, PPID: ppid, Comm: comm, State: state}
	}
	const z = procfs.StateZombie
	for name, tt := range map[string]struct {
		all  []procfs.Stat
		want string
	}{
		"no process": {nil, ""},
		"none":       {[]procfs.Stat{process(5, 1, "web", 'S')}, ""},
		"two parents": {
			[]procfs.Stat{process(5, 1, "web", 'S'), process(6, 5, "git", z), process(7, 5, "git", z), process(8, 1, "a\x1b\n", 'S'), process(9, 8, "x", z)},
			"1 held by 8 (a\\x1b\\n), 2 held by 5 (web)",
		},
		"a debugger has not waited": {
			[]procfs.Stat{process(5, 1, "web", 'S'), process(6, 5, "git", z), process(66, 5, "git", z), process(67, 1, "git", z), process(8, 1, "strace", 'S')},
			"1 held by 5 (web), 2 held by 8 (strace)",
		},
		"our own do not count":  {[]procfs.Stat{process(6, 1, "git", z)}, ""},
		"a parent out of sight": {[]procfs.Stat{process(6, 0, "git", z), process(7, 99, "git", z)}, ""},
	} {
		if got := heldZombies(tt.all, 1, func(pid int) int { return map[int]int{66: 8, 67: 8}[pid] }); got != tt.want {
			t.Errorf("%s: heldZombies = %q, want %q", name, got, tt.want)
		}
	}
}

func TestCut(t *testing.T) {
	for _, tt := range []struct {
		in   string
		n    int
		want string
	}{
		{"short", 5, "short"}, {"longer", 5, "lo…"}, {"ééé", 5, "é…"}, {"世界", 5, "…"}, {"世界世", 6, "世…"},
	} {
		if got := cut(tt.in, tt.n); got != tt.want || len(got) > tt.n {
			t.Errorf("cut(%q, %d) = %q, want %q", tt.in, tt.n, got, tt.want)
		}
	}
}

func TestWriteReport(t *testing.T) {
	failed := func(t *testing.T) *world { return reporting(t, one()).play("start; app exits 7") }
	dir := t.TempDir()
	read := func(path string) string {
		b, _ := os.ReadFile(path)
		return string(b)
	}

	empty := file(t, dir, "empty", "", 0o644)
	failed(t).writeReport(reportFile{path: empty}, new(helper))
	if got := read(empty); !strings.HasPrefix(got, "yinit: exit status 7: app exited 7\n") {
		t.Errorf("an empty file: %q, want the report", got)
	}
	refused := file(t, dir, "refused", "", 0o644)
	for _, why := range []string{"--user: \"nosuch\" is no\nuser", "not written: there is a report"} {
		check(t, ReportFailure(refused, 125, why))
	}
	if got, want := read(refused), "yinit: exit status 125: --user: \"nosuch\" is no\\nuser\n"; got != want {
		t.Errorf("ReportFailure: %q, want %q", got, want)
	}
	used := file(t, dir, "used", "the program's own words", 0o644)
	failed(t).writeReport(reportFile{path: used}, new(helper))
	if got := read(used); got != "the program's own words" {
		t.Errorf("a file that is in use: %q, want it as it was", got)
	}
	missing := filepath.Join(dir, "missing")
	failed(t).writeReport(reportFile{path: missing}, new(helper))
	if _, err := os.Stat(missing); !os.IsNotExist(err) {
		t.Errorf("a missing file: %v, want it not made", err)
	}
	clean := file(t, dir, "clean", "", 0o644)
	reporting(t, one()).play("start; app exits 0").writeReport(reportFile{path: clean}, new(helper))
	if got := read(clean); got != "" {
		t.Errorf("after a clean run: %q, want nothing", got)
	}
	expected := one()
	expected.Expect.Add(7)
	reporting(t, expected).play("start; app exits 7").writeReport(reportFile{path: clean}, new(helper))
	if got := read(clean); got != "" {
		t.Errorf("after an expected status: %q, want nothing", got)
	}
	fifo := filepath.Join(dir, "fifo")
	check(t, unix.Mkfifo(fifo, 0o644))
	returns(t, "writeReport to a FIFO without a reader", func() { failed(t).writeReport(reportFile{path: fifo}, new(helper)) })
	failed(t).writeReport(reportFile{path: dir}, new(helper))
	failed(t).writeReport(reportFile{path: ""}, new(helper))
	target := file(t, dir, "target", "", 0o644)
	for name, to := range map[string]string{"link": target, "dangling": missing, "tty": "/dev/tty"} {
		failed(t).writeReport(reportFile{path: link(t, dir, name, to)}, new(helper))
		check(t, ReportFailure(filepath.Join(dir, name), 125, "why"))
	}
	if got := read(target); got != "" {
		t.Errorf("behind a symbolic link: %q, want nothing", got)
	}
	if _, err := os.Stat(missing); !os.IsNotExist(err) {
		t.Errorf("behind a dangling link: %v, want it not made", err)
	}
}

// TestReportSwapped: the report goes only into the file that was there before the programs
// started, whatever a program puts in its place, and has no other name.
func TestReportSwapped(t *testing.T) {
	for name, tt := range map[string]struct {
		swap func(t *testing.T, dir string)
		want bool
	}{
		"as it was": {func(*testing.T, string) {}, true},
		"a hard link": {func(t *testing.T, dir string) {
			check(t, os.Link(dir+"/root/report", dir+"/own/x"))
			check(t, os.Rename(dir+"/own/x", dir+"/own/report"))
		}, false},
		"a directory": {func(t *testing.T, dir string) {
			check(t, os.Rename(dir+"/own", dir+"/was"))
			check(t, os.Symlink("root", dir+"/own"))
		}, false},
		"another file":  {func(t *testing.T, dir string) { check(t, os.Rename(dir+"/root/report", dir+"/own/report")) }, false},
		"a second name": {func(t *testing.T, dir string) { check(t, os.Link(dir+"/own/report", dir+"/own/x")) }, false},
		"a FIFO": {func(t *testing.T, dir string) {
			check(t, os.Remove(dir+"/own/report"))
			check(t, unix.Mkfifo(dir+"/own/report", 0o644))
		}, false},
		"a symlink": {func(t *testing.T, dir string) {
			check(t, os.Remove(dir+"/own/report"))
			check(t, os.Symlink("../root/report", dir+"/own/report"))
		}, false},
		"nothing": {func(t *testing.T, dir string) { check(t, os.Remove(dir+"/own/report")) }, false},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for _, part := range []string{"own", "root"} {
				check(t, os.Mkdir(filepath.Join(dir, part), 0o755))
				file(t, dir, part+"/report", "", 0o644)
			}
			k := &kernel{cfg: &Config{Report: dir + "/own/report"}, helper: new(helper)}
			k.pinReport()
			t.Cleanup(func() { _ = unix.Close(k.report.held) })
			if !k.report.looked || k.report.held < 0 {
				t.Fatalf("pinReport: %+v, want the file", k.report)
			}
			tt.swap(t, dir)
			check(t, k.report.write("the report", ""))
			written := 0
			for _, f := range []string{"own/report", "root/report", "was/report", "own/x"} {
				if info, err := os.Lstat(filepath.Join(dir, f)); err == nil && info.Mode().IsRegular() {
					written += int(info.Size())
				}
			}
			if (written > 0) != tt.want {
				t.Errorf("%d bytes were written, want some: %t", written, tt.want)
			}
		})
	}
}

// TestReportCreated: a program may create the file of the report, unless it runs as another
// user than the init.
func TestReportCreated(t *testing.T) {
	for _, other := range []bool{false, true} {
		path := filepath.Join(t.TempDir(), "report")
		cfg := one()
		cfg.Report = path
		if other {
			cfg.Programs[0].User = &Credential{}
		}
		k := &kernel{cfg: &cfg, helper: new(helper)}
		k.pinReport()
		check(t, os.WriteFile(path, nil, 0o644))
		check(t, k.report.write("the report", ""))
		if b, err := os.ReadFile(path); err != nil || (len(b) == 0) != other {
			t.Errorf("as another user %t: %q, %v", other, b, err)
		}
	}
}

// TestReportLoops: the report names each crash loop that goes on, whatever other programs
// do since.
func TestReportLoops(t *testing.T) {
	const loops = "3rd end within 10 min"
	web, db := "; web exits 3; 1s; web exits 3; 2s; web exits 3", "; db exits 4; 1s; db exits 4; 2s; db exits 4"
	for _, tt := range []struct {
		script  string
		web, db bool
	}{
		{"start" + web, true, false},
		{"start" + web + "; db exits 0", true, false},
		{"start" + web + db, true, true},
		{"start" + web + "; 11m; db exits 0", false, false},
		{"start; db exits 0; 1s; web exits 3", false, false},
	} {
		cfg := several("web db")
		for i := range cfg.Programs {
			cfg.Programs[i].OnExit = Restart
		}
		w := reporting(t, cfg)
		w.play(tt.script)
		w.failed(3, "web exited 3")
		report := w.report()
		for name, want := range map[string]bool{"web": tt.web, "db": tt.db} {
			if got := strings.Contains(report, name+": "+loops); got != want {
				t.Errorf("%s: the loop of %s is told %v, want %v:\n%s", tt.script, name, got, want, report)
			}
		}
	}
}
