package procfs_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"yinit/procfs"
	"yinit/procfs/proctest"
)

func TestParseSyscall(t *testing.T) {
	for text, want := range map[string]procfs.Syscall{
		"running\n": {Running: true},
		"running":   {Running: true},
		"128 0x7ffdd84d8a08 0x0 0x1 0x8 0x0 0x6 0x7ffdd84d89f8 0x4368e9\n": {Number: 128, Args: [6]uint64{0x7ffdd84d8a08, 0, 1, 8, 0, 6}},
		"-1 0x7ffdd84d89f8 0x4368e9\n":                                     {Number: -1},
		"0 0x0 0x0 0x0 0x0 0x0 0xffffffffffffffff 0x0 0x0\n":               {Args: [6]uint64{5: 1<<64 - 1}},
	} {
		if got, err := procfs.ParseSyscall([]byte(text)); err != nil || got != want {
			t.Errorf("ParseSyscall(%q) = %+v, %v, want %+v", text, got, err, want)
		}
	}
	for _, text := range []string{
		"", "\n", "128\n", "-1\n", "-1 0x1\n", "128 0x1 0x2 0x3 0x4 0x5 0x6 0x7\n", "128 1 2 3 4 5 6 7 8\n", "x 0x1 0x2\n",
		"128 0x7ffdd84d8a08 0x0 0x1 0x8 0x0 0x6 0x7ffdd84d89f8 0x43", "-1 0x1 0x2 0x3\n", "0 0x10000000000000000 0x0 0x0 0x0 0x0 0x0 0x0 0x0\n",
	} {
		if got, err := procfs.ParseSyscall([]byte(text)); !errors.Is(err, procfs.ErrFormat) {
			t.Errorf("ParseSyscall(%q) = %+v, %v, want ErrFormat", text, got, err)
		}
	}
}

