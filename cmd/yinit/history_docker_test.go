package main

import (
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// deaths returns the exit records with this command line.
func deaths(t testing.TB, id, cmdline string) (list []map[string]any) {
	t.Helper()
	for _, r := range records(t, id, "--kind", "exit") {
		if r["cmdline"] == cmdline {
			list = append(list, r)
		}
	}
	return list
}

// wantDeath waits until a death is in the history, and checks its record.
func wantDeath(t testing.TB, id, cmdline string, want map[string]any) {
	t.Helper()
	var found []map[string]any
	t.Cleanup(func() {
		if len(found) == 0 {
			t.Logf("the history:\n%s", docker(t, "exec", id, "/yinit", "history"))
		}
	})
	eventually(t, cmdline+" is in the history", func() bool {
		found = deaths(t, id, cmdline)
		return len(found) > 0
	})
	for key, value := range want {
		if found[0][key] != value {
			t.Errorf("%s: %s is %v, want %v, in %v", cmdline, key, found[0][key], value, found[0])
		}
	}
}

// TestDockerInspectorsLeaveNoTrace checks that yinit's own commands are neither counted as
// unseen processes nor shown among the others, however soon they end.
func TestDockerInspectorsLeaveNoTrace(t *testing.T) {
	id := container(t, "--entrypoint", "/yinit", busyImage, "--", "sleep", "2000")
	for range 5 {
		docker(t, "exec", id, "/yinit", "signals", "1")
		docker(t, "exec", id, "/yinit", "zombies")
	}
	docker(t, "exec", id, "sh", "-c", "sleep 1.6; exit 0")
	out := docker(t, "exec", id, "/yinit", "history")
	if strings.Contains(out, "unseen") || strings.Contains(out, "yinit") {
		t.Errorf("the history of a container in which only yinit's commands ran:\n%s", out)
	}
}

// TestDockerForeignDeaths checks that the history has the deaths of processes that their
// own parents reap, also of other users: with a read-only root, as root and as another
// user.
func TestDockerForeignDeaths(t *testing.T) {
	for _, user := range []string{"0", "1000"} {
		t.Run("user "+user, func(t *testing.T) {
			t.Parallel()
			id := container(t, "--read-only", "-u", user, "--entrypoint", "/yinit", busyImage, "--watch", "100ms", "--", "sleep", "2000")
			for i, other := range []string{"0", "1000", "3000"} {
				uid, _ := strconv.ParseFloat(other, 64)
				line := "sleep 1.6; exit " + strconv.Itoa(42+i)
				docker(t, "exec", "-u", other, id, "sh", "-c", "sh -c '"+line+"'; true")
				wantDeath(t, id, "sh -c "+line, map[string]any{
					"code": float64(42 + i), "known": true, "uid": uid, "reaped_by": "sh", "signal": "", "core": false,
				})
				// Processes of docker exec are reaped from outside.
				wantDeath(t, id, "sh -c sh -c '"+line+"'; true", map[string]any{"code": 0.0, "known": true, "reaped_by": "outside", "ppid": 0.0})
			}
			docker(t, "exec", id, "sh", "-c", "sh -c 'sleep 1.6; kill -9 $$'; true")
			wantDeath(t, id, "sh -c sleep 1.6; kill -9 $$", map[string]any{"code": 137.0, "known": true, "signal": "SIGKILL"})
		})
	}
}

// TestDockerInitDeaths does the same with yinit as the engine's own init.
func TestDockerInitDeaths(t *testing.T) {
	t.Parallel()
	id := container(t, "--init", "-v", binary+":/sbin/docker-init:ro", "-e", "YINIT_WATCH=100ms", "--entrypoint", "sleep", busyImage, "1000")
	docker(t, "exec", id, "sh", "-c", "sh -c 'sleep 1.6; exit 7'; true")
	wantDeath(t, id, "sh -c sleep 1.6; exit 7", map[string]any{"code": 7.0, "known": true, "reaped_by": "sh"})
}

// TestDockerSharedNamespace runs yinit in the PID namespace of another container, where
// it is not PID 1 and its history is one of two.
func TestDockerSharedNamespace(t *testing.T) {
	t.Parallel()
	first := container(t, "--entrypoint", "sleep", busyImage, "1000")
	second := container(t, "--pid", "container:"+first, "--entrypoint", "/yinit", busyImage, "--watch", "100ms", "--", "sleep", "2000")
	docker(t, "exec", first, "sh", "-c", "sh -c 'sleep 1.6; exit 9'; true")
	wantDeath(t, second, "sh -c sleep 1.6; exit 9", map[string]any{"code": 9.0, "known": true, "reaped_by": "sh"})
	third := container(t, "--pid", "container:"+first, "--entrypoint", "/yinit", busyImage, "--", "sleep", "3000")
	eventually(t, "two histories are found", func() bool {
		out, _ := exec.Command("docker", "exec", first, "/yinit", "history").CombinedOutput()
		return strings.Contains(string(out), "several inits keep a history:\n") && strings.Contains(string(out), "choose one with --pid")
	})
	// In the container of one of them the history is that one's.
	if out := docker(t, "exec", third, "/yinit", "history", "--json", "--kind", "start"); !strings.Contains(out, "sleep 3000") || strings.Contains(out, "sleep 2000") {
		t.Errorf("the history of the third container has the starts:\n%s", out)
	}
}

// TestDockerMissed checks that of 10,000 short-lived processes those that were missed are
// counted, within one per cent. It runs alone: a top that looks at the whole machine reads the
// history, and the init takes unseen processes for those of the inspector.
func TestDockerMissed(t *testing.T) {
	id := container(t, "--entrypoint", "/yinit", busyImage, "--", "sh", "-c",
		"sleep 1; i=0; while [ $i -lt 10000 ]; do busybox true; i=$((i+1)); done; exec sleep 2000")
	const sentence = " processes or threads started and ended unseen between two scans"
	eventuallyIn(t, 5*time.Minute, "all have ended", func() bool {
		return slices.ContainsFunc(strings.Split(docker(t, "top", id, "-o", "pid,args"), "\n"), func(line string) bool {
			words := strings.Fields(line)
			return len(words) == 3 && words[2] == "2000"
		})
	})
	// docker exec uses pids too, so call it rarely.
	docker(t, "exec", id, "sleep", "3") // until the last scan is over
	n := 0
	for _, r := range records(t, id) {
		// A process first seen after its death has no command line.
		if r["cmdline"] == "busybox true" || r["kind"] == "exit" && r["cmdline"] == "" && r["comm"] == "busybox" {
			n++
		}
		if text, _ := r["text"].(string); r["seq"] == 0.0 && strings.HasSuffix(text, sentence) {
			missed, err := strconv.Atoi(strings.TrimSuffix(text, sentence))
			if err != nil {
				t.Error(err)
			}
			n += missed
		}
	}
	if n < 9900 || n > 10100 {
		t.Errorf("%d are counted, want 10000 within 1 %%", n)
	}
}
