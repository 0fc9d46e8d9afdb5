package snapshot

import (
	"bufio"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"yinit/procfs"
	"yinit/procfs/cgroup"
	"yinit/procfs/host"
	"yinit/procfs/proctest"
	"yinit/procfs/verdict"
)

// TestKeptAgainstFresh checks that a Reader that has seen a process for long shows what
// one that reads everything shows: after each change of a real process, its rows agree,
// and they show the change.
func TestKeptAgainstFresh(t *testing.T) {
	cmd := exec.Command("sh", "-c", `trap 'trap "" TERM; echo' USR1; trap 'trap "echo" TERM; echo' USR2; trap 'exec sleep 1000' HUP; echo; while :; do sleep 1000 & wait $!; done`)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := cmd.StdoutPipe()
	proctest.Check(t, err)
	proctest.Check(t, cmd.Start())
	pid := cmd.Process.Pid
	defer cmd.Wait()
	defer func() { _ = syscall.Kill(-pid, syscall.SIGKILL) }() // The shell leaves a sleep behind for each signal.
	lines := bufio.NewReader(out)
	kept := NewReader(procfs.FS{}, Options{})
	defer kept.Close()
	_, err = lines.ReadString('\n')
	proctest.Check(t, err)
	for _, step := range []struct {
		name string
		sig  syscall.Signal
		want func(*Process) bool
	}{
		{"waits", 0, func(p *Process) bool { return p.State == procfs.StateSleeping && p.Term == verdict.OutcomeTerminate }},
		{"ignores TERM", syscall.SIGUSR1, func(p *Process) bool { return p.Term == verdict.OutcomeIgnore }},
		{"is stopped", syscall.SIGSTOP, func(p *Process) bool { return p.State == procfs.StateStopped && p.Term == verdict.OutcomeIgnore }},
		{"continues", syscall.SIGCONT, func(p *Process) bool { return p.State == procfs.StateSleeping && p.Term == verdict.OutcomeIgnore }},
		{"handles TERM", syscall.SIGUSR2, func(p *Process) bool { return p.Term == verdict.OutcomeHandler }},
		{"is another program", syscall.SIGHUP, func(p *Process) bool { return p.Comm == "sleep" && p.Term == verdict.OutcomeTerminate }},
		{"is a zombie", syscall.SIGKILL, func(p *Process) bool { return p.Dead() && p.Status.Signal() == 9 }},
	} {
		if step.sig != 0 {
			proctest.Check(t, syscall.Kill(pid, step.sig))
		}
		proctest.Eventually(t, step.name, func() bool {
			fresh := NewReader(procfs.FS{}, Options{})
			defer fresh.Close()
			p, q := rowOf(t, kept, pid), rowOf(t, fresh, pid)
			return step.want(&p) && p.State == q.State && p.Term == q.Term && p.Sigs == q.Sigs && p.PPID == q.PPID && p.Comm == q.Comm && p.RSS == q.RSS && p.Known == q.Known
		})
		for range statusRounds + 1 { // It sleeps, and nothing changes.
			if p := rowOf(t, kept, pid); !step.want(&p) {
				t.Fatalf("after %q the row is %+v", step.name, p)
			}
		}
	}
}

func rowOf(t *testing.T, r *Reader, pid int) Process {
	t.Helper()
	snap, err := r.Snapshot()
	proctest.Check(t, err)
	for _, p := range snap.Procs {
		if p.ID.PID == pid {
			return p
		}
	}
	t.Fatalf("there is no process %d", pid)
	return Process{}
}

// TestRelayIsFinal checks that a process is asked for its relay until some time after it
// has got its name, and again under another name.
func TestRelayIsFinal(t *testing.T) {
	tree := proctest.New(t)
	tree.Uptime(time.Hour)
	asked := map[int]int{}
	r := NewReader(tree.FS(), Options{Relay: func(pid int) verdict.Relay {
		asked[pid]++
		return nil
	}})
	defer r.Close()
	all := ^procfs.SignalSet(0)
	look := func(comm string, rounds int) {
		for i := range rounds {
			for pid := 1; pid <= 2; pid++ {
				tree.Process(proctest.Process{PID: pid, Comm: comm, Start: 1, UTime: procfs.Ticks(i), State: []procfs.State{'S', 'R'}[i%2], Sigs: procfs.Signals{Known: true, Caught: all}})
			}
			_, err := r.Snapshot()
			proctest.Check(t, err)
		}
	}
	look("web", 3*statusRounds)
	if asked[1] != 3*statusRounds || asked[2] != 6 { // after 0, 1, 2, 4, 8 and 16 rounds
		t.Errorf("PID 1 was asked %d times and another process %d times, want %d and 6", asked[1], asked[2], 3*statusRounds)
	}
	before := asked[2]
	look("yinit", 2)
	if asked[2] != before+2 {
		t.Errorf("after a new name the process was asked %d times, want 2", asked[2]-before)
	}
}

func TestKeepable(t *testing.T) {
	const gib = procfs.GiB
	for name, test := range map[string]struct {
		group cgroup.Usage
		total procfs.Bytes
		want  int
	}{
		"no limit":         {cgroup.Usage{}, 32 * gib, 20_000},
		"unknown":          {cgroup.Usage{}, 0, procfs.DefaultKeep},
		"a small machine":  {cgroup.Usage{}, gib, 15_252},
		"a small limit":    {cgroup.Usage{MemMax: 64 * procfs.MiB, Mem: 32 * procfs.MiB}, 32 * gib, 476},
		"a full container": {cgroup.Usage{MemMax: 64 * procfs.MiB, Mem: 64 * procfs.MiB}, 32 * gib, 100},
	} {
		if got := keepable(test.group, host.Machine{MemMax: test.total}); got != test.want {
			t.Errorf("%s: %d, want %d", name, got, test.want)
		}
	}
}
