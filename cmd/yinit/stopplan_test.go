package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"yinit/initcore/history"
	"yinit/procfs"
	"yinit/procfs/doctor"
	"yinit/procfs/pidfd"
	"yinit/procfs/snapshot"
	"yinit/procfs/verdict"
)

// stopTimeout is that of the engine that the test plays.
const stopTimeout = 5 * time.Second

// TestStopPredicted predicts a stop, plays it as an engine would, and compares: which
// processes were killed, how long it took, and the exit status.
func TestStopPredicted(t *testing.T) {
	requireNamespaces(t)
	for _, tt := range []struct {
		name    string
		program []string
		procs   int // how many there are
		want    string
	}{
		{"yinit with stubborn children", []string{binary, "--grace", "1s", "--", "sh", "-c", `(trap "" TERM; sleep 7001; true) & exec sleep 7002`}, 4, "1s, 2 hard, status 143"},
		{"yinit with a stubborn program", []string{binary, "--kill-after", "1s", "--", "sh", "-c", `trap "" TERM; sleep 7003; true`}, 3, "4s, 2 hard, status 137"},
		{"yinit without trouble", []string{binary, "--", "sleep", "7004"}, 2, "0s, 0 hard, status 143"},
		{"python without a handler", []string{"python3", "-c", "import time; time.sleep(7005)"}, 1, "5s, 1 hard, status 137"},
		{"a shell that forwards nothing", []string{"sh", "-c", "sleep 7006; true"}, 2, "5s, 2 hard, status 137"},
		{"tini, a command of a shell", []string{"tini", "--", "sh", "-c", "sleep 7007; true"}, 3, "0s, 1 hard, status 143"},
		{"tini -g", []string{"tini", "-g", "--", "sh", "-c", "sleep 7008; true"}, 3, "0s, 0 hard, status 143"},
		{"tini, a stubborn program", []string{"tini", "--", "sh", "-c", `trap "" TERM; sleep 7009; true`}, 3, "5s, 3 hard, status 137"},
		{"dumb-init", []string{"dumb-init", "sh", "-c", "sleep 7010; true"}, 3, "0s, 0 hard, status 143"},
		{"dumb-init -c", []string{"dumb-init", "-c", "sh", "-c", "sleep 7011; true"}, 3, "0s, 1 hard, status 143"},
		{"dumb-init -r", []string{"dumb-init", "-r", "15:3", "sleep", "7012"}, 2, "0s, 0 hard, status 131"},
		{"catatonit", []string{"catatonit", "--", "sh", "-c", "sleep 7013; true"}, 3, "0s, 1 hard, status 143"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if name := tt.program[0]; name != binary && name != "sh" {
				program(t, name, name)
			}
			playStop(t, tt.program, tt.procs, tt.want)
		})
	}
}

func playStop(t *testing.T, words []string, procs int, want string) {
	cmd := namespaced(words...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() { _ = cmd.Process.Kill() }) // it fails if it has ended
	inside := procfs.New(fmt.Sprintf("/proc/%d/root/proc", cmd.Process.Pid))
	var s doctor.Stop
	eventually(t, "the processes run", func() bool {
		s = predictStop(t, inside)
		ready := len(s.Steps) == procs && s.Known // The command line of PID 1 may not be there in time.
		for i := range s.Steps {
			p := s.Steps[i].Process
			ready = ready && p.Comm != "ns" && p.Comm != "cmd.test" && p.State == procfs.StateSleeping && (p.Comm != "sh" || p.ID.PID != s.Steps[len(s.Steps)-1].Process.ID.PID)
		}
		return ready
	})
	if got := fmt.Sprintf("%s, %d hard, status %d", s.Takes, s.Hard, s.Status); got != want || !s.Known {
		t.Errorf("the prediction is %s, want %s\n%+v", got, want, s.Steps)
	}
	held := holdAll(t, cmd.Process.Pid)
	began := time.Now()
	if err := cmd.Process.Signal(unix.SIGTERM); err != nil {
		t.Fatal(err)
	}
	var err error
	select {
	case err = <-ended:
	case <-time.After(stopTimeout):
		_ = cmd.Process.Kill()
		err = <-ended
	}
	took := time.Since(began)
	if took < s.Takes || took > s.Takes+3*time.Second {
		t.Errorf("it took %v, the prediction was %v", took, s.Takes)
	}
	if got := exitStatus(err); got != s.Status {
		t.Errorf("the exit status is %d, the prediction was %d", got, s.Status)
	}
	for i := range s.Steps {
		step := &s.Steps[i]
		p, ok := held[step.Process.ID.PID]
		if !ok {
			t.Errorf("process %d %s was not held", step.Process.ID.PID, step.Process.Comm)
			continue
		}
		if _, err := p.Wait(10 * time.Second); err != nil {
			t.Error(err)
		}
		status, known := p.ExitStatus()
		if killed := status.Signal() == int(unix.SIGKILL); known && killed != step.Hard() {
			t.Errorf("%d %s ended with status %v, the prediction was killed: %v (%s)", step.Process.ID.PID, step.Process.Comm, status, step.Hard(), step.Outcome)
		}
	}
}

