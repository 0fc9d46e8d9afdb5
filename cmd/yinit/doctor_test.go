package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

const nginxConf = `daemon off; pid nginx.pid; error_log stderr; worker_processes 1;
events {}
http { access_log off; server { listen unix:nginx.sock; } }
`

// TestDoctorOfHealthy: the doctor finds neither a problem nor a risk in containers that are
// well, with real servers under yinit.
func TestDoctorOfHealthy(t *testing.T) {
	requireNamespaces(t)
	for name, tt := range map[string]struct {
		program []string
		procs   int    // with PID 1
		note    string // that is right
	}{
		"nginx":   {[]string{"nginx", "-p", ".", "-c", "nginx.conf"}, 3, "stop-signal"},
		"redis":   {[]string{"redis-server", "--port", "0", "--unixsocket", "redis.sock", "--save", ""}, 2, ""},
		"python3": {[]string{"python3", "-m", "http.server", "0", "--bind", "127.0.0.1"}, 2, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			program(t, tt.program[0], tt.program[0])
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "nginx.conf"), []byte(nginxConf), 0o644); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(dir, 0o777); err != nil { // the workers have another user
				t.Fatal(err)
			}
			script := `mount -t tmpfs none /run; exec "$0" "$@"`
			cmd := namespaced(append([]string{"sh", "-c", script, binary, "-q", "--"}, tt.program...)...)
			cmd.Dir = dir
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = cmd.Process.Signal(unix.SIGTERM); _ = cmd.Wait() })
			proc := fmt.Sprintf("/proc/%d/root/proc", cmd.Process.Pid)
			var found map[string]string
			eventually(t, "it runs and is well", func() bool {
				var steps []string
				found, steps = diagnosed(t, proc)
				return len(steps) == tt.procs && steps[1] == tt.program[0] && (tt.note == "" || found[tt.note] != "")
			})
			for id, level := range found {
				if level != "note" {
					t.Errorf("found a %s: %s", level, id)
				}
			}
		})
	}
}

// diagnosed runs yinit doctor, and returns the findings with their levels, and the names of the
// processes.
func diagnosed(t *testing.T, proc string) (found map[string]string, steps []string) {
	t.Helper()
	out, _ := exec.Command(binary, "doctor", "--json", "--proc", proc).Output() // its status is that of the findings
	found = map[string]string{}
	for line := range bytes.Lines(out) {
		var x struct {
			ID, Level string
			Steps     []struct{ Comm string }
		}
		if err := json.Unmarshal(line, &x); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		if x.ID != "" {
			found[x.ID] = x.Level
		}
		for _, s := range x.Steps {
			steps = append(steps, s.Comm)
		}
	}
	return found, steps
}
