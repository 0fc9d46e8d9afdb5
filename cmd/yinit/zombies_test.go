package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"yinit/initcore/history"
	"yinit/procfs"
	"yinit/procfs/cgroup"
	"yinit/procfs/doctor"
	"yinit/procfs/hint"
	"yinit/procfs/proctest"
	"yinit/procfs/snapshot"
	"yinit/procfs/zombie"
	"yinit/tui"
)

// zombieTree returns the processes of a container with zombies of all kinds.
func zombieTree(t *testing.T) procfs.FS {
	tree := proctest.New(t)
	tree.Uptime(1000 * time.Second)
	dead := func(pid, ppid int, comm string, status procfs.WaitStatus) proctest.Process {
		return proctest.Process{PID: pid, PPID: ppid, Comm: comm, State: procfs.StateZombie, ExitCode: status, Start: 87000}
	}
	debugged := dead(60, 20, "traced", 0)
	debugged.Status = map[string]string{"TracerPid": "21"}
	half := dead(70, 12, "half", 0)
	half.Threads = []proctest.Thread{{TID: 71, State: procfs.StateSleeping}}
	for _, p := range []proctest.Process{
		{PID: 1, Comm: "tini", Cmdline: []string{"tini", "--", "gunicorn"}},
		{PID: 12, PPID: 1, Comm: "gunicorn", Cmdline: []string{"gunicorn: \x1b[31mmaster", "[app:app]", strings.Repeat("long ", 20)}, UID: 7},
		{PID: 20, PPID: 1, Comm: "sh\n", State: procfs.StateStopped},
		{PID: 21, PPID: 1, Comm: "strace", Cmdline: []string{"strace"}, Sigs: procfs.Signals{Blocked: procfs.NewSignalSet(17)}},
		dead(37, 12, "git", 1<<8), dead(38, 12, "git\x1b[2J", 9), dead(44, 12, "core", 0x8b),
		dead(45, 12, strings.Repeat("\x01", 15), 0),
		dead(50, 20, "a", 0), debugged, dead(65, 0, "probe", 0), half, dead(72, 70, "of-half", 5<<8),
	} {
		tree.Process(p)
	}
	for _, task := range []string{"12/task/12", "70/task/71"} {
		tree.File(task+"/wchan", "do_epoll_wait")
	}
	tree.Process(proctest.Process{PID: 80, PPID: 1, Comm: "secret", UID: 8})
	tree.Process(dead(81, 80, "of-secret", 0))
	return tree.FS()
}

func found(t *testing.T, fs procfs.FS) *zombie.Report {
	t.Helper()
	r, err := findZombies(fs)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestZombiesText(t *testing.T) {
	r := found(t, zombieTree(t))
	var b bytes.Buffer
	out := bufio.NewWriter(&b)
	printZombies(out, r, cgroup.Usage{Pids: 28, PidsMax: 30}, hint.Place{})
	_ = out.Flush()
	want, err := os.ReadFile("testdata/zombies.golden")
	if os.Getenv("YINIT_UPDATE") != "" {
		err = os.WriteFile("testdata/zombies.golden", b.Bytes(), 0o644)
		want = b.Bytes()
	}
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Errorf("the text differs, -want +got; YINIT_UPDATE=1 writes it:\n%s", diff)
	}
	for line := range strings.Lines(b.String()) {
		if n := utf8.RuneCountInString(strings.TrimRight(line, "\n")); n > 80 || strings.ContainsAny(line, "\x1b\t") {
			t.Errorf("%d columns, or a control character: %q", n, line)
		}
	}
}

