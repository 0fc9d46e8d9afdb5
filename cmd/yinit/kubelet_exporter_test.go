package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// goIn runs a Go program of another module of this repository.
func goIn(t *testing.T, dir string, args ...string) []byte {
	t.Helper()
	cmd := exec.Command("go", append([]string{"run"}, args...)...)
	cmd.Dir = dir
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("in %s: %v: %v", dir, cmd.Args, err)
	}
	return out
}

// exporterPod returns the pod of deploy/kubernetes for this kubelet, and its image. All but the
// changes named here is as in the manifests.
func (k kubelet) exporterPod(t *testing.T) (pod map[string]any, image string) {
	t.Helper()
	if err := json.Unmarshal(goIn(t, "../../deploy/test", "./render", "../kubernetes"), &pod); err != nil {
		t.Fatal(err)
	}
	spec := pod["spec"].(map[string]any)
	c := spec["containers"].([]any)[0].(map[string]any)
	// This machine has no network plugin, so no pod has a network of its own.
	spec["hostNetwork"] = true
	// A kubelet without a cluster gives a pod on the network of the node no address for its probes.
	for _, probe := range []string{"livenessProbe", "readinessProbe"} {
		c[probe].(map[string]any)["httpGet"].(map[string]any)["host"] = "127.0.0.1"
	}
	// The containerd of this test keeps its files, and the kubelet the logs of its pods, below a
	// directory and not below the root of the node. PID 1 of this machine may be one whose root
	// nobody may follow, so the directory is mounted and not reached through /proc/1/root.
	spec["volumes"] = append(spec["volumes"].([]any), map[string]any{"name": "host", "hostPath": map[string]any{"path": string(k.hostDir)}})
	c["volumeMounts"] = append(c["volumeMounts"].([]any), map[string]any{"name": "host", "mountPath": "/host", "readOnly": true})
	c["args"] = append(c["args"].([]any), "--root=/host")
	return pod, c["image"].(string)
}

// importExporter makes the image of the exporter as a release does, and imports it under the name
// that the manifests give it.
func (k kubelet) importExporter(t *testing.T, image string) {
	t.Helper()
	program, err := filepath.Abs("../../bin/yinit-exporter")
	if err == nil {
		_, err = os.Stat(program)
	}
	if err != nil {
		t.Fatalf("%v: make kubelet builds it", err)
	}
	name, tag, _ := strings.Cut(image, ":")
	file := k.path(t, "exporter.tar")
	goIn(t, "../../deploy/packages", "./image", "-o", file, "-name", name, "-tag", tag, "-created", "0", "-entrypoint", "/yinit-exporter", runtime.GOARCH+"="+program)
	k.ctr(t, "k8s.io", "images", "import", "--snapshotter", "native", file)
}

// prometheus runs Debian's Prometheus with the configuration in deploy/prometheus, and returns the
// address of its API. It scrapes more often, so that the test need not wait.
func (k kubelet) prometheus(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"prometheus.yml", "yinit.rules.yml"} {
		text, err := os.ReadFile("../../deploy/prometheus/" + name)
		if err != nil {
			t.Fatal(err)
		}
		k.write(t, "prometheus/"+name, strings.Replace(string(text), "scrape_interval: 15s", "scrape_interval: 2s", 1), 0o644)
	}
	address := "127.0.0.1:" + strconv.Itoa(freePort(t))
	daemon(t, k.path(t, "prometheus/log"), "prometheus", "--config.file="+k.path(t, "prometheus/prometheus.yml"), "--storage.tsdb.path="+k.path(t, "prometheus/data"), "--web.listen-address="+address, "--log.level=warn")
	return address
}

// series returns the labels of each series that an expression gives; none: Prometheus has none yet.
func series(address, expression string) (all []map[string]string) {
	client := http.Client{Timeout: 10 * time.Second}
	r, err := client.Get("http://" + address + "/api/v1/query?query=" + url.QueryEscape(expression))
	if err != nil {
		return nil
	}
	defer r.Body.Close()
	var answer struct {
		Data struct {
			Result []struct{ Metric map[string]string }
		}
	}
	if json.NewDecoder(r.Body).Decode(&answer) != nil {
		return nil
	}
	for _, s := range answer.Data.Result {
		all = append(all, s.Metric)
	}
	return all
}

// labels are those of a container.
type labels struct{ Namespace, Pod, Container, Image string }

// checkExporter runs the pod of the DaemonSet in deploy/kubernetes. Prometheus scrapes it, and has
// each container of the other pods under the names and the ID that the kubelet tells.
func (k kubelet) checkExporter(t *testing.T) {
	t.Helper()
	pod, image := k.exporterPod(t)
	text, err := json.MarshalIndent(pod, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	k.importExporter(t, image)
	k.write(t, "etc/manifests/yinit-exporter.json", string(text), 0o644)
	eventuallyIn(t, 4*time.Minute, "the pod of the exporter runs and is ready", func() bool { p := k.pod("yinit-exporter"); return p.running() })
	address := k.prometheus(t)
	var diff string
	eventuallyIn(t, 2*time.Minute, "Prometheus scrapes the pod", func() bool { return len(series(address, `up{job="yinit-exporter"} == 1`)) == 1 })
	for range 60 { // The pod crash comes and goes.
		want, got := map[string]labels{}, map[string]labels{}
		sandboxes := map[labels]int{}
		for _, p := range k.pods() {
			for _, c := range p.Status.ContainerStatuses {
				// The exporter does not count itself, so its container has no series.
				if c.State.Running != nil && p.Metadata.Namespace != "yinit" {
					want[c.ContainerID] = labels{p.Metadata.Namespace, p.Metadata.Name, c.Name, c.Image}
				}
			}
			sandboxes[labels{p.Metadata.Namespace, p.Metadata.Name, "POD", ""}]++
		}
		for _, s := range series(address, `yinit_container_processes{pod=~".+-yinit-node"}`) {
			l := labels{s["namespace"], s["pod"], s["container"], s["image"]}
			if l.Container == "POD" {
				l.Image = ""
				sandboxes[l]--
				continue
			}
			got[s["container_id"]] = l
		}
		diff = cmp.Diff(want, got)
		for pod, n := range sandboxes {
			if n != 0 {
				diff += fmt.Sprintf("%+v: %d sandboxes too few\n", pod, n)
			}
		}
		if diff == "" && len(want) > 6 {
			t.Logf("Prometheus has %d containers and %d sandboxes with the names and IDs of the kubelet", len(want), len(sandboxes))
			break
		}
		time.Sleep(time.Second)
	}
	if diff != "" {
		t.Errorf("the kubelet's /pods and Prometheus: -want +got\n%s", diff)
	}
	// The histories of others are read, too, with the one capability that the pod has.
	probed := k.pod("probed")
	eventuallyIn(t, 2*time.Minute, "the exits of probes are counted for their container", func() bool {
		for _, s := range series(address, `yinit_process_exits_total{comm="sleep",namespace="shop",pod="probed-yinit-node",container="web"} > 1`) {
			return s["container_id"] == "containerd://"+probed.id()
		}
		return false
	})
	for _, expression := range []string{"yinit_node_containers_hidden == 0", "yinit_node_names_denied == 0", "yinit_node_histories_unread == 0"} {
		eventuallyIn(t, time.Minute, expression, func() bool { return len(series(address, expression)) == 1 })
	}
	if p := k.pod("yinit-exporter"); !p.running() || p.Status.ContainerStatuses[0].RestartCount != 0 || p.Metadata.Namespace != "yinit" {
		t.Errorf("the pod of the exporter: %+v", p)
	}
}
