package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"yinit/procfs"
	"yinit/procfs/rehearsal"
	"yinit/procfs/verdict"
)

// TestRehearsalJSONIsDocumented: docs/json.md describes each field of yinit rehearse --json,
// and no other, and all fields are printed.
func TestRehearsalJSONIsDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/json.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(page), "## `yinit rehearse --json`\n")
	section, _, _ = strings.Cut(section, "\n## ")
	var tables [][]string
	for line := range strings.Lines(section) {
		if strings.HasPrefix(line, "| field") {
			tables = append(tables, nil)
		}
		if cells := strings.Split(line, "|"); len(tables) > 0 && strings.HasPrefix(line, "| `") {
			last := &tables[len(tables)-1]
			for _, name := range regexp.MustCompile("`([a-z0-9_]+)`").FindAllStringSubmatch(cells[1], -1) {
				*last = append(*last, name[1])
			}
		}
	}
	types := []reflect.Type{reflect.TypeFor[jsonRehearsal](), reflect.TypeFor[jsonRun](), reflect.TypeFor[jsonStopping]()}
	if len(tables) != len(types) {
		t.Fatalf("docs/json.md has %d tables, want %d", len(tables), len(types))
	}
	for i, typ := range types {
		var fields []string
		for j := range typ.NumField() {
			name, _, _ := strings.Cut(typ.Field(j).Tag.Get("json"), ",")
			if !strings.HasSuffix(name, "_hex") { // described at the top of the page
				fields = append(fields, name)
			}
		}
		slices.Sort(fields)
		slices.Sort(tables[i])
		if !slices.Equal(fields, tables[i]) {
			t.Errorf("%s has the fields\n%q, docs/json.md describes\n%q", typ.Name(), fields, tables[i])
		}
	}
}

// TestRehearsalJSON reads the object as strictly as its types say.
func TestRehearsalJSON(t *testing.T) {
	f := rehearsal.Facts{
		Plan: rehearsal.Plan{Command: []string{"a\x1bb", "\u202ex"}, Init: "none", Signal: 15, Grace: 3 * time.Second}, Sent: true, Killed: true,
		KilledAt: 3 * time.Second, Takes: 3 * time.Second, Status: 9, Check: &rehearsal.Run{Command: "false", Status: 1 << 8, Took: time.Second},
		Processes: []rehearsal.Process{{PID: 1, Comm: "a\xffb", Outcome: verdict.OutcomeShielded}},
	}
	line := rehearsalJSON(rehearsal.Judge(&f))
	if strings.Count(line, "\n") != 1 || strings.ContainsAny(line, "\x1b\u202e") {
		t.Errorf("not one safe line: %q", line)
	}
	d := json.NewDecoder(strings.NewReader(line))
	d.DisallowUnknownFields()
	var got jsonRehearsal
	if err := d.Decode(&got); err != nil {
		t.Fatal(err)
	}
	want := jsonStopping{
		PID: 1, Comm: "a\ufffdb", CommHex: "61ff62", Cmdline: []string{}, Verdict: "shielded", Forwarded: "engine", EndedMS: 3000,
		Known: true, Code: 137, Signal: "SIGKILL", Ended: "killed by SIGKILL", Hard: true, KilledBy: "engine",
	}
	if len(got.Processes) != 1 || !reflect.DeepEqual(got.Processes[0], want) {
		t.Errorf("processes are %+v, want %+v", got.Processes, want)
	}
	if got.Command[0] != f.Command[0] || got.Check == nil || got.Check.OK || got.PreStop != nil || got.Clean || got.ExitStatus != 137 {
		t.Errorf("the object is %+v", got)
	}
}

// TestRehearsalLeavesNothing: whatever ends the command, nothing that it started goes on.
func TestRehearsalLeavesNothing(t *testing.T) {
	requireNamespaces(t)
	for i, sig := range []unix.Signal{unix.SIGINT, unix.SIGTERM, unix.SIGHUP, unix.SIGQUIT, unix.SIGKILL} {
		t.Run(unix.SignalName(sig), func(t *testing.T) {
			mark := fmt.Sprintf("rehearsed-%d-%d", os.Getpid(), i)
			script := fmt.Sprintf(`trap "" INT TERM HUP QUIT; setsid sh -c 'sleep 1000; : %[1]s' & sleep 1000; : %[1]s`, mark)
			cmd := exec.Command("yinit", "rehearse", "--ready", "true", "--check", "sleep 1000; : "+mark, "--grace", "1h", "--", "sh", "-c", script)
			var out strings.Builder
			cmd.Stdout, cmd.Stderr = &out, &out
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			eventually(t, "the stop is under way", func() bool { return len(marked(mark)) >= 5 })
			if err := cmd.Process.Signal(sig); err != nil {
				t.Fatal(err)
			}
			if err := cmd.Wait(); exitStatus(err) != 128+int(sig) {
				t.Errorf("it ended with %v, want %d\n%s", err, 128+int(sig), out.String())
			}
			if sig != unix.SIGKILL && len(marked(mark)) > 0 {
				t.Errorf("when it has ended, %v still run", marked(mark))
			}
			eventually(t, "all have ended", func() bool { return len(marked(mark)) == 0 })
		})
	}
}

// marked returns the pids of the processes whose arguments contain mark. Zombies have none.
func marked(mark string) (pids []int) {
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if words, _ := (procfs.FS{}).Cmdline(pid); err == nil && strings.Contains(strings.Join(words, " "), mark) {
			pids = append(pids, pid)
		}
	}
	return pids
}

// slowServer answers each request after a second. With an argument it finishes the requests in
// flight after SIGTERM. It writes its port into the file port.
const slowServer = `
import http.server, os, signal, sys, threading, time
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        time.sleep(1)
        self.send_response(200)
        self.end_headers()
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = False
if len(sys.argv) > 1:
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
with open("port.new", "w") as f:
    f.write(str(server.server_port))
os.rename("port.new", "port")
server.serve_forever()
server.server_close()
`

// TestRehearsalServesRequests: --check tells whether a request in flight is served.
func TestRehearsalServesRequests(t *testing.T) {
	requireNamespaces(t)
	program(t, "/usr/bin/python3", "python3")
	const client = `/usr/bin/python3 -c 'import urllib.request; urllib.request.urlopen("http://127.0.0.1:" + open("port").read())' 2>/dev/null`
	for _, tt := range []struct {
		graceful []string
		status   int
		want     string
	}{
		{nil, 1, "\nwhy           the check exited 1\n"},
		{[]string{"graceful"}, 0, "\ncheck         exited 0 after "},
	} {
		t.Run(fmt.Sprint(tt.graceful), func(t *testing.T) {
			t.Parallel()
			words := append([]string{"rehearse", "--init", "yinit", "--ready", "test -e port", "--check", client, "--", "/usr/bin/python3", "-c", slowServer}, tt.graceful...)
			cmd := exec.Command("yinit", words...)
			cmd.Dir = t.TempDir()
			out, err := cmd.CombinedOutput()
			if exitStatus(err) != tt.status || !strings.Contains(string(out), tt.want) {
				t.Errorf("status %d, want %d and %q\n%s", exitStatus(err), tt.status, tt.want, out)
			}
		})
	}
}
