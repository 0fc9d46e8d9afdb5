package main

import (
	"os/exec"
	"strings"
	"testing"
)

// TestDockerKillSession ends what a docker exec has left behind, as another docker exec. The
// engine started it from outside, and it is an orphan of the init.
func TestDockerKillSession(t *testing.T) {
	t.Parallel()
	id := container(t, "--entrypoint", "/yinit", busyImage, "--", "sleep", "2000")
	leader := docker(t, "exec", id, "sh", "-c", "sleep 3000 >/dev/null 2>&1 & sleep 3000 >/dev/null 2>&1 & echo $$")
	eventually(t, "both are there", func() bool {
		out := docker(t, "exec", id, "/yinit", "ps", "--filter", "'sleep 3000' state:S", "--json")
		return strings.Count(out, `"comm":"sleep"`) == 2
	})
	out, err := exec.Command("docker", "exec", id, "/yinit", "kill", "--session", leader).CombinedOutput()
	if err != nil || strings.Count(string(out), "sleep: killed by SIGTERM ") != 2 {
		t.Errorf("kill --session %s: %v\n%s", leader, err, out)
	}
	if out := docker(t, "exec", id, "/yinit", "ps"); strings.Contains(out, "3000") || !strings.Contains(out, "sleep 2000") {
		t.Errorf("afterwards there is:\n%s", out)
	}
	// A user other than root may not, and is told so.
	out, err = exec.Command("docker", "exec", "-u", "1000", id, "/yinit", "kill", "--wait", "0", "--force", "1").CombinedOutput()
	if exitStatus(err) != 1 || !strings.Contains(string(out), "not permitted: uid 1000 may not signal uid 0 without CAP_KILL") {
		t.Errorf("kill as user 1000: %v\n%s", err, out)
	}
}
