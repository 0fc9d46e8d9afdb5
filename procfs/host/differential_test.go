package host

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/shirou/gopsutil/v3/process"

	"yinit/procfs"
)

// facts has what two readers of /proc ought to agree on.
type facts struct {
	PPID      int
	State     string
	User, Sys float64 // seconds
	RSS       uint64
	Threads   int
	UID       uint32
	Args      string
}

// TestAgainstGopsutil reads all processes of the machine with procfs and with
// gopsutil, which is widely used. Processes change between the two reads, so
// differing processes are read again.
func TestAgainstGopsutil(t *testing.T) {
	odd := oddProcesses(t)
	scanner := procfs.NewScanner(procfs.FS{})
	scanner.Keep(procfs.DefaultKeep)
	defer scanner.Close()
	stats, err := scanner.Scan(nil)
	if err != nil {
		t.Fatal(err)
	}
	compared := map[int]bool{}
	for _, stat := range stats {
		switch err := compare(scanner, stat.PID); {
		case errors.Is(err, procfs.ErrGone), errors.Is(err, fs.ErrPermission):
		case err != nil:
			t.Errorf("%d %q: %v", stat.PID, stat.Comm, err)
			fallthrough
		default:
			compared[stat.PID] = true
		}
	}
	for name, pid := range odd {
		if !compared[pid] {
			t.Errorf("%s (%d) was not compared", name, pid)
		}
	}
	if len(compared) <= len(odd) {
		t.Errorf("only %d processes were compared", len(compared))
	}
}

// compare reads one process until both agree, or for 20 s.
func compare(s *procfs.Scanner, pid int) error {
	for deadline := time.Now().Add(20 * time.Second); ; {
		ours, err1 := readOurs(s, pid)
		theirs, err2 := readTheirs(pid)
		err := errors.Join(err1, err2)
		if _, gone := (procfs.FS{}).Stat(pid); gone != nil {
			return gone
		}
		if err == nil && ours == theirs {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("procfs %+v, gopsutil %+v, %v", ours, theirs, err)
		}
	}
}

func readOurs(s *procfs.Scanner, pid int) (facts, error) {
	var stat procfs.Stat
	if err := s.Stat(pid, &stat); err != nil {
		return facts{}, err
	}
	var status procfs.Status
	if err := s.Status(pid, &status); err != nil {
		return facts{}, err
	}
	args, err := procfs.FS{}.Cmdline(pid)
	if err != nil {
		return facts{}, err
	}
	// Since Linux 6.2 each CPU keeps a part of the counters, one batch at most, and
	// stat leaves these parts out; since 6.16 status and statm include them.
	const counters, least = 3, 32
	batches := counters * runtime.NumCPU() * max(least, 2*runtime.NumCPU())
	inexact := int(stat.RSS) - int(status.RSS/procfs.Bytes(os.Getpagesize()))
	if max(inexact, -inexact) > batches {
		return facts{}, fmt.Errorf("RSS is %d pages in stat and %s in status", stat.RSS, status.RSS)
	}
	seconds := func(t procfs.Ticks) float64 { return math.Round(t.Duration().Seconds()*100) / 100 }
	return facts{
		PPID: stat.PPID, State: gopsutilState(stat.State), User: seconds(stat.UTime), Sys: seconds(stat.STime),
		RSS: uint64(status.RSS), Threads: stat.Threads, UID: status.UID[procfs.Effective], Args: words(args),
	}, nil
}

func readTheirs(pid int) (facts, error) {
	p := &process.Process{Pid: int32(pid)}
	ppid, err1 := p.Ppid()
	state, err2 := p.Status()
	times, err3 := p.Times()
	memory, err4 := p.MemoryInfo()
	threads, err5 := p.NumThreads()
	uids, err6 := p.Uids()
	args, err7 := p.CmdlineSlice()
	if err := errors.Join(err1, err2, err3, err4, err5, err6, err7); err != nil {
		return facts{}, err
	}
	round := func(s float64) float64 { return math.Round(s*100) / 100 }
	return facts{
		PPID: int(ppid), State: state[0], User: round(times.User), Sys: round(times.System),
		RSS: memory.RSS, Threads: int(threads), UID: uint32(uids[1]), Args: words(args),
	}, nil
}

// gopsutilState returns gopsutil's word for the state. It has no word for X and P, and
// the same word for T and t.
func gopsutilState(s procfs.State) string {
	switch s {
	case procfs.StateRunning:
		return process.Running
	case procfs.StateSleeping:
		return process.Sleep
	case procfs.StateDisk:
		return process.Blocked
	case procfs.StateStopped, procfs.StateTraced:
		return process.Stop
	case procfs.StateZombie:
		return process.Zombie
	case procfs.StateIdle:
		return process.Idle
	default:
		return process.UnknownState
	}
}

// words joins a command line without trailing empty words: gopsutil drops all of
// them, procfs those that fill the space after a title.
func words(args []string) string {
	for len(args) > 0 && args[len(args)-1] == "" {
		args = args[:len(args)-1]
	}
	return fmt.Sprintf("%q", slices.Concat([]string{}, args))
}

// oddProcesses starts processes that readers of /proc often misread.
func oddProcesses(t *testing.T) map[string]int {
	t.Helper()
	hostile := filepath.Join(t.TempDir(), "a) S 2 (\n\x1b[2J")
	sleep, err := exec.LookPath("sleep")
	if err == nil {
		err = os.Symlink(sleep, hostile)
	}
	if err != nil {
		t.Fatal(err)
	}
	odd := map[string]int{}
	for name, args := range map[string][]string{
		"a hostile name":      {hostile, "sleep", "100"},
		"empty arguments":     {"/bin/sh", "sh", "-c", "sleep 100; :", "", "a b", "", ""},
		"a newline":           {"/bin/sh", "sh", "-c", "sleep 100\n:", "\n\x00"[:1]},
		"a stopped process":   {sleep, "sleep", "100"},
		"a zombie":            {sleep, "sleep", "100"},
		"one that does a lot": {"/bin/sh", "sh", "-c", "while :; do :; done"},
	} {
		ctx, cancel := context.WithCancel(context.Background())
		cmd := exec.CommandContext(ctx, args[0])
		cmd.Args = args[1:]
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		pid := cmd.Process.Pid
		t.Cleanup(func() {
			_ = syscall.Kill(-pid, syscall.SIGKILL) // the shell's children, too
			cancel()
			_ = cmd.Wait() // It was killed, which is an error to Wait.
		})
		odd[name] = pid
	}
	stop(t, odd["a stopped process"], syscall.SIGSTOP, procfs.StateStopped)
	stop(t, odd["a zombie"], syscall.SIGKILL, procfs.StateZombie)
	return odd
}

// stop sends a signal and waits for the state that it causes.
func stop(t *testing.T, pid int, sig syscall.Signal, want procfs.State) {
	t.Helper()
	if err := syscall.Kill(pid, sig); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(time.Minute); ; {
		stat, err := procfs.FS{}.Stat(pid)
		if err != nil || time.Now().After(deadline) {
			t.Fatalf("%d is %v, %v, want %v", pid, stat.State, err, want)
		}
		if stat.State == want {
			return
		}
	}
}
