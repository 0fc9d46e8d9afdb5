package main

import (
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestDockerFirstVictim checks that the kernel kills programs before PID 1 when the memory
// of the container runs out, even small ones.
func TestDockerFirstVictim(t *testing.T) {
	images(t)
	const manySmall = `i=0; while [ $i -lt 150 ]; do sh -c 'x=$(printf "%01000000d" 0); kill -STOP $$' & i=$((i+1)); done; wait`
	mainKilled := regexp.MustCompile(`(?m) exit .* sleep .*killed by SIGKILL`)
	for name, tt := range map[string]struct{ memory, script string }{
		"many small programs": {"16m", manySmall},
		"a full /dev/shm":     {"32m", `dd if=/dev/zero of=/dev/shm/x bs=1M count=60`},
		"a leak":              {"24m", `tail /dev/zero`},
	} {
		t.Run(name, func(t *testing.T) {
			// The main program is sleep, whose own end is not what the test is about.
			id := container(t, "-m", tt.memory, "--memory-swap", tt.memory, "--shm-size", "128m", "--entrypoint", "/yinit", busyImage,
				"--history", "/history", "--", "sh", "-c", "("+tt.script+") & exec sleep 1000")
			// The file tells what happened even if the container has ended.
			history := func() string {
				copied := t.TempDir() + "/history"
				if exec.Command("docker", "cp", id+":/history", copied).Run() != nil {
					return "" // it is not there yet
				}
				out, err := exec.Command(binary, "history", "--file", copied, "--all").CombinedOutput()
				if err != nil {
					t.Fatalf("history: %v\n%s", err, out)
				}
				return string(out)
			}
			// Those that were killed may all have ended before the init saw them.
			killed := regexp.MustCompile(`SIGKILL|oom_kill`)
			// Until then all processes may do little but read their programs from the disk again.
			eventuallyIn(t, 5*time.Minute, "a process is killed", func() bool { return killed.MatchString(history()) })
			for range 30 { // a while: the kernel may not be done
				if docker(t, "inspect", "-f", "{{.State.Running}}", id) == "true" {
					continue
				}
				// If memory is still full, sleep may be killed, too. PID 1 must outlive it.
				if told := history(); !mainKilled.MatchString(told) {
					t.Fatalf("the container has ended:\n%s\n%s", docker(t, "logs", id), told)
				}
				break
			}
		})
	}
}

// TestDockerUnseenVictims checks that the history counts every process that was killed
// because the memory limit was hit, also those that end before anybody sees them.
func TestDockerUnseenVictims(t *testing.T) {
	images(t)
	id := ""
	for try := 0; ; try++ {
		id = container(t, "-m", "64m", "--memory-swap", "64m", busyImage, "sh", "-c", "sleep 0.2; for i in 1 2 3; do tail /dev/zero; done; exec sleep 1000")
		// Looked at from outside: until the last one is dead, a command in the container may be a victim, too.
		ended := false
		eventually(t, "the three are dead", func() bool {
			ended = docker(t, "inspect", "-f", "{{.State.Running}}", id) != "true"
			out, err := exec.Command("docker", "top", id, "-o", "pid,args").Output()
			return ended || err == nil && strings.Contains(string(out), " sleep 1000\n")
		})
		if !ended {
			break
		}
		if try == 2 { // see TestDockerOutOfMemory
			t.Fatalf("PID 1 was killed three times\n%s", docker(t, "logs", id))
		}
	}
	unseen := regexp.MustCompile(`by (a|[0-9]+) process(es)? whose exits? (was|were) not seen$`)
	last, lastSeen, lastUnseen := "", "", "" // the text of the last record; times
	eventually(t, "all three kills are in the history", func() bool {
		kills := 0
		for _, r := range records(t, id, "--kind", "oom") {
			last = r["text"].(string)
			n, at := 1, r["time"].(string)
			if m := unseen.FindStringSubmatch(last); m == nil {
				lastSeen = max(lastSeen, at)
			} else {
				lastUnseen = max(lastUnseen, at)
				if m[1] != "a" {
					n, _ = strconv.Atoi(m[1])
				}
			}
			kills += n
		}
		return kills == 3
	})
	if !strings.Contains(last, "→ 3") {
		t.Errorf("the last record is %q, want 3 kills in it", last)
	}
	out, err := exec.Command("docker", "exec", id, "/yinit", "explain", "--last").CombinedOutput()
	// The record of an unseen kill is written later than that of a seen one after it.
	if lastUnseen > lastSeen && !strings.Contains(string(out), "whose exit") {
		t.Errorf("explain --last does not mention %q: %v\n%s", last, err, out)
	}
}

// TestDockerOOMAdjust checks which oom_score_adj the programs get.
func TestDockerOOMAdjust(t *testing.T) {
	images(t)
	for _, tt := range []struct {
		docker, yinit, want string
	}{
		{"-m=64m --memory-swap=64m", "", "47"}, // 3 MiB of 64 MiB
		{"-m=64m --memory-swap=64m", "--oom-adjust=0", "0"},
		{"-m=64m --memory-swap=64m --oom-score-adj=980", "", "1000"},
		{"", "", "0"}, // no limit
		{"", "--oom-adjust=300", "300"},
		{"--user=1000 -m=64m --memory-swap=64m", "", "47"},
	} {
		args := append([]string{"run", "--rm", "--entrypoint", "/yinit"}, strings.Fields(tt.docker)...)
		args = append(append(args, busyImage), strings.Fields(tt.yinit)...)
		out, err := exec.Command("docker", append(args, "--", "sh", "-c", "cat /proc/1/oom_score_adj /proc/self/oom_score_adj")...).CombinedOutput()
		scores := strings.Fields(string(out))
		if err != nil || len(scores) != 2 {
			t.Errorf("%s %s: %v\n%s", tt.docker, tt.yinit, err, out)
			continue
		}
		if scores[1] != tt.want {
			t.Errorf("%s %s: the program has %s, want %s; PID 1 has %s", tt.docker, tt.yinit, scores[1], tt.want, scores[0])
		}
	}
}
