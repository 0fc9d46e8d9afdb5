package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"yinit/procfs"
	"yinit/procfs/pidfd"
)

// stops are programs of Debian, with the stop signal of their image. In the words, the configuration
// and ready, DIR is a directory of the run, and PG that of the programs of PostgreSQL.
var stops = []stop{
	{name: "nginx", pkg: "nginx-light", words: []string{"/usr/sbin/nginx", "-e", "stderr", "-c", "DIR/config"}, config: nginxConfig, healthy: true},
	{name: "nginx, SIGQUIT", pkg: "nginx-light", words: []string{"/usr/sbin/nginx", "-e", "stderr", "-c", "DIR/config"}, signal: "QUIT", config: nginxConfig, healthy: true},
	{name: "redis-server", pkg: "redis-server", words: []string{"/usr/bin/redis-server", "DIR/config"}, config: "port 0\nunixsocket DIR/ready\nsave \"\"\ndir DIR\n", healthy: true},
	{name: "python3 -m http.server", pkg: "python3", words: []string{"/usr/bin/python3", "-m", "http.server", "-b", "127.0.0.1", "0"}, ready: "sleep 1", healthy: true},
	{name: "node", pkg: "nodejs", words: []string{"/usr/bin/node", "DIR/config"}, config: "require('http').createServer((q, r) => r.end('ok')).listen('DIR/ready')\n", healthy: true},
	{
		name: "node, with a handler", pkg: "nodejs", words: []string{"/usr/bin/node", "DIR/config"}, healthy: true,
		config: "const s = require('http').createServer((q, r) => r.end('ok')).listen('DIR/ready')\nprocess.on('SIGTERM', () => s.close())\n",
	},
	{name: "java, an RMI registry", pkg: "default-jre-headless", words: []string{"/usr/bin/java", "-m", "java.rmi/sun.rmi.registry.RegistryImpl", "0"}, ready: "sleep 2", healthy: true},
	{
		name: "postgres, SIGINT", pkg: "postgresql", words: []string{"PG/postgres", "-D", "DIR/data", "-h", "", "-k", "DIR"}, signal: "INT", ready: "PG/pg_isready -q -h DIR && sleep 0.5",
		files: postgresData, healthy: true,
	},
	{name: "a script that waits for its child", pkg: "dash", words: []string{"/bin/sh", "DIR/config"}, config: "trap 'kill $!; wait; exit 5' TERM\nsleep 60 &\n>DIR/ready\nwait\n"},
	{name: "a script that leaves its child behind", pkg: "dash", words: []string{"/bin/sh", "DIR/config"}, config: "trap 'exit 3' TERM\nsleep 60 &\n>DIR/ready\nwait\n"},
	{name: "a script that takes 1 s", pkg: "dash", words: []string{"/bin/sh", "DIR/config"}, config: "trap 'sleep 1; exit 0' TERM\n>DIR/ready\nwhile :; do sleep 0.1; done\n"},
	{name: "sh -c 'sleep 60; true'", pkg: "dash", words: []string{"/bin/sh", "-c", ">DIR/ready; sleep 60; true"}},
	{name: "sh -c 'nginx; true'", pkg: "nginx-light", words: []string{"/bin/sh", "-c", "/usr/sbin/nginx -e stderr -c DIR/config; true"}, config: nginxConfig},
}

// A stop is a row of the table in docs/rehearse.md.
type stop struct {
	name, pkg string
	words     []string
	signal    string                                   // TERM if empty
	config    string                                   // for DIR/config
	ready     string                                   // succeeds when the program is ready; if empty, this is the file DIR/ready
	files     func(t *testing.T, dir string, user int) // makes what else the program needs in DIR
	healthy   bool                                     // the doctor has nothing to say about it under yinit
}

// readyCommand is a command of the shell.
func (s stop) readyCommand() string {
	if s.ready != "" {
		return s.ready
	}
	return "test -e DIR/ready && sleep 0.3"
}

// stopSignal is what docker run --stop-signal wants.
func (s stop) stopSignal() string {
	if s.signal != "" {
		return s.signal
	}
	return "TERM"
}

