package main

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"
)

// TestDockerDoctor: what is wrong in a real container, by the files of its control group and its
// file systems; and the health check of the same.
func TestDockerDoctor(t *testing.T) {
	id := container(t, "--pids-limit", "60", "--memory", "64m", "--shm-size", "1m", "--entrypoint", "/yinit", busyImage, "--", "sh", "-c",
		`i=0; while [ $i -lt 30 ]; do sleep 1000 & i=$((i+1)); done; head -c 1m /dev/zero >/dev/shm/x; head -c 200m /dev/zero | tail -c 150m >/dev/null; wait`)
	run := func(args ...string) (out string, status int) {
		b, err := exec.Command("docker", append([]string{"exec", id, "/yinit"}, args...)...).CombinedOutput()
		return string(b), exitStatus(err)
	}
	eventually(t, "the doctor finds all of it", func() bool {
		out, status := run("doctor")
		return status == 1 && strings.Contains(out, "PROBLEM  oom-kills\n  found  the memory limit of 64 MiB was hit") && strings.Contains(out, "PROBLEM  shm\n")
	})
	if out, status := run("health"); status != 0 || !strings.HasPrefix(out, "healthy: no zombies; ") || !strings.Contains(out, " of 60 processes and threads") {
		t.Errorf("health: %d, %s", status, out)
	}
	if out, status := run("health", "--max-pids", "50"); status != 1 || !strings.Contains(out, "of 60 processes and threads are taken, more than 50%") {
		t.Errorf("health --max-pids 50: %d, %s", status, out)
	}
	var healthy, used string
	out, _ := run("health")
	if _, rest, ok := strings.Cut(out, "; "); ok {
		healthy, _, _ = strings.Cut(rest, " ")
	}
	out, _ = run("status")
	if _, rest, ok := strings.Cut(out, "threads "); ok {
		used, _, _ = strings.Cut(rest, " ")
	}
	if healthy == "" || healthy != used { // neither counts the command itself
		t.Errorf("health counts %q processes and threads, status %q", healthy, used)
	}
	if out, _ := run("status"); !strings.Contains(out, " of 60, memory ") || strings.Count(out, "\n") > 24 {
		t.Errorf("status:\n%s", out)
	}
}

// TestDockerDoctorHealthy: servers that do all right under yinit give the doctor no reason for more
// than a note.
func TestDockerDoctorHealthy(t *testing.T) {
	images(t)
	for _, p := range stops {
		if !p.healthy {
			continue
		}
		for _, user := range []int{0, 1000} {
			t.Run(fmt.Sprintf("%s/%d", p.name, user), func(t *testing.T) {
				t.Parallel()
				id := dockerStarted(t, p, "yinit", user)
				out, err := exec.Command("docker", "exec", id, "/yinit", "doctor", "--json", "--fail-on", "risk").CombinedOutput()
				if err != nil || strings.Contains(string(out), `"level":"problem"`) || strings.Contains(string(out), `"level":"risk"`) {
					t.Errorf("%v\n%s", err, out)
				}
			})
		}
	}
}
