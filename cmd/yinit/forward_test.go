package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// underYinit starts a program under yinit and waits until it is ready.
func underYinit(t *testing.T, feature string, program ...string) *running {
	t.Helper()
	self := yinit
	self.command = []string{binary}
	r, err := start(self, t.TempDir(), feature, program...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.kill)
	return r
}

// nextSignal returns the next signal that the program received, except SIGCHLD.
func nextSignal(r *running) string {
	for {
		if line := r.line(time.Minute); !strings.HasPrefix(line, "17 ") {
			return line
		}
	}
}

// groupValue returns the value that arrives in a process group. Before Linux 6.9 the
// kernel cannot send one there, see PIDFD_SIGNAL_PROCESS_GROUP in pidfd_send_signal(2).
func groupValue(t *testing.T, value int) int {
	t.Helper()
	fd, err := unix.PidfdOpen(os.Getpid(), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	const processGroup = 1 << 2
	if unix.PidfdSendSignal(fd, 0, nil, processGroup) == unix.EINVAL {
		return 0
	}
	return value
}

// TestValueArrives checks that the value of a queued signal also arrives with SIGTERM and
// in a whole process group.
func TestValueArrives(t *testing.T) {
	requireNamespaces(t)
	for _, sig := range []unix.Signal{unix.SIGTERM, unix.SIGUSR1, 40} {
		for feature, program := range map[string][]string{
			"":      {"actor", "listen"},
			"group": {"sh", "-c", "trap '' TERM USR1 RTMIN+6; actor listen & wait; wait; wait"}, // the listener is not the leader
		} {
			t.Run(fmt.Sprint(feature, sig), func(t *testing.T) {
				r := underYinit(t, feature, program...)
				if err := sigqueue(r.cmd.Process.Pid, sig, 4711); err != nil {
					t.Fatal(err)
				}
				want := fmt.Sprint(int(sig), 4711)
				if feature == "group" {
					want = fmt.Sprint(int(sig), groupValue(t, 4711))
				}
				if got := nextSignal(r); got != want {
					t.Errorf("%v came as %q, want %q", sig, got, want)
				}
			})
		}
	}
}

// TestProgramLeavesItsGroup checks that with --group a program that has left its process
// group still gets each signal once.
func TestProgramLeavesItsGroup(t *testing.T) {
	requireNamespaces(t)
	for name, program := range map[string][]string{
		"nobody stays":  {"actor", "regroup"},
		"a child stays": {"sh", "-c", "sleep 1000 & exec actor regroup"},
	} {
		t.Run(name, func(t *testing.T) {
			r := underYinit(t, "group", program...)
			for _, sig := range []unix.Signal{unix.SIGHUP, unix.SIGTERM, unix.SIGUSR2} {
				if err := r.send(sig); err != nil {
					t.Fatal(err)
				}
				if got, want := nextSignal(r), fmt.Sprint(int(sig), 0); got != want {
					t.Errorf("%v came as %q, want %q", sig, got, want)
				}
			}
		})
	}
}

// TestForgedSender checks that a signal with the init's own pid as its sender arrives.
func TestForgedSender(t *testing.T) {
	requireNamespaces(t)
	r := underYinit(t, "", "sh", "-c", "(actor await go && exec actor queue 1 10 5 1) & exec actor listen")
	if err := os.WriteFile(filepath.Join(r.cmd.Dir, "go"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if got := nextSignal(r); got != "10 5" {
		t.Errorf("the program got %q, want SIGUSR1 with 5", got)
	}
}
