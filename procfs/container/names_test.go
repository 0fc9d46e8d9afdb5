package container

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestDescribe finds the names of a container in its pod, from each source that has some.
func TestDescribe(t *testing.T) {
	cgroup := "/kubepods.slice/kubepods-pod" + strings.ReplaceAll(testUID, "-", "_") + ".slice/cri-containerd-" + testID + ".scope"
	procs := []fake{
		{pid: 1, cgroup: "/init.scope"},
		{pid: 2, cgroup: "/"},
		{pid: 100, ppid: 1, cgroup: "/system.slice/containerd.service"},
		{pid: 200, ppid: 100, nspid: []int{200, 1}, ns: "pid:[10]", cgroup: cgroup},
	}
	shim := "/usr/bin/containerd-shim-runc-v2 -namespace k8s.io -id " + id("5a")
	config := string(fixture(t, "config.v2.json"))
	mounts := string(fixture(t, "kubernetes.mountinfo"))
	pod := Names{ID: testID, Engine: "containerd", Name: "web", Pod: "web-5d4f", PodNS: "shop", PodUID: testUID, QoS: "guaranteed"}
	for name, tt := range map[string]struct {
		files  map[string]string // of the host
		cgroup string            // ""; that of a pod
		mounts string
		parent string
		want   Names
		title  string
	}{
		"mounts and logs": {map[string]string{"var/log/pods/shop_web-5d4f_" + testUID + "/x": ""}, "", mounts, shim, pod, "shop/web-5d4f/web"},
		"link of the log": {map[string]string{"var/log/containers/web-5d4f_shop_web-" + testID + ".log": ""}, "", "", shim, pod, "shop/web-5d4f/web"},
		"bundle": {
			map[string]string{"run/containerd/io.containerd.runtime.v2.task/k8s.io/" + testID + "/config.json": string(fixture(t, "bundle.json"))},
			"", "", shim,
			func() Names { n := pod; n.Image = "docker.io/library/nginx:1.27"; return n }(), "shop/web-5d4f/web",
		},
		"conmon of CRI-O": {nil, "", "", "conmon -c " + testID + " -n k8s_web_web-5d4f_shop_" + testUID + "_0", pod, "shop/web-5d4f/web"},
		"nothing":         {nil, "", "", "", Names{ID: testID, Engine: "containerd", PodUID: testUID, QoS: "guaranteed"}, testID[:12]},
		"docker": {
			map[string]string{"var/lib/docker/containers/" + testID + "/config.v2.json": config},
			"/docker/" + testID, "", "",
			Names{ID: testID, Engine: "docker", Name: "web", Image: "nginx:1.27", StopSignal: 3, StopTimeout: 30e9, HasTimeout: true},
			"web",
		},
		"docker with another --cgroup-parent": {nil, "/actions_job/" + testID, "", "containerd-shim-runc-v2 -namespace moby -id " + testID, Names{ID: testID, Engine: "docker"}, testID[:12]},
		"podman":                              {nil, "/machine.slice/libpod-" + testID + ".scope/container", "", "/usr/bin/conmon -c " + testID + " -n db", Names{ID: testID, Engine: "podman", Name: "db"}, "db"},
		"podman without control groups":       {nil, "/user.slice/x", "", "/usr/bin/conmon -c " + testID + " -n db", Names{ID: testID, Engine: "podman", Name: "db"}, "db"},
		"mounts alone name no files": {
			map[string]string{"var/lib/docker/containers/6548c6863fb748e72d1e2a4f824fde92f720952d062dede1318c2d6219a672d6/config.v2.json": config},
			"/", string(fixture(t, "docker.mountinfo")), "",
			Names{ID: "6548c6863fb748e72d1e2a4f824fde92f720952d062dede1318c2d6219a672d6"},
			"6548c6863fb7",
		},
		"a user's group with the ID of another container": {
			map[string]string{"var/lib/docker/containers/" + testID + "/config.v2.json": config},
			"/user.slice/user-1000.slice/user@1000.service/docker-" + testID + ".scope", "", "",
			Names{ID: testID, Engine: "docker"},
			testID[:12],
		},
		"a shim that claims to be that of another container": {
			map[string]string{"var/lib/docker/containers/" + testID + "/config.v2.json": config},
			"/", "", "containerd-shim-runc-v2 -namespace moby -id " + testID,
			Names{ID: testID, Engine: "docker"},
			testID[:12],
		},
		"lxc":   {nil, "/lxc.payload.web1/init.scope", "", "", Names{ID: "web1", Engine: "lxc", Name: "web1"}, "web1"},
		"inner": {map[string]string{"var/lib/docker/containers/" + testID + "/config.v2.json": config}, "/docker/" + id("a") + "/docker/" + testID, "", "", Names{ID: testID, Engine: "docker", Outer: "a00000000000"}, testID[:12]},
	} {
		t.Run(name, func(t *testing.T) {
			all := append([]fake(nil), procs...)
			if tt.cgroup != "" {
				all[3].cgroup = tt.cgroup
			}
			fs, list := node(t, all)
			root := write(t, tt.files)
			if err := writeFile(fs.Root()+"/200/mountinfo", tt.mounts); err != nil {
				t.Fatal(err)
			}
			groups := Find(fs, list, pathsIn(fs))
			if len(groups) != 1 {
				t.Fatalf("%d groups", len(groups))
			}
			d := Describer{FS: fs, Root: NewRoot(root), Cmdline: func(int) []string { return strings.Fields(tt.parent) }}
			n := d.Describe(&groups[0], list, groups)
			if diff := cmp.Diff(tt.want, n); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
			if n.Title() != tt.title {
				t.Errorf("title %q, want %q", n.Title(), tt.title)
			}
		})
	}
}
