package main

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"yinit/initcore/history"
	"yinit/procfs"
	"yinit/procfs/doctor"
	"yinit/procfs/node"
)

var yinit, program string // yinit and yinit-exporter, built by TestMain

// TestMain builds the programs. With YINIT_EXPORTER the test itself is the exporter.
func TestMain(m *testing.M) {
	if os.Getenv("YINIT_EXPORTER") != "" {
		main()
		return
	}
	dir, err := os.MkdirTemp("", "yinit-exporter")
	if err != nil {
		panic(err)
	}
	yinit, program = filepath.Join(dir, "yinit"), filepath.Join(dir, "yinit-exporter")
	cmd := exec.Command("make", "-s", "-C", "../..", "build", "exporter", "OUTPUT="+yinit, "EXPORTER="+program, "COMMIT="+testCommit, "DATE=2026-11-26", "VERSION=1.2.3")
	if out, err := cmd.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "make build exporter: %v\n%s", err, out)
		os.Exit(1)
	}
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// inNamespace starts a command as PID 1 of a new PID namespace with its own /proc.
func inNamespace(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("only root can make PID namespaces that this test can see")
	}
	cmd := exec.Command("sh", append([]string{"-c", `mount --make-rprivate / && mount -t proc proc /proc && exec "$0" "$@"`}, args...)...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWPID | syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Skipf("no PID namespace: %v", err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	return cmd
}

// eventually waits for a condition.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within a minute: %s", what)
		}
	}
}

// a fixture is an exporter and what it serves.
type fixture struct {
	*exporter
	t    *testing.T
	http http.Handler
}

func newFixture(t *testing.T) *fixture {
	e := newExporter(procfs.New("/proc"), "", slog.New(slog.NewTextHandler(io.Discard, nil)))
	e.load()
	return &fixture{e, t, handler(e, time.Minute)}
}

// get returns a page.
func (f *fixture) get(path string) string {
	f.t.Helper()
	w := httptest.NewRecorder()
	r := httptest.NewRequest("GET", path, nil)
	r.Header.Set("Accept", "application/openmetrics-text; version=1.0.0")
	f.http.ServeHTTP(w, r)
	return w.Body.String()
}

// scrape looks now, and returns the lines about the container with a command as PID 1.
func (f *fixture) scrape(pid int) string {
	f.t.Helper()
	f.lookNow()
	return about(f.get("/metrics"), pid)
}

// about returns the lines about the container in the PID namespace of a process.
func about(page string, pid int) string {
	id := namespaces.of(pid)
	var lines []string
	for line := range strings.Lines(page) {
		if strings.Contains(line, `container_id="pidns://`+id+`"`) {
			line = regexp.MustCompile(`,?\b(namespace|pod|container|container_id|image)="([^"\\]|\\.)*"`).ReplaceAllString(line, "")
			lines = append(lines, strings.Replace(line, "{,", "{", 1))
		}
	}
	return strings.Join(lines, "")
}

// namespaces remembers the links of PID namespaces.
var namespaces = links{known: map[int]string{}}

type links struct {
	mu    sync.Mutex
	known map[int]string
}

func (l *links) of(pid int) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if link, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/pid", pid)); err == nil {
		l.known[pid] = link
	}
	return l.known[pid]
}

