package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// remapped is where dockerd maps the root of its containers.
const remapped = 231072

// newRemappedDocker starts a dockerd that runs its containers in a user namespace, with a
// containerd and directories of its own. The program docker talks to it until the test ends.
func newRemappedDocker(t *testing.T) hostDir {
	t.Helper()
	requireEngines(t, "dockerd docker.io", "docker docker.io", "containerd containerd", "runc runc", "unshare util-linux")
	const group = "yinit-remap"
	ownGroups(t, group)
	h := newHostDir(t)
	// Docker does not remap to the user root, so the range belongs to a user that every machine has.
	ids := h.write(t, "etc/subid", fmt.Sprintf("nobody:%d:65536\n", remapped), 0o644)
	config := h.write(t, "etc/daemon.json", fmt.Sprintf(`{
"userns-remap": "nobody:nogroup", "default-runtime": "plain", "runtimes": {"plain": {"path": %q}},
"data-root": %q, "exec-root": %q, "pidfile": %q, "hosts": ["unix://%s"], "cgroup-parent": "/%s",
"bridge": "none", "iptables": false, "ip6tables": false, "storage-driver": "vfs", "exec-opts": ["native.cgroupdriver=cgroupfs"]
}`, h.runc(t), h.path(t, "var/lib/docker"), h.path(t, "run/docker"), h.path(t, "run/docker.pid"), h.path(t, "run/docker.sock"), group), 0o644)
	// The files in /etc are replaced in a mount namespace of dockerd; in /etc/docker it may write a key.
	// It needs a network namespace, too: without a bridge it deletes docker0, that of another dockerd.
	const bridge = "/sys/class/net/docker0"
	_, before := os.Lstat(bridge)
	daemon(t, h.path(t, "dockerd.log"), "unshare", "--mount", "--net", "sh", "-c",
		`mount --bind "$0" /etc/subuid && mount --bind "$0" /etc/subgid && { [ ! -d /etc/docker ] || mount --bind "$2" /etc/docker; } &&
		exec dockerd --config-file "$1"`, ids, config, filepath.Dir(h.path(t, "etc/docker/x")))
	t.Setenv("DOCKER_HOST", "unix://"+h.path(t, "run/docker.sock"))
	eventually(t, "dockerd answers", func() bool {
		_, err := runAs(0, nil, "docker", "version")
		return err == nil
	})
	if _, after := os.Lstat(bridge); before == nil && after != nil {
		t.Fatalf("dockerd has deleted the bridge of another one: %v", after)
	}
	docker(t, "load", "-q", "-i", h.archive(t, engineImage, "/yinit", "--"))
	return h
}

// TestEngineDockerRemap looks at containers of Docker with userns-remap from the node and from
// within, and stops them as Docker does.
func TestEngineDockerRemap(t *testing.T) {
	h := newRemappedDocker(t)
	if _, err := os.Stat(h.path(t, fmt.Sprintf("var/lib/docker/%d.%[1]d/containers", remapped))); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		options, command []string
		init, signal     string
		processes        int
		takes            int64 // ms
	}{
		"deaf":  {nil, []string{"sleep", "1000"}, "no", "SIGTERM", 1, 3000},
		"yinit": {nil, []string{"/yinit", "--", "sh", "-c", `sh -c "exit 3"; exec sleep 1000`}, "yes", "SIGTERM", 2, 0},
		"quit":  {[]string{"--stop-signal", "QUIT"}, []string{"/yinit", "--", "sleep", "1000"}, "yes", "SIGQUIT", 2, 0},
	} {
		t.Run(name, func(t *testing.T) {
			args := append([]string{"run", "-d", "--name", name, "--network", "none", "--stop-timeout", "3", "--entrypoint", ""}, tt.options...)
			id := docker(t, append(append(args, engineImage), tt.command...)...)
			t.Cleanup(func() { docker(t, "rm", "-f", "-v", id) })
			pid, _ := strconv.Atoi(docker(t, "inspect", "-f", "{{.State.Pid}}", id))
			if ids, _ := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "uid_map")); !strings.HasPrefix(strings.Join(strings.Fields(string(ids)), " "), fmt.Sprintf("0 %d ", remapped)) {
				t.Fatalf("its root is not mapped: %s", ids)
			}
			eventually(t, "sleep", func() bool { return strings.Contains(docker(t, "top", id), "sleep 1000") })
			row := h.expect(t, id, pid, seen{Engine: "docker", Name: name, Image: engineImage, Init: tt.init, Processes: tt.processes})
			if user := strconv.Itoa(remapped); row.First == nil || row.First.User != user {
				t.Errorf("PID 1 is %+v, want the user %s of the node", row.First, user)
			}
			if s := row.Stop; s.Signal != tt.signal || s.TimeoutMS != 3000 || s.Default || s.TakesMS != tt.takes || !s.Known {
				t.Errorf("stop: %+v", s)
			}
			sameFromNode(t, id, binary)
			byName(t, tt.processes, binary, "ps", "--json", "--root", string(h), "--target", name)
			fromContainer(t, h, &row)
			checkStop(t, &row, func() int {
				docker(t, "stop", id)
				status, _ := strconv.Atoi(docker(t, "inspect", "-f", "{{.State.ExitCode}}", id))
				return status
			})
		})
	}
}

// byName checks what ps says about a container by its name, which only the files of the host have.
// There the user is root, and not the one of the node.
func byName(t *testing.T, processes int, words ...string) {
	t.Helper()
	rows, status := objects(t, words...)
	if len(rows) != processes || status != 0 || rows[0]["pid"] != 1.0 || rows[0]["user"] != "root" {
		t.Errorf("%q: status %d, %v", words, status, rows)
	}
}

// fromContainer looks from another container, as docs/node.md has it for this engine.
func fromContainer(t *testing.T, h hostDir, row *jsonContainer) {
	t.Helper()
	run := func(options ...string) []string {
		return slices.Concat([]string{"docker", "run", "--rm", "--network", "none", "--pid=host", "--cap-add", "SYS_PTRACE", "-v", string(h) + ":/host:ro", "--entrypoint", "/yinit"}, options, []string{engineImage})
	}
	look := []string{"containers", "--json", "--root", "/host"}
	if out, err := runAs(0, nil, slices.Concat(run(), look)...); err == nil || !strings.Contains(out, "user namespaces") {
		t.Errorf("--pid=host without --userns=host: %v, %s", err, out)
	}
	rows, status := objects(t, slices.Concat(run("--userns=host"), look)...)
	if status != 0 || !slices.ContainsFunc(rows, func(o map[string]any) bool {
		return o["id"] == row.ID && o["name"] == row.Name && o["image"] == row.Image && o["init"] == row.Init
	}) {
		t.Errorf("from a container: status %d, %v", status, rows)
	}
	byName(t, row.Processes, slices.Concat(run("--userns=host"), []string{"ps", "--json", "--root", "/host", "--target", row.Name})...)
}
