package test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

const image = "yinit-fleet-test"

// run runs a command and returns what it prints.
func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	var errors bytes.Buffer
	cmd := exec.Command(name, args...)
	cmd.Stderr = &errors
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, errors.String())
	}
	return strings.TrimSpace(string(out))
}

// container starts a container of busybox and yinit. It needs no network: a second engine on the
// machine may have removed the bridge of the first, and then nothing starts that asks for it.
func container(t *testing.T, args ...string) (id string) {
	t.Helper()
	id = run(t, "docker", append([]string{"run", "-d", "--network", "none", "--entrypoint", ""}, args...)...)
	t.Cleanup(func() { _ = exec.Command("docker", "rm", "-f", id).Run() })
	return id
}

// start starts a program that runs until the test has ended.
func start(t *testing.T, log string, name string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(name, args...)
	f, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = f, f
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = f.Close()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if b, err := os.ReadFile(log); t.Failed() && err == nil {
			t.Logf("%s: %s", log, b[max(0, len(b)-3000):])
		}
	})
	return cmd
}

// freePort returns a port that nobody listens on.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// eventually waits for a condition.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(3 * time.Minute); !ok(); time.Sleep(500 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within 3 minutes: %s", what)
		}
	}
}

// prometheus is a server and its API.
type prometheus struct {
	t       *testing.T
	address string
}

// newPrometheus starts a Prometheus of Debian that scrapes the targets, with our rules. The times of
// the rules are shorter, so that the test need not wait for quarters of an hour.
func newPrometheus(t *testing.T, targets ...string) prometheus {
	t.Helper()
	dir := t.TempDir()
	rules, err := os.ReadFile("../prometheus/yinit.rules.yml")
	if err != nil {
		t.Fatal(err)
	}
	short := regexp.MustCompile(`for: \d+m`).ReplaceAllString(string(rules), "for: 4s")
	short = regexp.MustCompile(`\[(15|30)m\]`).ReplaceAllString(short, "[20s]")
	config := "global: {scrape_interval: 2s, evaluation_interval: 2s}\nrule_files: [rules.yml]\nscrape_configs:\n"
	for i, target := range targets {
		config += fmt.Sprintf("- {job_name: %s, honor_labels: true, static_configs: [{targets: ['%s']}]}\n", []string{"yinit-exporter", "kube-state-metrics"}[i], target)
	}
	for name, text := range map[string]string{"rules.yml": short, "prometheus.yml": config} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p := prometheus{t, freePort(t)}
	start(t, filepath.Join(dir, "log"), "prometheus", "--config.file="+filepath.Join(dir, "prometheus.yml"), "--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address="+p.address, "--log.level=warn")
	return p
}

// get asks the API.
func (p prometheus) get(path string, into any) bool {
	r, err := http.Get("http://" + p.address + path)
	if err != nil {
		return false
	}
	defer r.Body.Close()
	return json.NewDecoder(r.Body).Decode(into) == nil
}

// query returns the labels and the value of each series.
func (p prometheus) query(expr string) (all []map[string]string) {
	var answer struct {
		Data struct {
			Result []struct {
				Metric map[string]string
				Value  [2]any
			}
		}
	}
	p.get("/api/v1/query?query="+url.QueryEscape(expr), &answer)
	for _, r := range answer.Data.Result {
		r.Metric["value"] = fmt.Sprint(r.Value[1])
		all = append(all, r.Metric)
	}
	return all
}

// firing reports whether an alert fires for the container with this ID.
func (p prometheus) firing(alert, id string) bool {
	var answer struct {
		Data struct {
			Alerts []struct {
				Labels      map[string]string
				Annotations map[string]string
				State       string
			}
		}
	}
	p.get("/api/v1/alerts", &answer)
	for _, a := range answer.Data.Alerts {
		if a.State == "firing" && a.Labels["alertname"] == alert && a.Labels["container_id"] == "docker://"+id {
			p.t.Logf("%s: %s", alert, a.Annotations["summary"])
			return true
		}
	}
	return false
}

func requireFleet(t *testing.T) {
	t.Helper()
	if os.Getenv("YINIT_FLEET") == "" {
		t.Skip("it takes minutes: make fleet")
	}
}