// prepare makes the directory of a run for the user, and returns the words of the program. A server
// that refuses to run as root is started as its image does: as another user.
func (s stop) prepare(t *testing.T, user int) (dir, ready string, args []string) {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "stop")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	expand := strings.NewReplacer("DIR", dir, "PG", postgresPrograms())
	if err := os.WriteFile(filepath.Join(dir, "config"), []byte(expand.Replace(s.config)), 0o644); err != nil {
		t.Fatal(err)
	}
	if s.files != nil {
		s.files(t, dir, 1000)
		if user == 0 {
			args = []string{"/usr/bin/setpriv", "--reuid=1000", "--regid=1000", "--clear-groups"}
		}
	}
	for _, word := range s.words {
		args = append(args, expand.Replace(word))
	}
	program(t, args[len(args)-len(s.words)], s.pkg)
	return dir, expand.Replace(s.readyCommand()), args
}

// postgresPrograms is the directory of the newest PostgreSQL: Debian has none of its servers in the PATH.
func postgresPrograms() string {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin") // the pattern is well formed
	if len(found) == 0 {
		return "/usr/lib/postgresql"
	}
	return found[len(found)-1]
}

// newPostgres makes the files of a server, once: initdb takes seconds. TestMain removes them.
var newPostgres = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp(filepath.Dir(binary), "postgres")
	if err != nil {
		return "", err
	}
	if err := os.Chmod(dir, 0o777); err != nil {
		return "", err
	}
	const nobody = 65534 // initdb wants a user with a name, and not root
	cmd := exec.Command(postgresPrograms()+"/initdb", "--no-sync", "-U", "postgres", "-A", "trust", "-D", dir+"/data")
	cmd.Dir = dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return dir, nil
})

// postgresData copies them into dir.
func postgresData(t *testing.T, dir string, user int) {
	t.Helper()
	program(t, postgresPrograms()+"/initdb", "postgresql")
	from, err := newPostgres()
	if err != nil {
		t.Fatal(err)
	}
	for _, words := range [][]string{{"cp", "-a", from + "/data", dir}, {"chown", "-R", fmt.Sprintf("%d:%[1]d", user), dir + "/data"}} {
		if out, err := exec.Command(words[0], words[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", words, err, out)
		}
	}
}

const nginxConfig = "daemon off; pid DIR/pid; error_log stderr; events {} http { access_log off; client_body_temp_path DIR/a; proxy_temp_path DIR/b; fastcgi_temp_path DIR/c; uwsgi_temp_path DIR/d; scgi_temp_path DIR/e; server { listen unix:DIR/ready; } }"

// grace is that of these stops.
const grace = 3 * time.Second

// A stopped is what became of a container.
type stopped struct {
	status  int
	hard    []string // names of the processes that SIGKILL ended, sorted
	ended   []string // how the others ended, sorted
	seconds float64  // from the signal to the end of PID 1
}

func (s stopped) String() string {
	hard := strings.Join(s.hard, ", ")
	if hard == "" {
		hard = "nothing"
	}
	return fmt.Sprintf("%d, %s, %.1f s", s.status, hard, s.seconds)
}

// compareStops rehearses a stop, and plays it in Docker. Other tests may delay one of the two, so
// that times that differ are measured again.
func compareStops(t *testing.T, s stop, init string, user int) (said, seen stopped) {
	const tries = 3
	for try := range tries {
		said, seen = rehearsed(t, s, init, user), dockerStopped(t, s, init, user)
		if said.status != seen.status || !slices.Equal(said.hard, seen.hard) || !slices.Equal(said.ended, seen.ended) {
			t.Fatalf("rehearse says %+v, docker stop does %+v", said, seen)
		}
		if d := said.seconds - seen.seconds; d >= -0.5 && d <= 0.5 {
			break
		} else if text := fmt.Sprintf("rehearse says %.3f s, docker stop takes %.3f s", said.seconds, seen.seconds); try == tries-1 {
			t.Error(text)
		} else {
			t.Log(text)
		}
	}
	return said, seen
}

// TestRehearsalAgreesWithDocker compares what yinit rehearse says with what docker stop then
// does. YINIT_UPDATE=1 writes the table in docs/rehearse.md.
func TestRehearsalAgreesWithDocker(t *testing.T) {
	images(t)
	if os.Getuid() != 0 {
		t.Skip("only root sees the processes of containers")
	}
	var mu sync.Mutex
	rows := map[string]string{}
	t.Run("all", func(t *testing.T) {
		for i, s := range stops {
			for _, user := range []int{0, 1000} {
				for _, init := range []string{"none", "yinit"} {
					t.Run(fmt.Sprintf("%s/%d/%s", s.name, user, init), func(t *testing.T) {
						t.Parallel()
						said, seen := compareStops(t, s, init, user)
						mu.Lock()
						defer mu.Unlock()
						as := "root"
						if user != 0 {
							as = strconv.Itoa(user)
						}
						rows[fmt.Sprintf("%02d %4d %s", i, user, init)] = fmt.Sprintf("| `%s` | %s | %s | %s | %s |\n", s.name, as, init, said, seen)
					})
				}
			}
		}
	})
	if os.Getenv("YINIT_UPDATE") != "" && !t.Failed() {
		writeStops(t, rows)
	}
}

// writeStops writes the table of docs/rehearse.md.
func writeStops(t *testing.T, rows map[string]string) {
	const path, begin, end = "../../docs/rehearse.md", "<!-- stops -->\n", "<!-- /stops -->"
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok1 := strings.Cut(string(b), begin)
	_, after, ok2 := strings.Cut(rest, end)
	if !ok1 || !ok2 {
		t.Fatalf("%s has no place for the table", path)
	}
	table := "| program | user | init | `yinit rehearse`: status, killed hard, time | `docker stop` |\n|---|---|---|---|---|\n"
	var keys []string
	for key := range rows {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		table += rows[key]
	}
	if err := os.WriteFile(path, []byte(before+begin+table+end+after), 0o644); err != nil {
		t.Fatal(err)
	}
}

// rehearsed runs yinit rehearse.
func rehearsed(t *testing.T, p stop, init string, user int) stopped {
	t.Helper()
	dir, ready, args := p.prepare(t, user)
	cmd := exec.Command(binary, append([]string{"rehearse", "--json", "--grace", grace.String(), "--stop-signal", p.stopSignal(), "--init", init, "--ready", ready, "--"}, args...)...)
	cmd.Dir = dir
	var stderr strings.Builder
	cmd.Stderr = &stderr
	if user != 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(user), Gid: uint32(user)}}
	}
	out, err := cmd.Output()
	if status := exitStatus(err); status != 0 && status != 1 {
		t.Fatalf("%v: %v\n%s%s", cmd, err, out, stderr.String())
	}
	var got jsonRehearsal
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatalf("%v: %v\n%s", cmd, err, out)
	}
	s := stopped{status: got.ExitStatus, seconds: float64(got.TakesMS) / 1000}
	for _, p := range got.Processes {
		s.add(p.Comm, p.Hard, p.Ended)
	}
	if s.sort(); got.Clean != (len(s.hard) == 0) || (exitStatus(err) == 0) != got.Clean {
		t.Errorf("clean is %v, the status %v, killed hard %v", got.Clean, err, s.hard)
	}
	return s
}

