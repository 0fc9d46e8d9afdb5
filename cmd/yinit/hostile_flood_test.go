package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// floodPlay has four senders queue $0 signals each at the init. It ignores them itself,
// and SIGTERM too if that is in $1. Meanwhile it makes an orphan ten times a second.
const floodPlay = `trap "" $(seq 1 8) $(seq 10 14) $1 $(seq 16 18) $(seq 20 64)
for i in 1 2 3 4; do env --default-signal=TERM actor flood 1 $0 & done
(trap - TERM; while :; do (sleep 0.01 &); sleep 0.1; done) &
exec sleep 1000`

// floodQueue is how many signals are queued when the init goes on, if the limit permits.
const floodQueue = 90000

// TestHostileFlood: however many real-time signals are queued, and still sent, the program
// is killed when it is due, orphans are reaped, and the container ends.
func TestHostileFlood(t *testing.T) {
	hostile(t)
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_SIGPENDING, &limit); err != nil || os.Getuid() != 0 {
		t.Fatal("run it as root:", err)
	}
	queue := int(min(floodQueue, limit.Max-1000))
	const killAfter = time.Second
	for _, play := range []struct {
		what, ignored string
		each          int
		options       []string
		others        bool
		after         time.Duration
	}{
		{"killed after a second", "15", queue / 4, []string{"--kill-after", killAfter.String()}, false, killAfter},
		{"killed after a second, the flood goes on", "15", 0, []string{"--kill-after", killAfter.String()}, false, killAfter},
		{"ends at SIGTERM", "", queue / 4, nil, true, 0},
		{"ends at SIGTERM, the flood goes on", "", 0, nil, true, 0},
	} {
		inits := [][]string{append([]string{binary}, play.options...)}
		for _, other := range []string{"tini", "dumb-init -c", "catatonit"} {
			args := strings.Fields(other)
			if _, err := exec.LookPath(args[0]); err == nil && play.others {
				inits = append(inits, args)
			}
		}
		for i, init := range inits {
			for range 3 {
				name := filepath.Base(init[0])
				took, zombie := flood(t, append(init, "--", "sh", "-c", floodPlay, strconv.Itoa(play.each), play.ignored), queue)
				t.Logf("%s: %s: ended %v after SIGTERM, oldest zombie %v", play.what, name, took.Round(10*time.Millisecond), zombie.Round(10*time.Millisecond))
				if i == 0 && (took < play.after || took > play.after+3*time.Second || zombie > 2*time.Second) {
					t.Errorf("%s: it ended after %v, and a zombie was %v old; want %v and little more", play.what, took, zombie, play.after)
				}
			}
		}
	}
}

// flood runs an init, which is stopped until so many signals are queued. It returns the
// time from SIGTERM to the end, and how long its oldest child was a zombie.
func flood(t *testing.T, command []string, queue int) (took, zombie time.Duration) {
	t.Helper()
	// A user of its own, since the limit on queued signals is that of the user.
	cmd := namespaced(append([]string{
		"prlimit", "--sigpending=" + strconv.Itoa(queue+1000),
		"setpriv", "--reuid", "4321", "--regid", "4321", "--clear-groups",
	}, command...)...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	init := cmd.Process.Pid
	defer func() { _ = cmd.Process.Kill() }() // it may have ended
	ready := func(what string, f func() bool) {
		if err := await(2*time.Minute, f); err != nil {
			t.Fatalf("%v: %s: %v", command, what, err)
		}
	}
	ready("its program runs", func() bool { return comm(childOf(init)) == "sleep" })
	send := func(sig unix.Signal) {
		if err := cmd.Process.Signal(sig); err != nil {
			t.Fatal(err)
		}
	}
	send(unix.SIGSTOP)
	ready("most of the signals are queued", func() bool { return queuedSignals(init) >= queue*9/10 })
	send(unix.SIGCONT)
	ended := make(chan bool)
	go func() { _ = cmd.Wait(); close(ended) }()
	since := map[int]time.Time{}
	begun := time.Now()
	for sent := false; ; {
		now := time.Now()
		for _, pid := range childrenOf(init) {
			if stateOf(pid) != 'Z' {
				continue
			}
			if since[pid].IsZero() {
				since[pid] = now
			}
			zombie = max(zombie, now.Sub(since[pid]))
		}
		if !sent && now.Sub(begun) > time.Second {
			sent, begun = true, now
			send(unix.SIGTERM)
		}
		select {
		case <-ended:
			return time.Since(begun), zombie
		case <-time.After(5 * time.Millisecond):
		}
		if now.Sub(begun) > 2*time.Minute {
			t.Fatalf("%v: it never ended", command)
		}
	}
}

func comm(pid int) string {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
	return strings.TrimSpace(string(b))
}

// childrenOf returns the children of the main thread of a process.
func childrenOf(pid int) (list []int) {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	for child := range strings.FieldsSeq(string(b)) {
		n, _ := strconv.Atoi(child)
		list = append(list, n)
	}
	return list
}

// queuedSignals returns how many signals are queued for the user of a process.
func queuedSignals(pid int) int {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	_, after, _ := strings.Cut(string(b), "\nSigQ:\t")
	count, _, _ := strings.Cut(after, "/")
	n, _ := strconv.Atoi(count)
	return n
}
