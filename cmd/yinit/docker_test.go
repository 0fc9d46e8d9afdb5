package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// docker runs the client and returns its output.
func docker(t testing.TB, args ...string) string {
	t.Helper()
	out, err := exec.Command("docker", args...).CombinedOutput()
	if err != nil {
		t.Fatalf("docker %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

// requireDocker skips a test if no engine answers, unless YINIT_REQUIRE_DOCKER is set.
func requireDocker(t testing.TB) {
	t.Helper()
	out, err := exec.Command("docker", "version", "--format", "{{.Server.Version}}").CombinedOutput()
	if err == nil {
		return
	}
	if os.Getenv("YINIT_REQUIRE_DOCKER") != "" {
		t.Fatalf("YINIT_REQUIRE_DOCKER is set, but no engine answers: %v\n%s", err, out)
	}
	t.Skip("no Docker engine answers")
}

// program returns the path of a program that a test needs. Where it is missing
// the test is skipped, unless everything is required, as in .ci/run.
func program(t testing.TB, name, pkg string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil && os.Getenv("YINIT_REQUIRE_DOCKER") != "" {
		t.Fatalf("%s is missing: apt-get install %s", name, pkg)
	}
	if err != nil {
		t.Skipf("%s is missing: apt-get install %s", name, pkg)
	}
	return path
}

// The images: yinit alone, as the Dockerfile's last stage makes it; and yinit
// with busybox, for programs to run.
const (
	aloneImage = "yinit-test-alone"
	busyImage  = "yinit-test-busybox"
)

var buildImages = sync.OnceValue(func() error {
	dir, err := os.MkdirTemp("", "yinit-image")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	whole, err := os.ReadFile("../../Dockerfile")
	if err != nil {
		return err
	}
	// The first stage needs an image with Go. Ours already has the binary.
	_, last, ok := strings.Cut(string(whole), "FROM ${BASE}")
	if !ok {
		return fmt.Errorf("Dockerfile: no stage FROM ${BASE}")
	}
	stages := "ARG BASE=scratch\nFROM scratch AS build\nCOPY yinit /src/bin/yinit\nFROM ${BASE}" + last
	busybox, err := exec.LookPath("busybox")
	if err != nil {
		return fmt.Errorf("busybox is missing: apt-get install busybox-static")
	}
	const withBusybox = "FROM " + aloneImage + "\nCOPY busybox /bin/busybox\nRUN [\"/bin/busybox\", \"--install\", \"-s\", \"/bin\"]\n" +
		"COPY passwd /etc/passwd\n"
	files := map[string]string{"Dockerfile": stages, "busy.Dockerfile": withBusybox, "passwd": "root:x:0:0::/:/bin/sh\napp:x:1000:1000::/:/bin/sh\n"}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	for from, to := range map[string]string{binary: "yinit", busybox: "busybox"} {
		if out, err := exec.Command("cp", from, filepath.Join(dir, to)).CombinedOutput(); err != nil {
			return fmt.Errorf("cp: %w: %s", err, out)
		}
	}
	for _, args := range [][]string{
		{"build", "-q", "-t", aloneImage, dir},
		{"build", "-q", "-t", busyImage, "-f", filepath.Join(dir, "busy.Dockerfile"), dir},
	} {
		cmd := exec.Command("docker", args...)
		cmd.Env = append(os.Environ(), "DOCKER_BUILDKIT=0") // buildx may not be there
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("docker %v: %w\n%s", args, err, out)
		}
	}
	return nil
})

func images(t testing.TB) {
	t.Helper()
	requireDocker(t)
	program(t, "busybox", "busybox-static")
	if err := buildImages(); err != nil {
		t.Fatal(err)
	}
}

// container starts a container in the background, and removes it after the test.
func container(t testing.TB, args ...string) string {
	t.Helper()
	images(t)
	id := docker(t, append([]string{"run", "-d"}, args...)...)
	t.Cleanup(func() { docker(t, "rm", "-f", "-v", id) })
	return id
}

// eventually waits until f is true.
func eventually(t testing.TB, what string, f func() bool) {
	t.Helper()
	eventuallyIn(t, time.Minute, what, f)
}

func eventuallyIn(t testing.TB, most time.Duration, what string, f func() bool) {
	t.Helper()
	for deadline := time.Now().Add(most); !f(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never happened: %s", what)
		}
	}
}

// records returns the history of a container as JSON objects. Missing records are
// reported on stderr.
func records(t testing.TB, id string, args ...string) []map[string]any {
	t.Helper()
	out, err := exec.Command("docker", append([]string{"exec", id, "/yinit", "history", "--json"}, args...)...).Output()
	if err != nil {
		t.Fatalf("history --json: %v", err)
	}
	var list []map[string]any
	d := json.NewDecoder(bytes.NewReader(out))
	for d.More() {
		var r map[string]any
		if err := d.Decode(&r); err != nil {
			t.Fatalf("history --json: %v in\n%s", err, out)
		}
		list = append(list, r)
	}
	return list
}

// TestDockerMainJob checks what the README promises: orphans are reaped, the history has
// them, and docker stop is quick with the right status; as root and as another user.
func TestDockerMainJob(t *testing.T) {
	for _, user := range []string{"0", "1000"} {
		t.Run("user "+user, func(t *testing.T) {
			id := container(t, "--read-only", "-u", user, "--entrypoint", "/yinit", busyImage, "--", "sh", "-c", "sleep 1000 & exec sleep 2000")
			for range 2 {
				docker(t, "exec", id, "sh", "-c", "sleep 1 &")
			}
			eventually(t, "two dead sleeps in the history", func() bool {
				dead := 0
				for _, r := range records(t, id, "--kind", "exit") {
					if r["comm"] == "sleep" && r["code"] == 0.0 && r["known"] == true && r["reaped_by"] == "init" {
						dead++
					}
				}
				return dead == 2
			})
			if out := docker(t, "exec", id, "ps", "-o", "stat,comm"); strings.Contains(out, "Z") {
				t.Errorf("a zombie stays:\n%s", out)
			}
			frame := docker(t, "exec", id, "/yinit", "top", "--once")
			for _, want := range []string{"forward", "sleep 1000", "sleep 2000", "from outside"} {
				if !strings.Contains(frame, want) {
					t.Errorf("top --once does not show %q:\n%s", want, frame)
				}
			}
			began := time.Now()
			docker(t, "stop", "-t", "60", id)
			if took := time.Since(began); took > 50*time.Second {
				t.Errorf("docker stop waited for its timeout: %v", took)
			}
			if status := docker(t, "wait", id); status != "143" {
				t.Errorf("exit status %s, want 143", status)
			}
		})
	}
}

// TestDockerWhoMayRead checks that only root and the init's user may read the history.
func TestDockerWhoMayRead(t *testing.T) {
	for _, init := range []string{"0", "1000"} {
		id := container(t, "-u", init, "--entrypoint", "/yinit", busyImage, "--", "sleep", "1000")
		for _, reader := range []string{"0", "1000", "2000"} {
			out, err := exec.Command("docker", "exec", "-u", reader, id, "/yinit", "history").CombinedOutput()
			if may := reader == "0" || reader == init; may != (err == nil) {
				t.Errorf("the init runs as %s: reader %s: %v, want allowed: %v\n%s", init, reader, err, may, out)
			} else if !may && !strings.Contains(string(out), "belongs to user "+init) {
				t.Errorf("the init runs as %s: reader %s is not told why:\n%s", init, reader, out)
			}
		}
	}
}

// TestDockerInit runs yinit as the engine's own init.
func TestDockerInit(t *testing.T) {
	id := container(t, "--init", "-v", binary+":/sbin/docker-init:ro", "--entrypoint", "sleep", busyImage, "1000")
	if out := docker(t, "exec", id, "/sbin/docker-init", "top", "--once"); !strings.Contains(out, "forward") {
		t.Errorf("top does not know its init:\n%s", out)
	}
	if out := docker(t, "exec", id, "/sbin/docker-init", "--version"); !strings.HasPrefix(out, "tini version 0.19.0_yinit-0.0.0-test - git.") {
		t.Errorf("--version: %q", out)
	}
	docker(t, "stop", id)
	if status := docker(t, "wait", id); status != "143" {
		t.Errorf("exit status %s, want 143", status)
	}
}

// TestDockerAlone runs the image of the Dockerfile, which has only yinit.
func TestDockerAlone(t *testing.T) {
	images(t)
	out, err := exec.Command("docker", "run", "--rm", aloneImage, "/yinit", "version").CombinedOutput()
	if err != nil || !strings.HasPrefix(string(out), "yinit 0.0.0-test") {
		t.Errorf("yinit version under yinit: %v, %s", err, out)
	}
	out, err = exec.Command("docker", "run", "--rm", aloneImage, "no-such").CombinedOutput()
	if exitStatus(err) != 127 {
		t.Errorf("a missing program: %v, want 127\n%s", err, out)
	}
}

// terminal is a tmux session with one window.
type terminal struct {
	t      testing.TB
	socket string
}

func newTerminal(t testing.TB, width, height int, command ...string) *terminal {
	t.Helper()
	program(t, "tmux", "tmux")
	// TMUX_TMPDIR may be longer than the path of a socket may be.
	socket := filepath.Join(t.TempDir(), "s")
	if len(socket) > 100 {
		dir, err := os.MkdirTemp("", "y")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { os.RemoveAll(dir) })
		socket = filepath.Join(dir, "s")
	}
	term := &terminal{t: t, socket: socket}
	args := append([]string{"-f", "/dev/null", "new-session", "-d", "-x", fmt.Sprint(width), "-y", fmt.Sprint(height)}, command...)
	term.tmux(args...)
	t.Cleanup(func() { exec.Command("tmux", "-S", socket, "kill-server").Run() })
	return term
}

