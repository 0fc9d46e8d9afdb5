package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A podman is Podman with directories of its own.
type podman struct {
	hostDir
	uid uint32
	env []string
}

// rootlessUser is a user who owns nothing else: Podman needs no account for it.
const rootlessUser = 65533

func newPodman(t *testing.T, uid uint32) podman {
	t.Helper()
	requireEngines(t, "podman podman", "conmon conmon", "runc runc")
	if uid == 0 {
		ownGroups(t, "libpod_parent")
	}
	p := podman{hostDir: newHostDir(t), uid: uid}
	conf := p.write(t, "etc/containers.conf", fmt.Sprintf(`[containers]
pids_limit = 0
default_ulimits = []
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
infra_image = %q
infra_command = "/yinit"
tmp_dir = %q
runtime = "plain"
[engine.runtimes]
plain = [%q]
`, pauseImage, p.path(t, "run/libpod"), p.runc(t)), 0o644)
	storage := p.write(t, "etc/storage.conf", fmt.Sprintf("[storage]\ndriver = \"vfs\"\ngraphroot = %q\nrunroot = %q\nrootless_storage_path = %q\n[storage.options.vfs]\nignore_chown_errors = \"true\"\n",
		p.path(t, "var/lib/containers/storage"), p.path(t, "run/containers/storage"), p.path(t, "home/storage")), 0o644)
	p.env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + filepath.Dir(p.path(t, "home/x")), "XDG_RUNTIME_DIR=" + string(p.hostDir) + "/run", "CONTAINERS_CONF=" + conf, "CONTAINERS_STORAGE_CONF=" + storage}
	files := []string{p.archive(t, engineImage, "/yinit", "--"), p.archive(t, pauseImage, "/yinit", "--pause")}
	if uid != 0 {
		runs(t, "chown", "-R", fmt.Sprintf("%d:%d", uid, uid), string(p.hostDir))
	}
	t.Cleanup(func() {
		_, _ = runAs(p.uid, p.env, "podman", "pod", "rm", "-a", "-f", "-t", "0")
		if out, err := runAs(p.uid, p.env, "podman", "rm", "-a", "-f", "-t", "0"); err != nil {
			t.Errorf("podman rm: %v\n%s", err, out)
		}
		if uid != 0 { // the process that holds its namespaces
			_, _ = runAs(p.uid, p.env, "podman", "system", "migrate")
		}
	})
	for _, file := range files {
		p.do(t, "load", "-q", "-i", file)
	}
	return p
}

