package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// moving are the fields of JSON that differ from one look to the next.
var moving = []string{"age_ms", "dead_ms", "oldest_ms", "after_ms", "uptime_ms", "cpu", "cpu_ms", "cpu_time_ms", "rss_kb", "used", "evidence", "processes", "threads"}

// objects runs a command that prints JSON, and returns its objects without the fields that
// differ from one look to the next. status is its exit status.
func objects(t testing.TB, args ...string) (all []map[string]any, status int) {
	t.Helper()
	out, err := exec.Command(args[0], args[1:]...).Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		status = exit.ExitCode()
	} else if err != nil {
		t.Fatalf("%q: %v", args, err)
	}
	for d := json.NewDecoder(bytes.NewReader(out)); d.More(); {
		var o map[string]any
		if err := d.Decode(&o); err != nil {
			t.Fatalf("%q: %v in\n%s", args, err, out)
		}
		if o["comm"] == "yinit" && o["state"] == "R" {
			continue // the command itself
		}
		all = append(all, still(o).(map[string]any))
	}
	byPID := func(o map[string]any) float64 { n, _ := o["pid"].(float64); return n }
	slices.SortStableFunc(all, func(a, b map[string]any) int { return int(byPID(a) - byPID(b)) })
	return all, status
}

// led matches what leads a command into a container.
var led = regexp.MustCompile(` --target [0-9a-f]{12}\b`)

// still removes the fields that differ from one look to the next. From above the signals KILL and
// STOP reach PID 1, and a command needs --target, so they are removed, too.
func still(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for _, key := range moving {
			delete(v, key)
		}
		for key, value := range v {
			v[key] = still(value)
		}
	case []any:
		kept := v[:0]
		for _, value := range v {
			if o, ok := value.(map[string]any); !ok || o["signal"] != "SIGKILL" && o["signal"] != "SIGSTOP" || o["verdict"] == nil {
				kept = append(kept, still(value))
			}
		}
		return kept
	case string:
		return strings.Replace(led.ReplaceAllString(v, ""), ", but only SIGKILL ends it", "", 1)
	}
	return v
}

// targetCommands are the commands that look, with the options for a JSON output.
var targetCommands = []string{
	"ps --json", "status --json", "zombies --json", "signals --json", "history --json", "explain --json 1", "explain --json --last",
	"doctor --json --fail-on note", "health --json", "kill --dry-run --json 1",
}

// sameFromNode checks that each command says the same from the node as inside the container. The
// node's is run by look.
func sameFromNode(t *testing.T, id string, look ...string) {
	t.Helper()
	sameLooks(t, id, targetCommands, []string{"--target", id[:12]}, look...)
}

// sameLooks checks that each of the commands says the same when look runs it with the options as
// inside the container.
func sameLooks(t *testing.T, id string, commands, options []string, look ...string) {
	t.Helper()
	const tries = 5 // a process may run at one look, and sleep at the other
	for _, command := range commands {
		words := strings.Fields(command)
		for try := 1; ; try++ {
			inside, status := objects(t, slices.Concat([]string{"docker", "exec", id, "/yinit"}, words)...)
			outside, from := objects(t, slices.Concat(look, words, options)...)
			diff := cmp.Diff(inside, outside)
			if diff != "" && try < tries {
				continue
			}
			if diff != "" {
				t.Errorf("%s, -inside +from the node:\n%s", command, diff)
			}
			if status != from {
				t.Errorf("%s: exit status %d inside, %d from the node", command, status, from)
			}
			if status == 0 && len(inside) == 0 && !strings.HasPrefix(command, "zombies") {
				t.Errorf("%s: nothing to compare", command)
			}
			break
		}
	}
}

// mounting are the options of a container that may mount and unshare.
var mounting = []string{"--cap-add", "SYS_ADMIN", "--security-opt", "apparmor=unconfined", "--security-opt", "seccomp=unconfined", "--security-opt", "systempaths=unconfined"}

