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
	const leak = `i=0; while [ $i -lt 22 ]; do (exit 3) & i=$((i+1)); done; exec sleep 1000`
	id := container(t, "--pids-limit", "100", "--entrypoint", "/yinit", busyImage, "--", "sh", "-c", leak)
	count := func() int {
		n, _ := strconv.Atoi(docker(t, "exec", id, "cat", "/sys/fs/cgroup/pids/pids.current"))
		return n - 1 // without cat
	}
	if count() < 0 {
		t.Skip("the pids controller is not that of version 1")
	}
	var taken int
	eventually(t, "22 zombies of sleep", func() bool {
		taken = count()
		return taken >= 24
	})
	command := func(args ...string) string {
		out, _ := exec.Command("docker", append([]string{"exec", id, "/yinit"}, args...)...).CombinedOutput()
		return string(out) // docker exec itself may fail, too
	}
	limit := func(free int) { docker(t, "update", "--pids-limit", strconv.Itoa(taken+free), id) }
	limit(5)
	eventually(t, "zombies runs with five", func() bool {
		out := command("zombies")
		return strings.Contains(out, "22 zombies") && strings.Contains(out, " of "+strconv.Itoa(taken+5)+" processes and threads are taken\n")
	})
	limit(4)
	want := "yinit: " + strconv.Itoa(taken+1) + " of " + strconv.Itoa(taken+4) + " processes and threads are taken, and "
	for args, needs := range map[string]string{"zombies": "this command needs 5;", "history": "yinit needs 8;"} {
		var out string
		eventually(t, args+" says that there are too few", func() bool {
			out = command(args)
			return !strings.Contains(out, "OCI runtime")
		})
		if !strings.HasPrefix(out, want+needs) || strings.Count(out, "\n") != 1 {
			t.Errorf("%s with room for four: %q, want %q", args, out, want+needs)
		}
	}
	pid := docker(t, "inspect", "-f", "{{.State.Pid}}", id)
	out, err := exec.Command(binary, "zombies", "--pid", pid).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "sleep 1000: 22 zombies\n") ||
		!strings.Contains(string(out), strconv.Itoa(taken)+" of "+strconv.Itoa(taken+4)+" processes and threads are taken\n") {
		t.Errorf("zombies --pid %s, %v:\n%s", pid, err, out)
	}
}