func (p podman) do(t *testing.T, args ...string) string {
	t.Helper()
	out, err := runAs(p.uid, p.env, append([]string{"podman"}, args...)...)
	if err != nil {
		t.Fatalf("podman %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(out)
}

func (p podman) pid(t *testing.T, id string) int {
	t.Helper()
	pid, err := strconv.Atoi(p.do(t, "inspect", "-f", "{{.State.Pid}}", id))
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

// start starts a container, and returns its ID. It has the command as its ENTRYPOINT.
func (p podman) start(t *testing.T, name string, options, command []string) string {
	t.Helper()
	args := append([]string{"run", "-d", "--name", name, "--network", "none", "--entrypoint", "[]"}, options...)
	return p.do(t, append(append(args, engineImage), command...)...)
}

// TestEnginePodman looks at containers and pods of Podman, as root and as another user, and stops
// them as Podman does.
func TestEnginePodman(t *testing.T) {
	for name, uid := range map[string]uint32{"root": 0, "rootless": rootlessUser} {
		t.Run(name, func(t *testing.T) {
			p := newPodman(t, uid)
			plain := p.start(t, "db", nil, []string{"sleep", "1000"})
			init := p.start(t, "web", nil, []string{"/yinit", "--", "sleep", "1000"})
			for id, want := range map[string]seen{
				plain: {Engine: "podman", Name: "db", Init: "no", Processes: 1},
				init:  {Engine: "podman", Name: "web", Init: "yes", Processes: 2},
			} {
				row := p.expect(t, id, p.pid(t, id), want)
				if !row.Stop.Known || row.Stop.TimeoutMS != 10000 {
					t.Errorf("%s: %+v", want.Name, row.Stop)
				}
				checkStop(t, &row, func() int {
					p.do(t, "stop", id)
					status, _ := strconv.Atoi(p.do(t, "inspect", "-f", "{{.State.ExitCode}}", id))
					return status
				})
			}
			if uid == 0 {
				return
			}
			// The user sees the own containers, too.
			id := p.start(t, "mine", nil, []string{"sleep", "1000"})
			out, err := runAs(uid, p.env, p.path(t, "rootfs/yinit"), "containers")
			if !strings.Contains(out, "mine ") {
				t.Errorf("%s as the user %d: %v\n%s", id, uid, err, out)
			}
		})
	}
}

// TestEnginePodmanPod looks at a pod that podman kube play makes, with and without a shared PID
// namespace.
func TestEnginePodmanPod(t *testing.T) {
	p := newPodman(t, 0)
	for name, shared := range map[string]bool{"shop": false, "all": true} {
		file := p.write(t, name+".yaml", fmt.Sprintf(`apiVersion: v1
kind: Pod
metadata: {name: %s}
spec:
  hostNetwork: true
  shareProcessNamespace: %t
  containers:
  - {name: web, image: %s, imagePullPolicy: Never, args: [sleep, "1000"]}
  - {name: side, image: %[3]s, imagePullPolicy: Never, command: [/bin/sleep], args: ["1000"]}
`, name, shared, engineImage), 0o644)
		p.do(t, "kube", "play", file)
		pod := p.do(t, "pod", "inspect", "-f", "{{.ID}}", name)
		infra := p.do(t, "pod", "inspect", "-f", "{{.InfraContainerID}}", name)
		id := func(container string) string { return p.do(t, "inspect", "-f", "{{.Id}}", name+"-"+container) }
		init := map[bool]string{false: "no", true: "unknown"}[shared] // sleep is PID 1, or is not
		p.expect(t, infra, p.pid(t, infra), seen{Engine: "podman", Name: shortID(pod) + "-infra", Pod: shortID(pod), Sandbox: true, Init: "yes", Processes: 1})
		p.expect(t, id("web"), p.pid(t, id("web")), seen{Engine: "podman", Name: name + "-web", Pod: shortID(pod), Shared: shared, Init: "yes", Processes: 2})
		p.expect(t, id("side"), p.pid(t, id("side")), seen{Engine: "podman", Name: name + "-side", Pod: shortID(pod), Shared: shared, Init: init, Processes: 1})
	}
}

// TestEngineLXC looks at containers of LXC, and stops them as lxc-stop does.
func TestEngineLXC(t *testing.T) {
	requireEngines(t, "lxc-start lxc", "lxc-stop lxc")
	ownGroups(t, "lxc.payload.*", "lxc.monitor.*", "lxc.pivot")
	h := newHostDir(t)
	dir := filepath.Dir(h.path(t, "lxc/x"))
	for name, tt := range map[string]struct {
		command, init string
		processes     int
	}{
		"yinit-web": {"/yinit -- sleep 1000", "yes", 2},
		"yinit-db":  {"/bin/sleep 1000", "no", 1},
	} {
		rootfs(t, filepath.Join(dir, name, "rootfs"))
		h.write(t, "lxc/"+name+"/config", fmt.Sprintf("lxc.uts.name = %s\nlxc.rootfs.path = dir:%s/%[1]s/rootfs\nlxc.net.0.type = empty\n"+
			"lxc.init.cmd = %[3]s\nlxc.mount.auto = proc:mixed sys:ro\nlxc.apparmor.profile = unconfined\nlxc.tty.max = 0\n", name, dir, tt.command), 0o644)
		log := filepath.Join(dir, name+".log")
		if out, err := runAs(0, nil, "lxc-start", "-P", dir, "-n", name, "-l", "INFO", "-o", log); err != nil {
			text, _ := os.ReadFile(log)
			t.Fatalf("lxc-start: %v\n%s\n%s", err, out, text)
		}
		t.Cleanup(func() { _ = exec.Command("lxc-stop", "-P", dir, "-n", name, "-k").Run() })
		pid, _ := strconv.Atoi(runs(t, "lxc-info", "-P", dir, "-n", name, "-p", "-H"))
		row := h.expect(t, name, pid, seen{Engine: "lxc", Name: name, Init: tt.init, Processes: tt.processes})
		if row.Stop.Signal != "SIGPWR" || row.Stop.TimeoutMS != 60000 || row.Stop.TakesMS != map[string]int64{"yes": 0, "no": 60000}[tt.init] {
			t.Errorf("%s: %+v", name, row.Stop)
		}
		if tt.init == "no" {
			continue // it takes a minute
		}
		checkStop(t, &row, func() int {
			runs(t, "lxc-stop", "-P", dir, "-n", name)
			text := ""
			eventually(t, "the monitor says how it ended", func() bool {
				b, _ := os.ReadFile(log)
				text = string(b)
				return strings.Contains(text, "ended on error (")
			})
			_, text, _ = strings.Cut(text, "ended on error (")
			text, _, _ = strings.Cut(text, ")")
			status, _ := strconv.Atoi(text)
			return status
		})
	}
}

// TestEngineNspawn looks at containers of systemd-nspawn, and stops them as systemd stops the unit:
// with SIGTERM to systemd-nspawn.
func TestEngineNspawn(t *testing.T) {
	requireEngines(t, "systemd-nspawn systemd-container")
	h := newHostDir(t)
	for name, tt := range map[string]struct {
		options, command []string
		init, signal     string
		processes        int
	}{
		"yinit-stub":  {[]string{"--as-pid2"}, []string{"/bin/sleep", "1000"}, "yes", "SIGKILL", 2},
		"yinit-plain": {nil, []string{"/yinit", "--", "sleep", "1000"}, "yes", "SIGKILL", 2},
		"yinit-term":  {[]string{"--kill-signal=SIGTERM"}, []string{"/yinit", "--", "sleep", "1000"}, "yes", "SIGTERM", 2},
	} {
		dir := h.path(t, "machines/"+name)
		rootfs(t, dir)
		args := append([]string{"-q", "--register=no", "--keep-unit", "--private-network", "--console=pipe", "-M", name, "-D", dir}, tt.options...)
		// Without a terminal: the end of PID 1 would send SIGHUP to the program before SIGKILL.
		cmd := exec.Command("systemd-nspawn", append(args, tt.command...)...)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() { done <- cmd.Wait() }()
		t.Cleanup(func() { _ = cmd.Process.Kill() })
		row := h.expect(t, "", 0, seen{Engine: "nspawn", Name: name, Init: tt.init, Processes: tt.processes})
		if row.Stop.Signal != tt.signal || row.Stop.TakesMS != 0 {
			t.Errorf("%s: %+v", name, row.Stop)
		}
		checkStop(t, &row, func() int {
			_ = cmd.Process.Signal(syscall.SIGTERM)
			select {
			case <-done:
			case <-time.After(time.Minute):
				t.Errorf("%s: it does not end", name)
			}
			return row.Stop.Status // systemd-nspawn does not tell it
		})
	}
}
