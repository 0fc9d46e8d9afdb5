package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"yinit/procfs"
	"yinit/procfs/verdict"
)

// TestDockerSignals checks that root in a container, without CAP_SYS_PTRACE, can still
// inspect processes of other users, which another user may not even signal.
func TestDockerSignals(t *testing.T) {
	id := container(t, "-u", "1000", "--entrypoint", "/yinit", busyImage, "--", "sleep", "1000")
	sleep := docker(t, "exec", id, "pidof", "sleep")
	for _, test := range []struct{ user, caps, one, other string }{
		{"0", "", "PID 1 cannot be killed or stopped from inside", "it has no handler: the default action ends it"},
		{"1000", "", "PID 1 cannot be killed or stopped from inside", "it has no handler: the default action ends it"},
		{"2000", "", "uid 2000 may not signal uid 1000 without CAP_KILL", "uid 2000 may not signal uid 1000 without CAP_KILL"},
	} {
		for pid, want := range map[string]string{"1": test.one, sleep: test.other} {
			out := docker(t, "exec", "-u", test.user, id, "/yinit", "signals", pid)
			if !strings.Contains(out, want) || strings.Contains(out, "unknown") {
				t.Errorf("user %s, process %s: no %q in, or something unknown:\n%s", test.user, pid, want, out)
			}
		}
	}
	if out := docker(t, "exec", id, "/yinit", "signals"); !strings.Contains(out, "SHIELDED") || !strings.Contains(out, "terminate") {
		t.Errorf("the matrix:\n%s", out)
	}
}

// TestDockerPause checks what a frozen container does with signals. With cgroup v1 they
// stay pending, even KILL. With cgroup v2 a signal that ends a process ends it.
func TestDockerPause(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root may signal the processes of a container from outside")
	}
	for _, name := range []string{"TERM", "KILL", "USR1"} {
		id := container(t, "--entrypoint", "/yinit", busyImage, "--", "sh", "-c", "trap : USR1; sleep 1000 & while :; do wait; done")
		pid := hostPID(t, id, name)
		// The v1 freezer may fail while a process forks.
		eventually(t, "the container is paused", func() bool { return exec.Command("docker", "pause", id).Run() == nil })
		r, err := newTargets(procfs.FS{})
		if err != nil {
			t.Fatal(err)
		}
		target, err := r.Read(pid)
		if err != nil {
			t.Fatal(err)
		}
		n, _ := procfs.ParseSignal(name)
		outcome, why := verdict.Of(target, n, r.Caller)
		frozen := becameAfter(t, pid, n, verdict.OutcomePending)
		var agree bool
		switch {
		case outcome == verdict.OutcomePending:
			agree = frozen == "alive"
		case target.Freezer == verdict.Freezer2: // Dead processes stay zombies, because their parent is frozen too.
			agree = frozen == "killed by "+procfs.SignalName(n)
		}
		if !agree {
			t.Errorf("%s: the verdict is %v (%s), freezer %d; seen: %s", name, outcome, why, target.Freezer, frozen)
		}
		docker(t, "unpause", id)
		t.Logf("%s: %v (%s); seen: %s", name, outcome, why, frozen)
		if name == "USR1" {
			continue
		}
		eventually(t, name+" ends it after all", func() bool {
			stat, err := procfs.FS{}.Stat(pid)
			return err != nil || stat.ID() != target.ID || stat.Zombie()
		})
	}
}

// TestFrozenByVersion2 checks the cgroup v2 freezer, which needs no engine.
func TestFrozenByVersion2(t *testing.T) {
	group := newGroup(t)
	for _, test := range []struct {
		script, signal string
		want           verdict.Outcome
		seen           string
	}{
		{"echo ready; read x", "TERM", verdict.OutcomeTerminate, "killed by SIGTERM"},
		{"echo ready; read x", "KILL", verdict.OutcomeTerminate, "killed by SIGKILL"},
		{"trap : USR1; echo ready; while :; do read x; done", "USR1", verdict.OutcomePending, "alive"},
		{"echo ready; read x", "STOP", verdict.OutcomePending, "alive"},
		{"echo ready; read x", "QUIT", verdict.OutcomePending, "alive"},
		{"trap '' HUP; echo ready; read x", "HUP", verdict.OutcomeIgnore, "alive"},
	} {
		pid := startProgram(t, []string{"sh", "-c", test.script}, "")
		freeze(t, group, pid)
		r, err := newTargets(procfs.FS{})
		if err != nil {
			t.Fatal(err)
		}
		target, err := r.Read(pid)
		if err != nil {
			t.Fatal(err)
		}
		n, _ := procfs.ParseSignal(test.signal)
		outcome, why := verdict.Of(target, n, r.Caller)
		seen := becameAfter(t, pid, n, outcome)
		if outcome != test.want || seen != test.seen || target.Freezer != verdict.Freezer2 {
			t.Errorf("%s, freezer %d: the verdict is %v (%s), want %v; seen: %s, want %s", test.signal, target.Freezer, outcome, why, test.want, seen, test.seen)
		}
		if err := os.WriteFile(group+"/cgroup.freeze", []byte("0"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// newGroup creates a v2 cgroup and removes it after the test.
func newGroup(t *testing.T) string {
	t.Helper()
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(mounts)) {
		f := strings.Fields(line)
		if len(f) < 3 || f[2] != "cgroup2" {
			continue
		}
		dir, err := os.MkdirTemp(f[1], "yinit-test")
		if err != nil {
			continue
		}
		t.Cleanup(func() { // after the processes in it
			eventually(t, "nobody is left in the control group", func() bool { return os.Remove(dir) == nil })
		})
		if _, err := os.Stat(dir + "/cgroup.freeze"); err == nil {
			return dir
		}
	}
	t.Skip("no control group of version 2 can be made here, or it cannot freeze")
	return ""
}

func freeze(t *testing.T, group string, pid int) {
	t.Helper()
	// In this order, because an empty cgroup would report at once that it is frozen.
	for _, order := range [][2]string{{"/cgroup.procs", strconv.Itoa(pid)}, {"/cgroup.freeze", "1"}} {
		if err := os.WriteFile(group+order[0], []byte(order[1]), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "the control group is frozen", func() bool {
		b, err := os.ReadFile(group + "/cgroup.events")
		return err == nil && strings.Contains(string(b), "frozen 1")
	})
}

// becameAfter sends the signal and returns its effect.
func becameAfter(t *testing.T, pid, n int, o verdict.Outcome) string {
	t.Helper()
	if err := unix.Kill(pid, unix.Signal(n)); err != nil {
		t.Fatal(err)
	}
	return becameOf(t, pid, o)
}

// hostPID returns the pid, outside the container, of the shell or of its sleep.
func hostPID(t *testing.T, id, name string) int {
	t.Helper()
	want := "sleep"
	if name == "USR1" {
		want = "sh"
	}
	var pid int
	eventually(t, want+" runs in the container", func() bool {
		out, _ := exec.Command("docker", "top", id, "-eo", "pid,comm").Output()
		for line := range strings.Lines(string(out)) {
			if f := strings.Fields(line); len(f) == 2 && filepath.Base(f[1]) == want {
				pid, _ = strconv.Atoi(f[0])
			}
		}
		return pid != 0
	})
	return pid
}
