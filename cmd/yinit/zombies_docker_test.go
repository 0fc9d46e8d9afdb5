package main

import (
	"encoding/json"
	"strings"
	"testing"
)

// TestDockerZombies runs a program that leaves zombies, as a user other than root. The
// kernel shows how they ended to their user, and to root only with CAP_SYS_PTRACE, which
// root in a container lacks. Root can still see what the program waits for, because it
// may become that user.
func TestDockerZombies(t *testing.T) {
	id := container(t, "--read-only", "-u", "1000", "--entrypoint", "/yinit", busyImage, "--",
		"sh", "-c", `sh -c "exit 3" & sh -c "exit 0" & exec sleep 1000`)
	zombies := func(user, cause string) (found jsonCulprit) {
		t.Helper()
		eventually(t, "two zombies of sleep, as user "+user, func() bool {
			out := docker(t, "exec", "-u", user, id, "/yinit", "zombies", "--json")
			line, _, _ := strings.Cut(out, "\n")
			found = jsonCulprit{}
			return json.Unmarshal([]byte(line), &found) == nil && len(found.Zombies) == 2 && found.Cause == cause
		})
		return found
	}
	for user, known := range map[string]bool{"1000": true, "0": false, "1001": false} {
		c := zombies(user, map[bool]string{false: "never-waits", true: "unknown"}[user == "1001"])
		if c.Culprit.Comm != "sleep" || c.Culprit.UID == nil || *c.Culprit.UID != 1000 || c.Culprit.CHLD != "default" {
			t.Errorf("as user %s: %+v, want sleep of user 1000", user, c.Culprit)
		}
		for _, z := range c.Zombies {
			if z.Comm != "sh" || z.Known != known || z.Code != 0 && !known || z.DeadMS > z.AgeMS {
				t.Errorf("as user %s: %+v, want known %v", user, z, known)
			}
		}
		if sum := c.Zombies[0].Code + c.Zombies[1].Code; known && sum != 3 {
			t.Errorf("as user %s: %+v, want the codes 0 and 3", user, c.Zombies)
		}
	}
	if out := docker(t, "exec", "-u", "1000", id, "/yinit", "zombies", "--max", "2"); !strings.Contains(out, "exited 3") {
		t.Errorf("zombies prints\n%s", out)
	}
}
