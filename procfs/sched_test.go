package procfs_test

import (
	"errors"
	"os"
	"runtime"
	"syscall"
	"testing"
	"time"

	"yinit/procfs"
	"yinit/procfs/proctest"
)

func TestParseLastRan(t *testing.T) {
	const rule = "-------------------------------------------------------------------\n"
	for text, want := range map[string]time.Duration{
		"cat (7025, #threads: 1)\n" + rule + "se.exec_start                                :        455655.213486\nse.vruntime : 1.000000\n": 455655213486,
		"x\nse.exec_start: (1, #threads: 1)\n" + rule + "se.exec_start : 1.000002\n":                                                         1000002,
		"x (1, #threads: 1)\n" + rule + "se.exec_start : 99999999999.000000\n":                                                               99999999999 * time.Millisecond,
	} {
		if got, err := procfs.ParseLastRan([]byte(text)); err != nil || got != want {
			t.Errorf("ParseLastRan(%q) = %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{
		"", "x (1, #threads: 1)\n", "se.exec_start : 1.000000\n", "x\nse.exec_start : 1.5\n", "x\nse.exec_start : -1.000000\n",
		"x\nse.exec_start : 18446744073709551615.000000\n", "x\nse.exec_start : 9223372036854.775808\n", "x\nse.exec_start :",
	} {
		if got, err := procfs.ParseLastRan([]byte(text)); !errors.Is(err, procfs.ErrFormat) || got != 0 {
			t.Errorf("ParseLastRan(%q) = %v, %v, want ErrFormat", text, got, err)
		}
	}
}

// TestLastRan checks that a child that has just ended ran before this process did.
func TestLastRan(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	pid := helper(t, "exit 7", false).Process.Pid
	waitUntil(t, pid, syscall.WEXITED)
	first, err := procfs.FS{}.LastRan(pid)
	if errors.Is(err, procfs.ErrGone) {
		t.Skip("the kernel has no /proc/[pid]/sched: it lacks CONFIG_SCHED_DEBUG")
	}
	check(t, err)
	if now, err := (procfs.FS{}).ThreadLastRan(os.Getpid(), syscall.Gettid()); err != nil || now <= 0 || first <= 0 {
		t.Errorf("it ran last at %v, and we at %v, %v", first, now, err)
	}
	if second, err := (procfs.FS{}).LastRan(pid); err != nil || second != first {
		t.Errorf("LastRan of a zombie = %v, then %v, %v", first, second, err)
	}
	tree := proctest.New(t)
	tree.Process(proctest.Process{PID: 1, Comm: "init", Files: map[string]string{"sched": "nonsense\n"}})
	if _, err := tree.FS().LastRan(1); !errors.Is(err, procfs.ErrFormat) {
		t.Errorf("LastRan of nonsense = %v, want ErrFormat", err)
	}
}

func FuzzParseLastRan(f *testing.F) {
	f.Add([]byte("cat (7025, #threads: 1)\n---\nse.exec_start   :   455655.213486\n"))
	f.Add([]byte("x\nse.exec_start : .000000\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := procfs.ParseLastRan(b)
		if d < 0 || err != nil && (!errors.Is(err, procfs.ErrFormat) || d != 0) {
			t.Errorf("ParseLastRan(%q) = %v, %v", b, d, err)
		}
	})
}