func (term *terminal) tmux(args ...string) string {
	term.t.Helper()
	var out, stderr bytes.Buffer
	cmd := exec.Command("tmux", append([]string{"-S", term.socket}, args...)...)
	cmd.Stdout, cmd.Stderr = &out, &stderr
	cmd.Env = append(os.Environ(), "TERM=xterm-256color", "LC_ALL=C.UTF-8")
	if err := cmd.Run(); err != nil {
		term.t.Fatalf("tmux %v: %v\n%s", args, err, stderr.String())
	}
	return out.String()
}

func (term *terminal) keys(keys ...string) { term.tmux(append([]string{"send-keys"}, keys...)...) }

func (term *terminal) screen() string { return term.tmux("capture-pane", "-p") }

// see waits until the screen shows all of words.
func (term *terminal) see(words ...string) {
	term.t.Helper()
	last := ""
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		last = term.screen()
		missing := false
		for _, w := range words {
			missing = missing || !strings.Contains(last, w)
		}
		if !missing {
			return
		}
	}
	term.t.Fatalf("the screen never showed %q:\n%s", words, last)
}

// unsee waits until the screen no longer shows the words.
func (term *terminal) unsee(words string) {
	term.t.Helper()
	eventually(term.t, "the screen without "+words, func() bool { return !strings.Contains(term.screen(), words) })
}

