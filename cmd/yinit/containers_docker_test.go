package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"yinit/procfs"
	"yinit/procfs/pidfd"
)

// rowOf runs yinit containers, and returns the row of a container; the zero value if there is
// none.
func rowOf(t *testing.T, id string, command ...string) (found jsonContainer) {
	t.Helper()
	out, err := exec.Command(command[0], append(command[1:], "containers", "--json", "--filter", id)...).Output()
	if err != nil {
		t.Errorf("%v containers: %v", command, err)
	}
	for line := range bytes.Lines(out) { // Others may have the ID on their command lines.
		var row jsonContainer
		if err := json.Unmarshal(line, &row); err != nil {
			t.Errorf("%v: %s", err, line)
		}
		if row.ID == id {
			found = row
		}
	}
	return found
}

// has reports whether the row has a finding.
func (j *jsonContainer) has(id string) bool {
	for i := range j.Findings {
		if j.Findings[i].ID == id {
			return true
		}
	}
	return false
}

// membersOf holds the processes of a container by pidfds.
func membersOf(t *testing.T, row *jsonContainer) map[int]int {
	t.Helper()
	held := map[int]int{}
	dirs, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range dirs {
		pid, _ := strconv.Atoi(filepath.Base(dir))
		link, _ := os.Readlink(dir + "/ns/pid")
		groups, _ := os.ReadFile(dir + "/cgroup")
		if (row.Shared || link != row.PIDNS) && (len(row.ID) != 64 || !strings.Contains(string(groups), row.ID)) {
			continue
		}
		if fd, err := unix.PidfdOpen(pid, 0); err == nil {
			held[pid] = fd
			t.Cleanup(func() { _ = unix.Close(fd) })
		}
	}
	return held
}

// checkStop stops a container as its engine does, and compares what happens with the row: the
// time, the exit status, which stop returns, and the processes that got SIGKILL.
func checkStop(t *testing.T, row *jsonContainer, stop func() int) {
	t.Helper()
	held := membersOf(t, row)
	began := time.Now()
	status := stop()
	took := time.Since(began)
	t.Logf("%s: forecast %d ms (at least: %v), status %d, %d killed, %d in doubt; it took %d ms, status %d",
		row.Name, row.Stop.TakesMS, row.Stop.AtLeast, row.Stop.Status, row.Stop.Hard, row.Stop.Doubt, took.Milliseconds(), status)
	if took.Milliseconds() < row.Stop.TakesMS {
		t.Errorf("%s: the stop took %v, less than %d ms", row.Name, took, row.Stop.TakesMS)
	}
	if row.Stop.Known && status != row.Stop.Status {
		t.Errorf("%s: exit status %d, want %d", row.Name, status, row.Stop.Status)
	}
	if _, err := pidfdExit(held); err != nil {
		t.Logf("%s: %v", row.Name, err)
		return
	}
	var killed []int
	how := map[int]string{}
	eventually(t, "all processes have ended", func() bool {
		all, err := pidfdExit(held)
		killed = killed[:0]
		for pid, status := range all {
			how[pid] = procfs.Ended(true, procfs.WaitStatus(status))
			if status.Signaled() && status.Signal() == unix.SIGKILL {
				killed = append(killed, pid)
			}
		}
		return err == nil && len(all) == len(held)
	})
	for _, k := range row.Stop.Killed {
		if !slices.Contains(killed, k.PID) {
			t.Errorf("%s: %d (%s) did not get SIGKILL: %v", row.Name, k.PID, k.Comm, how)
		}
	}
	if most := row.Stop.Hard + row.Stop.Doubt; len(killed) > most {
		t.Errorf("%s: %v got SIGKILL, more than %d: %v", row.Name, killed, most, how)
	}
}

// pidfdExit returns how processes ended, of those that have. It needs Linux 6.15.
func pidfdExit(held map[int]int) (map[int]unix.WaitStatus, error) {
	all := map[int]unix.WaitStatus{}
	for pid, fd := range held {
		var info pidfd.Info
		if err := info.Read(fd); err != nil {
			return nil, err
		}
		if info.HasExit() {
			all[pid] = unix.WaitStatus(info.ExitStatus())
		}
	}
	return all, nil
}