func (s *stopped) add(comm string, hard bool, ended string) {
	switch {
	case hard:
		s.hard = append(s.hard, comm)
	case comm != "sleep" || ended != "exited 0": // a loop has a short one of these now and then
		s.ended = append(s.ended, comm+" "+ended)
	}
}

func (s *stopped) sort() {
	slices.Sort(s.hard)
	slices.Sort(s.ended)
}

// dockerStarted runs the same in a container with the programs of this machine, and returns it
// when the program is ready.
func dockerStarted(t *testing.T, p stop, init string, user int) (id string) {
	t.Helper()
	dir, ready, args := p.prepare(t, user)
	run := []string{"-w", dir, "-v", dir + ":" + dir, "--stop-signal", p.stopSignal(), "--user", fmt.Sprintf("%d:%[1]d", user)}
	for _, d := range []string{"/usr", "/bin", "/lib", "/lib64", "/etc"} {
		run = append(run, "-v", d+":"+d+":ro")
	}
	if init == "none" {
		run = append(run, "--entrypoint", args[0], aloneImage)
		args = args[1:]
	} else {
		run = append(run, aloneImage)
	}
	id = container(t, append(run, args...)...)
	if out, err := exec.Command("timeout", "60", "sh", "-c", "until "+ready+"; do sleep 0.1; done").CombinedOutput(); err != nil {
		t.Fatalf("%s is not ready: %v\n%s\n%s", p.name, err, out, docker(t, "logs", id))
	}
	return id
}

