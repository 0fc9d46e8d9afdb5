package doctor

import (
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"yinit/procfs"
	"yinit/procfs/snapshot"
	"yinit/procfs/verdict"
)

// TestCheckRules checks the findings from what is read beside the processes, and that each is
// silent where nothing is wrong.
func TestCheckRules(t *testing.T) {
	quit, winch := int(syscall.SIGQUIT), int(syscall.SIGWINCH)
	with := func(p snapshot.Process, change func(*Facts)) Facts {
		f := Facts{Procs: []snapshot.Process{yinit(15), p}, Host: snapshot.Host{Pids: 2, PidsMax: 100}, Now: noon}
		if change != nil {
			change(&f)
		}
		return f
	}
	app := proc(7, 1, "app")
	nginx := proc(7, 1, "nginx", catches(quit), catches(sigTERM))
	file := func(path string, pid int, ago time.Duration) func(*Facts) {
		return func(f *Facts) { f.Checks.PidFiles = []PidFile{{path, pid, noon.Add(-ago)}} }
	}
	for _, tt := range []struct {
		name string
		f    Facts
		want string // ids and levels
		has  string
	}{
		{"nginx", with(nginx, nil), "stop-signal note", "STOPSIGNAL SIGQUIT in the Dockerfile, or yinit --rewrite TERM:QUIT"},
		{"nginx that gets QUIT", with(nginx, func(f *Facts) { f.Stops = map[procfs.ID]int{nginx.ID: quit} }), "", ""},
		{"nginx by an engine with QUIT", Facts{Procs: []snapshot.Process{proc(1, 0, "nginx", catches(quit))}, Signal: quit}, "", ""},
		{"a worker of nginx", with(app, func(f *Facts) { f.Procs = append(f.Procs, proc(9, 7, "nginx", catches(quit), catches(sigTERM))) }), "", ""},
		{"php-fpm of a version", with(proc(7, 1, "php-fpm8.2", catches(quit), catches(sigTERM)), nil), "stop-signal note", "requests in flight"},
		{"nginx as PID 1", Facts{Procs: []snapshot.Process{proc(1, 0, "nginx", catches(quit), catches(sigTERM))}}, "stop-signal note", "STOPSIGNAL SIGQUIT"},
		{"httpd", with(proc(7, 1, "httpd", catches(winch), catches(sigTERM)), nil), "stop-signal note", "SIGWINCH"},
		{"httpd of busybox", with(proc(7, 1, "httpd"), nil), "", ""},
		{"uwsgi", with(proc(7, 1, "uwsgi", catches(2), catches(sigTERM)), nil), "stop-signal note", "reloads"},
		{"uwsgi told to end", with(proc(7, 1, "uwsgi", catches(2), catches(sigTERM), runs("uwsgi", "--die-on-term")), nil), "", ""},

		{"all ignore PIPE", Facts{Procs: []snapshot.Process{proc(1, 0, "app", catches(sigTERM), ignores(sigPIPE)), proc(7, 1, "a", ignores(sigPIPE)), proc(8, 1, "b", ignores(sigPIPE), ignores(sigCHLD))}}, "inherited-signals note", "SIGPIPE ignored, perhaps"},
		{"two ignore PIPE", Facts{Procs: []snapshot.Process{proc(1, 0, "app", catches(sigTERM), ignores(sigPIPE)), proc(7, 1, "a", ignores(sigPIPE))}}, "", ""},
		{"one does not", Facts{Procs: []snapshot.Process{proc(1, 0, "app", catches(sigTERM)), proc(7, 1, "a", ignores(sigPIPE)), proc(8, 1, "b", ignores(sigPIPE))}}, "", ""},

		{"OOM kills", with(app, func(f *Facts) { f.Checks.OOMKills = 3; f.Host.MemMax = 512 * procfs.MiB }), "oom-kills note", "memory limit of 512 MiB"},
		{"OOM kills now", with(app, func(f *Facts) { f.Checks.OOMKills = 1; f.OOM = Hit{noon.Add(-time.Minute), "9 (git)"} }), "oom-kills problem", "1 kill; 9 (git)"},
		{"OOM kills a while ago", with(app, func(f *Facts) { f.OOM = Hit{noon.Add(-9 * time.Minute), "9 (git)"} }), "oom-kills risk", "9m00s ago"},
		{"OOM kills long ago", with(app, func(f *Facts) { f.OOM = Hit{noon.Add(-2 * time.Hour), "9 (git)"} }), "oom-kills note", "2h00m ago"},
		{"all are killed together", with(app, func(f *Facts) { f.Checks.OOMGroup = true }), "oom-group note", "singleProcessOOMKill"},
		{"alone with the limit", Facts{Procs: []snapshot.Process{proc(1, 0, "app", catches(sigTERM))}, Checks: Checks{OOMGroup: true}}, "", ""},

		{"shm has room", with(app, func(f *Facts) { f.Checks.ShmSize, f.Checks.ShmFree = 64*procfs.MiB, 32*procfs.MiB }), "", ""},
		{"shm is nearly full", with(app, func(f *Facts) { f.Checks.ShmSize, f.Checks.ShmFree = 64*procfs.MiB, 8*procfs.MiB }), "shm risk", "56 MiB of 64 MiB"},
		{"shm is full", with(app, func(f *Facts) { f.Checks.ShmSize = 64 * procfs.MiB }), "shm problem", "SIGBUS"},

		{"a stale pid file", with(app, file("/run/sshd.pid", 7, time.Hour)), "pid-file risk", "/run/sshd.pid names another process: 7 app"},
		{"a pid file of its own", with(app, file("/run/app.pid", 7, time.Second)), "", ""},
		{"written by another program", with(app, file("/run/sshd.pid", 7, time.Second)), "", ""},
		{"the clock was set", with(app, file("/run/app/server.pid", 7, time.Hour)), "", ""},
		{"nobody has that pid", with(app, file("/run/sshd.pid", 99, time.Hour)), "", ""},

		{"files without end", with(app, func(f *Facts) { f.Checks.OpenMax = map[procfs.ID]uint64{app.ID: 1 << 30} }), "nofile note", "1073741824"},
		{"many files", with(app, func(f *Facts) { f.Checks.OpenMax = map[procfs.ID]uint64{app.ID: 1 << 20} }), "", ""},
		{"not all could be checked", with(app, func(f *Facts) { f.Checks.Unread = []string{"/run does not respond"} }), "not-checked note", "/run does not respond"},

		{"no history", with(app, func(f *Facts) { f.Memory.None = "no history is kept: PID 1 is tini, not yinit" }), "no-history note", "PID 1 is tini"},
		{"a history that is not ours", with(app, func(f *Facts) {
			f.Memory = Memory{None: "the history belongs to user 5: run this as that user", Hidden: true}
		}), "history-unread note", "user 5\nthe crashes, OOM kills and signals that it recorded are missing here\nrun this as that user"},
		{"an old kernel", with(app, func(f *Facts) { f.Memory.Blind = true }), "kernel-old note", "6.15"},
		{"too many to watch", with(app, func(f *Facts) { f.Memory.Missing = []string{"5 processes were not watched"} }), "history-partial note", "not watched"},

		{"a stranger", with(app, func(f *Facts) {
			f.Strangers = []Stranger{{Failure{PID: 30, PPID: 7, Comm: "pg_isready", Status: 2 << 8}, true, "7 (app) reaped a process that it did not start"}}
		}), "stranger risk", "30 pg_isready: exited 2"},
		{"a stranger that succeeded", with(app, func(f *Facts) { f.Strangers = []Stranger{{Failure{PID: 30, Comm: "sh"}, true, "7 (app) reaped"}} }), "stranger note", "exited 0"},
		{"postgres as PID 1", Facts{Procs: []snapshot.Process{proc(1, 0, "postgres", catches(sigTERM))}}, "stranger note", "1 postgres adopts every orphan"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			found, _ := Examine(&tt.f)
			var got []string
			texts := ""
			for _, x := range found {
				got = append(got, x.ID+" "+x.Level.String())
				texts += x.What + "\n" + x.Evidence + "\n" + x.Why + "\n" + x.Do + "\n"
				if slices.Contains([]string{x.What, x.Evidence, x.Why, x.Do}, "") {
					t.Errorf("a text of %s is missing: %+v", x.ID, x)
				}
			}
			if words := strings.Join(got, ", "); words != tt.want {
				t.Errorf("found %s, want %s\n%s", words, tt.want, texts)
			}
			if !strings.Contains(texts, tt.has) {
				t.Errorf("no text has %q:\n%s", tt.has, texts)
			}
		})
	}
}