// TestContainersForecast looks at containers of Docker from outside, and then stops each: it
// takes as long, and ends with the status, as the row said.
func TestContainersForecast(t *testing.T) {
	images(t)
	const timeout = "2"
	for name, tt := range map[string]struct {
		options, command []string
		exec             string // run in it by docker exec -d
		pause            bool
		signal           string                      // sent to PID 1
		ready            func(r *jsonContainer) bool // it is as the test needs it
		init             string
		takes            int64 // ms
		atLeast          bool
		status           int // -1: not known
	}{
		"sleep": {command: []string{"sleep", "1000"}, init: "no", takes: 2000, status: 137},
		"sh -c": {
			command: []string{"sh", "-c", "sleep 1000; true"}, init: "no", takes: 2000, status: 137,
			ready: func(r *jsonContainer) bool { return r.has("shell-pid1") },
		},
		"zombie": {
			command: []string{"sleep", "1000"}, exec: "sh -c 'sleep 0.1 &'", init: "no", takes: 2000, status: 137,
			ready: func(r *jsonContainer) bool { return r.Zombies.Count == 1 && r.Zombies.Culprit == 1 },
		},
		"pids": {
			options: []string{"--pids-limit", "10"}, command: []string{"sh", "-c", `trap "" TERM; for i in 1 2 3 4 5 6 7 8; do sleep 1000 & done; wait`},
			init: "no", takes: 2000, status: 137,
			ready: func(r *jsonContainer) bool {
				return r.has("pids-limit") && r.PidsLimit == 10 && r.Pids == 9 && len(r.Stop.Killed) == 9
			},
		},
		"stopped": {
			command: []string{"sh", "-c", `sleep 1000 & kill -STOP $!; trap "exit 3" TERM; wait`}, init: "no", atLeast: true, status: -1,
			ready: func(r *jsonContainer) bool { return r.has("stopped") && r.Stop.Reacts == "yes" },
		},
		"paused": {command: []string{"sleep", "1000"}, pause: true, init: "no", takes: 2000, status: 137},
		"exec": {
			command: []string{"/yinit", "--", "sleep", "1000"}, exec: "sleep 1000", init: "yes", status: 143,
			ready: func(r *jsonContainer) bool { return r.Sessions.Count == 1 },
		},
		"tini":  {options: []string{"--init"}, command: []string{"sleep", "1000"}, init: "yes", status: 143},
		"yinit": {command: []string{"/yinit", "--", "sleep", "1000"}, init: "yes", status: 143},
		"grace": {
			command: []string{"/yinit", "--kill-after", "1s", "--", "sh", "-c", `trap "" TERM; exec sleep 1000`}, init: "yes", takes: 1000, status: 137,
			ready: func(r *jsonContainer) bool { return r.Stop.Hard > 0 },
		},
		"stop signal": {
			options: []string{"--stop-signal", "QUIT"}, command: []string{"sh", "-c", `trap "" QUIT; exec sleep 1000`}, init: "no", takes: 2000, status: 137,
			ready: func(r *jsonContainer) bool { return r.Stop.Signal == "SIGQUIT" && r.Stop.Reacts == "no" },
		},
		"OOM-killed child": {
			// The child is killed, and its parent goes on.
			options: []string{"-m", "64m", "--memory-swap", "64m"}, command: []string{"sh", "-c", `tail /dev/zero; exec sleep 1000`},
			init: "no", takes: 2000, status: 137,
			ready: func(r *jsonContainer) bool { return r.OOMKills >= 1 && r.has("oom-kills") && r.First.Comm == "sleep" },
		},
		"stopped PID 1": {
			command: []string{"sh", "-c", `trap "exit 3" TERM; sleep 1000 & wait`}, signal: "STOP", init: "no", takes: 2000, status: 137,
			ready: func(r *jsonContainer) bool { return r.First.State == "T" },
		},
		"nested PID namespace": {
			options: []string{"--cap-add", "SYS_ADMIN", "--security-opt", "seccomp=unconfined"}, command: []string{"/yinit", "--grace", "1s", "--", "sh", "-c", `unshare -pf sh -c "sleep 1001 & exec sleep 1000" & exec sleep 1000`}, init: "yes",
			takes: 1000, status: 143, // PID 1 of the inner namespace is shielded from SIGTERM
			ready: func(r *jsonContainer) bool { return r.Processes == 5 && len(r.Stop.Killed) == 1 },
		},
		"pid=host": {options: []string{"--pid", "host"}, command: []string{"sleep", "1000"}, init: "unknown", status: 143},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			args := append([]string{"--entrypoint", "", "--network", "none", "--stop-timeout", timeout}, tt.options...)
			id := container(t, append(append(args, busyImage), tt.command...)...)
			if tt.exec != "" {
				docker(t, "exec", "-d", id, "sh", "-c", "exec "+tt.exec)
			}
			if tt.pause {
				docker(t, "pause", id)
			}
			if tt.signal != "" {
				docker(t, "kill", "-s", tt.signal, id)
			}
			var row jsonContainer
			eventually(t, "it is as it should be", func() bool {
				row = rowOf(t, id, binary)
				return row.Init == tt.init && row.Stop.TakesMS == tt.takes && row.Stop.Known == (tt.status >= 0) && (tt.ready == nil || tt.ready(&row))
			})
			if row.Name == "" || row.Engine != "docker" || row.Image != busyImage || row.Stop.TimeoutMS != 2000 || row.Stop.Default {
				t.Errorf("row: %+v", row)
			}
			if pid, _ := strconv.Atoi(docker(t, "inspect", "-f", "{{.State.Pid}}", id)); pid != row.PID {
				t.Errorf("pid %d, want %d", row.PID, pid)
			}
			if row.Stop.AtLeast != tt.atLeast || row.Stop.Known && row.Stop.Status != tt.status {
				t.Errorf("forecast: %+v", row.Stop)
			}
			checkStop(t, &row, func() int {
				docker(t, "stop", id)
				code, _ := strconv.Atoi(docker(t, "inspect", "-f", "{{.State.ExitCode}}", id))
				if tt.status < 0 && code == 137 {
					t.Errorf("exit status %d", code)
				}
				return code
			})
		})
	}
}