// TestTarget looks at containers from the node and from within.
func TestTarget(t *testing.T) {
	images(t)
	const work = `(sh -c "sleep 1000 & exec sleep 1001") & sh -c "exit 3"; sh -c 'kill -SEGV $$'; exec sleep 1002`
	sh := func(script string) []string { return []string{"sh", "-c", script + work} }
	yinit := func(options ...string) []string {
		return slices.Concat([]string{"/yinit"}, options, []string{"--", "sh", "-c", work})
	}
	for name, tt := range map[string]struct{ options, command []string }{
		"yinit":      {nil, yinit()},
		"yinit -u":   {nil, yinit("-u", "1000")},
		"--user":     {[]string{"--user", "1000"}, yinit()},
		"shell":      {nil, sh("")},
		"tini":       {[]string{"--init"}, sh("")},
		"pids limit": {[]string{"--pids-limit", "30", "--memory", "64m"}, sh(`trap "" TERM; `)},
		"hostile":    {[]string{"--hostname", "a-b"}, sh(`rm -f /etc/passwd; ln -s /../../../../../etc/passwd /etc/passwd; `)},
		"nested":     {mounting, sh(`unshare --pid --fork --mount-proc sh -c 'sleep 1005 & exec sleep 1006' & `)},
		"stopped":    {nil, sh(`sleep 1004 & kill -STOP $!; `)},
	} {
		t.Run(name, func(t *testing.T) {
			id := container(t, slices.Concat(tt.options, []string{"--entrypoint", "", busyImage}, tt.command)...)
			eventually(t, "sleep 1002", func() bool { return strings.Contains(docker(t, "top", id), "sleep 1002") })
			sameFromNode(t, id, binary)
		})
	}
}

// TestTargetWithoutProc: a container that has unmounted, covered or hidden its /proc is seen all the
// same.
func TestTargetWithoutProc(t *testing.T) {
	images(t)
	for name, script := range map[string]string{
		"unmounted": "umount -l /proc; ",
		"covered":   "mount -t tmpfs none /proc; mkdir /proc/1; echo '1 (fake) S 0 1 1' >/proc/1/stat; ",
		"hidepid":   "umount -l /proc; mount -t proc -o hidepid=2 none /proc; ",
	} {
		t.Run(name, func(t *testing.T) {
			id := container(t, slices.Concat(mounting, []string{"--entrypoint", "", busyImage, "sh", "-c", script + "sleep 1001 & exec sleep 1002"})...)
			eventually(t, "sleep 1002", func() bool { return strings.Contains(docker(t, "top", id), "sleep 1002") })
			rows, status := objects(t, binary, "ps", "--json", "--target", id)
			var got []string
			for _, row := range rows {
				got = append(got, row["cmdline"].(string))
			}
			if diff := cmp.Diff([]string{"sleep 1002", "sleep 1001"}, got); diff != "" || status != 0 || rows[0]["pid"] != 1.0 {
				t.Errorf("ps, status %d, -want +got:\n%s", status, diff)
			}
			found, _ := objects(t, binary, "doctor", "--json", "--target", id)
			if !slices.ContainsFunc(found, func(o map[string]any) bool {
				return o["id"] == "stop-ignored" || o["id"] == "pid1-deaf" || o["kind"] == "stop" && o["reacts"] == "no"
			}) {
				t.Errorf("doctor: %v", found)
			}
		})
	}
}

// TestTargetShared: a container in the PID namespace of another one sees both, and its own control
// group.
func TestTargetShared(t *testing.T) {
	first := container(t, "--entrypoint", "", busyImage, "/yinit", "--", "sh", "-c", `sh -c "exit 3"; exec sleep 1002`)
	second := container(t, "--pid", "container:"+first, "--pids-limit", "40", "--entrypoint", "", busyImage, "sh", "-c", "sleep 1001 & exec sleep 1003")
	eventually(t, "sleep 1003", func() bool { return strings.Contains(docker(t, "top", second), "sleep 1003") })
	for _, id := range []string{first, second} {
		sameFromNode(t, id, binary)
	}
}

