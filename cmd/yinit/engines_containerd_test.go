package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
)

// A containerd is containerd with directories and a socket of its own.
type containerd struct {
	hostDir
	socket string
}

func newContainerd(t *testing.T) containerd {
	t.Helper()
	requireEngines(t, "containerd containerd", "ctr containerd", "containerd-shim-runc-v2 containerd", "runc runc")
	c := containerd{hostDir: newHostDir(t)}
	c.socket = c.path(t, "run/containerd/c.sock")
	config := c.write(t, "etc/containerd.toml", fmt.Sprintf(`version = 2
root = %q
state = %q
[grpc]
address = %q
[ttrpc]
address = %q
[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = %q
restrict_oom_score_adj = true
[plugins."io.containerd.grpc.v1.cri".containerd]
snapshotter = "native"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
BinaryName = %q
`, c.path(t, "var/lib/containerd"), string(c.hostDir)+"/run/containerd", c.socket, c.socket+".ttrpc", pauseImage, c.runc(t)), 0o644)
	daemon(t, c.path(t, "containerd.log"), "containerd", "--config", config)
	eventually(t, "containerd answers", func() bool {
		_, err := runAs(0, nil, "ctr", "-a", c.socket, "version")
		return err == nil
	})
	return c
}

// load imports the images into a namespace of containerd.
func (c containerd) load(t *testing.T, namespace string) {
	t.Helper()
	for image, entrypoint := range map[string][]string{engineImage: {"/yinit", "--"}, pauseImage: {"/yinit", "--pause"}} {
		c.ctr(t, namespace, "images", "import", "--snapshotter", "native", c.archive(t, image, entrypoint...))
	}
}

func (c containerd) ctr(t *testing.T, namespace string, args ...string) string {
	t.Helper()
	return runs(t, append([]string{"ctr", "-a", c.socket, "-n", namespace}, args...)...)
}

// TestEngineContainerd looks at containers that ctr starts, which have names instead of IDs.
func TestEngineContainerd(t *testing.T) {
	ownGroups(t, "yinit-test", "yinit-group")
	c := newContainerd(t)
	const namespace = "yinit-test"
	c.load(t, namespace)
	for name, tt := range map[string]struct {
		options, command []string
		init             string
		processes        int
	}{
		"web.1":  {nil, []string{"/yinit", "--", "sleep", "1000"}, "yes", 2},
		"db_2":   {nil, []string{"sleep", "1000"}, "no", 1},
		"placed": {[]string{"--cgroup", "/yinit-group/x"}, []string{"sleep", "1000"}, "no", 1},
	} {
		args := append([]string{"run", "-d", "--null-io", "--snapshotter", "native", "--runc-binary", c.runc(t)}, tt.options...)
		c.ctr(t, namespace, append(append(args, engineImage, name), tt.command...)...)
		t.Cleanup(func() {
			_, _ = runAs(0, nil, "ctr", "-a", c.socket, "-n", namespace, "task", "rm", "-f", name)
			c.ctr(t, namespace, "container", "rm", name)
		})
		pid := 0
		for line := range strings.Lines(c.ctr(t, namespace, "task", "ls")) {
			if f := strings.Fields(line); f[0] == name {
				pid, _ = strconv.Atoi(f[1])
			}
		}
		c.expect(t, name, pid, seen{Engine: "containerd", Name: name, Init: tt.init, Processes: tt.processes})
	}
}

// A cri is containerd with its plugin for Kubernetes, and crictl.
type cri struct {
	containerd
	program string
}

func newCRI(t *testing.T) cri {
	t.Helper()
	ownGroups(t, "kubepods")
	c := cri{newContainerd(t), os.Getenv("YINIT_CRICTL")}
	if c.program == "" {
		t.Fatal("crictl is missing: make engines builds it, and sets YINIT_CRICTL to its path")
	}
	c.load(t, "k8s.io")
	return c
}

// do runs crictl.
func (c cri) do(t *testing.T, args ...string) string {
	t.Helper()
	return runs(t, append([]string{c.program, "--config", "/dev/null", "-r", "unix://" + c.socket, "-i", "unix://" + c.socket}, args...)...)
}

// pidOf returns PID 1 of what inspect or inspectp looks at, as the node sees it.
func (c cri) pidOf(t *testing.T, inspect, id string) int {
	t.Helper()
	var x struct{ Info struct{ PID int } }
	if err := json.Unmarshal([]byte(c.do(t, inspect, id)), &x); err != nil || x.Info.PID == 0 {
		t.Fatalf("%s %s: %v", inspect, id, err)
	}
	return x.Info.PID
}

// run starts a pod on the network of the node, and returns its ID and its configuration. pid is the
// NamespaceMode of its PID namespace: 1 CONTAINER, 0 POD.
func (c cri) run(t *testing.T, pod, uid string, pid int) (sandbox, config string) {
	t.Helper()
	linux := fmt.Sprintf(`{"cgroup_parent":"/kubepods/burstable/pod%s","security_context":{"namespace_options":{"network":2,"pid":%d}}}`, uid, pid)
	config = c.write(t, pod+".json", fmt.Sprintf(`{"metadata":{"name":%q,"namespace":"shop","uid":%q},"log_directory":%q,"linux":%s}`,
		pod, uid, c.path(t, "var/log/pods/shop_"+pod+"_"+uid), linux), 0o644)
	sandbox = c.do(t, "runp", config)
	t.Cleanup(func() { c.do(t, "rmp", "-f", sandbox) })
	return sandbox, config
}

// TestEngineCRI looks at pods that crictl starts through the CRI plugin of containerd, with and
// without a shared PID namespace.
func TestEngineCRI(t *testing.T) {
	c := newCRI(t)
	for pod, tt := range map[string]struct {
		uid    string
		shared bool
	}{
		"web-5d4f": {"2942c55e-c9cb-428a-93f4-eaf89c1f3ce0", false},
		"all-1":    {"77d1a5a3-4f3a-4a0b-8c53-1f0e6b0c7a11", true},
	} {
		mode := map[bool]int{false: 1, true: 0}[tt.shared]
		sandbox, config := c.run(t, pod, tt.uid, mode)
		want := seen{Engine: "containerd", Image: "", Pod: pod, Namespace: "shop", PodUID: tt.uid, Sandbox: true, Init: "yes", Processes: 1}
		for name, command := range map[string]string{"app": `"command":["/bin/sleep","1000"]`, "side": `"args":["/bin/sleep","1000"]`} {
			file := c.write(t, pod+name+".json", fmt.Sprintf(`{"metadata":{"name":%q},"image":{"image":%q},%s,"log_path":"%[1]s.log","linux":{"security_context":{"namespace_options":{"network":2,"pid":%[4]d}}}}`,
				name, engineImage, command, mode), 0o644)
			id := c.do(t, "create", "--no-pull", sandbox, file, config)
			c.do(t, "start", id)
			w := want
			w.Name, w.Image, w.Sandbox, w.Shared = name, engineImage, false, tt.shared
			switch {
			case name == "side":
				w.Processes = 2
			case tt.shared:
				w.Init = "unknown"
			default:
				w.Init = "no"
			}
			row := c.expect(t, id, c.pidOf(t, "inspect", id), w)
			if row.Stop.TimeoutMS != 30000 || row.QoS != "burstable" {
				t.Errorf("%s: %+v, %s", name, row.Stop, row.QoS)
			}
		}
		c.expect(t, sandbox, c.pidOf(t, "inspectp", sandbox), want)
	}
}
