package test

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestPod runs the exporter in Docker with what the DaemonSet permits it, and no more: it looks into
// containers all the same, reads their histories, and keeps its counters.
func TestPod(t *testing.T) {
	requireFleet(t)
	makeImage(t)
	d, _ := build(t, kubernetes(t))
	c := &d.Spec.Template.Spec.Containers[0]
	dir := t.TempDir()
	run(t, "cp", "../../bin/yinit-exporter", dir)
	if err := os.WriteFile(filepath.Join(dir, "Dockerfile"), []byte("FROM scratch\nCOPY yinit-exporter /\nENTRYPOINT [\"/yinit-exporter\"]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, "docker", "build", "-q", "--network", "none", "-t", "yinit-fleet-exporter", dir)
	look := container(t, "--name", "fleet-look", image, "/yinit", "--", "sh", "-c", "(sh -c 'exit 9' &); sleep 1000")
	address := freePort(t)
	args := []string{"run", "-d", "--name", "fleet-exporter", "--pid", "host", "--read-only", "--security-opt", "no-new-privileges", "--user", "0:0", "--network", "host"}
	for _, drop := range c.SecurityContext.Capabilities.Drop {
		args = append(args, "--cap-drop", string(drop))
	}
	for _, add := range c.SecurityContext.Capabilities.Add {
		args = append(args, "--cap-add", string(add))
	}
	for _, v := range c.VolumeMounts {
		args = append(args, "--tmpfs", v.MountPath)
	}
	args = append(args, "--memory", c.Resources.Limits.Memory().String()[:3]+"m", "yinit-fleet-exporter")
	for _, arg := range c.Args {
		args = append(args, strings.Replace(arg, "--listen=:9997", "--listen="+address, 1))
	}
	id := run(t, "docker", args...)
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(run(t, "sh", "-c", "docker logs "+id+" 2>&1"))
		}
		run(t, "docker", "rm", "-f", id)
	})
	var page string
	defer func() {
		if t.Failed() {
			t.Log(page)
		}
	}()
	eventually(t, "it reads the history of another container", func() bool {
		r, err := http.Get("http://" + address + "/metrics")
		if err != nil {
			return false
		}
		defer r.Body.Close()
		b, _ := io.ReadAll(r.Body)
		page = string(b)
		for line := range strings.Lines(page) {
			if strings.HasPrefix(line, `yinit_process_exits_total{code="9",comm="sh"`) && strings.Contains(line, "docker://"+look) {
				return true
			}
		}
		return false
	})
	if !strings.Contains(page, "\nyinit_node_containers_hidden 0\n") || !strings.Contains(page, "\nyinit_node_histories_unread 0\n") {
		t.Error("it is blind")
	}
}