// TestStopTexts says a stop in one sentence.
func TestStopTexts(t *testing.T) {
	for name, tt := range map[string]struct {
		f    Facts
		want string
	}{
		"nothing": {Facts{}, "No stop can be foreseen: PID 1 cannot be read"},
		"us":      {Facts{Procs: []snapshot.Process{proc(1, 0, "yinit")}, Reader: 1}, "No stop can be foreseen: PID 1 is the program that looks"},
		"ignored": {Facts{Procs: []snapshot.Process{proc(1, 0, "python3")}}, "docker stop (SIGTERM, then SIGKILL after 10s): 10s, 1 killed hard, exit status 137; Kubernetes: 30s, 1 killed hard"},
		"handler": {Facts{Procs: []snapshot.Process{proc(1, 0, "httpd", catches(28)), proc(7, 1, "httpd")}, Signal: 28}, "docker stop (SIGWINCH, then SIGKILL after 10s): ends when the handlers have finished, up to 1 killed hard, exit status not known"},
		"hidden":  {Facts{Procs: []snapshot.Process{hidden()}}, "docker stop (SIGTERM, then SIGKILL after 10s): unknown, because it cannot be determined what PID 1 does with SIGTERM"},
		"chosen":  {Facts{Procs: []snapshot.Process{proc(1, 0, "python3")}, Signal: 3, Timeout: 2 * time.Second}, "docker stop (SIGQUIT, then SIGKILL after 2s): 2s, 1 killed hard, exit status 137"},
		"yinit":   {Facts{Procs: []snapshot.Process{yinit(15), proc(7, 1, "app")}, Policy: &Policy{Known: true}}, "docker stop (SIGTERM, then SIGKILL after 10s): at once, 0 killed hard, exit status 143"},
	} {
		s := Simulate(&tt.f)
		if got := s.Text(&tt.f); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

// TestCannotEnd: PID 1 has ended and waits for a process that a debugger holds.
func TestCannotEnd(t *testing.T) {
	first := snapshot.Process{ID: procfs.ID{PID: 1}, Comm: "sh", State: procfs.StateSleeping, Threads: 1, Term: verdict.OutcomeNoEffect}
	first.Target = &verdict.Target{
		ID: first.ID, State: procfs.StateSleeping, Tasks: []verdict.Task{{TID: 1, Exiting: true}},
		Dying: verdict.Exiting, Blocker: &verdict.Blocker{PID: 7, Comm: "app", Tracer: 99, By: "strace"},
	}
	found, stop := Examine(&Facts{Procs: []snapshot.Process{first}})
	if len(found) == 0 || found[0].ID != "cannot-end" || found[0].Do != "end the debugger: kill -KILL 99" {
		t.Errorf("found %+v", found)
	}
	if stop.Reacts != verdict.Unknown || !stop.AtLeast {
		t.Errorf("stop %+v", stop)
	}
	first.Target.Blocker = nil
	if found, _ := Examine(&Facts{Procs: []snapshot.Process{first}}); len(found) > 0 && found[0].ID == "cannot-end" {
		t.Errorf("one that is about to go: %+v", found[0])
	}
}
