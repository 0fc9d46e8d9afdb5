package verdict_test

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"yinit/procfs"
	"yinit/procfs/proctest"
	"yinit/procfs/verdict"
)

var check = proctest.Check

// start starts cmd and waits until it reports that it is ready. It is ended and
// reaped after the test.
func start(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	stdin, err := cmd.StdinPipe()
	check(t, err)
	stdout, err := cmd.StdoutPipe()
	check(t, err)
	cmd.Stderr = os.Stderr
	check(t, cmd.Start())
	t.Cleanup(func() {
		_ = stdin.Close()
		_, _ = io.Copy(io.Discard, stdout)
		check(t, cmd.Wait())
	})
	if line, err := bufio.NewReader(stdout).ReadString('\n'); line != "ready\n" {
		t.Fatalf("%v printed %q, %v, want %q", cmd, line, err, "ready\n")
	}
}

// cat runs a program that is written in C.
func cat(t *testing.T) (pid int) {
	t.Helper()
	cmd := exec.Command("sh", "-c", "echo ready; exec cat")
	start(t, cmd)
	deadline := time.Now().Add(time.Minute)
	for comm := ""; comm != "cat"; {
		if time.Now().After(deadline) {
			t.Fatalf("it is %q after a minute, not cat", comm)
		}
		comm, _ = procfs.FS{}.Comm(cmd.Process.Pid)
	}
	return cmd.Process.Pid
}

func TestParseUIDMap(t *testing.T) {
	for text, want := range map[string]bool{
		"         0          0 4294967295\n": true, "0 0 4294967295": true, "0 1000 1\n": false, "": false,
		"0 0 4294967295\n1 1 1\n": false, "0 100000 4294967295\n": true, "1 0 4294967295\n": false,
	} {
		if got := verdict.ParseUIDMap([]byte(text)); got != want {
			t.Errorf("ParseUIDMap(%q) = %t, want %t", text, got, want)
		}
	}
}