// makeImage makes the image of the containers.
func makeImage(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	busybox, err := exec.LookPath("busybox")
	if err != nil {
		t.Fatal(err)
	}
	run(t, "cp", "../../bin/yinit", busybox, dir)
	docker := "FROM scratch\nCOPY busybox /bin/\nCOPY yinit /\nRUN [\"/bin/busybox\", \"--install\", \"/bin\"]\n"
	if err := os.WriteFile(filepath.Join(dir, "Dockerfile"), []byte(docker), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, "docker", "build", "-q", "--network", "none", "-t", image, dir)
}

// TestFleet: a real Prometheus scrapes the real exporter beside containers that misbehave.
func TestFleet(t *testing.T) {
	requireFleet(t)
	makeImage(t)
	work := t.TempDir()
	address := freePort(t)
	begin := func() *exec.Cmd {
		return start(t, filepath.Join(work, "exporter.log"), "../../bin/yinit-exporter", "--listen", address, "--state", filepath.Join(work, "counters.json"))
	}
	exporter := begin()
	zombies := container(t, "--name", "fleet-zombies", "--pids-limit", "600", image, "sh", "-c", `for i in $(seq 5 200); do sleep $i & done; exec sleep 1000`)
	hard := container(t, "--name", "fleet-hard", image, "sh", "-c", "sleep 1000; true")
	limit := container(t, "--name", "fleet-limit", "--pids-limit", "8", image, "sleep", "1000")
	kube := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, "kube_pod_container_info{namespace=\"shop\",pod=\"web-1\",container=\"web\",container_id=\"docker://%s\",image_spec=\"web:1\"} 1\n", zombies)
	}))
	defer kube.Close()
	p := newPrometheus(t, address, strings.TrimPrefix(kube.URL, "http://"))
	short := container(t, "--name", "fleet-short", image, "/yinit", "--", "sh", "-c", "sleep 8; exit 42")
	exits := fmt.Sprintf(`yinit_process_exits_total{container_id="docker://%s",code="42",result="exit"}`, short)
	eventually(t, "the exit of the short-lived container is scraped", func() bool { return len(p.query(exits)) == 1 })
	run(t, "docker", "rm", "-f", short)
	gone := time.Now()

	eventually(t, "YinitZombiesGrowing fires", func() bool { return p.firing("YinitZombiesGrowing", zombies) })
	eventually(t, "YinitHardStopAhead fires", func() bool { return p.firing("YinitHardStopAhead", hard) })
	eventually(t, "the container with the pids limit is scraped", func() bool {
		return len(p.query(`yinit_container_pids_limit_hits_total{container="fleet-limit"}`)) == 1
	})
	run(t, "docker", "exec", "-d", limit, "sh", "-c", "for i in 1 2 3 4 5 6 7 8 9; do sleep 1000 & done")
	eventually(t, "YinitPidsLimitHit fires", func() bool { return p.firing("YinitPidsLimitHit", limit) })
	joined := p.query(`sum without (culprit) (yinit_container_zombies) * on (container_id) group_left (image_spec) kube_pod_container_info`)
	if len(joined) != 1 || joined[0]["image_spec"] != "web:1" || joined[0]["container"] != "fleet-zombies" {
		t.Errorf("join: %v", joined)
	}
	if culprit := p.query(fmt.Sprintf(`yinit_container_zombies{container_id="docker://%s",culprit="sleep"}`, zombies)); len(culprit) != 1 {
		t.Errorf("culprit: %v", culprit)
	}

	// Killed and started again: it goes on where it was.
	eventually(t, "the counters are saved", func() bool {
		b, _ := os.ReadFile(filepath.Join(work, "counters.json"))
		return bytes.Contains(b, []byte(`"code":"42"`))
	})
	_ = exporter.Process.Kill()
	_ = exporter.Wait()
	begin()
	eventually(t, "it is scraped again", func() bool { r := p.query("up{job='yinit-exporter'}"); return len(r) == 1 && r[0]["value"] == "1" })

	for wait := time.Until(gone.Add(5 * time.Minute)); wait > 0; wait = time.Until(gone.Add(5 * time.Minute)) {
		time.Sleep(wait)
	}
	if r := p.query(exits); len(r) != 1 || r[0]["value"] != "1" {
		t.Errorf("5 minutes after its end: %v", r)
	}
	for _, r := range p.query("resets(yinit_process_exits_total[10m]) > 0") {
		t.Errorf("a counter fell: %v", r)
	}
	if r := p.query(fmt.Sprintf(`yinit_container_end_time_seconds{container_id="docker://%s"}`, short)); len(r) > 1 {
		t.Errorf("end time: %v", r)
	}
}
