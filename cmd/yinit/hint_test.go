package main

import (
	"fmt"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"yinit/procfs/hint"
)

// hinted matches a command of yinit in a text, with what follows it.
var hinted = regexp.MustCompile(`\byinit (` + strings.Join(hint.Commands[:], "|") + `)\b[^;,"\n]*`)

// TestTargetHints looks from outside at a container with a stopped process, a zombie and a PID 1
// that neither reaps nor reacts. Each command that the output names leads into the container, and
// the one that continues the stopped process does.
func TestTargetHints(t *testing.T) {
	requireNamespaces(t)
	inner := namespaced("sh", "-c", `sleep 1001 & kill -STOP $!; sh -c 'sleep 0.1 & exec sleep 1002' & exec sleep 1003`)
	if err := inner.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = inner.Process.Kill()
		_ = inner.Wait()
	})
	target := fmt.Sprint(inner.Process.Pid)
	var stopped string
	eventually(t, "a stopped process and a zombie", func() bool {
		rows, _ := objects(t, binary, "ps", "--json", "--target", target, "--filter", "state:T")
		dead, _ := objects(t, binary, "ps", "--json", "--target", target, "--filter", "state:Z")
		if len(rows) != 1 || len(dead) == 0 {
			return false
		}
		stopped = fmt.Sprint(rows[0]["pid"])
		return true
	})
	var resume string
	total := 0
	for command, least := range map[string]int{
		"doctor --fail-on note": 1, "doctor --json": 1, "status": 0, "status --json": 1, "zombies": 0, "zombies --json": 0,
		"explain " + stopped: 3, "explain --json " + stopped: 3, "history": 0, "health": 0, "top --once": 0,
	} {
		words := append(strings.Fields(command), "--target", target)
		out, err := exec.Command(binary, words...).CombinedOutput()
		if err == nil && len(out) == 0 {
			t.Errorf("%s prints nothing", command)
		}
		found := hinted.FindAllString(string(out), -1)
		if total += len(found); len(found) < least {
			t.Errorf("%s names %q, want %d commands:\n%s", command, found, least, out)
		}
		for _, line := range found {
			if words := strings.Fields(line); len(words) < 4 || words[2] != "--target" || words[3] != target {
				t.Errorf("%s names %q, which is about another process outside:\n%s", command, line, out)
			}
			if strings.Contains(line, " -s CONT ") {
				resume = strings.TrimSpace(line)
			}
		}
	}
	if resume == "" || total == 0 {
		t.Fatalf("%d commands, and none continues the process", total)
	}
	cmd := exec.Command("sh", "-c", strings.Replace(resume, "yinit ", binary+" ", 1))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%s: %v\n%s", resume, err, out)
	}
	rows, _ := objects(t, binary, "ps", "--json", "--target", target, "--filter", "pid:"+stopped)
	if len(rows) != 1 || rows[0]["state"] == "T" {
		t.Errorf("after %s: %v", resume, rows)
	}
}

// TestContainersHints: what the findings of yinit containers advise leads into the container, and
// inside nothing is added.
func TestContainersHints(t *testing.T) {
	requireNamespaces(t)
	inner := namespaced("sh", "-c", `sleep 1001 & kill -STOP $!; exec sleep 1003`)
	if err := inner.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = inner.Process.Kill()
		_ = inner.Wait()
	})
	pid := inner.Process.Pid
	eventually(t, "a command that continues the process", func() bool {
		rows, _ := objects(t, binary, "containers", "--json", "--filter", fmt.Sprint("pid:", pid))
		return len(rows) == 1 && strings.Contains(fmt.Sprint(rows[0]["findings"]), fmt.Sprintf("yinit kill --target %d -s CONT ", pid))
	})
	out, err := namespaced("sh", "-c", `sleep 1001 & kill -STOP $!; `+binary+` doctor`).CombinedOutput()
	if exitStatus(err) != 1 || !strings.Contains(string(out), "yinit kill -s CONT ") {
		t.Errorf("inside: %v\n%s", err, out)
	}
}
