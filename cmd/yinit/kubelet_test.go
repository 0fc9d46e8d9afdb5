package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// A kubelet is a kubelet without a cluster, with a containerd and directories of its own.
type kubelet struct {
	containerd
	port int
}

// A kubePod is what the kubelet tells about a pod.
type kubePod struct {
	Metadata struct{ Name, Namespace, UID string }
	Status   struct {
		Phase, QOSClass   string
		ContainerStatuses []struct {
			Name, Image, ContainerID string
			Ready                    bool
			RestartCount             int
			State, LastState         struct {
				Running    *struct{}
				Waiting    *struct{ Reason string }
				Terminated *struct {
					ExitCode int
					Message  string
				}
			}
		}
	}
}

const kubeletConfig = `apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
staticPodPath: ROOT/etc/manifests
podLogsDir: ROOT/var/log/pods
volumePluginDir: ROOT/plugins
containerRuntimeEndpoint: unix://SOCKET
failCgroupV1: false
failSwapOn: false
cgroupDriver: cgroupfs
enforceNodeAllocatable: []
localStorageCapacityIsolation: false
makeIPTablesUtilChains: false
oomScoreAdj: 0
authentication: {anonymous: {enabled: true}, webhook: {enabled: false}}
authorization: {mode: AlwaysAllow}
address: 127.0.0.1
port: PORT1
readOnlyPort: PORT2
healthzPort: 0
imageGCHighThresholdPercent: 100
evictionHard: {memory.available: "0%", nodefs.available: "0%", nodefs.inodesFree: "0%", imagefs.available: "0%"}
fileCheckFrequency: 1s
syncFrequency: 2s
`

// freePort returns a TCP port that nobody uses at the moment.
func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func newKubelet(t *testing.T) kubelet {
	t.Helper()
	program := os.Getenv("YINIT_KUBELET")
	if program == "" {
		t.Skip("make kubelet runs this")
	}
	ownGroups(t, "kubepods", "k8s.io")
	for _, dir := range []string{"/var/lib/kubelet", "/var/log/containers"} { // The kubelet has no option for these.
		if _, err := os.Stat(dir); err != nil {
			t.Cleanup(func() { _ = os.RemoveAll(dir) })
		}
	}
	k := kubelet{newContainerd(t), freePort(t)}
	t.Cleanup(func() {
		links, _ := filepath.Glob("/var/log/containers/*")
		for _, link := range links {
			if to, _ := os.Readlink(link); strings.HasPrefix(to, string(k.hostDir)) {
				_ = os.Remove(link)
			}
		}
	})
	t.Cleanup(func() { // It mounts its own directory onto itself.
		if err := unix.Unmount(string(k.hostDir)+"/var/lib/kubelet", 0); err != nil && !errors.Is(err, unix.EINVAL) {
			t.Errorf("umount: %v", err)
		}
	})
	k.load(t, "k8s.io")
	_ = k.path(t, "etc/manifests/x")
	root := string(k.hostDir)
	config := k.write(t, "etc/kubelet.yaml", strings.NewReplacer("ROOT", root, "SOCKET", k.socket, "PORT1", strconv.Itoa(freePort(t)), "PORT2", strconv.Itoa(k.port)).Replace(kubeletConfig), 0o644)
	daemon(t, k.path(t, "kubelet.log"), program, "--config", config, "--root-dir", root+"/var/lib/kubelet", "--cert-dir", root+"/pki", "--hostname-override", "yinit-node")
	t.Cleanup(func() { // It runs while the kubelet still does.
		manifests, _ := filepath.Glob(root + "/etc/manifests/*")
		for _, m := range manifests {
			_ = os.Remove(m)
		}
		deadline := time.Now().Add(90 * time.Second)
		for len(k.pods()) > 0 && time.Now().Before(deadline) {
			time.Sleep(time.Second)
		}
		for line := range strings.Lines(k.ctr(t, "k8s.io", "task", "ls", "-q")) { // what it did not end
			_, _ = runAs(0, nil, "ctr", "-a", k.socket, "-n", "k8s.io", "task", "rm", "-f", strings.TrimSpace(line))
		}
	})
	eventuallyIn(t, 2*time.Minute, "the kubelet answers", func() bool { return k.pods() != nil })
	return k
}