// TestDockerTop runs the inspector in a terminal, through docker exec.
func TestDockerTop(t *testing.T) {
	id := container(t, "--entrypoint", "/yinit", busyImage, "--", "sh", "-c", "trap '' TERM; (sh -c 'sleep 0.2; exit 3' &); while :; do sleep 1; done")
	term := newTerminal(t, 100, 30, "sh")
	term.keys("docker exec -ti "+id[:12]+" /yinit top; echo left with $?", "Enter")
	term.see("yinit 0.0.0-test", "IGNORE", "forward")
	term.keys("4")
	term.see("exited 3")
	term.keys("1", "/", "nobody", "Enter")
	term.see("filter: nobody")
	term.keys("Escape")
	term.see("forward")
	term.keys("q")
	term.see("left with 0")
	// The terminal is restored: it echoes input.
	term.keys("echo 'still 'here", "Enter")
	term.see("still here")
	if out := docker(t, "exec", id, "ps", "-o", "comm"); strings.Contains(out, "yinit\nyinit") {
		t.Errorf("the inspector outlived its client:\n%s", out)
	}
}

// TestDockerTerminal checks job control in a shell below yinit.
func TestDockerTerminal(t *testing.T) {
	images(t)
	term := newTerminal(t, 80, 24, "docker", "run", "-ti", "--rm", "-e", "PS1=ready$ ", busyImage, "sh")
	term.see("ready$")
	term.keys("trap 'echo INT''ERRUPT' INT", "Enter", "echo sle''eping; sleep 100", "Enter")
	term.see("sleeping\n")
	term.keys("C-z")
	term.see("Stopped")
	term.keys("fg; echo ba''ck", "Enter")
	term.see("ready$ fg")
	term.keys("C-c")
	term.see("back")
	term.keys("echo al''ive", "Enter")
	term.see("alive")
	if n := strings.Count(term.screen(), "INTERRUPT"); n != 1 {
		t.Errorf("one Ctrl-C was %d SIGINTs to the shell, want 1:\n%s", n, term.screen())
	}
}

