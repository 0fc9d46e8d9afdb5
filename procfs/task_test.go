package procfs_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"

	"yinit/procfs"
	"yinit/procfs/proctest"
)

const (
	usr1  = int(syscall.SIGUSR1)
	usr2  = int(syscall.SIGUSR2)
	term  = int(syscall.SIGTERM)
	sigio = int(syscall.SIGIO)
)

// plainProgram runs a shell script that ends in "exec cat", and waits until cat runs.
// cat does not change its signal state.
func plainProgram(t *testing.T, script string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sh", "-c", "echo ready; "+script)
	cmd.Cancel = func() error { return nil } // Its stdin ends it.
	start(t, cmd, true)
	eventually(t, script, func() bool {
		comm, err := procfs.FS{}.Comm(cmd.Process.Pid)
		return err == nil && comm == "cat"
	})
	return cmd
}

func TestSignalsOfThreads(t *testing.T) {
	sigs := procfs.Signals{
		Known: true, SharedPending: procfs.NewSignalSet(1),
		Ignored: procfs.NewSignalSet(13), Caught: procfs.NewSignalSet(15),
	}
	set := procfs.NewSignalSet
	for name, test := range map[string]struct {
		threads          []proctest.Thread
		pending, blocked procfs.SignalSet
	}{
		"only the main one": {[]proctest.Thread{{TID: 7, Blocked: set(2, 15)}}, 0, set(2, 15)},
		"blocked by some": {
			[]proctest.Thread{{TID: 7, Blocked: set(2, 15), Pending: set(10)}, {TID: 8, Blocked: set(15, 12), Pending: set(64)}},
			set(10, 64), set(15),
		},
		"a dead main thread": {
			[]proctest.Thread{{TID: 7, State: procfs.StateZombie}, {TID: 8, Blocked: set(15)}, {TID: 9, Blocked: set(15, 1)}},
			0, set(15),
		},
		"all dead": {[]proctest.Thread{{TID: 7, State: procfs.StateZombie, Blocked: set(15)}}, 0, set(15)},
	} {
		t.Run(name, func(t *testing.T) {
			tree := proctest.New(t)
			tree.Process(proctest.Process{PID: 7, Sigs: sigs, Threads: test.threads})
			want := sigs
			want.Pending, want.Blocked = test.pending, test.blocked
			if got, err := tree.FS().Signals(7); err != nil || got != want {
				t.Errorf("Signals(7) = %+v, %v\nwant %+v", got, err, want)
			}
		})
	}
}

func TestSignalsUnknown(t *testing.T) {
	tree := proctest.New(t)
	tree.Process(proctest.Process{PID: 7, Status: proctest.NoSignals(), Threads: []proctest.Thread{{TID: 8}}})
	if got, err := tree.FS().Signals(7); err != nil || got != (procfs.Signals{}) {
		t.Errorf("Signals(7) without lines = %+v, %v, want unknown", got, err)
	}
}

func TestSignalsSkipsThreadsThatVanish(t *testing.T) {
	tree := proctest.New(t)
	blocked := procfs.NewSignalSet(15)
	tree.Process(proctest.Process{PID: 7, Sigs: procfs.Signals{Blocked: blocked}, Threads: []proctest.Thread{{TID: 8}}})
	vanish := func(tid int) {
		check(t, os.Remove(filepath.Join(tree.Root(), "7/task", strconv.Itoa(tid), "status")))
	}
	vanish(8)
	if got, err := tree.FS().Signals(7); err != nil || got.Blocked != blocked {
		t.Errorf("Signals(7) = %+v, %v, want only the thread that is left", got, err)
	}
	vanish(7)
	if got, err := tree.FS().Signals(7); !errors.Is(err, procfs.ErrGone) {
		t.Errorf("Signals(7) without threads = %+v, %v, want ErrGone", got, err)
	}
	if got, err := tree.FS().Signals(9); !errors.Is(err, procfs.ErrGone) {
		t.Errorf("Signals(9) = %+v, %v, want ErrGone", got, err)
	}
}