// dockerStopped stops it with docker stop. Its processes are watched from outside.
func dockerStopped(t *testing.T, p stop, init string, user int) stopped {
	t.Helper()
	id := dockerStarted(t, p, init, user)
	first, err := strconv.Atoi(docker(t, "inspect", "--format", "{{.State.Pid}}", id))
	if err != nil || first == 0 {
		t.Fatalf("PID 1 is %d (%v)\n%s", first, err, docker(t, "logs", id))
	}
	held, names := holdContainer(t, first)
	began := time.Now()
	done := make(chan string, 1)
	go func() {
		out, _ := exec.Command("docker", "stop", "-t", fmt.Sprint(grace.Seconds()), id).CombinedOutput() // inspected below
		done <- string(out)
	}()
	if gone, err := held[0].Wait(time.Minute); err != nil || !gone {
		t.Fatalf("PID 1 has not ended: %v", err)
	}
	ended := time.Now()
	<-done
	s := stopped{seconds: max(0, ended.Sub(signalled(t, id, began)).Seconds())}
	if s.status, err = strconv.Atoi(docker(t, "inspect", "--format", "{{.State.ExitCode}}", id)); err != nil {
		t.Fatal(err)
	}
	for i, p := range held {
		status, known := p.ExitStatus()
		if !known {
			t.Errorf("it is not known how %s ended", names[i])
		}
		s.add(names[i], status.Signal() == int(syscall.SIGKILL), procfs.Ended(known, status))
	}
	s.sort()
	return s
}

// signalled returns when the engine had sent the first signal of a stop that began then: on a
// busy machine its client and its runtime need a second for that.
func signalled(t *testing.T, id string, began time.Time) time.Time {
	t.Helper()
	stamp := func(t time.Time) string { return fmt.Sprintf("%d.%09d", t.Unix(), t.Nanosecond()) }
	first, _, _ := strings.Cut(docker(t, "events", "--since", stamp(began), "--until", stamp(time.Now()),
		"--filter", "container="+id, "--filter", "event=kill", "--format", "{{.TimeNano}}"), "\n")
	at, err := strconv.ParseInt(first, 10, 64)
	if err != nil {
		t.Fatalf("the engine tells no signal: %v", err)
	}
	return time.Unix(0, at)
}

// holdContainer holds the processes of the container with this PID 1, which is the first of them.
func holdContainer(t *testing.T, first int) (held []*pidfd.Process, names []string) {
	t.Helper()
	space, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/pid", first))
	if err != nil {
		t.Fatal(err)
	}
	pids := []int{first}
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if link, _ := os.Readlink("/proc/" + e.Name() + "/ns/pid"); err == nil && link == space && pid != first {
			pids = append(pids, pid)
		}
	}
	for _, pid := range pids {
		stat, err := procfs.FS{}.Stat(pid)
		if err != nil {
			continue // it has ended
		}
		p, err := pidfd.Hold(procfs.FS{}, stat.ID())
		if err != nil {
			continue
		}
		t.Cleanup(func() { p.Close() })
		held, names = append(held, p), append(names, stat.Comm)
	}
	return held, names
}

// TestRehearsalInDocker: in a container the engine forbids namespaces, and the message has the
// options that allow them. The same goes for the demo.
func TestRehearsalInDocker(t *testing.T) {
	images(t)
	words := []string{"rehearse", "--ready", "true", "--grace", "1s", "--", "sleep", "100"}
	try := func(words []string, options ...string) (string, int) {
		args := append([]string{"run", "--rm", "--entrypoint", "/yinit"}, options...)
		out, err := exec.Command("docker", append(append(args, busyImage), words...)...).CombinedOutput()
		return string(out), exitStatus(err)
	}
	for _, user := range []string{"0", "1000"} {
		for _, words := range [][]string{words, {"demo", "exit"}} {
			out, status := try(words, "--user", user)
			if status != failure || !strings.Contains(out, "cannot create namespaces: ") || !strings.Contains(out, dockerOptions) {
				t.Errorf("%s as %s: status %d\n%s", words[0], user, status, out)
			}
		}
		options := append(strings.Fields(dockerOptions), "--user", user)
		if out, status := try(words, options...); status != 1 || !strings.Contains(out, "killed by SIGKILL at the end of the grace") {
			t.Errorf("rehearse as %s with the options: status %d\n%s", user, status, out)
		}
		if out, status := try([]string{"demo", "exit"}, options...); status != 0 || !strings.Contains(out, "no-such-program") {
			t.Errorf("demo as %s with the options: status %d\n%s", user, status, out)
		}
		out, status := try(words, "--user", user, "--security-opt", "seccomp=unconfined")
		if status != failure || !strings.Contains(out, "systempaths=unconfined") {
			t.Errorf("rehearse as %s with a masked /proc: status %d\n%s", user, status, out)
		}
	}
}
