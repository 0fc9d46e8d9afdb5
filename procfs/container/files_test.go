package container

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const (
	testID  = "63425c4a8b4291744a79dd9011fddc7a1f8ffda61f65d72196aa01d00cae2e2d"
	testUID = "2942c55e-c9cb-428a-93f4-eaf89c1f3ce0"
)

// write writes files below a new root directory.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// fixture returns a file of testdata.
func fixture(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestMounts(t *testing.T) {
	for name, want := range map[string]Mounts{
		"docker.mountinfo":     {ID: "6548c6863fb748e72d1e2a4f824fde92f720952d062dede1318c2d6219a672d6"},
		"kubernetes.mountinfo": {ID: testID, PodUID: testUID, Container: "web"},
	} {
		if diff := cmp.Diff(want, ParseMounts(fixture(t, name))); diff != "" {
			t.Errorf("%s: -want +got\n%s", name, diff)
		}
	}
	for name, line := range map[string]string{
		"a volume that is called like it": "1 2 0:1 /data/containers/" + testID + "/hostname /data rw - ext4 /dev/sda rw",
		"short":                           "1 2 0:1 /",
		"no ID":                           "1 2 0:1 /var/lib/docker/containers/x/hostname /etc/hostname rw - ext4 /dev/sda rw",
		"no UID":                          "1 2 0:1 /var/lib/kubelet/pods/x/etc-hosts /etc/hosts rw - ext4 /dev/sda rw",
		"nothing":                         "",
	} {
		if got := ParseMounts([]byte(line)); got != (Mounts{}) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestMonitor(t *testing.T) {
	for line, want := range map[string]Monitor{
		"/usr/bin/containerd-shim-runc-v2 -namespace moby -id " + testID + " -address /run/containerd/containerd.sock":                      {Runtime: "containerd", Namespace: "moby", ID: testID},
		"/usr/bin/containerd-shim-runc-v2 -namespace k8s.io -id " + testID:                                                                  {Runtime: "containerd", Namespace: "k8s.io", ID: testID},
		"containerd-shim -namespace moby -workdir /var/lib/containerd/io.containerd.runtime.v1.linux/moby/x":                                {Runtime: "containerd", Namespace: "moby"},
		"/usr/bin/conmon --api-version 1 -c " + testID + " -u " + testID + " -r /usr/bin/crun -b /run/x -p /run/y -n web --exit-dir /run/z": {Runtime: "podman", ID: testID, Name: "web"},
		"/usr/libexec/crio/conmon -b /run/x -c " + testID + " --exit-dir /e -n k8s_web_web-5d4f_shop_" + testUID + "_0 -P /p":               {Runtime: "cri-o", ID: testID, Name: "web", PodName: "web-5d4f", PodNS: "shop"},
		"[lxc monitor] /var/lib/lxc web1": {Runtime: "lxc", Name: "web1"},
		"lxc-start -F -n web1":            {Runtime: "lxc", Name: "web1"},
		"containerd-shim-runc-v2 -namespace default -id web.1 -address /c.sock": {Runtime: "containerd", Namespace: "default", ID: "web.1", Name: "web.1"},
		"containerd-shim-runc-v2 -namespace default -id ../../x":                {Runtime: "containerd", Namespace: "default"},
		"systemd-nspawn --quiet --machine=build --boot":                         {Runtime: "nspawn", Name: "build", StopSignal: 37},
		"/usr/bin/systemd-nspawn -qbD/x/box -M build":                           {Runtime: "nspawn", Name: "build", StopSignal: 37},
		"systemd-nspawn --kill-signal SIGTERM -D /srv/box sh -b -M x":           {Runtime: "nspawn", Name: "box", StopSignal: 15},
		"systemd-nspawn -a -D /srv/box -- sleep --boot":                         {Runtime: "nspawn", Name: "box", StopSignal: 9},
		"systemd-nspawn": {Runtime: "nspawn", StopSignal: 9},
		"/usr/bin/conmon -c ../../etc/passwd -n -n": {Runtime: "podman", Name: "-n"},
		"/usr/bin/conmon -c":                        {Runtime: "podman"},
		"/usr/bin/dockerd -H fd://":                 {},
		"":                                          {},
		"/usr/bin/conmon -n " + strings.Repeat("x", 300): {Runtime: "podman"},
	} {
		words := strings.Split(line, " ")
		if strings.HasPrefix(line, "[") { // a title is one word
			words = []string{line}
		}
		if diff := cmp.Diff(want, ParseMonitor(words)); diff != "" {
			t.Errorf("%s: -want +got\n%s", line, diff)
		}
	}
}

// TestRoot reads the files of each engine.
func TestRoot(t *testing.T) {
	bundle := "run/containerd/io.containerd.runtime.v2.task/k8s.io/" + testID + "/config.json"
	r := NewRoot(write(t, map[string]string{
		"var/lib/docker/containers/" + testID + "/config.v2.json": string(fixture(t, "config.v2.json")),
		bundle: string(fixture(t, "bundle.json")),
		"var/log/pods/shop_web-5d4f_" + testUID + "/web/0.log":             "",
		"var/log/containers/web-5d4f_shop_web-" + testID + ".log":          "",
		"var/log/containers/other.log":                                     "",
		"run/containers/storage/overlay-containers/x/userdata/config.json": "{}",
	}))
	c, ok := r.Docker(testID)
	want := Config{Name: "web", Image: "nginx:1.27", StopSignal: "SIGQUIT", StopTimeout: 30 * time.Second, HasTimeout: true}
	if diff := cmp.Diff(want, c); diff != "" || !ok {
		t.Errorf("Docker: %v, -want +got\n%s", ok, diff)
	}
	c, ok = r.Bundle("k8s.io", testID)
	want = Config{Name: "web", Image: "docker.io/library/nginx:1.27", PodName: "web-5d4f", PodNS: "shop", PodUID: testUID}
	if diff := cmp.Diff(want, c); diff != "" || !ok {
		t.Errorf("Bundle: %v, -want +got\n%s", ok, diff)
	}
	if ns, name := r.Pod(testUID); ns != "shop" || name != "web-5d4f" {
		t.Errorf("Pod: %q, %q", ns, name)
	}
	if ns, pod, name := r.Log(testID); ns != "shop" || pod != "web-5d4f" || name != "web" {
		t.Errorf("Log: %q, %q, %q", ns, pod, name)
	}
	for _, id := range []string{"", "..", "../../../etc", strings.Repeat("0", idLength)} {
		if _, ok := r.Docker(id); ok {
			t.Errorf("Docker(%q) found something", id)
		}
		if _, ok := r.Bundle("../k8s.io", id); ok {
			t.Errorf("Bundle(%q) found something", id)
		}
	}
	if r.Denied() != 0 {
		t.Errorf("denied: %d", r.Denied())
	}
	var none Root
	if _, ok := none.Docker(testID); ok {
		t.Error("the zero value found something")
	}
}

// TestRemapped: Docker with userns-remap has its containers in a directory named after the user
// and the group to which their root is mapped.
func TestRemapped(t *testing.T) {
	config := string(fixture(t, "config.v2.json"))
	below := "/containers/" + testID + "/config.v2.json"
	for dir, want := range map[string]bool{
		"231072.231072": true, "0.0": true, "4294967295.1": true,
		"containers": false, "231072": false, "231072.": false, ".231072": false, "1.2.3": false, "-1.5": false, "4294967296.1": false, "a.b": false,
	} {
		r := NewRoot(write(t, map[string]string{"var/lib/docker/image/x": "", "var/lib/docker/7.7/x": "", "var/lib/docker/" + dir + below: config}))
		if c, ok := r.Docker(testID); ok != want || want && c.Name != "web" {
			t.Errorf("%s: %+v, %t", dir, c, ok)
		}
		if r.Denied() != 0 {
			t.Errorf("%s: denied %d", dir, r.Denied())
		}
	}

	root := write(t, map[string]string{"var/lib/docker/1.1" + below: config, "elsewhere" + below: config})
	r := NewRoot(root)
	r.Docker(id("5a"))
	if err := os.Rename(filepath.Join(root, "var/lib/docker/1.1"), filepath.Join(root, "var/lib/docker/2.2")); err != nil {
		t.Fatal(err)
	}
	if _, ok := r.Docker(testID); ok {
		t.Error("the directory was listed twice")
	}
	if _, ok := NewRoot(root).Docker(testID); !ok {
		t.Error("2.2 was not found")
	}
	// A link in the place of a directory.
	if err := os.RemoveAll(filepath.Join(root, "var/lib/docker/2.2")); err != nil {
		t.Fatal(err)
	}
	for link, target := range map[string]string{
		"3.3":                      "elsewhere",
		"4.4/containers":           "elsewhere/containers",
		"5.5/containers/" + testID: "elsewhere/containers/" + testID,
	} {
		path := filepath.Join(root, "var/lib/docker", link)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(filepath.Join(root, target), path); err != nil {
			t.Fatal(err)
		}
		if c, ok := NewRoot(root).Docker(testID); ok {
			t.Errorf("%s: followed a link: %+v", link, c)
		}
	}
}

// TestHostileFiles: what is in the place of a file neither blocks nor costs memory.
func TestHostileFiles(t *testing.T) {
	for name, plant := range map[string]func(path string) error{
		"fifo":      func(path string) error { return syscall.Mkfifo(path, 0o644) },
		"link":      func(path string) error { return os.Symlink("/etc/passwd", path) },
		"directory": func(path string) error { return os.Mkdir(path, 0o755) },
		"huge":      func(path string) error { return os.WriteFile(path, make([]byte, mostConfig+1), 0o644) },
		"sparse": func(path string) error {
			if err := os.WriteFile(path, nil, 0o644); err != nil {
				return err
			}
			return os.Truncate(path, 1<<40)
		},
		"not JSON": func(path string) error { return os.WriteFile(path, []byte("\xff{"), 0o644) },
		"other":    func(path string) error { return os.WriteFile(path, []byte(`{"Name":7,"Config":[]}`), 0o644) },
		"deep":     func(path string) error { return os.WriteFile(path, []byte(strings.Repeat("[", 1<<19)), 0o644) },
	} {
		for _, dir := range []string{"containers/", "231072.231072/containers/"} {
			dir = "var/lib/docker/" + dir + testID
			root := write(t, map[string]string{dir + "/hostname": ""})
			if err := plant(filepath.Join(root, dir, "config.v2.json")); err != nil {
				t.Fatal(err)
			}
			if c, ok := NewRoot(root).Docker(testID); ok {
				t.Errorf("%s in %s: %+v", name, dir, c)
			}
		}
	}
}

func FuzzFiles(f *testing.F) {
	for _, name := range []string{"config.v2.json", "bundle.json", "docker.mountinfo", "kubernetes.mountinfo"} {
		f.Add(fixture(f, name))
	}
	f.Add([]byte("shop_web-5d4f_" + testUID))
	f.Add([]byte("web-5d4f_shop_web-" + testID + ".log"))
	f.Add([]byte("/usr/bin/conmon\x00-c\x00" + testID + "\x00-n\x00k8s_a_b_c_" + testUID + "_0"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if c, ok := ParseDocker(b); ok && c.StopTimeout < 0 {
			t.Errorf("timeout %v", c.StopTimeout)
		}
		ParseBundle(b)
		if m := ParseMounts(b); m.PodUID != "" && !isUID(m.PodUID) || m.ID != "" && !isID(m.ID) {
			t.Errorf("%+v", m)
		}
		if _, _, uid, ok := ParsePodLog(string(b)); ok && !isUID(uid) {
			t.Errorf("UID %q", uid)
		}
		if _, _, _, id, ok := ParseContainerLog(string(b)); ok && !isID(id) {
			t.Errorf("ID %q", id)
		}
		if m := ParseMonitor(strings.Split(string(b), "\x00")); m.ID != "" && !isID(m.ID) || len(m.Name) > mostName {
			t.Errorf("%+v", m)
		}
	})
}

func writeFile(path, text string) error { return os.WriteFile(path, []byte(text), 0o644) }