// pods returns what the kubelet knows about its pods; nil: it does not answer.
func (k kubelet) pods() []kubePod {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	request, _ := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("http://127.0.0.1:%d/pods", k.port), nil)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil
	}
	defer answer.Body.Close()
	b, err := io.ReadAll(answer.Body)
	list := struct{ Items []kubePod }{}
	if err != nil || answer.StatusCode != http.StatusOK || json.Unmarshal(b, &list) != nil {
		return nil
	}
	return append([]kubePod{}, list.Items...)
}

// pod returns a pod by the name in its manifest.
func (k kubelet) pod(name string) (p kubePod) {
	for _, p := range k.pods() {
		if p.Metadata.Name == name+"-yinit-node" && len(p.Status.ContainerStatuses) > 0 {
			return p
		}
	}
	return p
}

// running reports whether all containers of a pod run and are ready.
func (p *kubePod) running() bool {
	for _, c := range p.Status.ContainerStatuses {
		if c.State.Running == nil || !c.Ready {
			return false
		}
	}
	return len(p.Status.ContainerStatuses) > 0
}

// id returns the ID of the first container.
func (p *kubePod) id() string {
	_, id, _ := strings.Cut(p.Status.ContainerStatuses[0].ContainerID, "://")
	return id
}

// exec runs a program in a container.
func (k kubelet) exec(t *testing.T, id string, words ...string) string {
	t.Helper()
	return k.ctr(t, "k8s.io", append([]string{"task", "exec", "--exec-id", "look" + strconv.FormatInt(time.Now().UnixNano(), 36), id}, words...)...)
}

// recipePods returns the manifests of the pods in docs/recipes.md, with an image that is here: of
// one whose image has yinit, and of one for which an init container copies it.
func recipePods(t *testing.T) (direct, copied string) {
	t.Helper()
	text, err := os.ReadFile("../../docs/recipes.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```yaml\n(apiVersion: v1\nkind: Pod\n.*?)```").FindAllStringSubmatch(string(text), -1)
	if len(blocks) != 2 {
		t.Fatalf("docs/recipes.md has %d pods", len(blocks))
	}
	images := regexp.MustCompile(`image: (my-app|yinit-busybox|debian:stable-slim)`)
	var pods []string
	for _, block := range blocks {
		pod := images.ReplaceAllString(block[1], "image: "+engineImage+"\n      imagePullPolicy: Never")
		pods = append(pods, strings.Replace(pod, "\nspec:\n", "\nspec:\n  hostNetwork: true\n", 1))
	}
	return strings.Replace(pods[0], "name: app\nspec", "name: direct\nspec", 1), pods[1]
}

// nodePod returns the pod of the DaemonSet in docs/node.md, with an image that is here.
func nodePod(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/node.md")
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile("(?s)kind: DaemonSet\n.*?\n  template:\n(.*?)```").FindStringSubmatch(string(text))
	if block == nil {
		t.Fatal("docs/node.md has no DaemonSet")
	}
	pod := "apiVersion: v1\nkind: Pod\n" + regexp.MustCompile(`(?m)^    `).ReplaceAllString(block[1], "")
	return strings.NewReplacer("image: yinit\n", "image: "+engineImage+"\n      imagePullPolicy: Never\n", "metadata:\n", "metadata:\n  name: node\n",
		"hostPID: true\n", "hostPID: true\n  hostNetwork: true\n").Replace(pod)
}

// TestKubelet runs pods, and compares what the kubelet knows about them with what yinit containers
// says: the names of pods and containers, their namespaces and IDs. It waits for probes, a crash
// loop with its reports, hooks, and for the grace of a pod whose PID 1 ignores SIGTERM.
func TestKubelet(t *testing.T) {
	requireEngines(t, "prometheus prometheus")
	k := newKubelet(t)
	out := filepath.Dir(k.path(t, "out/x"))
	manifests, _ := filepath.Glob("testdata/kubelet/*.yaml")
	for _, m := range manifests {
		text, err := os.ReadFile(m)
		if err != nil {
			t.Fatal(err)
		}
		k.write(t, "etc/manifests/"+filepath.Base(m), strings.ReplaceAll(string(text), "OUT", out), 0o644)
	}
	direct, copied := recipePods(t)
	k.write(t, "etc/manifests/direct.yaml", direct, 0o644)
	k.write(t, "etc/manifests/app.yaml", copied, 0o644)
	k.write(t, "etc/manifests/node.yaml", nodePod(t), 0o644)
	for _, name := range []string{"node", "direct", "app", "probed", "stubborn", "graceful", "shared"} {
		eventuallyIn(t, 4*time.Minute, "the pod "+name+" runs", func() bool { p := k.pod(name); return p.running() })
	}
	k.checkRows(t)
	k.checkJudged(t)
	k.checkOrphans(t)
	k.checkEphemeral(t)
	k.checkFromPod(t)
	k.checkCrash(t)
	k.checkExporter(t)
	k.checkStops(t, out)
}

