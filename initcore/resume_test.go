package initcore

import (
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"yinit/procfs"
)

// TestOnlyStoppedAreContinued: SIGCONT follows a stop signal only where a process is
// stopped, at that moment or a little later.
func TestOnlyStoppedAreContinued(t *testing.T) {
	group := func(c *Config) { c.Group = true }
	rewrite := func(c *Config) { c.Rewrite[unix.SIGUSR1] = int8(unix.SIGTERM) }
	delay := func(c *Config) { c.Delay = 5 * time.Second }
	for _, tt := range []struct {
		name, script string
		cfg          Config
		did          string
	}{
		{"running", "start; TERM; 1h", one(), "start app, TERM app"},
		{"stopped", "start; halt app; TERM; 1h", one(), "start app, TERM app, CONT app"},
		{"stops after the signal", "start; TERM; 10ms; halt app; 1h", one(), "start app, TERM app, CONT app"},
		{"stops a second time", "start; halt app; TERM; halt app; 500ms; halt app; 1h", one(), "start app, TERM app, CONT app, CONT app, CONT app"},
		{"stops much later", "start; TERM; 6s; halt app; 1h", one(), "start app, TERM app"},
		{"a second TERM finds it", "start; TERM; 6s; halt app; 1h; TERM", one(), "start app, TERM app, TERM app, CONT app"},
		{"another signal", "start; halt app; HUP; INT; 1h", one(), "start app, HUP app, INT app"},
		{"rewritten to TERM", "start; halt app; USR1; 1h", one(rewrite), "start app, TERM app, CONT app"},
		{"during the delay", "start; halt app; TERM; 4s", one(delay), "start app"},
		{"after the delay", "start; halt app; TERM; 6s", one(delay), "start app, TERM app, CONT app"},
		{"a member of the group", "start; halt group of app; TERM; 1h", one(group), "start app, TERM group of app, CONT stopped in group of app"},
		{"it stopped and the kernel said so", "start; app stops by STOP; TERM; app stops by CONT; 1h", one(), "start app, suspend, TERM app, CONT app"},
		{"Ctrl-Z right after TERM", "start; TERM; app stops by TSTP; 15ms; halt app; 20ms", one(), "start app, TERM app, CONT app"},
		{"one of two", "start; halt a; TERM; 1s", several("a b:QUIT"), "start a, start b, QUIT b, TERM a, CONT a"},
		{"ended meanwhile", "start; halt a; TERM; a dies of TERM; 1s", several("a b"), "start a, start b, TERM b, TERM a, CONT a"},
		{"leftovers run", "left nc; start; app exits 0; 1s", one(), "start app, TERM all"},
		{"leftovers are stopped", "left nc; halt leftovers; start; app exits 0; 1s", one(), "start app, TERM all, CONT stopped leftovers"},
		{"a leftover stops after the signal", "left nc; start; app exits 0; 100ms; halt leftovers; 1s", one(), "start app, TERM all, CONT stopped leftovers"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, tt.cfg).play(tt.script)
			w.want(-1, strings.Split(tt.did, ", ")...)
		})
	}
}

// TestContinueStopped: the kernel finds the stopped members of a group and no others.
func TestContinueStopped(t *testing.T) {
	k := &kernel{pid: 1, scanner: procfs.NewScanner(procfs.FS{})}
	start := func(group int) *exec.Cmd {
		cmd := exec.Command("sleep", "1000")
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pgid: group}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
		return cmd
	}
	leader := start(0)
	member, stranger := start(leader.Process.Pid), start(0)
	stop := func(cmd *exec.Cmd) {
		if err := unix.Kill(cmd.Process.Pid, unix.SIGSTOP); err != nil {
			t.Fatal(err)
		}
		await(t, "a stopped process", func() bool { return k.stopped(cmd.Process.Pid) })
	}
	if k.stopped(leader.Process.Pid) {
		t.Errorf("stopped = true for a process that sleeps")
	}
	stop(member)
	stop(stranger)
	k.continueGroup(leader.Process.Pid)
	await(t, "a member that runs again", func() bool { return !k.stopped(member.Process.Pid) })
	if !k.stopped(stranger.Process.Pid) {
		t.Errorf("a process outside the group was continued")
	}
	// waitid(2) reports a stop once; then only /proc knows.
	var info childInfo
	if err := waitid(unix.P_PID, stranger.Process.Pid, &info, unix.WSTOPPED|unix.WNOHANG, nil); err != nil {
		t.Fatal(err)
	}
	if !k.stopped(stranger.Process.Pid) {
		t.Errorf("stopped = false after the stop was reported")
	}
}

// await waits for a condition, for ten seconds.
func await(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !is(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}