// TestEndedContainer: the exits of a container that has ended stay for 15 minutes, also those of
// its last moment; what it no longer is, does not.
func TestEndedContainer(t *testing.T) {
	dir := t.TempDir()
	cmd := inNamespace(t, yinit, "--", "sh", "-c", `(sh -c "exit 3" &) ; until [ -e "$0/go" ]; do sleep 0.05; done; exit 7`, dir)
	f := newFixture(t)
	pid := cmd.Process.Pid
	eventually(t, "the exit is counted", func() bool {
		return strings.Contains(f.scrape(pid), `yinit_process_exits_total{code="3",comm="sh",result="exit"} 1.0`)
	})
	if page := f.scrape(pid); !strings.Contains(page, `yinit_container_zombies{culprit=""} 0.0`) || strings.Contains(page, "end_time") {
		t.Errorf("living:\n%s", page)
	}
	if err := os.WriteFile(filepath.Join(dir, "go"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	f.work.Lock()
	if !f.ended() {
		t.Error("its end was not noticed")
	}
	f.work.Unlock()
	page := f.scrape(pid)
	for _, want := range []string{`yinit_process_exits_total{code="3",comm="sh",result="exit"} 1.0`, `yinit_process_exits_total{code="7",comm="sh",result="exit"} 1.0`, "yinit_container_end_time_seconds{} 1", "yinit_container_start_time_seconds{} 1"} {
		if !strings.Contains(page, want) {
			t.Errorf("ended, without %s:\n%s", want, page)
		}
	}
	if strings.Contains(page, "zombies") || strings.Contains(page, "yinit_container_processes") {
		t.Errorf("ended:\n%s", page)
	}
	f.state.Entry("pidns://" + namespaces.of(pid)).Seen = time.Now().Add(-kept - time.Minute)
	if page := f.scrape(pid); page != "" {
		t.Errorf("after 15 minutes:\n%s", page)
	}
}

// TestRestart: an exporter that was killed counts nothing twice.
func TestRestart(t *testing.T) {
	cmd := inNamespace(t, yinit, "--", "sh", "-c", `for i in 1 2 3 4 5; do (sh -c "exit 3" &) ; done; sleep 1000`)
	f := newFixture(t)
	f.path = filepath.Join(t.TempDir(), "counters.json")
	const want = `yinit_process_exits_total{code="3",comm="sh",result="exit"} 5.0`
	eventually(t, "the exits are counted", func() bool { return strings.Contains(f.scrape(cmd.Process.Pid), want) })
	f.save()
	g := newFixture(t)
	g.path = f.path
	g.load()
	for range 2 {
		if page := g.scrape(cmd.Process.Pid); !strings.Contains(page, want) || !strings.Contains(page, `handles_stop="yes"`) {
			t.Errorf("after the restart:\n%s", page)
		}
	}
}

// TestSlowProc: a look that does not end gives the last values, with their age.
func TestSlowProc(t *testing.T) {
	cmd := inNamespace(t, yinit, "--", "sleep", "1000")
	f := newFixture(t)
	eventually(t, "it is seen", func() bool { return strings.Contains(f.scrape(cmd.Process.Pid), `init="yinit"`) })
	before := f.latest.Load()
	hang, began := make(chan struct{}), make(chan struct{}, 100)
	f.looker.Records = func(*node.Container) ([]history.Record, doctor.Memory) {
		began <- struct{}{}
		<-hang
		return nil, doctor.Memory{}
	}
	time.Sleep(time.Until(before.at.Add(fresh)))
	f.http = handler(f.exporter, 50*time.Millisecond)
	page := f.get("/metrics")
	<-began
	if !strings.Contains(about(page, cmd.Process.Pid), `init="yinit"`) || !strings.Contains(page, "yinit_exporter_looks_late_total 1.0") || !strings.HasSuffix(page, "# EOF\n") {
		t.Errorf("while a look hangs:\n%s", page)
	}
	var age float64
	if _, err := fmt.Sscanf(page[strings.Index(page, "\nyinit_exporter_look_age_seconds")+1:], "yinit_exporter_look_age_seconds %g", &age); err != nil || age < fresh.Seconds() {
		t.Errorf("age %v, %v", age, err)
	}
	close(hang)
}

// TestStorm: scrapes at the same time share looks.
func TestStorm(t *testing.T) {
	f := newFixture(t)
	began := time.Now()
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			if page := f.get("/metrics"); !strings.HasSuffix(page, "# EOF\n") {
				t.Errorf("cut off: %.200s", page)
			}
		})
	}
	all.Wait()
	if n, most := f.looks.Load(), uint64(time.Since(began)/fresh)+2; n > most {
		t.Errorf("%d looks for 50 scrapes in %v, want at most %d", n, time.Since(began), most)
	}
}