// checkRows compares the rows of all pods with what the kubelet and containerd tell.
func (k kubelet) checkRows(t *testing.T) {
	t.Helper()
	type name struct{ ID, Pod, Namespace, UID, QoS, Name, Image, Engine string }
	var diff string
	for range 20 { // The pod crash comes and goes.
		tasks := map[string]string{}
		for line := range strings.Lines(k.ctr(t, "k8s.io", "task", "ls")) {
			if f := strings.Fields(line); len(f) == 3 && f[2] == "RUNNING" {
				tasks[f[0]] = f[1]
			}
		}
		want, got := map[string]name{}, map[string]name{}
		uids := map[string]kubePod{}
		for _, p := range k.pods() {
			uids[p.Metadata.UID] = p
			for _, c := range p.Status.ContainerStatuses {
				_, id, _ := strings.Cut(c.ContainerID, "://")
				if pid := tasks[id]; pid != "" && c.State.Running != nil {
					want[pid] = name{id, p.Metadata.Name, p.Metadata.Namespace, p.Metadata.UID, strings.ToLower(p.Status.QOSClass), c.Name, engineImage, "containerd"}
				}
			}
		}
		sandboxes := 0
		for _, r := range k.rows(t) {
			if _, ours := uids[r.PodUID]; !ours {
				continue
			}
			if r.Sandbox {
				p := uids[r.PodUID]
				if tasks[r.ID] != strconv.Itoa(r.PID) || r.Pod != p.Metadata.Name || r.Namespace != p.Metadata.Namespace || r.Name != "" {
					t.Errorf("sandbox of %s: %+v", p.Metadata.Name, r)
				}
				sandboxes++
				continue
			}
			got[strconv.Itoa(r.PID)] = name{r.ID, r.Pod, r.Namespace, r.PodUID, r.QoS, r.Name, r.Image, r.Engine}
			if r.Name != "loop" {
				logLines(t, r.PID)
			}
		}
		if diff = cmp.Diff(want, got); diff == "" && sandboxes == len(uids) {
			t.Logf("%d containers and %d sandboxes are named as the kubelet does", len(want), sandboxes)
			return
		}
		diff += fmt.Sprintf("%d sandboxes of %d pods", sandboxes, len(uids))
		time.Sleep(500 * time.Millisecond)
	}
	t.Errorf("rows: -want +got\n%s", diff)
}