// TestDockerOutOfMemory checks that the log and the report for Kubernetes give the cause.
func TestDockerOutOfMemory(t *testing.T) {
	images(t)
	var out, told []byte
	// While the kernel frees the memory of its victim, which is no longer among the processes,
	// a page that PID 1 needs may make it the next one: 2 times in 70.
	for tries := 0; tries < 3 && len(out) == 0; tries++ {
		report := filepath.Join(t.TempDir(), "termination-log")
		if err := os.WriteFile(report, nil, 0o666); err != nil {
			t.Fatal(err)
		}
		var err error
		out, err = exec.Command("docker", "run", "--rm", "-m", "24m", "--memory-swap", "24m", "-v", report+":/dev/termination-log",
			busyImage, "tail", "/dev/zero").CombinedOutput()
		if exitStatus(err) != 137 {
			t.Fatalf("%v, want 137\n%s", err, out)
		}
		if told, err = os.ReadFile(report); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range map[string]string{"log": string(out), "report": string(told)} {
		if !strings.Contains(text, "killed by SIGKILL: the memory limit was hit (oom_kill 0 → 1, memory.max 24 MiB)") {
			t.Errorf("the %s does not say why: %q", name, text)
		}
	}
	if !strings.HasPrefix(string(told), "yinit: exit status 137: tail killed by SIGKILL") {
		t.Errorf("the report begins with something else: %q", told)
	}
}

// TestDockerHiddenLimits checks that a warning tells of a limit that was hit if the exit
// status is 0 all the same.
func TestDockerHiddenLimits(t *testing.T) {
	images(t)
	for _, tt := range []struct{ options, script, want string }{
		{"-m=24m --memory-swap=24m", `sh -c "sleep 0.5; tail /dev/zero"; exit 0`, ") was killed by SIGKILL: the memory limit was hit (oom_kill 0 → 1, memory.max 24 MiB)"},
		{"--pids-limit=12", `sleep 0.1; mkfifo /f; exec 3<>/f; sh -c "for i in 1 2 3 4 5 6 7 8 9; do (sleep 5; true) & done; wait"; read -t 3 x <&3; exit 0`, " of 12 were taken"},
		{"--pids-limit=12", `sleep 0.1; sh -c "for i in 1 2 3 4 5 6 7 8 9; do (sleep 0.5; true) & done; wait"; exit 0`, "the limit on processes and threads (pids.max 12) was hit "},
	} {
		args := append([]string{"run", "--rm"}, strings.Fields(tt.options)...)
		out, err := exec.Command("docker", append(args, busyImage, "sh", "-c", tt.script)...).CombinedOutput()
		if err != nil {
			t.Errorf("%s: %v", tt.options, err)
		}
		if text := string(out); !strings.Contains(text, "yinit: warning: exit status 0, but ") || !strings.Contains(text, tt.want) {
			t.Errorf("%s: no warning %q:\n%s", tt.options, tt.want, text)
		}
	}
}

// TestDockerPidsLimit checks that a container at its pids limit still receives signals
// and shuts down. The Go runtime must not need a new thread then, as it would on a
// machine with many CPUs.
func TestDockerPidsLimit(t *testing.T) {
	id := container(t, "--pids-limit", "40", "-e", "GOMAXPROCS=64", "--entrypoint", "/yinit", busyImage, "-vv", "-w", "--",
		"sh", "-c", `sh -c 'while :; do sleep 1000 & done' 2>/dev/null; exec sleep 2000`)
	eventually(t, "the container is full", func() bool {
		out, err := exec.Command("docker", "top", id).Output()
		return err == nil && strings.Contains(string(out), "sleep 2000")
	})
	for range 20 {
		docker(t, "kill", "-s", "WINCH", id)
	}
	docker(t, "stop", id)
	if status := docker(t, "wait", id); status != "143" {
		t.Errorf("exit status %s, want 143\n%s", status, docker(t, "logs", "--tail", "20", id))
	}
	logs, n := docker(t, "logs", id), 0
	for _, match := range regexp.MustCompile(`received SIGWINCH (?:(\d+) more times )?\(from outside the container`).FindAllStringSubmatch(logs, -1) {
		more, _ := strconv.Atoi(match[1])
		n += max(more, 1)
	}
	if n != 20 {
		t.Errorf("%d of 20 signals are in the log:\n%s", n, logs)
	}
}

// TestDockerSession checks that with --session a shell has the terminal, and that no
// process gets the SIGHUP and SIGCONT caused when the init gives up the terminal.
func TestDockerSession(t *testing.T) {
	images(t)
	term := newTerminal(t, 80, 24, "docker", "run", "-ti", "--rm", "-e", "PS1=ready$ ", "--entrypoint", "/yinit", busyImage,
		"-v", "--session", "--", "sh")
	term.see("ready$")
	term.keys("echo sle''eping; sleep 100", "Enter")
	term.see("sleeping\n")
	term.keys("C-z")
	term.see("Stopped")
	if screen := term.screen(); strings.Contains(screen, "received SIGHUP") || strings.Contains(screen, "job control turned off") {
		t.Errorf("it did not let go of the terminal quietly:\n%s", screen)
	}
	term.keys("exit", "Enter")
}