// TestContainersFromContainer: --pid=host shows the same containers from within one. With the
// files of the host they have names; without, what cannot be read is left out.
func TestContainersFromContainer(t *testing.T) {
	images(t)
	id := container(t, "--entrypoint", "", busyImage, "sleep", "1000")
	for name, options := range map[string][]string{
		"ptrace":  {"--cap-add", "SYS_PTRACE"},
		"nothing": nil,
		"root":    {"-v", "/:/host:ro", "--cap-add", "SYS_PTRACE"},
	} {
		command := append([]string{"docker", "run", "--rm", "--pid", "host", "--entrypoint", ""}, options...)
		row := rowOf(t, id, append(command, busyImage, "/yinit")...)
		if name == "root" {
			row = rowOf(t, id, append(command, busyImage, "sh", "-c", `exec /yinit "$@" --root /host`, "sh")...)
		}
		t.Logf("%s: name %q, pids %d, init %s", name, row.Name, row.Pids, row.Init)
		if name == "root" && (row.Name == "" || row.Pids != 1) {
			t.Errorf("%s: no name, or no control group: %+v", name, row)
		}
		if name != "nothing" && (row.ID != id || row.Init != "no") {
			t.Errorf("%s: %+v", name, row)
		}
	}
}

// TestContainersPage runs the lines with docker run of docs/node.md with the image that holds only
// yinit. What a line may not do on this machine the engine says.
func TestContainersPage(t *testing.T) {
	images(t)
	id := container(t, "--network", "none", "--entrypoint", "", busyImage, "sleep", "1000")
	name := strings.TrimPrefix(docker(t, "inspect", "-f", "{{.Name}}", id), "/")
	page, err := os.ReadFile("../../docs/node.md")
	if err != nil {
		t.Fatal(err)
	}
	lines := 0
	for line := range strings.Lines(string(page)) {
		words := strings.Fields(strings.Replace(line, " yinit containers", " "+aloneImage+" containers", 1))
		if len(words) < 2 || words[0] != "docker" || words[1] != "run" {
			continue
		}
		lines++
		out, err := exec.Command(words[0], words[1:]...).CombinedOutput()
		switch text := string(out); {
		case err != nil && strings.Contains(line, "--privileged") && strings.Contains(text, "unable to apply caps"):
			t.Logf("%s: this machine allows no --privileged", strings.TrimSpace(line))
		case err != nil:
			t.Errorf("%s: %v\n%s", strings.TrimSpace(line), err, out)
		case strings.Contains(line, "--root") || strings.Contains(line, "--privileged"):
			if !strings.Contains(text, name+" ") {
				t.Errorf("%s: no %s in\n%s", strings.TrimSpace(line), name, text)
			}
		case !strings.Contains(text, name+" ") && !strings.Contains(text, id[:12]+" "):
			t.Errorf("%s: no %s in\n%s", strings.TrimSpace(line), id[:12], text)
		}
	}
	if lines < 4 {
		t.Errorf("docs/node.md has %d lines with docker run", lines)
	}
}
