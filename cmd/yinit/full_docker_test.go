package main

import (
	"bufio"
	"io"
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

// TestDockerFull checks that zombies shows the numbers of a container near its pids limit
// with the last five processes and threads, that it says so with fewer, and that the
// host can look into the container then.
func TestDockerFull(t *testing.T) {
	const leak = `i=0; while [ $i -lt 22 ]; do sleep 2 & i=$((i+1)); done; exec sleep 1000`
	id := container(t, "--pids-limit", "100", "--entrypoint", "/yinit", busyImage, "--", "sh", "-c", leak)
	count := func() int {
		n, _ := strconv.Atoi(docker(t, "exec", id, "cat", "/sys/fs/cgroup/pids/pids.current"))
		return n - 1 // without cat
	}
	if count() < 0 {
		t.Skip("the pids controller is not that of version 1")
	}
	// run runs a command with room for some processes and threads, and returns what it
	// prints and the limit. docker exec needs more room itself, so the limit is lowered once
	// it has started a shell. The init may have started or ended a thread meanwhile.
	taken := 0 // without the command
	ok := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	run := func(free int, args string) (out, most string) {
		docker(t, "update", "--pids-limit", "100", id)
		taken = count()
		most = strconv.Itoa(taken + free)
		cmd := exec.Command("docker", "exec", "-i", id, "sh", "-c", "echo; read _; exec /yinit "+args+" 2>&1")
		stdin, err := cmd.StdinPipe()
		ok(err)
		stdout, err := cmd.StdoutPipe()
		ok(err)
		ok(cmd.Start())
		r := bufio.NewReader(stdout)
		_, err = r.ReadString('\n')
		ok(err)
		docker(t, "update", "--pids-limit", most, id)
		_, err = io.WriteString(stdin, "\n")
		ok(err)
		b, err := io.ReadAll(r)
		ok(err)
		_ = cmd.Wait() // with the status of the command
		return string(b), most
	}
	var out, most string
	eventually(t, "zombies runs with five", func() bool {
		out, most = run(5, "zombies")
		return strings.HasPrefix(out, "22 zombies") && strings.Contains(out, "\n"+strconv.Itoa(taken)+" of "+most+" ")
	})
	if !strings.Contains(out, " of "+most+" processes and threads are taken\n") {
		t.Errorf("zombies with room for five of %s:\n%s", most, out)
	}
	for args, needs := range map[string]string{"zombies": "this command needs 5;", "kill 99": "this command needs 5;", "ps": "this command needs 5;", "history": "yinit needs 8;"} {
		eventually(t, args+" says that there are too few", func() bool {
			out, most = run(4, args)
			return strings.Contains(out, " of "+most+" processes and threads are taken, and "+needs)
		})
		if !strings.HasPrefix(out, "yinit: ") || strings.Count(out, "\n") != 1 {
			t.Errorf("%s with room for four: %q, want one line", args, out)
		}
	}
	pid := docker(t, "inspect", "-f", "{{.State.Pid}}", id)
	seen, err := exec.Command(binary, "zombies", "--pid", pid).CombinedOutput()
	if err != nil || !strings.Contains(string(seen), "sleep 1000: 22 zombies\n") || !strings.Contains(string(seen), " of "+most+" processes and threads are taken\n") {
		t.Errorf("zombies --pid %s, %v:\n%s", pid, err, seen)
	}
}