// waiting is a fake process with the files of its threads.
func waiting(t *testing.T, files map[string]string) (*proctest.Tree, *verdict.Target) {
	t.Helper()
	tree := proctest.New(t)
	tree.Process(proctest.Process{PID: 7, Sigs: procfs.Signals{Known: true, Blocked: setOf(hup)}})
	for name, text := range files {
		tree.File("7/task/7/"+name, text)
	}
	tg, err := verdict.Read(tree.FS(), 7, verdict.Anyone())
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
		sigwait verdict.Answer
		read    bool
	}{
		"nothing to read":                    {nil, verdict.Unknown, false},
		"another wait":                       {map[string]string{"wchan": "pipe_read"}, verdict.No, false},
		"another wait, by the call":          {map[string]string{"wchan": "0", "syscall": "0 0x0 0x0 0x0 0x0 0x0 0x0 0x1 0x2\n"}, verdict.No, false},
		"running by now":                     {map[string]string{"wchan": "0", "syscall": "running\n"}, verdict.No, false},
		"sigwait":                            {map[string]string{"wchan": "do_sigtimedwait", "syscall": call, "mem": memory}, verdict.Yes, true},
		"sigwait, no memory":                 {map[string]string{"wchan": "do_sigtimedwait", "syscall": call}, verdict.Yes, false},
		"sigwait, memory cut off":            {map[string]string{"wchan": "do_sigtimedwait", "syscall": call, "mem": memory[:20]}, verdict.Yes, false},
		"sigwait, set overwritten":           {map[string]string{"wchan": "0", "syscall": call, "mem": strings.Repeat("\xff", 24)}, verdict.Yes, false},
		"sigwait, call not told":             {map[string]string{"wchan": "do_sigtimedwait"}, verdict.Yes, false},
		"sigwait, by the call alone":         {map[string]string{"syscall": call, "mem": memory}, verdict.Yes, true},
		"sigwait, 32 bits":                   {map[string]string{"syscall": "177 0x10 0x0 0x0 0x8 0x0 0x0 0x1 0x2\n", "mem": memory}, verdict.Yes, true},
		"sigwait, inlined by a compiler":     {map[string]string{"wchan": "__do_sys_rt_sigtimedwait.isra.0", "syscall": call, "mem": memory}, verdict.Yes, true},
		"woken between the two":              {map[string]string{"wchan": "do_sigtimedwait", "syscall": "running\n"}, verdict.No, false},
		"a kernel that names the scheduler":  {map[string]string{"wchan": "schedule_timeout"}, verdict.Unknown, false},
		"a pointer that is none":             {map[string]string{"syscall": strings.Replace(call, "0x10", "0xffffffffffffffff", 1), "mem": memory}, verdict.Yes, false},
		"a hostile file":                     {map[string]string{"wchan": "do_sigtimedwait", "syscall": "128 do_sig"}, verdict.Yes, false},
		"a kernel without names, by address": {map[string]string{"wchan": "ffffffff810a3b5c"}, verdict.Unknown, false},
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
	for name, want := range map[string]verdict.Freezer{"__refrigerator": verdict.Freezer1, "do_freezer_trap": verdict.Freezer2, "get_signal": verdict.Freezer2, "pipe_read": verdict.Unfrozen} {
		if _, tg := waiting(t, map[string]string{"wchan": name}); tg.Freezer != want {
			t.Errorf("wchan %s: %v, want %v", name, tg.Freezer, want)
		}
	}
	// Frozen where they sleep, or really uninterruptible.
	for name, want := range map[string]verdict.Freezer{"hrtimer_nanosleep": verdict.Freezer1, "futex_wait_queue": verdict.Freezer1, "folio_wait_bit_common": verdict.Unfrozen, "do_freezer_trap": verdict.Unfrozen} {
		tree := proctest.New(t)
		tree.Process(proctest.Process{PID: 7, State: procfs.StateDisk, Sigs: procfs.Signals{Known: true}})
		tree.File("7/task/7/wchan", name)
		if tg, err := verdict.Read(tree.FS(), 7, verdict.Anyone()); err != nil || tg.Freezer != want {
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
	tg, err := verdict.Read(tree.FS(), 7, verdict.Anyone())
	if err != nil || !tg.FDsRead || tg.SignalFDs != setOf(hup, term) {
		t.Errorf("Target: %+v, %v, want HUP and TERM to be read", tg, err)
	}
	tree.File("7/task/7/fdinfo/5", "pos:\t0\n")
	if tg, err := verdict.Read(tree.FS(), 7, verdict.Anyone()); err != nil || tg.FDsRead {
		t.Errorf("Target: %+v, %v, want the descriptors unknown: one has no sigmask", tg, err)
	}
}

func TestTargetOfOddProcesses(t *testing.T) {
	tree := proctest.New(t)
	tree.Process(proctest.Process{PID: 7, Status: proctest.NoSignals(), Threads: []proctest.Thread{{TID: 8}}})
	tree.Process(proctest.Process{PID: 9, State: procfs.StateZombie, ExitCode: 15})
	tree.Process(proctest.Process{PID: 10, State: procfs.StateZombie, Threads: []proctest.Thread{{TID: 10, Blocked: setOf(hup)}, {TID: 11, State: procfs.StateSleeping, Blocked: setOf(term)}}})
	fs := tree.FS()
	if tg, err := verdict.Read(fs, 7, verdict.Anyone()); err != nil || tg.Sigs.Known || len(tg.Tasks) != 2 {
		t.Errorf("Target without lines: %+v, %v, want signals unknown", tg, err)
	}
	if tg, err := verdict.Read(fs, 9, verdict.Anyone()); err != nil || !tg.Dead() || !tg.Complete() {
		t.Errorf("Target of a zombie: %+v, %v, want dead", tg, err)
	}
	if tg, err := verdict.Read(fs, 10, verdict.Anyone()); err != nil || tg.Dead() || tg.Sigs.Blocked != setOf(term) || len(tg.Tasks) != 1 {
		t.Errorf("Target whose main thread ended: %+v, %v, want the other one alive", tg, err)
	}
	if tg, err := verdict.Read(fs, 99, verdict.Anyone()); !errors.Is(err, procfs.ErrGone) {
		t.Errorf("Target of a missing process: %+v, %v, want ErrGone", tg, err)
	}
}

// TestLanguages examines real programs. This test binary is the Go program.
func TestLanguages(t *testing.T) {
	want := map[int]verdict.Language{os.Getpid(): verdict.Go}
	if python, err := exec.LookPath("python3"); err == nil {
		cmd := exec.Command(python, "-c", "import sys; print('ready', flush=True); sys.stdin.read()")
		start(t, cmd)
		want[cmd.Process.Pid] = verdict.Python
	} else {
		t.Log("left out: python3 is missing")
	}
	want[cat(t)] = verdict.NoLanguage
	for pid, want := range want {
		if tg, err := verdict.Read(procfs.FS{}, pid, verdict.Anyone()); err != nil || tg.Language != want {
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
		want verdict.Language
	}{
		7:  {"", procfs.Signals{Caught: all}, verdict.NoLanguage}, // no link: a kernel thread or the like
		8:  {"/nowhere/node", procfs.Signals{Caught: setOf(term)}, verdict.Node},
		9:  {"/nowhere/python3.13 (deleted)", procfs.Signals{Caught: setOf(intr)}, verdict.Python},
		10: {"/nowhere/python-config", procfs.Signals{Caught: setOf(intr)}, verdict.NoLanguage},
		11: {"/nowhere/java", procfs.Signals{}, verdict.NoLanguage}, // it catches nothing
		12: {"/dev/null", procfs.Signals{Caught: all}, verdict.NoLanguage},
	} {
		tree.Process(proctest.Process{PID: pid, Exe: test.exe, Sigs: test.sigs})
		if tg, err := verdict.Read(tree.FS(), pid, verdict.Anyone()); err != nil || tg.Language != test.want {
			t.Errorf("Target of %q: language %v, %v, want %v", test.exe, tg.Language, err, test.want)
		}
	}
}

func TestCaller(t *testing.T) {
	c, err := verdict.Self(procfs.FS{})
	if err != nil || c.PID != os.Getpid() || c.UID[procfs.Effective] != uint32(os.Geteuid()) || c.Depth < 1 {
		t.Errorf("Caller = %+v, %v, want this process", c, err)
	}
	tree := proctest.New(t)
	if c, err := verdict.Self(tree.FS()); err == nil {
		t.Errorf("Caller in a tree without self = %+v, want an error", c)
	}
}

// TestMayBy checks the rule of kill(2) for permissions.
func TestMayBy(t *testing.T) {
	const capKill = 1 << 5
	user := func(real, effective, saved uint32) [4]uint32 { return [4]uint32{real, effective, saved, effective} }
	for name, test := range map[string]struct {
		caller verdict.Caller
		uid    [4]uint32
		kin    verdict.NSRelation
		asked  verdict.Answer
		n      int
		want   verdict.Outcome
	}{
		"same user":                          {verdict.Caller{UID: user(1, 1, 1)}, user(1, 1, 1), 0, 0, term, verdict.OutcomeTerminate},
		"another":                            {verdict.Caller{UID: user(1, 1, 1)}, user(2, 2, 2), verdict.NSSame, 0, term, verdict.OutcomeDenied},
		"effective and saved":                {verdict.Caller{UID: user(1, 3, 1)}, user(2, 2, 3), verdict.NSSame, 0, term, verdict.OutcomeTerminate},
		"real and real":                      {verdict.Caller{UID: user(1, 3, 3)}, user(1, 0, 0), verdict.NSSame, 0, term, verdict.OutcomeTerminate},
		"effective of the target counts not": {verdict.Caller{UID: user(1, 1, 1)}, user(2, 1, 2), verdict.NSSame, 0, term, verdict.OutcomeDenied},
		"saved of the caller counts not":     {verdict.Caller{UID: user(1, 1, 2)}, user(2, 2, 2), verdict.NSSame, 0, term, verdict.OutcomeDenied},
		"CAP_KILL":                           {verdict.Caller{UID: user(1, 1, 1), CapEff: capKill}, user(2, 2, 2), verdict.NSSame, 0, term, verdict.OutcomeTerminate},
		"CAP_KILL, below":                    {verdict.Caller{UID: user(1, 1, 1), CapEff: capKill}, user(2, 2, 2), verdict.NSBelow, 0, term, verdict.OutcomeTerminate},
		"CAP_KILL, outside":                  {verdict.Caller{UID: user(1, 1, 1), CapEff: capKill}, user(2, 2, 2), verdict.NSOutside, 0, term, verdict.OutcomeDenied},
		"CAP_KILL, not told":                 {verdict.Caller{UID: user(1, 1, 1), CapEff: capKill}, user(2, 2, 2), verdict.NSDenied, 0, term, verdict.OutcomeUnknown},
		"no CAP_KILL, may not look":          {verdict.Caller{UID: user(1, 1, 1)}, user(2, 2, 2), verdict.NSDenied, 0, term, verdict.OutcomeDenied},
		"owner of the namespace":             {verdict.Caller{UID: user(1, 1, 1)}, user(2, 2, 2), verdict.NSOwned, 0, term, verdict.OutcomeTerminate},
		"the kernel was asked: no":           {verdict.Caller{UID: user(1, 1, 1)}, user(1, 1, 1), 0, verdict.No, term, verdict.OutcomeDenied},
		"the kernel was asked: yes":          {verdict.Caller{UID: user(1, 1, 1)}, user(2, 2, 2), 0, verdict.Yes, term, verdict.OutcomeTerminate},
		"overflow uid":                       {verdict.Caller{UID: user(65534, 65534, 65534)}, user(65534, 65534, 65534), verdict.NSSame, 0, term, verdict.OutcomeUnknown},
		"nobody":                             {verdict.Caller{UID: user(65534, 65534, 65534), AllIDs: true}, user(65534, 65534, 65534), verdict.NSSame, 0, term, verdict.OutcomeTerminate},
		"CONT, same session":                 {verdict.Caller{UID: user(1, 1, 1), Session: 7}, user(2, 2, 2), verdict.NSSame, verdict.No, cont, verdict.OutcomeDefaultIgnore},
		"CONT, another session":              {verdict.Caller{UID: user(1, 1, 1), Session: 8}, user(2, 2, 2), verdict.NSSame, verdict.No, cont, verdict.OutcomeDenied},
		"TERM, same session":                 {verdict.Caller{UID: user(1, 1, 1), Session: 7}, user(2, 2, 2), verdict.NSSame, verdict.No, term, verdict.OutcomeDenied},
		"itself, whatever it is":             {verdict.Caller{PID: 7, UID: user(1, 1, 1)}, user(2, 2, 2), verdict.NSSame, verdict.No, term, verdict.OutcomeTerminate},
		"nothing is known about either":      {verdict.Caller{}, user(2, 2, 2), 0, 0, term, verdict.OutcomeUnknown},
	} {
		tg := target(func(t *verdict.Target) { t.UID, t.UserNS, t.Permitted = test.uid, test.kin, test.asked })
		if got, why := verdict.Of(tg, test.n, test.caller); got != test.want {
			t.Errorf("%s: Verdict = %v, %q, want %v", name, got, why, test.want)
		}
	}
	outside := target(func(t *verdict.Target) { t.Session, t.UserNS = 0, verdict.NSSame })
	if got, why := verdict.Of(outside, cont, verdict.Caller{UID: user(1, 1, 1)}); got != verdict.OutcomeUnknown {
		t.Errorf("CONT, both sessions outside: Verdict = %v, %q, want unknown", got, why)
	}
}
