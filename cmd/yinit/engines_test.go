package main

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// The tests of this file and of engines_*_test.go run engines beside the Docker of the other tests,
// each with directories of its own, and look at them as the node does. make engines runs them. They
// pull no image, and nothing stays when they have ended.

// requireEngines skips a test unless make engines asks for it. There a missing program is an
// error: each is a name and the package that has it.
func requireEngines(t *testing.T, programs ...string) {
	t.Helper()
	if os.Getenv("YINIT_ENGINES") == "" {
		t.Skip("make engines runs this")
	}
	if os.Getuid() != 0 {
		t.Fatal("run make engines as root")
	}
	for _, p := range append(programs, "busybox busybox-static") {
		name, pkg, _ := strings.Cut(p, " ")
		if _, err := exec.LookPath(name); err != nil {
			t.Fatalf("%s is missing: apt-get install %s", name, pkg)
		}
	}
}

// A hostDir is a directory that stands for the root of a host, for yinit containers --root.
type hostDir string

func newHostDir(t *testing.T) hostDir {
	t.Helper()
	dir, err := os.MkdirTemp("", "yinit-host")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if mounts, _ := os.ReadFile("/proc/self/mountinfo"); strings.Contains(string(mounts), " "+dir+"/") {
			t.Errorf("mounts are left below %s", dir)
			return
		}
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return hostDir(dir)
}

// path returns a path below the root, and makes the directory in which it is.
func (h hostDir) path(t *testing.T, name string) string {
	t.Helper()
	path := filepath.Join(string(h), name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// write writes a file, and returns its path.
func (h hostDir) write(t *testing.T, name, text string, mode os.FileMode) string {
	t.Helper()
	path := h.path(t, name)
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	return path
}

// runc returns a program that runs runc without what a machine may forbid: to set oom_score_adj
// and resource limits.
func (h hostDir) runc(t *testing.T) string {
	t.Helper()
	actor, err := exec.LookPath("actor")
	if err != nil {
		t.Fatal(err)
	}
	real, err := exec.LookPath("runc")
	if err != nil {
		t.Fatal(err)
	}
	copied := h.path(t, "bin/actor")
	runs(t, "cp", actor, copied)
	return h.write(t, "bin/runc", "#!/bin/sh\nexec "+copied+" runc "+real+" \"$@\"\n", 0o755)
}

// rows are the rows of yinit containers.
func (h hostDir) rows(t *testing.T) (all []jsonContainer) {
	t.Helper()
	out := runs(t, binary, "containers", "--json", "--root", string(h))
	for line := range strings.Lines(out) {
		var row jsonContainer
		if err := json.Unmarshal([]byte(line), &row); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		all = append(all, row)
	}
	return all
}

// seen is what a row says about which container it is.
type seen struct {
	Engine, Name, Image, Pod, Namespace, PodUID string
	Sandbox, Shared                             bool
	Init                                        string
	Processes                                   int
}

// expect waits until the row of the container with this ID or, if that has none, with this name,
// says what it is. It returns the row.
func (h hostDir) expect(t *testing.T, id string, pid int, want seen) (row jsonContainer) {
	t.Helper()
	var diff string
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		diff = "there is no row with the ID " + id
		for _, r := range h.rows(t) {
			if r.ID == id && (pid == 0 || r.PID == pid) && (id != "" || r.Name == want.Name) {
				row = r
				diff = cmp.Diff(want, seen{r.Engine, r.Name, r.Image, r.Pod, r.Namespace, r.PodUID, r.Sandbox, r.Shared, r.Init, r.Processes})
			}
		}
		if diff == "" || time.Now().After(deadline) {
			break
		}
	}
	if diff != "" {
		t.Errorf("%s: -want +got\n%s", want.Name+" "+id, diff)
	}
	logLines(t, row.PID)
	if row.PID == 0 {
		return row
	}
	placed := runs(t, binary, "containers", "--root", string(h), strconv.Itoa(row.PID))
	if !strings.Contains(placed, id) && !strings.Contains(placed, shortID(id)) && !strings.Contains(placed, want.Name) {
		t.Errorf("containers %d: %s", row.PID, placed)
	}
	return row
}

func shortID(id string) string { return id[:min(12, len(id))] }

// logLines logs what names the container of a process: testdata/real.txt of procfs/container has
// such lines.
func logLines(t *testing.T, pid int) {
	t.Helper()
	dir := fmt.Sprintf("/proc/%d/", pid)
	groups, _ := os.ReadFile(dir + "cgroup")
	mounts, _ := os.ReadFile(dir + "mountinfo")
	stat, _ := os.ReadFile(dir + "stat")
	f := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	if len(f) < 2 {
		return
	}
	parent, _ := os.ReadFile("/proc/" + f[1] + "/cmdline")
	var named []string
	for line := range strings.Lines(string(mounts)) {
		if m := strings.Fields(line); strings.HasPrefix(m[4], "/etc/host") || m[4] == "/dev/termination-log" || m[4] == "/run/.containerenv" {
			named = append(named, "mount "+strings.TrimSpace(line))
		}
	}
	t.Logf("%d:\n%s%s\nparent %s", pid, groups, strings.Join(named, "\n"), strings.ReplaceAll(string(parent), "\x00", " "))
}

// runs runs a program for at most three minutes, and returns what it prints on stdout.
func runs(t *testing.T, words ...string) string {
	t.Helper()
	out, err := runAs(0, nil, words...)
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(words, " "), err, out)
	}
	return strings.TrimSpace(out)
}