// TestPages: the pages for people and for probes.
func TestPages(t *testing.T) {
	f := newFixture(t)
	if page := f.get("/-/ready"); !strings.Contains(page, "under way") {
		t.Errorf("ready before the first look: %s", page)
	}
	f.lookNow()
	for path, want := range map[string]string{"/-/ready": "is ready", "/-/healthy": "is healthy", "/": "yinit-exporter"} {
		if page := f.get(path); !strings.Contains(page, want) {
			t.Errorf("%s: %.300s", path, page)
		}
	}
}

// TestHostileNames: names of processes cannot break the format.
func TestHostileNames(t *testing.T) {
	dir := t.TempDir()
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a\"b\n\xff\\", "{} 1\n# EOF", "\u202etxt"} {
		if err := os.Symlink(sh, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	cmd := inNamespace(t, yinit, "--", "sh", "-c", `for f in "$0"/*; do ("$f" -c "sleep 0.2; exit 9" &); done; sleep 1000`, dir)
	f := newFixture(t)
	eventually(t, "the exits are counted", func() bool { return strings.Count(f.scrape(cmd.Process.Pid), `{code="9"`) == 3 })
	page := f.get("/metrics")
	if !utf8.ValidString(page) || strings.Count(page, "\n# EOF\n") != 1 || !strings.Contains(page, `comm="a\"b\\n\\xff\\"`) {
		t.Errorf("%s", about(page, cmd.Process.Pid))
	}
}

// TestAccounting: with process accounting the exits in a container count whose PID 1 is no init of
// ours, however short the processes were. The exporter runs in a PID namespace of its own, since it
// takes the accounting file of that.
func TestAccounting(t *testing.T) {
	listen := filepath.Join(t.TempDir(), "log")
	log, err := os.Create(listen)
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("YINIT_EXPORTER", "1")
	inNamespace(t, "sh", "-c", `"$0" --listen 127.0.0.1:0 --accounting 2>"$1" & sleep 3; while :; do unshare -pf --mount-proc sh -c 'sh -c "exit 5"; sh -c "kill -KILL \$\$"; sleep 10; exit 0'; done`, self, listen)
	defer log.Close()
	var address string
	eventually(t, "it listens", func() bool {
		b, _ := os.ReadFile(listen)
		if m := regexp.MustCompile(`msg="Listening on" address=(\S+)`).FindSubmatch(b); m != nil {
			address = string(m[1])
		}
		if strings.Contains(string(b), "--accounting:") {
			t.Skipf("the kernel refuses it: %s", b)
		}
		return address != ""
	})
	// The kernel gives the number of a PID namespace that has gone to the next one, so the counters
	// may go on with that.
	var page string
	defer func() {
		if t.Failed() {
			t.Log(page)
		}
	}()
	eventually(t, "the exits of the container are counted", func() bool {
		r, err := http.Get("http://" + address + "/metrics")
		if err != nil {
			return false
		}
		defer r.Body.Close()
		b, _ := io.ReadAll(r.Body)
		page = string(b)
		exit := regexp.MustCompile(`(?m)^yinit_process_exits_total{code="5",comm="sh",container=".*",container_id="pidns://pid:\[\d+\]",image="",namespace="",pod="",result="exit"} [1-9]\d*$`)
		killed := regexp.MustCompile(`(?m)^yinit_process_exits_total{code="SIGKILL",comm="sh",container=".*",container_id="pidns://pid:\[\d+\]",image="",namespace="",pod="",result="signal"} [1-9]\d*$`)
		return exit.MatchString(page) && killed.MatchString(page) && strings.Contains(page, "\nyinit_node_accounting 1\n")
	})
}