func TestZombiesJSON(t *testing.T) {
	r := found(t, zombieTree(t))
	var b bytes.Buffer
	out := bufio.NewWriter(&b)
	printZombiesJSON(out, r, hint.Place{})
	_ = out.Flush()
	first, _, _ := strings.Cut(b.String(), "\n")
	var got jsonCulprit
	if err := json.Unmarshal([]byte(first), &got); err != nil {
		t.Fatal(err)
	}
	uid := uint32(7)
	want := jsonCulprit{
		Culprit: jsonReaper{PID: 12, Comm: "gunicorn", Cmdline: "gunicorn: \x1b[31mmaster [app:app] " + strings.Repeat("long ", 20), State: "S", UID: &uid, CHLD: "default"},
		Cause:   "never-waits", Why: "it runs, but does not wait for its children", Advice: "make it wait; or end it: PID 1 then reaps its zombies",
		Zombies: []jsonZombie{
			{PID: 37, Comm: "git", Start: 87000, AgeMS: 130_000, Known: true, Code: 1, Origin: "unknown"},
			{PID: 38, Comm: "git\x1b[2J", Start: 87000, AgeMS: 130_000, Known: true, Code: 137, Signal: "SIGKILL", Origin: "unknown"},
			{PID: 44, Comm: "core", Start: 87000, AgeMS: 130_000, Known: true, Code: 139, Signal: "SIGSEGV", Core: true, Origin: "unknown"},
			{PID: 45, Comm: strings.Repeat("\x01", 15), Start: 87000, AgeMS: 130_000, Known: true, Origin: "unknown"},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the first culprit, -want +got:\n%s", diff)
	}
	causes := map[int][]string{}
	for line := range strings.Lines(b.String()) {
		var c jsonCulprit
		if err := json.Unmarshal([]byte(line), &c); err != nil {
			t.Fatal(err)
		}
		causes[c.Culprit.PID] = append(causes[c.Culprit.PID], c.Cause)
	}
	if diff := cmp.Diff(map[int][]string{
		12: {"never-waits"}, 20: {"parent-stopped"}, 21: {"debugged"}, 0: {"parent-outside"}, 70: {"never-waits", "threads-run"}, 80: {"unknown"},
	}, causes); diff != "" {
		t.Errorf("causes, -want +got:\n%s", diff)
	}
	if n := r.Count(); n != 9 {
		t.Errorf("Count = %d, want 9: one of which only the main thread ended is none", n)
	}
}

// TestZombiesOfAProgram: nobody is advised to end the container.
func TestZombiesOfAProgram(t *testing.T) {
	for name, tt := range map[string]struct {
		programs map[int]int
		policy   *doctor.Policy
		want     bool // of 12
	}{
		"a program":       {map[int]int{12: 15}, nil, true},
		"it is restarted": {map[int]int{12: 15}, &doctor.Policy{Stays: true}, false},
		"another process": {map[int]int{20: 15}, nil, false},
		"no child of 1":   {map[int]int{70: 15}, nil, false},
	} {
		r := found(t, zombieTree(t))
		markPrograms(r, tt.programs, tt.policy)
		for _, c := range r.Culprits {
			advice := c.Advice(r.Init)
			switch ends := strings.Contains(advice, "ending it ends the container"); {
			case c.Culprit == 12 && (ends != tt.want || strings.Contains(advice, "or end it") == tt.want), c.Culprit == 70 && ends:
				t.Errorf("%s: the advice for %d is %q", name, c.Culprit, advice)
			}
		}
	}
}

// TestZombieIsNoticed checks that the init's record of a zombie is used if the kernel does
// not show when the process ended.
func TestZombieIsNoticed(t *testing.T) {
	now := time.Unix(1000, 0)
	id := procfs.ID{PID: 37, Start: 87000}
	got := history.ZombiesFor([]history.Record{
		{Kind: history.KindZombie, PID: id.PID, Start: id.Start, Time: now.Add(-50 * time.Second), ZombieFor: 10 * time.Second},
		{Kind: history.KindZombie, PID: id.PID, Start: id.Start, Time: now.Add(-time.Second)},
		{Kind: history.KindZombie, PID: 38, Time: now.Add(-time.Minute)}, // without a start time, so it may be another process
		{Kind: history.KindExit, PID: 39, Start: 1, Time: now.Add(-time.Minute)},
	}, now)
	if diff := cmp.Diff(map[procfs.ID]time.Duration{id: time.Minute}, got); diff != "" {
		t.Errorf("ZombiesFor, -want +got:\n%s", diff)
	}
	for z, want := range map[zombie.Zombie]string{
		{Dead: 90 * time.Second, Exact: true}:                      "1m30s",
		{Dead: 10 * time.Second, Age: time.Hour}:                   "at least 10s",
		{Age: 3*time.Hour + 5*time.Minute}:                         "at most 3h05m",
		{Dead: 76 * time.Hour, Exact: true}:                        "3d04h",
		{Dead: 1500 * time.Millisecond, Exact: true, Age: 1 << 40}: "1.5s",
	} {
		if got := deadText(z); got != want {
			t.Errorf("%+v: deadText() = %q, want %q", z, got, want)
		}
	}
}

// TestTopAndZombiesBlameTheSame checks that top and zombies name the same culprit for each
// zombie, including one whose tracer must wait.
func TestTopAndZombiesBlameTheSame(t *testing.T) {
	fs := zombieTree(t)
	r := snapshot.NewReader(fs, snapshot.Options{})
	defer r.Close()
	snap, err := r.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	frame := tui.Frame(snap, tui.History{}, 250, 0, tui.Options{})
	for _, c := range found(t, fs).Culprits {
		for _, z := range c.Zombies {
			i := slices.IndexFunc(snap.Procs, func(p snapshot.Process) bool { return p.ID == z.Stat.ID() })
			if i < 0 || snap.Procs[i].Culprit != c.Culprit {
				t.Errorf("zombie %d: the row's culprit is not %d: %+v", z.Stat.PID, c.Culprit, snap.Procs)
				continue
			}
			want := fmt.Sprintf("not reaped by %d ", c.Culprit)
			if c.Culprit == 0 {
				want = "not reaped by its parent outside"
			}
			if c.Cause == zombie.CauseThreads {
				want = "main thread has ended"
			}
			row := regexp.MustCompile(fmt.Sprintf(`(?m)^ *%d .*$`, z.Stat.PID)).FindString(frame)
			if !strings.Contains(row, want) {
				t.Errorf("the row of zombie %d is %q, want %q as the command zombies has it", z.Stat.PID, row, want)
			}
		}
	}
}