// checkJudged compares what the rows foresee of a stop.
func (k kubelet) checkJudged(t *testing.T) {
	t.Helper()
	want := map[string]string{
		"app/app": "yes at once, status 143", "direct/app": "yes at once, status 143", "probed/web": "yes at once, status 143", "stubborn/db": "no 30000 ms, status 137",
		"graceful/worker": "yes handler", "shared/one": "yes at once, status 143", "shared/two": "unknown at once, status 143",
	}
	var rows []jsonContainer
	eventually(t, "no probe runs", func() bool { // It is in the container, and a stop would wait for it.
		rows = k.rows(t)
		return !slices.ContainsFunc(rows, func(r jsonContainer) bool { return r.Name == "web" && r.Sessions.Count > 0 })
	})
	got := map[string]string{}
	for _, r := range rows {
		key := strings.TrimSuffix(r.Pod, "-yinit-node") + "/" + r.Name
		if _, ok := want[key]; !ok || r.Sandbox {
			continue
		}
		switch {
		case r.Stop.AtLeast:
			got[key] = r.Init + " handler"
		case r.Stop.TakesMS == 0:
			got[key] = fmt.Sprintf("%s at once, status %d", r.Init, r.Stop.Status)
		default:
			got[key] = fmt.Sprintf("%s %d ms, status %d", r.Init, r.Stop.TakesMS, r.Stop.Status)
		}
		if r.Shared != strings.HasPrefix(key, "shared/") || r.Zombies.Count > 0 {
			t.Errorf("%s: %+v", key, r)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("judged: -want +got\n%s", diff)
	}
}

// checkOrphans: what the probes leave behind is reaped, and recorded.
func (k kubelet) checkOrphans(t *testing.T) {
	t.Helper()
	p := k.pod("probed")
	eventuallyIn(t, 2*time.Minute, "orphans of probes are recorded", func() bool {
		text := k.exec(t, p.id(), "/yinit", "history", "--kind", "exit")
		return strings.Count(text, " sleep ") >= 2
	})
	if p := k.pod("probed"); p.Status.ContainerStatuses[0].RestartCount != 0 || p.Status.QOSClass != "Guaranteed" && p.Status.QOSClass != "Burstable" {
		t.Errorf("probed: %+v", p.Status)
	}
}

// checkEphemeral looks into a pod from a container beside it, as kubectl debug --target makes one. A
// kubelet without a cluster adds no ephemeral container, so the runtime does.
func (k kubelet) checkEphemeral(t *testing.T) {
	t.Helper()
	p := k.pod("app")
	pid := 0
	for line := range strings.Lines(k.ctr(t, "k8s.io", "task", "ls")) {
		if f := strings.Fields(line); f[0] == p.id() {
			pid, _ = strconv.Atoi(f[1])
		}
	}
	text := k.ctr(t, "k8s.io", "run", "--rm", "--snapshotter", "native", "--runc-binary", k.runc(t), "--with-ns", fmt.Sprintf("pid:/proc/%d/ns/pid", pid), engineImage, "debugger", "/yinit", "ps")
	if !strings.Contains(text, "/shared/yinit -- sleep 600") || !strings.Contains(text, "forward") {
		t.Errorf("a look from beside the pod:\n%s", text)
	}
}

// checkFromPod: the pod of the DaemonSet sees the others with their names.
func (k kubelet) checkFromPod(t *testing.T) {
	t.Helper()
	p := k.pod("node")
	text := k.exec(t, p.id(), "/yinit", "containers", "--root", "/host"+string(k.hostDir))
	for _, want := range []string{"shop/probed-yinit-node/web ", "shop/stubborn-yinit-node/db ", "default/app-yinit-node/app "} {
		if !strings.Contains(text, want) {
			t.Errorf("from the pod of the DaemonSet: no %s in\n%s", want, text)
		}
	}
}

// checkCrash: the pod is restarted with growing pauses, and its status has the report of yinit.
func (k kubelet) checkCrash(t *testing.T) {
	t.Helper()
	eventuallyIn(t, 4*time.Minute, "the pod crash is in a crash loop, with a report", func() bool {
		p := k.pod("crash")
		if len(p.Status.ContainerStatuses) == 0 {
			return false
		}
		c := p.Status.ContainerStatuses[0]
		last := c.LastState.Terminated
		return c.RestartCount >= 2 && c.State.Waiting != nil && c.State.Waiting.Reason == "CrashLoopBackOff" &&
			last != nil && last.ExitCode == 7 && strings.Contains(last.Message, "exited 7")
	})
	p := k.pod("crash")
	if last := p.Status.ContainerStatuses[0].LastState.Terminated; last != nil {
		t.Logf("crash: %d restarts, the message:\n%s", p.Status.ContainerStatuses[0].RestartCount, last.Message)
	}
}

// checkStops takes manifests away: hooks run, a program may end gracefully, and one that ignores
// SIGTERM takes the whole grace.
func (k kubelet) checkStops(t *testing.T, out string) {
	t.Helper()
	for name, least := range map[string]time.Duration{"graceful": time.Second, "stubborn": 4 * time.Second} {
		p := k.pod(name)
		row := jsonContainer{}
		for _, r := range k.rows(t) {
			if r.ID == p.id() {
				row = r
			}
		}
		row.Stop.TakesMS, row.Stop.Known = least.Milliseconds(), false // The grace of a pod is written nowhere on the node.
		checkStop(t, &row, func() int {
			if err := os.Remove(string(k.hostDir) + "/etc/manifests/" + name + ".yaml"); err != nil {
				t.Error(err)
			}
			eventuallyIn(t, 2*time.Minute, name+" is gone", func() bool {
				return !slices.ContainsFunc(k.rows(t), func(r jsonContainer) bool { return r.ID == p.id() })
			})
			return 0
		})
		if _, err := os.Stat(filepath.Join(out, name)); err != nil {
			t.Errorf("%s did not do what it does at its end: %v", name, err)
		}
	}
}