func TestParseSignalFD(t *testing.T) {
	const head = "pos:\t0\nflags:\t02000002\nmnt_id:\t15\nino:\t1057\n"
	for text, want := range map[string]procfs.SignalSet{
		head + "sigmask:\t0000000000004a03\n":                 0x4a03,
		"sigmask:\tffffffffffffffff\n":                        ^procfs.SignalSet(0),
		head + "sigmask:\t00000000000000000000000000000001\n": 1, // mips
	} {
		if got, err := procfs.ParseSignalFD([]byte(text)); err != nil || got != want {
			t.Errorf("ParseSignalFD(%q) = %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", head, head + "sigmask:\t\n", head + "sigmask:\tx\n", head + "sigmask:\t0000000000004a0", "sigmask:\t1 2\n", "xsigmask:\t1\n"} {
		if got, err := procfs.ParseSignalFD([]byte(text)); !errors.Is(err, procfs.ErrFormat) {
			t.Errorf("ParseSignalFD(%q) = %v, %v, want ErrFormat", text, got, err)
		}
	}
}

func TestParseCoreLimit(t *testing.T) {
	const head = "Limit                     Soft Limit           Hard Limit           Units     \n"
	line := func(soft string) string {
		return head + fmt.Sprintf("Max core file size        %-20s unlimited            bytes     \n", soft)
	}
	for text, want := range map[string]procfs.Bytes{line("0"): 0, line("1048576"): procfs.MiB, line("unlimited"): procfs.Unlimited} {
		if got, err := procfs.ParseCoreLimit([]byte(text)); err != nil || got != want {
			t.Errorf("ParseCoreLimit(%q) = %d, %v, want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", head, line("-1"), line("x"), "Max core file size        12"} {
		if got, err := procfs.ParseCoreLimit([]byte(text)); !errors.Is(err, procfs.ErrFormat) {
			t.Errorf("ParseCoreLimit(%q) = %d, %v, want ErrFormat", text, got, err)
		}
	}
}

func TestParseSmallThings(t *testing.T) {
	for text, want := range map[string]string{"do_sigtimedwait": "do_sigtimedwait", "0": "", "": "", "ffffffff81": "", "0xffff\n": "", "pipe_read\n": "pipe_read"} {
		if got := procfs.ParseWchan([]byte(text)); got != want {
			t.Errorf("ParseWchan(%q) = %q, want %q", text, got, want)
		}
	}
	for text, want := range map[string]bool{"|/usr/bin/apport %p": true, "core": false, "": false, "/tmp/|": false} {
		if got := procfs.ParseCorePattern([]byte(text)); got != want {
			t.Errorf("ParseCorePattern(%q) = %t, want %t", text, got, want)
		}
	}
	for text, want := range map[string]bool{
		"         0          0 4294967295\n": true, "0 0 4294967295": true, "0 1000 1\n": false, "": false,
		"0 0 4294967295\n1 1 1\n": false, "0 100000 4294967295\n": true, "1 0 4294967295\n": false,
	} {
		if got := procfs.ParseUIDMap([]byte(text)); got != want {
			t.Errorf("ParseUIDMap(%q) = %t, want %t", text, got, want)
		}
	}
}

func FuzzParseSyscall(f *testing.F) {
	f.Add([]byte("128 0x7ffdd84d8a08 0x0 0x1 0x8 0x0 0x6 0x7ffdd84d89f8 0x4368e9\n"))
	f.Add([]byte("running\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if s, err := procfs.ParseSyscall(b); err != nil && s != (procfs.Syscall{}) {
			t.Errorf("ParseSyscall(%q) = %+v beside %v", b, s, err)
		}
	})
}

func FuzzParseSignalFD(f *testing.F) {
	f.Add([]byte("pos:\t0\nsigmask:\t0000000000004a03\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if s, err := procfs.ParseSignalFD(b); err != nil && !s.Empty() {
			t.Errorf("ParseSignalFD(%q) = %v beside %v", b, s, err)
		}
	})
}

func FuzzParseCoreLimit(f *testing.F) {
	f.Add([]byte("Max core file size        unlimited            unlimited            bytes     \n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if n, err := procfs.ParseCoreLimit(b); err != nil && n != 0 {
			t.Errorf("ParseCoreLimit(%q) = %d beside %v", b, n, err)
		}
	})
}

func FuzzParseWchan(f *testing.F) {
	f.Add([]byte("do_sigtimedwait"), []byte("|x"), []byte("0 0 4294967295"))
	f.Fuzz(func(_ *testing.T, wchan, pattern, ids []byte) {
		procfs.ParseWchan(wchan)
		procfs.ParseCorePattern(pattern)
		procfs.ParseUIDMap(ids)
	})
}

// waiting is a fake process with the files of its threads.
func waiting(t *testing.T, files map[string]string) (*proctest.Tree, *procfs.Target) {
	t.Helper()
	tree := proctest.New(t)
	tree.Process(proctest.Process{PID: 7, Sigs: procfs.Signals{Known: true, Blocked: setOf(hup)}})
	for name, text := range files {
		tree.File("7/task/7/"+name, text)
	}
	tg, err := tree.FS().Target(7, procfs.Anyone())
	check(t, err)
	return tree, tg
}

func TestSigwaitInFakeTrees(t *testing.T) {
	set := make([]byte, 8)
	binary.NativeEndian.PutUint64(set, uint64(setOf(term, intr)))
	call := fmt.Sprintf("%d 0x10 0x0 0x0 0x8 0x0 0x0 0x1 0x2\n", syscall.SYS_RT_SIGTIMEDWAIT)
	memory := strings.Repeat("\x00", 16) + string(set)
	for name, test := range map[string]struct {
		files   map[string]string
		sigwait procfs.Answer
		read    bool
	}{
		"nothing to read":                    {nil, procfs.Untold, false},
		"another wait":                       {map[string]string{"wchan": "pipe_read"}, procfs.No, false},
		"another wait, by the call":          {map[string]string{"wchan": "0", "syscall": "0 0x0 0x0 0x0 0x0 0x0 0x0 0x1 0x2\n"}, procfs.No, false},
		"running by now":                     {map[string]string{"wchan": "0", "syscall": "running\n"}, procfs.No, false},
		"sigwait":                            {map[string]string{"wchan": "do_sigtimedwait", "syscall": call, "mem": memory}, procfs.Yes, true},
		"sigwait, no memory":                 {map[string]string{"wchan": "do_sigtimedwait", "syscall": call}, procfs.Yes, false},
		"sigwait, memory cut off":            {map[string]string{"wchan": "do_sigtimedwait", "syscall": call, "mem": memory[:20]}, procfs.Yes, false},
		"sigwait, set overwritten":           {map[string]string{"wchan": "0", "syscall": call, "mem": strings.Repeat("\xff", 24)}, procfs.Yes, false},
		"sigwait, call not told":             {map[string]string{"wchan": "do_sigtimedwait"}, procfs.Yes, false},
		"sigwait, by the call alone":         {map[string]string{"syscall": call, "mem": memory}, procfs.Yes, true},
		"sigwait, 32 bits":                   {map[string]string{"syscall": "177 0x10 0x0 0x0 0x8 0x0 0x0 0x1 0x2\n", "mem": memory}, procfs.Yes, true},
		"sigwait, inlined by a compiler":     {map[string]string{"wchan": "__do_sys_rt_sigtimedwait.isra.0", "syscall": call, "mem": memory}, procfs.Yes, true},
		"woken between the two":              {map[string]string{"wchan": "do_sigtimedwait", "syscall": "running\n"}, procfs.No, false},
		"a kernel that names the scheduler":  {map[string]string{"wchan": "schedule_timeout"}, procfs.Untold, false},
		"a pointer that is none":             {map[string]string{"syscall": strings.Replace(call, "0x10", "0xffffffffffffffff", 1), "mem": memory}, procfs.Yes, false},
		"a hostile file":                     {map[string]string{"wchan": "do_sigtimedwait", "syscall": "128 do_sig"}, procfs.Yes, false},
		"a kernel without names, by address": {map[string]string{"wchan": "ffffffff810a3b5c"}, procfs.Untold, false},
	} {
		t.Run(name, func(t *testing.T) {
			_, tg := waiting(t, test.files)
			task := tg.Tasks[0]
			if task.Sigwait != test.sigwait || task.AwaitedRead != test.read || test.read && task.Awaited != setOf(term, intr) {
				t.Errorf("Target: %+v, want sigwait %v, read %t", task, test.sigwait, test.read)
			}
		})
	}
}

func TestFrozenInFakeTrees(t *testing.T) {
	for name, want := range map[string]procfs.Freezer{"__refrigerator": procfs.Freezer1, "do_freezer_trap": procfs.Freezer2, "get_signal": procfs.Freezer2, "pipe_read": procfs.Unfrozen} {
		if _, tg := waiting(t, map[string]string{"wchan": name}); tg.Freezer != want {
			t.Errorf("wchan %s: %v, want %v", name, tg.Freezer, want)
		}
	}
	// Frozen where they sleep, or truly not to be woken.
	for name, want := range map[string]procfs.Freezer{"hrtimer_nanosleep": procfs.Freezer1, "futex_wait_queue": procfs.Freezer1, "folio_wait_bit_common": procfs.Unfrozen, "do_freezer_trap": procfs.Unfrozen} {
		tree := proctest.New(t)
		tree.Process(proctest.Process{PID: 7, State: procfs.StateDisk, Sigs: procfs.Signals{Known: true}})
		tree.File("7/task/7/wchan", name)
		if tg, err := tree.FS().Target(7, procfs.Anyone()); err != nil || tg.Freezer != want {
			t.Errorf("state D in %s: %v, %v, want %v", name, tg.Freezer, err, want)
		}
	}
}

func TestSignalFDsInFakeTrees(t *testing.T) {
	tree, tg := waiting(t, nil)
	if tg.FDsRead {
		t.Error("without a folder fd the descriptors are known")
	}
	dir := filepath.Join(tree.Root(), "7/task/7/fd")
	check(t, os.Mkdir(dir, 0o755))
	for fd, link := range map[string]string{"0": "/dev/null", "3": "anon_inode:[signalfd]", "4": "anon_inode:[signalfd]", "5": "anon_inode:[signalfd]", "x": "anon_inode:[signalfd]"} {
		check(t, os.Symlink(link, filepath.Join(dir, fd)))
	}
	tree.File("7/task/7/fdinfo/3", "sigmask:\t0000000000004000\n")
	tree.File("7/task/7/fdinfo/4", "sigmask:\t0000000000000001\n") // 5 is gone by now
	tg, err := tree.FS().Target(7, procfs.Anyone())
	if err != nil || !tg.FDsRead || tg.SignalFDs != setOf(hup, term) {
		t.Errorf("Target: %+v, %v, want HUP and TERM to be read", tg, err)
	}
	tree.File("7/task/7/fdinfo/5", "pos:\t0\n")
	if tg, err := tree.FS().Target(7, procfs.Anyone()); err != nil || tg.FDsRead {
		t.Errorf("Target: %+v, %v, want the descriptors unknown: one has no sigmask", tg, err)
	}
}

func TestTargetOfOddProcesses(t *testing.T) {
	tree := proctest.New(t)
	tree.Process(proctest.Process{PID: 7, Status: proctest.NoSignals(), Threads: []proctest.Thread{{TID: 8}}})
	tree.Process(proctest.Process{PID: 9, State: procfs.StateZombie, ExitCode: 15})
	tree.Process(proctest.Process{PID: 10, Threads: []proctest.Thread{{TID: 10, State: procfs.StateZombie, Blocked: setOf(hup)}, {TID: 11, Blocked: setOf(term)}}})
	fs := tree.FS()
	if tg, err := fs.Target(7, procfs.Anyone()); err != nil || tg.Sigs.Known || len(tg.Tasks) != 2 {
		t.Errorf("Target without lines: %+v, %v, want signals unknown", tg, err)
	}
	if tg, err := fs.Target(9, procfs.Anyone()); err != nil || !tg.Dead() || !tg.Told() {
		t.Errorf("Target of a zombie: %+v, %v, want dead", tg, err)
	}
	if tg, err := fs.Target(10, procfs.Anyone()); err != nil || tg.Dead() || tg.Sigs.Blocked != setOf(term) || len(tg.Tasks) != 1 {
		t.Errorf("Target whose main thread ended: %+v, %v, want the other one alive", tg, err)
	}
	if tg, err := fs.Target(99, procfs.Anyone()); !errors.Is(err, procfs.ErrGone) {
		t.Errorf("Target of nobody: %+v, %v, want ErrGone", tg, err)
	}
}

// TestLanguages of real programs: this test is one in Go.
func TestLanguages(t *testing.T) {
	want := map[int]procfs.Language{os.Getpid(): procfs.Go}
	if python, err := exec.LookPath("python3"); err == nil {
		cmd := exec.CommandContext(t.Context(), python, "-c", "import sys; print('ready', flush=True); sys.stdin.read()")
		cmd.Cancel = func() error { return nil } // Its stdin ends it.
		start(t, cmd, true)
		want[cmd.Process.Pid] = procfs.Python
	} else {
		t.Log("left out: python3 is missing")
	}
	want[plainProgram(t, "exec cat").Process.Pid] = procfs.NoLanguage
	for pid, want := range want {
		if tg, err := (procfs.FS{}).Target(pid, procfs.Anyone()); err != nil || tg.Language != want {
			t.Errorf("Target of %q: language %v, %v, want %v", tg.Comm, tg.Language, err, want)
		}
	}
}

func TestLanguageWithoutTheExecutable(t *testing.T) {
	tree := proctest.New(t)
	const all = procfs.SignalSet(0xfffffffd7fc1feff)
	for pid, test := range map[int]struct {
		exe  string
		sigs procfs.Signals
		want procfs.Language
	}{
		7:  {"", procfs.Signals{Caught: all}, procfs.NoLanguage}, // no link: a kernel thread or the like
		8:  {"/nowhere/node", procfs.Signals{Caught: setOf(term)}, procfs.Node},
		9:  {"/nowhere/python3.13 (deleted)", procfs.Signals{Caught: setOf(intr)}, procfs.Python},
		10: {"/nowhere/python-config", procfs.Signals{Caught: setOf(intr)}, procfs.NoLanguage},
		11: {"/nowhere/java", procfs.Signals{}, procfs.NoLanguage}, // it catches nothing
		12: {"/dev/null", procfs.Signals{Caught: all}, procfs.NoLanguage},
	} {
		tree.Process(proctest.Process{PID: pid, Exe: test.exe, Sigs: test.sigs})
		if tg, err := tree.FS().Target(pid, procfs.Anyone()); err != nil || tg.Language != test.want {
			t.Errorf("Target of %q: language %v, %v, want %v", test.exe, tg.Language, err, test.want)
		}
	}
}

func TestOrphaned(t *testing.T) {
	stat := func(pid, ppid, pgrp, session int) procfs.Stat {
		return procfs.Stat{PID: pid, PPID: ppid, PGRP: pgrp, Session: session, State: 'S', Threads: 1}
	}
	init, shell := stat(1, 0, 1, 1), stat(5, 1, 5, 5)
	dead := stat(8, 5, 7, 5)
	dead.State = 'Z'
	const kthread = 0x00200000
	kthreadd := procfs.Stat{PID: 2, Flags: kthread, State: 'S', Threads: 1}
	for name, test := range map[string]struct {
		pgrp  int
		stats []procfs.Stat
		want  procfs.Answer
	}{
		"a job of a shell":                   {7, []procfs.Stat{init, shell, stat(7, 5, 7, 5)}, procfs.No},
		"its shell is gone":                  {7, []procfs.Stat{init, stat(7, 1, 7, 5)}, procfs.Yes},
		"one of two has a parent outside":    {7, []procfs.Stat{init, shell, stat(7, 1, 7, 5), stat(8, 5, 7, 5)}, procfs.No},
		"only a zombie has":                  {7, []procfs.Stat{init, shell, stat(7, 1, 7, 5), dead}, procfs.Yes},
		"a session of its own":               {5, []procfs.Stat{init, shell}, procfs.Yes},
		"the parent is of another session":   {7, []procfs.Stat{init, shell, stat(7, 5, 7, 7)}, procfs.Yes},
		"child of init, same session":        {7, []procfs.Stat{init, stat(7, 1, 7, 1)}, procfs.No},
		"the same on the host":               {7, []procfs.Stat{init, kthreadd, stat(7, 1, 7, 1)}, procfs.Yes},
		"from outside, session inside":       {7, []procfs.Stat{init, stat(7, 0, 7, 7)}, procfs.Yes},
		"from outside, session outside":      {7, []procfs.Stat{init, stat(7, 0, 7, 0)}, procfs.Untold},
		"both sessions outside":              {7, []procfs.Stat{stat(1, 0, 0, 0), stat(7, 1, 7, 0)}, procfs.Untold},
		"session 0 of the host":              {7, []procfs.Stat{stat(1, 0, 0, 0), kthreadd, stat(5, 1, 5, 0), stat(7, 5, 7, 0)}, procfs.No},
		"group 0 of the host":                {0, []procfs.Stat{stat(1, 0, 0, 0), kthreadd, stat(5, 1, 5, 0), stat(7, 5, 0, 0)}, procfs.No},
		"the parent is hidden":               {7, []procfs.Stat{init, stat(7, 6, 7, 5)}, procfs.Untold},
		"hidden, but another one is not":     {7, []procfs.Stat{init, shell, stat(7, 6, 7, 5), stat(8, 5, 7, 5)}, procfs.No},
		"init is hidden":                     {5, []procfs.Stat{stat(4, 1, 4, 4), stat(5, 4, 5, 5)}, procfs.Untold},
		"the leader of the group is outside": {0, []procfs.Stat{init, stat(7, 1, 0, 0)}, procfs.Untold},
		"nobody is in the group":             {9, []procfs.Stat{init}, procfs.Yes},
		"main thread ended, others keep it":  {7, []procfs.Stat{init, shell, {PID: 7, PPID: 5, PGRP: 7, Session: 5, State: 'Z', Threads: 2}}, procfs.No},
		"no process at all":                  {7, nil, procfs.Untold},
	} {
		if got := procfs.Orphaned(test.pgrp, test.stats); got != test.want {
			t.Errorf("%s: Orphaned = %v, want %v", name, got, test.want)
		}
	}
}

func TestCaller(t *testing.T) {
	c, err := procfs.FS{}.Caller()
	if err != nil || c.PID != os.Getpid() || c.UID[procfs.Effective] != uint32(os.Geteuid()) || c.Depth < 1 {
		t.Errorf("Caller = %+v, %v, want this process", c, err)
	}
	tree := proctest.New(t)
	if c, err := tree.FS().Caller(); err == nil {
		t.Errorf("Caller in a tree without self = %+v, want an error", c)
	}
}

// TestMayBy is the rule of kill(2).
func TestMayBy(t *testing.T) {
	const capKill = 1 << 5
	user := func(real, effective, saved uint32) [4]uint32 { return [4]uint32{real, effective, saved, effective} }
	for name, test := range map[string]struct {
		caller procfs.Caller
		uid    [4]uint32
		kin    procfs.Kinship
		asked  procfs.Answer
		n      int
		want   procfs.Outcome
	}{
		"same user":                          {procfs.Caller{UID: user(1, 1, 1)}, user(1, 1, 1), 0, 0, term, procfs.OutcomeTerminate},
		"another":                            {procfs.Caller{UID: user(1, 1, 1)}, user(2, 2, 2), procfs.KinSame, 0, term, procfs.OutcomeDenied},
		"effective and saved":                {procfs.Caller{UID: user(1, 3, 1)}, user(2, 2, 3), procfs.KinSame, 0, term, procfs.OutcomeTerminate},
		"real and real":                      {procfs.Caller{UID: user(1, 3, 3)}, user(1, 0, 0), procfs.KinSame, 0, term, procfs.OutcomeTerminate},
		"effective of the target counts not": {procfs.Caller{UID: user(1, 1, 1)}, user(2, 1, 2), procfs.KinSame, 0, term, procfs.OutcomeDenied},
		"saved of the caller counts not":     {procfs.Caller{UID: user(1, 1, 2)}, user(2, 2, 2), procfs.KinSame, 0, term, procfs.OutcomeDenied},
		"CAP_KILL":                           {procfs.Caller{UID: user(1, 1, 1), CapEff: capKill}, user(2, 2, 2), procfs.KinSame, 0, term, procfs.OutcomeTerminate},
		"CAP_KILL, below":                    {procfs.Caller{UID: user(1, 1, 1), CapEff: capKill}, user(2, 2, 2), procfs.KinBelow, 0, term, procfs.OutcomeTerminate},
		"CAP_KILL, outside":                  {procfs.Caller{UID: user(1, 1, 1), CapEff: capKill}, user(2, 2, 2), procfs.KinOutside, 0, term, procfs.OutcomeDenied},
		"CAP_KILL, not told":                 {procfs.Caller{UID: user(1, 1, 1), CapEff: capKill}, user(2, 2, 2), procfs.KinDenied, 0, term, procfs.OutcomeUnknown},
		"no CAP_KILL, may not look":          {procfs.Caller{UID: user(1, 1, 1)}, user(2, 2, 2), procfs.KinDenied, 0, term, procfs.OutcomeDenied},
		"owner of the namespace":             {procfs.Caller{UID: user(1, 1, 1)}, user(2, 2, 2), procfs.KinOwned, 0, term, procfs.OutcomeTerminate},
		"the kernel was asked: no":           {procfs.Caller{UID: user(1, 1, 1)}, user(1, 1, 1), 0, procfs.No, term, procfs.OutcomeDenied},
		"the kernel was asked: yes":          {procfs.Caller{UID: user(1, 1, 1)}, user(2, 2, 2), 0, procfs.Yes, term, procfs.OutcomeTerminate},
		"overflow uid":                       {procfs.Caller{UID: user(65534, 65534, 65534)}, user(65534, 65534, 65534), procfs.KinSame, 0, term, procfs.OutcomeUnknown},
		"nobody":                             {procfs.Caller{UID: user(65534, 65534, 65534), AllIDs: true}, user(65534, 65534, 65534), procfs.KinSame, 0, term, procfs.OutcomeTerminate},
		"CONT, same session":                 {procfs.Caller{UID: user(1, 1, 1), Session: 7}, user(2, 2, 2), procfs.KinSame, procfs.No, cont, procfs.OutcomeDefaultIgnore},
		"CONT, another session":              {procfs.Caller{UID: user(1, 1, 1), Session: 8}, user(2, 2, 2), procfs.KinSame, procfs.No, cont, procfs.OutcomeDenied},
		"TERM, same session":                 {procfs.Caller{UID: user(1, 1, 1), Session: 7}, user(2, 2, 2), procfs.KinSame, procfs.No, term, procfs.OutcomeDenied},
		"itself, whatever it is":             {procfs.Caller{PID: 7, UID: user(1, 1, 1)}, user(2, 2, 2), procfs.KinSame, procfs.No, term, procfs.OutcomeTerminate},
		"of nobody is anything known":        {procfs.Caller{}, user(2, 2, 2), 0, 0, term, procfs.OutcomeUnknown},
	} {
		tg := target(func(t *procfs.Target) { t.UID, t.UserNS, t.Permitted = test.uid, test.kin, test.asked })
		if got, why := procfs.Verdict(tg, test.n, test.caller); got != test.want {
			t.Errorf("%s: Verdict = %v, %q, want %v", name, got, why, test.want)
		}
	}
	outside := target(func(t *procfs.Target) { t.Session, t.UserNS = 0, procfs.KinSame })
	if got, why := procfs.Verdict(outside, cont, procfs.Caller{UID: user(1, 1, 1)}); got != procfs.OutcomeUnknown {
		t.Errorf("CONT, both sessions outside: Verdict = %v, %q, want unknown", got, why)
	}
}
