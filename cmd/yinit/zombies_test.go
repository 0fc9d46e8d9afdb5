package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"yinit/initcore/history"
	"yinit/procfs"
	"yinit/procfs/proctest"
)

// morgue is a container with zombies of all kinds.
func morgue(t *testing.T) procfs.FS {
	tree := proctest.New(t)
	tree.Uptime(1000 * time.Second)
	zombie := func(pid, ppid int, comm string, status procfs.WaitStatus) proctest.Process {
		return proctest.Process{PID: pid, PPID: ppid, Comm: comm, State: procfs.StateZombie, ExitCode: status, Start: 87000}
	}
	debugged := zombie(60, 20, "traced", 0)
	debugged.Status = map[string]string{"TracerPid": "21"}
	half := zombie(70, 12, "half", 0)
	half.Threads = []proctest.Thread{{TID: 71, State: procfs.StateSleeping}}
	for _, p := range []proctest.Process{
		{PID: 1, Comm: "tini", Cmdline: []string{"tini", "--", "gunicorn"}},
		{PID: 12, PPID: 1, Comm: "gunicorn", Cmdline: []string{"gunicorn: \x1b[31mmaster", "[app:app]", strings.Repeat("long ", 20)}, UID: 7},
		{PID: 20, PPID: 1, Comm: "sh\n", State: procfs.StateStopped},
		{PID: 21, PPID: 1, Comm: "strace", Cmdline: []string{"strace"}, Sigs: procfs.Signals{Blocked: procfs.NewSignalSet(17)}},
		zombie(37, 12, "git", 1<<8), zombie(38, 12, "git\x1b[2J", 9), zombie(44, 12, "core", 0x8b),
		zombie(45, 12, strings.Repeat("\x01", 15), 0),
		zombie(50, 20, "a", 0), debugged, zombie(65, 0, "probe", 0), half, zombie(72, 70, "of-half", 5<<8),
	} {
		tree.Process(p)
	}
	for _, task := range []string{"12/task/12", "70/task/71"} {
		tree.File(task+"/wchan", "do_epoll_wait")
	}
	tree.Process(proctest.Process{PID: 80, PPID: 1, Comm: "secret", UID: 8})
	tree.Process(zombie(81, 80, "of-secret", 0))
	return tree.FS()
}

func culpritsOf(t *testing.T, fs procfs.FS) (*inquest, []*culprit) {
	t.Helper()
	q, err := newInquest(fs)
	if err != nil {
		t.Fatal(err)
	}
	culprits, err := q.hold()
	if err != nil {
		t.Fatal(err)
	}
	return q, culprits
}

func TestZombiesText(t *testing.T) {
	q, culprits := culpritsOf(t, morgue(t))
	var b bytes.Buffer
	out := bufio.NewWriter(&b)
	printZombies(out, q, culprits)
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
	q, culprits := culpritsOf(t, morgue(t))
	var b bytes.Buffer
	out := bufio.NewWriter(&b)
	printZombiesJSON(out, q, culprits)
	_ = out.Flush()
	first, _, _ := strings.Cut(b.String(), "\n")
	var got jsonCulprit
	if err := json.Unmarshal([]byte(first), &got); err != nil {
		t.Fatal(err)
	}
	uid := uint32(7)
	want := jsonCulprit{
		Culprit: jsonReaper{PID: 12, Comm: "gunicorn", Cmdline: "gunicorn: \x1b[31mmaster [app:app] " + strings.Repeat("long ", 20), State: "S", UID: &uid, CHLD: "default"},
		Cause:   "never-waits", Why: "it runs, and does not wait for its children", Advice: "make it wait; or end it: PID 1 then reaps them",
		Zombies: []jsonZombie{
			{PID: 37, Comm: "git", Start: 87000, AgeMS: 130_000, Known: true, Code: 1},
			{PID: 38, Comm: "git\x1b[2J", Start: 87000, AgeMS: 130_000, Known: true, Code: 137, Signal: "SIGKILL"},
			{PID: 44, Comm: "core", Start: 87000, AgeMS: 130_000, Known: true, Code: 139, Signal: "SIGSEGV", Core: true},
			{PID: 45, Comm: strings.Repeat("\x01", 15), Start: 87000, AgeMS: 130_000, Known: true},
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
	if n := countZombies(culprits); n != 9 {
		t.Errorf("countZombies = %d, want 9: one of which only the main thread ended is none", n)
	}
}

// TestZombieIsNoticed: where the kernel does not tell when a process ended, the
// init's record of it is better than nothing.
func TestZombieIsNoticed(t *testing.T) {
	now := time.Unix(1000, 0)
	id := procfs.ID{PID: 37, Start: 87000}
	got := noticed([]history.Record{
		{Kind: history.KindZombie, PID: id.PID, Start: id.Start, Time: now.Add(-50 * time.Second), ZombieFor: 10 * time.Second},
		{Kind: history.KindZombie, PID: id.PID, Start: id.Start, Time: now.Add(-time.Second)},
		{Kind: history.KindZombie, PID: 38, Time: now.Add(-time.Minute)}, // which one is not said
		{Kind: history.KindExit, PID: 39, Start: 1, Time: now.Add(-time.Minute)},
	}, now)
	if diff := cmp.Diff(map[procfs.ID]time.Duration{id: time.Minute}, got); diff != "" {
		t.Errorf("noticed, -want +got:\n%s", diff)
	}
	for z, want := range map[zombie]string{
		{dead: 90 * time.Second, sure: true}:                      "1m30s",
		{dead: 10 * time.Second, age: time.Hour}:                  "at least 10s",
		{age: 3*time.Hour + 5*time.Minute}:                        "at most 3h05m",
		{dead: 76 * time.Hour, sure: true}:                        "3d04h",
		{dead: 1500 * time.Millisecond, sure: true, age: 1 << 40}: "1.5s",
	} {
		if got := z.deadText(); got != want {
			t.Errorf("%+v: deadText() = %q, want %q", z, got, want)
		}
	}
}

// TestDeathClock kills a child and looks how long it has been dead.
func TestDeathClock(t *testing.T) {
	cmd := exec.Command("sleep", "100")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	before := time.Now()
	_ = cmd.Process.Kill()
	defer func() { _ = cmd.Wait() }() // It was killed, which is an error to Wait.
	var stat procfs.Stat
	for deadline := time.Now().Add(time.Minute); !stat.Zombie(); {
		var err error
		if stat, err = (procfs.FS{}).Stat(cmd.Process.Pid); err != nil || time.Now().After(deadline) {
			t.Fatalf("no zombie: %+v, %v", stat, err)
		}
	}
	clock := newDeathClock(procfs.FS{})
	got, ok := clock.since(stat)
	if _, err := (procfs.FS{}).LastRan(stat.PID); err != nil {
		t.Skipf("the kernel does not tell: %v", err)
	}
	const tolerance = 50 * time.Millisecond // the scheduler's clock goes by ticks
	if most := time.Since(before) + tolerance; !ok || got > most {
		t.Errorf("since = %v, %v, want at most %v", got, ok, most)
	}
	stat.State = procfs.StateSleeping
	if got, ok := clock.since(stat); ok {
		t.Errorf("since of a living process = %v", got)
	}
	if got, ok := newDeathClock(procfs.New(t.TempDir())).since(procfs.Stat{PID: 1, State: procfs.StateZombie}); ok {
		t.Errorf("since without a proc = %v", got)
	}
}
