package tui

import (
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
	"github.com/google/go-cmp/cmp"

	"yinit/initcore/history"
	"yinit/procfs"
	"yinit/procfs/snapshot"
	"yinit/procfs/verdict"
	"yinit/procfs/zombie"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// noon is the time of the tests.
var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// user is a simulated user of the inspector. Input becomes messages, and View is what
// the user sees. Commands run at once, in order, without a clock.
type user struct {
	t    *testing.T
	m    Model
	src  *fakeSource
	sig  *fakeSignaller
	quit bool
}

func newUser(t *testing.T, width, height int, o Options) *user {
	t.Helper()
	return newUserOf(t, newFakeSource(), width, height, o)
}

// newUserOf is newUser with a source.
func newUserOf(t *testing.T, src *fakeSource, width, height int, o Options) *user {
	t.Helper()
	u := &user{t: t, src: src, sig: &fakeSignaller{}}
	u.m = New(u.src, u.sig, o)
	u.m.unarmed, u.m.doubleClick = 0, 0
	u.m.now = func() time.Time { return noon.Add(u.src.now) }
	u.m.tickAfter = func(time.Duration, int) tea.Cmd { return nil }
	u.send(tea.WindowSizeMsg{Width: width, Height: height})
	u.refresh()
	return u
}

func (u *user) send(msg tea.Msg) tea.Cmd {
	u.t.Helper()
	m, cmd := u.m.Update(msg)
	u.m = m.(Model)
	checkFrame(u.t, u.m)
	return cmd
}

// refresh delivers the result of a read. It skips the tick that would start the read,
// and answers the request for details.
func (u *user) refresh() {
	u.t.Helper()
	u.src.now += time.Second
	if inner, ok := u.m.src.(*fakeSource); ok {
		inner.now = u.src.now
	}
	u.send(read(u.m.src, u.m.fleet(), u.m.world.next, u.m.wants())())
	if u.m.detail.asked {
		u.send(inspect(u.m.src, u.m.detail.id)())
	}
}

// press presses keys: "a", "down", "ctrl+c".
func (u *user) press(keys ...string) *user {
	u.t.Helper()
	for _, key := range keys {
		u.run(u.send(keyPress(key)))
	}
	return u
}

// write types letters.
func (u *user) write(s string) *user {
	u.t.Helper()
	for _, r := range s {
		u.press(string(r))
	}
	return u
}

func (u *user) run(cmd tea.Cmd) {
	u.t.Helper()
	if cmd == nil {
		return
	}
	msg := cmd()
	if v := reflect.ValueOf(msg); v.Kind() == reflect.Slice { // tea.Batch, tea.Sequence
		for i := range v.Len() {
			u.run(v.Index(i).Interface().(tea.Cmd))
		}
		return
	}
	if _, ok := msg.(tea.QuitMsg); ok {
		u.quit = true
		return
	}
	if msg != nil {
		u.run(u.send(msg))
	}
}

// screen returns what is on the screen, without colours.
func (u *user) screen() string { return ansi.Strip(u.m.View().Content) }

func (u *user) sees(words ...string) {
	u.t.Helper()
	for _, s := range words {
		if !strings.Contains(u.screen(), s) {
			u.t.Errorf("the screen does not have %q:\n%s", s, u.screen())
		}
	}
}

func (u *user) seesNot(words ...string) {
	u.t.Helper()
	for _, s := range words {
		if strings.Contains(u.screen(), s) {
			u.t.Errorf("the screen has %q:\n%s", s, u.screen())
		}
	}
}

func (u *user) selected() int {
	u.t.Helper()
	p, _ := u.m.selected()
	return p.ID.PID
}

// choose selects the process with pid by moving through the rows.
func (u *user) choose(pid int) *user {
	u.t.Helper()
	u.press("home")
	for range len(u.m.world.procs) {
		if u.selected() == pid {
			return u
		}
		u.press("down")
	}
	u.t.Fatalf("there is no row with pid %d:\n%s", pid, u.screen())
	return u
}

var namedKeys = map[string]rune{
	"up": tea.KeyUp, "down": tea.KeyDown, "left": tea.KeyLeft, "right": tea.KeyRight,
	"pgup": tea.KeyPgUp, "pgdown": tea.KeyPgDown, "home": tea.KeyHome, "end": tea.KeyEnd,
	"enter": tea.KeyEnter, "esc": tea.KeyEscape, "tab": tea.KeyTab, "backspace": tea.KeyBackspace,
	"f1": tea.KeyF1, "f4": tea.KeyF4, "f9": tea.KeyF9, "f10": tea.KeyF10,
}

func keyPress(key string) tea.KeyPressMsg {
	if code, ok := namedKeys[key]; ok {
		return tea.KeyPressMsg{Code: code}
	}
	if rest, ok := strings.CutPrefix(key, "ctrl+"); ok {
		return tea.KeyPressMsg{Code: rune(rest[0]), Mod: tea.ModCtrl}
	}
	return tea.KeyPressMsg{Code: []rune(key)[0], Text: key}
}

// checkFrame fails the test if a frame is too big or has forbidden characters.
func checkFrame(t *testing.T, m Model) {
	t.Helper()
	checkText(t, m.View().Content, m.world.width, m.world.height)
}

func checkText(t *testing.T, frame string, width, height int) {
	t.Helper()
	if frame == "" {
		return
	}
	lines := strings.Split(frame, "\n")
	if len(lines) > height {
		t.Fatalf("a frame of height %d has %d lines:\n%s", height, len(lines), frame)
	}
	for _, line := range lines {
		if n := ansi.StringWidth(line); n > width {
			t.Fatalf("a frame of width %d has a line of width %d: %q", width, n, line)
		}
		if bad := forbidden(line); bad != "" {
			t.Fatalf("a line has %q: %q", bad, line)
		}
	}
}

// forbidden returns the first part of a line that is neither text nor an SGR sequence.
func forbidden(line string) string {
	for line != "" {
		if rest, ok := strings.CutPrefix(line, "\x1b["); ok {
			end := strings.IndexFunc(rest, func(r rune) bool { return r != ';' && (r < '0' || r > '9') })
			if end < 0 || rest[end] != 'm' {
				return line[:min(len(line), 8)]
			}
			line = rest[end+1:]
			continue
		}
		r, size := utf8.DecodeRuneInString(line)
		if r < ' ' || r == utf8.RuneError && size == 1 || !procfs.PrintableRune(r) {
			return line[:size]
		}
		line = line[size:]
	}
	return ""
}

// golden compares got with a file, ignoring trailing spaces.
func golden(t *testing.T, name, got string) {
	t.Helper()
	lines := strings.Split(got, "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	got = strings.Join(lines, "\n") + "\n"
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s, -want +got:\n%s", path, diff)
	}
}

// fakeSource is a container with the processes of the golden screens.
type fakeSource struct {
	now       time.Duration // since noon
	procs     []snapshot.Process
	host      snapshot.Host
	records   []history.Record
	fail      error
	noLog     error
	gone      bool
	resources *snapshot.Resources // of a process; nil: those of a worker
	closer    *verdict.Target     // the target in the details of a process
	caller    verdict.Caller
	uid       [4]uint32 // of all processes
	blind     int       // the process of which a snapshot tells less than the details

	report    *zombie.Report // instead of the usual one
	reportErr error
}

func (s *fakeSource) Snapshot() (snapshot.Snapshot, error) {
	if s.fail != nil {
		return snapshot.Snapshot{}, s.fail
	}
	procs := slices.Clone(s.procs)
	caller := s.caller
	if caller.PID == 0 {
		caller = verdict.Anyone()
	}
	for i := range procs {
		procs[i].Age += s.now
		procs[i] = judged(procs[i])
		t := procs[i].Target
		t.UID, t.UserNS = s.uid, verdict.NSSame
		if procs[i].ID.PID == s.blind {
			t.FDsRead = false
		}
		procs[i].Term, _ = verdict.Of(t, sigTERM, caller)
	}
	return snapshot.Snapshot{Time: noon.Add(s.now), Since: time.Second, Host: s.host, Procs: procs, Caller: caller}, nil
}

// judged returns p with what a source reads about its signals.
func judged(p snapshot.Process) snapshot.Process {
	p.Target = verdict.NewTarget(
		&procfs.Stat{PID: p.ID.PID, Start: p.ID.Start, State: p.State, Threads: p.Threads, PGRP: p.PGRP, Session: p.Session},
		&procfs.Status{Sigs: p.Sigs, NSpid: []int{p.ID.PID}})
	if len(p.Target.Tasks) == 0 && p.Threads > 1 {
		p.Target.Tasks = []verdict.Task{{TID: p.ID.PID + 1, Blocked: p.Sigs.Blocked}}
	}
	for i := range p.Target.Tasks {
		p.Target.Tasks[i].Sigwait = verdict.No
	}
	p.Target.Partial, p.Target.FDsRead, p.Target.Orphaned = false, true, verdict.No
	if p.ID.PID == 1 && p.Comm == "yinit" {
		p.Target.Relay = history.PlainRelay()
	}
	p.Term, _ = verdict.Of(p.Target, sigTERM, verdict.Anyone())
	return p
}

func (s *fakeSource) Details(id procfs.ID) (snapshot.Details, error) {
	if s.gone {
		return snapshot.Details{}, procfs.ErrGone
	}
	for _, p := range s.procs {
		if p.ID == id {
			return snapshot.Details{Sigs: p.Sigs, Target: s.closer, Cwd: "/srv/app", Exe: "/usr/bin/python3.13"}, nil
		}
	}
	return snapshot.Details{}, procfs.ErrGone
}

// Resources returns what a worker has that writes its output into a pipe.
func (s *fakeSource) Resources(id procfs.ID) (snapshot.Resources, error) {
	if s.gone {
		return snapshot.Resources{}, procfs.ErrGone
	}
	if s.resources != nil {
		return *s.resources, nil
	}
	return worker(id.PID), nil
}

func worker(pid int) snapshot.Resources {
	r := snapshot.Resources{
		Environ: []string{"PATH=/usr/bin:/bin", "DB_PASSWORD=geheim", "DATABASE_URL=postgres://app:geheim@db/app", "LANG=C.UTF-8", "API_TOKEN="},
		Limits: []procfs.ResourceLimit{
			{Name: "nofile", Soft: 1024, Hard: 524288},
			{Name: "nproc", Soft: uint64(procfs.Unlimited), Hard: uint64(procfs.Unlimited)},
			{Name: "core", Hard: uint64(procfs.Unlimited)},
			{Name: "stack", Soft: 8 << 20, Hard: uint64(procfs.Unlimited)},
			{Name: "sigpending", Soft: 127415, Hard: 127415},
		},
		Queued: 3, Queue: 127415,
		Cgroups:    []procfs.CgroupPath{{Path: "/"}},
		Namespaces: snapshot.Namespaces{Own: []string{"mnt"}, Same: []string{"cgroup", "ipc", "net", "pid", "user", "uts"}},
		Threads: []snapshot.Thread{
			{TID: pid, Name: "gunicorn", State: 'S', CPU: 71 * time.Second, Wchan: "do_epoll_wait"},
			{TID: pid + 1000, Name: "reaper", State: 'S', Wchan: "futex_wait_queue"},
			{TID: pid + 1001, Name: "disk", State: 'D', Wchan: "nfs_wait_bit_killable"},
		},
		ThreadsTotal: 70,
	}
	for fd, link := range []string{
		"/dev/pts/0", "pipe:[771]", "pipe:[772]", "socket:[9001]", "socket:[9002]", "anon_inode:[eventpoll]",
		"/srv/app/app.log (deleted)", "/srv/app/app.py", "anon_inode:[eventfd]",
	} {
		f := procfs.ParseFileLink(link)
		f.FD = fd
		r.Files.Open = append(r.Files.Open, f)
	}
	r.Files.Total = len(r.Files.Open)
	r.Files.Access = map[int]procfs.FileAccess{1: procfs.FileWrites, 2: procfs.FileWrites}
	r.Files.Listening = map[uint64]string{9001: "0.0.0.0:8080 tcp", 1: "10.0.0.1:22 tcp"}
	r.Holders.Of = map[string][]snapshot.Holder{
		"/dev/pts/0": {{PID: 4120, Comm: "sh", Access: 3}, {PID: 4125, Comm: "sleep", Access: 3}},
		"pipe:[771]": {{PID: 56, Comm: "gunicorn", Access: procfs.FileWrites}},
		"pipe:[772]": {{PID: 12, Comm: "gunicorn", Access: procfs.FileReads}},
	}
	return r
}

// Zombies returns a report in which every culprit has a handler that does not wait.
func (s *fakeSource) Zombies() (*zombie.Report, error) {
	if s.report != nil || s.reportErr != nil {
		return s.report, s.reportErr
	}
	r := &zombie.Report{Init: zombie.InitReaps}
	for _, p := range s.procs {
		if !p.Dead() {
			continue
		}
		i := slices.IndexFunc(r.Culprits, func(c *zombie.Culprit) bool { return c.Culprit == p.Culprit })
		if i < 0 {
			i = len(r.Culprits)
			c := &zombie.Culprit{Blame: zombie.Blame{Culprit: p.Culprit, Cause: zombie.CauseHandler, Origin: zombie.OriginChild}, Cmdline: "gunicorn app:app"}
			c.Reaper.Stat = procfs.Stat{PID: p.Culprit, Comm: "gunicorn"}
			r.Culprits = append(r.Culprits, c)
		}
		r.Culprits[i].Zombies = append(r.Culprits[i].Zombies, zombie.Zombie{
			Stat:  procfs.Stat{PID: p.ID.PID, Start: p.ID.Start, State: p.State, Comm: p.Comm, ExitCode: p.Status, PPID: p.PPID},
			Known: p.Known, Age: p.Age, Dead: p.Age, Origin: zombie.OriginChild,
		})
	}
	return r, s.fail
}

func (s *fakeSource) History(after uint64) (History, error) {
	h := History{Next: after, Since: "kept by yinit 0.1.0 since 09:56:00"}
	for _, r := range s.records {
		if r.Seq > after {
			h.Records = append(h.Records, r)
			h.Next = r.Seq
		}
	}
	return h, s.noLog
}

// end removes a process, with a record of its death.
func (s *fakeSource) end(pid int, status procfs.WaitStatus) {
	i := slices.IndexFunc(s.procs, func(p snapshot.Process) bool { return p.ID.PID == pid })
	p := s.procs[i]
	s.procs = slices.Delete(slices.Clone(s.procs), i, i+1)
	s.records = append(s.records, history.Record{
		Seq: uint64(len(s.records) + 1), Time: noon.Add(s.now), Kind: history.KindExit, PID: pid, Start: p.ID.Start,
		Comm: p.Comm, Cmdline: strings.Join(p.Cmdline, " "), PPID: p.PPID, Parent: "gunicorn", Known: true, Status: status,
		Runtime: 400 * time.Millisecond, Run: 1,
	})
}

const app = "app"

func proc(pid, ppid int, user, state, cmdline string, sigs procfs.Signals) snapshot.Process {
	words := strings.Fields(cmdline)
	comm := words[0]
	return snapshot.Process{
		ID: procfs.ID{PID: pid, Start: procfs.Ticks(1000 + pid)}, PPID: ppid, PGRP: 4, Session: 4, Threads: 1, State: procfs.State(state[0]),
		User: user, Comm: strings.TrimSuffix(comm[strings.LastIndexByte(comm, '/')+1:], ":"), Cmdline: words, Age: 12 * time.Minute, Sigs: sigs,
	}
}

func caught(n ...int) procfs.Signals {
	return procfs.Signals{Known: true, Caught: procfs.NewSignalSet(n...)}
}

func newFakeSource() *fakeSource {
	none := procfs.Signals{Known: true}
	ignores := procfs.Signals{Known: true, Ignored: procfs.NewSignalSet(1, 15), Caught: procfs.NewSignalSet(17)}
	s := &fakeSource{
		host: snapshot.Host{
			Name: "web-7f9c", Init: "yinit 0.1.0", Uptime: 76 * time.Hour, CPUs: 2,
			Pids: 45, PidsMax: 100, Mem: 212 * procfs.MiB, MemMax: 512 * procfs.MiB, CPU: 0.31, CPUMax: 1, Missed: 12,
		},
		procs: []snapshot.Process{
			proc(1, 0, "root", "S", "yinit -- gunicorn app:app", caught(1, 2, 3, 10, 12, 15, 17)),
			proc(12, 1, app, "S", "gunicorn: master [app:app]", caught(15, 17)),
			proc(37, 12, app, "Z", "git gc --auto", procfs.Signals{}),
			proc(38, 12, app, "Z", "git gc --auto", procfs.Signals{}),
			proc(44, 12, app, "Z", "git fetch", procfs.Signals{}),
			proc(55, 12, app, "S", "gunicorn: worker", ignores),
			proc(56, 12, app, "T", "gunicorn: worker", procfs.Signals{Known: true, Blocked: procfs.NewSignalSet(12)}),
			proc(4120, 0, "root", "S", "sh", caught(2)),
			proc(4125, 4120, "root", "R", "sleep 600", none),
		},
	}
	for i := range s.procs {
		p := &s.procs[i]
		if p.State.Zombie() {
			p.Culprit = p.PPID
		}
		switch p.ID.PID {
		case 1:
			p.RSS, p.Age = 3200*procfs.KiB, 76*time.Hour
		case 12:
			p.RSS, p.Age, p.CPU = 48*procfs.MiB, 76*time.Hour, 0.012
		case 37, 38:
			p.Known, p.Status, p.Cmdline, p.Age = true, 1<<8, nil, 2*time.Minute
		case 44:
			p.Cmdline, p.Age = nil, 31*time.Second
		case 55:
			p.RSS, p.CPU, p.CPUTime = 101*procfs.MiB, 0.098, 71*time.Second
		case 56:
			p.RSS = 99 * procfs.MiB
		default:
			p.RSS, p.Age = procfs.MiB, 4*time.Second
			p.Outside = p.PPID == 0
		}
	}
	return s
}

// fakeSignaller plays the kernel, as its fields say.
type fakeSignaller struct {
	held, closed int     // targets
	sent         []int   // signals
	to           [][]int // for each of them the pids
	holdErr      error
	sendErr      error
	errs         map[int]error // why single processes cannot be signalled
	outcomes     []Outcome     // one for each Watch; the last one repeats
	fates        map[int][]Outcome
	watches      int
}

func (s *fakeSignaller) Hold(ids []procfs.ID) (Target, []error) {
	s.held++
	return &fakeTarget{s: s, ids: ids}, slices.Repeat([]error{s.holdErr}, len(ids))
}

type fakeTarget struct {
	s      *fakeSignaller
	ids    []procfs.ID
	slices int // watches since the last signal
	closed bool
}

func (f *fakeTarget) Send(n int) []error {
	f.check()
	f.s.sent = append(f.s.sent, n)
	f.slices = 0
	var pids []int
	errs := make([]error, len(f.ids))
	for i, id := range f.ids {
		if errs[i] = f.s.sendErr; f.s.errs[id.PID] != nil {
			errs[i] = f.s.errs[id.PID]
		}
		if errs[i] == nil {
			pids = append(pids, id.PID)
		}
	}
	f.s.to = append(f.s.to, pids)
	return errs
}

func (f *fakeTarget) Watch(time.Duration) []Outcome {
	f.check()
	f.s.watches++
	f.slices++
	all := make([]Outcome, len(f.ids))
	for i, id := range f.ids {
		fate := f.s.outcomes
		if f.s.fates[id.PID] != nil {
			fate = f.s.fates[id.PID]
		}
		all[i] = fate[min(f.s.watches, len(fate))-1]
		if now := time.Duration(f.slices) * watchSlice; all[i].After == 0 || !all[i].Ended {
			all[i].After = max(all[i].After, now)
		}
	}
	return all
}

func (f *fakeTarget) Close() error {
	f.check()
	f.closed = true
	f.s.closed++
	return nil
}

func (f *fakeTarget) check() {
	if f.closed {
		panic("a target is used after Close")
	}
}

// TestStartAtMissing checks that --pid with a process that does not exist is reported
// until a key is pressed.
func TestStartAtMissing(t *testing.T) {
	const want = "no process 5555 here"
	u := newUser(t, 80, 24, Options{PID: 5555})
	u.sees(want)
	u.refresh()
	u.sees(want)
	if u.press("down"); strings.Contains(u.screen(), want) {
		t.Errorf("it still says %q", want)
	}
	if u = newUser(t, 80, 24, Options{PID: 55}); strings.Contains(u.screen(), "no process") {
		t.Errorf("process 55 is not there:\n%s", u.screen())
	}
}

func (u *user) size(width, height int) tea.WindowSizeMsg {
	return tea.WindowSizeMsg{Width: width, Height: height}
}