func TestSignalsDispositions(t *testing.T) {
	cmd := helper(t, "dispositions", true)
	sigs, err := procfs.FS{}.Signals(cmd.Process.Pid)
	check(t, err)
	for n, want := range map[int]procfs.Disposition{
		usr1: procfs.Ignored, usr2: procfs.Caught,
		int(syscall.SIGTSTP): procfs.Default, // which the Go runtime leaves alone unless asked
		int(syscall.SIGKILL): procfs.Default,
	} {
		if got := sigs.Disposition(n); got != want {
			t.Errorf("Disposition(%s) = %v, want %v", procfs.SignalName(n), got, want)
		}
	}
}

func TestSignalsIgnoredAcrossExec(t *testing.T) {
	cmd := plainProgram(t, `trap "" USR1; trap : USR2; exec cat`)
	sigs, err := procfs.FS{}.Signals(cmd.Process.Pid)
	check(t, err)
	for n, want := range map[int]procfs.Disposition{
		usr1: procfs.Ignored, usr2: procfs.Default, term: procfs.Default,
	} {
		if got := sigs.Disposition(n); got != want {
			t.Errorf("Disposition(%s) = %v, want %v", procfs.SignalName(n), got, want)
		}
	}
}

func TestSignalsBlockedByMainThreadOnly(t *testing.T) {
	pid := helper(t, "block in the main thread", true).Process.Pid
	status, err := procfs.FS{}.Status(pid)
	check(t, err)
	if !status.Sigs.Blocked.Has(usr2) {
		t.Errorf("Status: Blocked = %v, want SIGUSR2 in it", status.Sigs.Blocked)
	}
	sigs, err := procfs.FS{}.Signals(pid)
	if err != nil || sigs.Blocked.Has(usr2) || sigs.Blocked.Has(sigio) {
		t.Errorf("Signals: Blocked = %v, %v, want neither SIGUSR2 nor SIGIO", sigs.Blocked, err)
	}
}

func TestSignalsBlockedByAllThreads(t *testing.T) {
	cmd := helper(t, "block in all threads", true)
	check(t, cmd.Process.Signal(syscall.SIGUSR2))
	sigs, err := procfs.FS{}.Signals(cmd.Process.Pid)
	if err != nil || !sigs.Blocked.Has(usr2) || !sigs.Blocked.Has(sigio) || !sigs.SharedPending.Has(usr2) {
		t.Errorf("Signals = %+v, %v, want SIGUSR2 and SIGIO blocked, SIGUSR2 pending", sigs, err)
	}
}

func TestSignalsPendingWhileStopped(t *testing.T) {
	cmd := plainProgram(t, "exec cat")
	pid := cmd.Process.Pid
	check(t, cmd.Process.Signal(syscall.SIGSTOP))
	waitUntil(t, pid, syscall.WSTOPPED)
	check(t, cmd.Process.Signal(syscall.SIGTERM))
	sigs, err := procfs.FS{}.Signals(pid)
	if err != nil || sigs.SharedPending != procfs.NewSignalSet(term) {
		t.Errorf("Signals = %+v, %v, want SIGTERM pending", sigs, err)
	}
	stat, err := procfs.FS{}.Stat(pid)
	if err != nil || !stat.State.Stopped() {
		t.Errorf("Stat = state %v, %v, want stopped", stat.State, err)
	}
}

func TestEndedMainThreadIsNotZombie(t *testing.T) {
	pid := helper(t, "end the main thread", true).Process.Pid
	var stat procfs.Stat
	eventually(t, "the state of the main thread is Z", func() bool {
		var err error
		stat, err = procfs.FS{}.Stat(pid)
		return err != nil || stat.State.Zombie()
	})
	if stat.Zombie() || stat.Threads < 2 {
		t.Errorf("Stat = zombie %t with %d threads, want an ended main thread among others", stat.Zombie(), stat.Threads)
	}
	threads, err := procfs.FS{}.Threads(pid)
	if err != nil || !slices.Contains(threads, pid) || len(threads) < 2 {
		t.Errorf("Threads = %v, %v, want several with %d", threads, err, pid)
	}
	if sigs, err := (procfs.FS{}).Signals(pid); err != nil || !sigs.Known {
		t.Errorf("Signals = %+v, %v, want known", sigs, err)
	}
}
