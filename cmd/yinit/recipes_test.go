package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// recipes returns the blocks of a section of docs/recipes.md that are in a language.
func recipes(t *testing.T, title, language string) (blocks []string) {
	t.Helper()
	for _, b := range regexp.MustCompile("(?m)^```"+language+"\n((?s:.*?))^```\n").FindAllStringSubmatch(section(t, "recipes.md", title), -1) {
		blocks = append(blocks, b[1])
	}
	if len(blocks) == 0 {
		t.Fatalf("docs/recipes.md: there is no block of %s in %q", language, title)
	}
	return blocks
}

// compose runs Compose in a directory. Its version 2 is a plugin of the client; Debian has version 1.
func compose(t *testing.T, dir string) func(args ...string) string {
	t.Helper()
	command := []string{"docker", "compose"}
	if exec.Command("docker", "compose", "version").Run() != nil {
		command = []string{program(t, "docker-compose", "docker-compose")}
	}
	return func(args ...string) string {
		t.Helper()
		words := append(append(command[1:len(command):len(command)], "-p", "yinitrecipe"), args...)
		cmd := exec.Command(command[0], words...)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("compose %q: %v\n%s", args, err, out)
		}
		return string(out)
	}
}

// TestRecipeCompose runs the files for Compose in docs/recipes.md.
func TestRecipeCompose(t *testing.T) {
	images(t)
	for i, text := range recipes(t, "Compose", "yaml") {
		path := []string{"/yinit", "/sbin/docker-init"}[i]
		dir := t.TempDir()
		text = strings.ReplaceAll(text, "my-app", busyImage)
		if path == "/yinit" { // the CMD of my-app
			text += "    command: [\"sleep\", \"600\"]\n    entrypoint: [\"/yinit\", \"--\"]\n"
		}
		if err := os.WriteFile(filepath.Join(dir, "compose.yaml"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command("cp", binary, filepath.Join(dir, "yinit")).CombinedOutput(); err != nil {
			t.Fatalf("cp: %v %s", err, out)
		}
		if out, err := exec.Command(binary, "doctor", "--compose", filepath.Join(dir, "compose.yaml")).CombinedOutput(); err != nil {
			t.Errorf("doctor --compose: %v\n%s", err, out)
		}
		do := compose(t, dir)
		t.Cleanup(func() { do("down", "-t", "0") })
		do("up", "-d")
		if out := do("exec", "-T", "app", path, "status"); !strings.Contains(out, "PID 1 is yinit") {
			t.Errorf("file %d: %s", i+1, out)
		}
		id := strings.TrimSpace(do("ps", "-q", "app"))
		do("stop")
		if status := docker(t, "inspect", "-f", "{{.State.ExitCode}}", id); status != "143" {
			t.Errorf("file %d: exit status %s, want 143", i+1, status)
		}
		do("down")
	}
}

// TestRecipeInitPath runs an engine of its own with yinit as its init.
func TestRecipeInitPath(t *testing.T) {
	requireDocker(t)
	engine := program(t, "dockerd", "docker.io")
	if os.Getuid() != 0 {
		t.Skip("an engine needs root")
	}
	dir, err := os.MkdirTemp("", "yinit-dockerd") // short: it has a socket in it
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	config := strings.ReplaceAll(recipes(t, "Docker, for all containers: `--init-path`", "json")[0], "/usr/bin/yinit", binary)
	file := filepath.Join(dir, "daemon.json")
	if err := os.WriteFile(file, []byte(config), 0o644); err != nil {
		t.Fatal(err)
	}
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	socket := "unix://" + filepath.Join(dir, "sock")
	cmd := exec.Command(engine, "--config-file", file, "--data-root", filepath.Join(dir, "data"), "--exec-root", filepath.Join(dir, "exec"), "-p", filepath.Join(dir, "pid"),
		"-H", socket, "--bridge", "none", "--iptables=false", "--ip6tables=false", "--storage-driver", "vfs")
	cmd.Stdout, cmd.Stderr = log, log
	// It removes the bridge docker0 where it finds one: it must not find that of the engine here.
	cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: unix.CLONE_NEWNET | unix.CLONE_NEWNS}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(unix.SIGTERM)
		timer := time.AfterFunc(time.Minute, func() { _ = cmd.Process.Kill() })
		defer timer.Stop()
		_ = cmd.Wait()
	})
	client := func(args ...string) string {
		t.Helper()
		out, err := exec.Command("docker", append([]string{"-H", socket}, args...)...).CombinedOutput()
		if err != nil {
			text, _ := os.ReadFile(log.Name())
			t.Fatalf("docker %q: %v\n%s\n%s", args, err, out, text)
		}
		return strings.TrimSpace(string(out))
	}
	eventually(t, "dockerd answers", func() bool { return exec.Command("docker", "-H", socket, "version").Run() == nil })
	var info struct {
		InitBinary string
		InitCommit struct{ ID string }
	}
	if err := json.Unmarshal([]byte(client("info", "--format", "{{json .}}")), &info); err != nil {
		t.Fatal(err)
	}
	version, err := exec.Command(binary, "--version").Output()
	if err != nil {
		t.Fatal(err)
	}
	if _, commit := parseAsDocker(string(version)); info.InitBinary != binary || info.InitCommit.ID != commit {
		t.Errorf("docker info says %+v; --version prints %s", info, version)
	}
	if text, err := os.ReadFile(log.Name()); err != nil || strings.Contains(string(text), "init version") {
		t.Errorf("%v: dockerd does not understand the version:\n%s", err, text)
	}
	importBusybox(t, dir, client)
	client("run", "-d", "--init", "--name", "app", "--network", "none", "busy", "sleep", "600")
	if out := client("exec", "app", "/sbin/docker-init", "status"); !strings.Contains(out, "PID 1 is yinit") {
		t.Errorf("status: %s", out)
	}
	client("stop", "app")
	if status := client("inspect", "-f", "{{.State.ExitCode}}", "app"); status != "143" {
		t.Errorf("exit status %s, want 143", status)
	}
	client("rm", "-f", "app")
}

// importBusybox makes an image with busybox alone.
func importBusybox(t *testing.T, dir string, client func(...string) string) {
	t.Helper()
	bin := filepath.Join(dir, "root/bin")
	if err := os.MkdirAll(bin, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"cp", "-L", program(t, "busybox", "busybox-static"), filepath.Join(bin, "busybox")},
		{"ln", "-s", "busybox", filepath.Join(bin, "sleep")},
		{"tar", "-C", filepath.Join(dir, "root"), "-cf", filepath.Join(dir, "busy.tar"), "."},
	} {
		if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%q: %v %s", args, err, out)
		}
	}
	client("import", filepath.Join(dir, "busy.tar"), "busy")
}
