package main

import (
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
	command := func(args ...string) string {
		out, _ := exec.Command("docker", append([]string{"exec", id, "/yinit"}, args...)...).CombinedOutput()
		return string(out) // docker exec itself may fail, too
	}
	// limited leaves room for some processes and threads, and returns the limit. The init
	// may have started or ended a thread since the last time.
	taken := 0 // without a command that looks
	limited := func(free int) string {
		docker(t, "update", "--pids-limit", "100", id) // docker exec needs some, too
		taken = count()
		most := strconv.Itoa(taken + free)
		docker(t, "update", "--pids-limit", most, id)
		return most
	}
	var out, most string
	eventually(t, "zombies runs with five", func() bool {
		most = limited(5)
		out = command("zombies")
		return strings.HasPrefix(out, "22 zombies") && strings.Contains(out, "\n"+strconv.Itoa(taken)+" of "+most+" ")
	})
	if !strings.Contains(out, " of "+most+" processes and threads are taken\n") {
		t.Errorf("zombies with room for five of %s:\n%s", most, out)
	}
	for args, needs := range map[string]string{"zombies": "this command needs 5;", "history": "yinit needs 8;"} {
		eventually(t, args+" says that there are too few", func() bool {
			most = limited(4)
			out = command(args)
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