// TestTargetFromContainer looks from a container with --pid=host, with more and with fewer rights.
func TestTargetFromContainer(t *testing.T) {
	images(t)
	id := container(t, "--entrypoint", "", busyImage, "/yinit", "-u", "1000", "--", "sh", "-c", `sh -c "exit 3"; sleep 1001 & exec sleep 1002`)
	eventually(t, "sleep 1002", func() bool { return strings.Contains(docker(t, "top", id), "sleep 1002") })
	for name, options := range map[string][]string{
		"more":  {"--cap-add", "SYS_PTRACE", "--cap-add", "SYS_ADMIN"},
		"root":  {"-v", "/:/host:ro", "--cap-add", "SYS_PTRACE"},
		"plain": nil,
	} {
		t.Run(name, func(t *testing.T) {
			look := slices.Concat([]string{"docker", "run", "--rm", "--pid", "host", "--entrypoint", ""}, options, []string{busyImage, "/yinit"})
			target := []string{"--target", id[:12]}
			if name == "root" {
				target = append(target, "--root", "/host")
			}
			sameLooks(t, id, []string{"ps --json", "zombies --json", "history --json"}, target, look...)
		})
	}
}

// TestTargetStop: the stop that is played is that of the container, which it cannot know itself.
func TestTargetStop(t *testing.T) {
	id := container(t, "--stop-signal", "QUIT", "--stop-timeout", "3", "--entrypoint", "", busyImage, "sleep", "1000")
	stop, _ := objects(t, binary, "doctor", "--json", "--target", id)
	last := stop[len(stop)-1]
	if last["signal"] != "SIGQUIT" || last["timeout_ms"] != 3000.0 {
		t.Errorf("the stop is %v, want SIGQUIT and 3 s", last)
	}
}

// TestTargetRefused: an ordinary user is told why, and names that fit several containers or none
// are one line.
func TestTargetRefused(t *testing.T) {
	images(t)
	run := fmt.Sprint(os.Getpid())
	one := container(t, "--name", "yinit-target-one-"+run, "--entrypoint", "", busyImage, "sleep", "1000")
	container(t, "--name", "yinit-target-two-"+run, "--entrypoint", "", busyImage, "sleep", "1000")
	own := filepath.Join(t.TempDir(), "yinit")
	if out, err := exec.Command("cp", binary, own).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for dir := filepath.Dir(own); dir != "/" && dir != os.TempDir(); dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, tt := range map[string]struct {
		uid    uint32
		target string
		want   string
	}{
		"ordinary user": {1000, one[:12], "no permission to look into the container of process "},
		"by name":       {0, "yinit-target-one-" + run, ""},
		"none":          {0, "yinit-target-none", `there is no container "yinit-target-none"; there is `},
		"gone":          {0, "4194303", "there is no process 4194303, and no container of that name or ID"},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := exec.Command(own, "ps", "--target", tt.target)
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: tt.uid, Gid: tt.uid}}
			out, err := cmd.CombinedOutput()
			status := cmd.ProcessState.ExitCode()
			if tt.want == "" {
				if err != nil || !strings.Contains(string(out), "sleep 1000") {
					t.Errorf("%v:\n%s", err, out)
				}
				return
			}
			if status != 125 || !strings.HasPrefix(string(out), "yinit: ps: "+tt.want) || strings.Count(string(out), "\n") != 1 {
				t.Errorf("status %d, want 125 and %q:\n%s", status, tt.want, out)
			}
		})
	}
}

// TestTargetKill: the pids are those inside, PID 1 of the container included.
func TestTargetKill(t *testing.T) {
	id := container(t, "--entrypoint", "", busyImage, "sh", "-c", "sleep 1001 & exec sleep 1002")
	pidOf := func(command string) string {
		rows, _ := objects(t, binary, "ps", "--json", "--target", id, "--filter", command)
		if len(rows) != 1 {
			return ""
		}
		return fmt.Sprint(rows[0]["pid"])
	}
	eventually(t, "sleep 1001", func() bool { return pidOf("sleep 1001") != "" && pidOf("sleep 1002") == "1" })
	out, err := exec.Command(binary, "kill", "--target", id, pidOf("sleep 1001")).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "killed by SIGTERM") {
		t.Errorf("kill of a process: %v\n%s", err, out)
	}
	out, err = exec.Command(binary, "kill", "--target", id, "-s", "KILL", "1").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "--force") {
		t.Errorf("kill of PID 1 without --force: %v\n%s", err, out)
	}
	out, err = exec.Command(binary, "kill", "--target", id, "-s", "KILL", "--force", "1").CombinedOutput()
	if err != nil || docker(t, "wait", id) != "137" {
		t.Errorf("kill of PID 1: %v\n%s", err, out)
	}
}
