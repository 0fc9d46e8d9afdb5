package main

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestFullAndUnread checks that PID 1 survives if no further process or thread can be
// created and no process reads the log. Its runtime would abort if it needed a thread.
func TestFullAndUnread(t *testing.T) {
	requireNamespaces(t)
	if os.Getuid() != 0 {
		t.Skip("only another user than root has a limit of processes")
	}
	// The shell retries, so it also takes what becomes free later.
	const filler = `echo full; while :; do sleep 1000 & done 2>/dev/null`
	cmd := namespaced("setpriv", "--reuid", "54398", "--clear-groups", "bash", "-c",
		`ulimit -u 40; exec "$0" -v -w -- bash -c '`+filler+`'`, binary)
	unread, stderr, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer unread.Close()
	cmd.Stderr = stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	if line, err := bufio.NewReader(stdout).ReadString('\n'); line != "full\n" {
		t.Fatalf("the filler says %q, %v", line, err)
	}
	go func() { ended <- cmd.Wait() }()
	stderr.Close()
	eventually(t, "the limit is reached", func() bool {
		filler := childOf(cmd.Process.Pid)
		sleeps, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", filler, filler))
		return len(strings.Fields(string(sleeps))) > 40-15 // PID 1 has some threads
	})
	for i := range 3000 {
		_ = cmd.Process.Signal(unix.SIGWINCH) // each writes a line to the log
		if i%30 == 0 {
			time.Sleep(20 * time.Millisecond) // let the writer block in between
		}
	}
	select {
	case err := <-ended:
		t.Errorf("the init has ended: %v", err)
	case <-time.After(time.Second):
	}
}

// TestFullAtOnce checks that PID 1 needs no thread later if the first program fills the
// container before anything else happens.
func TestFullAtOnce(t *testing.T) {
	requireNamespaces(t)
	if os.Getuid() != 0 {
		t.Skip("only another user than root has a limit of processes")
	}
	// No builtin here needs a process of its own.
	const filler = `(while :; do sleep 1000 & done) 2>/dev/null; i=0; while [ $i -lt 30000 ]; do i=$((i+1)); done; exit 3`
	// With a prefix, two more threads may block.
	prefixed := filepath.Join(filepath.Dir(binary), "prefixed.toml") // readable by other users
	if err := os.WriteFile(prefixed, fmt.Appendf(nil, "[[program]]\nprefix = true\ncommand = ['sh', '-c', '%s']\n", filler), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, command := range map[string]string{"plain": `sh -c "$2"`, "prefixed": "--config " + prefixed} {
		for limit := 10; limit < 30; limit++ {
			user := strconv.Itoa(54000 + len(name)*100 + limit) // so that processes of the previous run do not count
			cmd := namespaced("setpriv", "--reuid", user, "--clear-groups", "sh", "-c",
				`ulimit -p "$1" 2>/dev/null || ulimit -u "$1"; exec "$0" --grace 0 `+command, binary, strconv.Itoa(limit), filler)
			if got, errs := statusOf(cmd); got != 3 {
				t.Errorf("%s, with room for %d: exit status %d, want 3\n%s", name, limit, got, errs)
			}
		}
	}
}