// runAs runs a program as a user in an environment; nil: in that of the test. The output has
// what it printed on stderr only if it failed.
func runAs(uid uint32, env []string, words ...string) (string, error) {
	cmd := exec.Command(words[0], words[1:]...)
	cmd.Env, cmd.Dir = env, "/"
	if uid != 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
	}
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = &out, &errs, 5*time.Second
	if err := cmd.Start(); err != nil {
		return "", err
	}
	timer := time.AfterFunc(3*time.Minute, func() { _ = cmd.Process.Kill() })
	defer timer.Stop()
	if err := cmd.Wait(); err != nil {
		return out.String() + errs.String(), err
	}
	return out.String(), nil
}

// daemon starts a program that serves an engine, and ends it after the test. Its output is in a file.
func daemon(t *testing.T, log string, words ...string) {
	t.Helper()
	file, err := os.Create(log)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	cmd := exec.Command(words[0], words[1:]...)
	cmd.Stdout, cmd.Stderr, cmd.Dir = file, file, "/"
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		timer := time.AfterFunc(30*time.Second, func() { _ = cmd.Process.Kill() })
		_ = cmd.Wait()
		timer.Stop()
		if text, err := os.ReadFile(log); err == nil && t.Failed() {
			t.Logf("%s:\n%s", words[0], text[max(0, len(text)-4000):])
		}
	})
}

// ownGroups removes the control groups that an engine has made, after the test.
func ownGroups(t *testing.T, names ...string) {
	t.Helper()
	for _, name := range names {
		found, _ := filepath.Glob("/sys/fs/cgroup/*/" + name)
		if len(found) > 0 {
			continue // they are another engine's
		}
		t.Cleanup(func() {
			tops, _ := filepath.Glob("/sys/fs/cgroup/*/" + name)
			for _, top := range append(tops, "/sys/fs/cgroup/"+name) {
				var dirs []string
				_ = filepath.WalkDir(top, func(path string, d os.DirEntry, err error) error {
					if err == nil && d.IsDir() {
						dirs = append(dirs, path)
					}
					return nil
				})
				for i := range dirs {
					_ = os.Remove(dirs[len(dirs)-1-i]) // It fails if a process is in it.
				}
			}
		})
	}
}

// The images of the engines: busybox with yinit as its ENTRYPOINT, and yinit as the sandbox of a pod.
const (
	engineImage = "localhost/yinit:busy"
	pauseImage  = "localhost/yinit:pause"
)

// rootfs makes a root directory with yinit and busybox.
func rootfs(t *testing.T, dir string) {
	t.Helper()
	for _, name := range []string{"bin", "dev", "etc", "proc", "root", "run", "sys", "tmp", "usr", "var"} {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	busybox, err := exec.LookPath("busybox")
	if err != nil {
		t.Fatal(err)
	}
	runs(t, "cp", binary, filepath.Join(dir, "yinit"))
	runs(t, "cp", "-L", busybox, filepath.Join(dir, "bin/busybox"))
	for _, name := range []string{"sh", "sleep", "cat", "cp", "true", "test", "touch", "ps", "kill"} {
		if err := os.Symlink("busybox", filepath.Join(dir, "bin", name)); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range map[string]string{"etc/passwd": "root:x:0:0::/root:/bin/sh\n", "etc/os-release": "ID=test\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// archive writes an image as docker save does, and returns the file.
func (h hostDir) archive(t *testing.T, image string, entrypoint ...string) string {
	t.Helper()
	root := filepath.Join(string(h), "rootfs")
	if _, err := os.Stat(root); err != nil {
		rootfs(t, root)
	}
	layer, err := exec.Command("tar", "-C", root, "-c", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	config, err := json.Marshal(map[string]any{
		"architecture": runtime.GOARCH, "os": "linux",
		"config": map[string]any{"Entrypoint": entrypoint, "Env": []string{"PATH=/bin"}},
		"rootfs": map[string]any{"type": "layers", "diff_ids": []string{fmt.Sprintf("sha256:%x", sha256.Sum256(layer))}},
	})
	if err != nil {
		t.Fatal(err)
	}
	manifest := fmt.Sprintf(`[{"Config":"config.json","RepoTags":[%q],"Layers":["layer.tar"]}]`, image)
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, f := range []struct {
		name string
		data []byte
	}{{"manifest.json", []byte(manifest)}, {"config.json", config}, {"layer.tar", layer}} {
		if err := w.WriteHeader(&tar.Header{Name: f.name, Mode: 0o644, Size: int64(len(f.data))}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(f.data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return h.write(t, strings.NewReplacer("/", "-", ":", "-").Replace(image)+".tar", b.String(), 0o644)
}