// predictStop reads the processes of a container and predicts its stop.
func predictStop(t *testing.T, fs procfs.FS) doctor.Stop {
	r := snapshot.NewReader(fs, snapshot.Options{Relay: func(pid int) verdict.Relay { return history.RelayOf(fs, pid) }})
	defer r.Close()
	r.Targets.Caller = verdict.Anyone()
	snap, err := r.Snapshot()
	if err != nil {
		return doctor.Stop{}
	}
	return doctor.Simulate(&doctor.Facts{Procs: snap.Procs, Policy: stopPolicy(fs), Timeout: stopTimeout})
}

// holdAll holds all processes in the PID namespace of a process, by their pids in there.
func holdAll(t *testing.T, init int) map[int]*pidfd.Process {
	t.Helper()
	namespace := func(dir string) string {
		link, _ := os.Readlink(filepath.Join(dir, "ns/pid"))
		return link
	}
	want := namespace(fmt.Sprintf("/proc/%d", init))
	dirs, _ := filepath.Glob("/proc/[0-9]*")
	all := map[int]*pidfd.Process{}
	for _, dir := range dirs {
		if namespace(dir) != want || want == "" {
			continue
		}
		pid, _ := strconv.Atoi(filepath.Base(dir))
		stat, err := procfs.FS{}.Stat(pid)
		if err != nil {
			continue
		}
		status, err := os.ReadFile(dir + "/status")
		if err != nil {
			continue
		}
		_, line, _ := strings.Cut(string(status), "NSpid:")
		line, _, _ = strings.Cut(line, "\n")
		pids := strings.Fields(line)
		inner, _ := strconv.Atoi(pids[len(pids)-1])
		p, err := pidfd.Hold(procfs.FS{}, stat.ID())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = p.Close() })
		all[inner] = p
	}
	return all
}

// TestDockerStopPredicted compares the prediction for a container with docker stop.
func TestDockerStopPredicted(t *testing.T) {
	for name, tt := range map[string]struct {
		args   []string
		least  time.Duration
		status string
	}{
		"yinit": {[]string{"--entrypoint", "/yinit", busyImage, "--", "sleep", "2000"}, 0, "143"},
		"init":  {[]string{"--init", "--entrypoint", "sh", busyImage, "-c", "sleep 2000; true"}, 0, "143"},
		"shell": {[]string{"--entrypoint", "sh", busyImage, "-c", "sleep 2000; true"}, doctor.DockerTimeout, "137"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			id := container(t, tt.args...)
			var pid int
			fmt.Sscan(docker(t, "inspect", "-f", "{{.State.Pid}}", id), &pid)
			fs := procfs.New(fmt.Sprintf("/proc/%d/root/proc", pid))
			eventually(t, "sleep runs", func() bool {
				out, _ := exec.Command("docker", "top", id).Output()
				return strings.Contains(string(out), "sleep 2000")
			})
			r := snapshot.NewReader(fs, snapshot.Options{Relay: func(pid int) verdict.Relay { return history.RelayOf(fs, pid) }})
			defer r.Close()
			r.Targets.Caller = verdict.Anyone()
			snap, err := r.Snapshot()
			if err != nil {
				t.Fatal(err)
			}
			s := doctor.Simulate(&doctor.Facts{Procs: snap.Procs, Policy: stopPolicy(fs)})
			if got := strconv.Itoa(s.Status); got != tt.status || s.Takes != tt.least {
				t.Errorf("the prediction is %s after %v, want %s after %v", got, s.Takes, tt.status, tt.least)
			}
			began := time.Now()
			docker(t, "stop", id)
			if took := time.Since(began); took < s.Takes || took > s.Takes+8*time.Second {
				t.Errorf("docker stop took %v, the prediction was %v", took, s.Takes)
			}
			if status := docker(t, "wait", id); status != tt.status {
				t.Errorf("exit status %s, the prediction was %d", status, s.Status)
			}
		})
	}
}
