package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Programs for TestMigration. Each tells on stdout what it sees.
const (
	exits7 = "exit 7"
	// The child of the program ends if the whole group gets the signal. No shell: dash loses
	// a signal that arrives while it starts a program.
	groupGetsUsr1 = `exec python3 -c '
import os, signal, subprocess
signal.signal(signal.SIGUSR1, lambda *_: print("program", flush=True))
child = subprocess.Popen(["sleep", "100"])
os.kill(os.getppid(), signal.SIGUSR1)
try:
    print("child ended by", -child.wait(2))
except subprocess.TimeoutExpired:
    child.kill()
'`
	isLeader = `set -- $(cat /proc/$$/stat); [ $6 = $$ ] && echo leader || echo no leader; ` + groupGetsUsr1
	// Says whether an orphan became a child of the init.
	orphansParent = `(sh -c 'sleep 0.3; set -- $(cat /proc/$$/stat); [ $4 = '$PPID' ] && echo init has it || echo another has it' &); sleep 0.8`
	gets15        = `trap 'echo TERM; exit 3' TERM; trap 'echo INT; exit 4' INT; sleep 0.5 & kill -TERM $PPID; wait`
)

// logs are the commands that are about the log: only for these it is compared whether there
// is one, since yinit warns of what other inits do not notice.
var logs = regexp.MustCompile(`-w|-v|VERBOSITY`)

// What runs the init: it may be PID 1, or something else may.
const (
	asChild = `"$@"; exit $?`
	// The parent of the init ends; then the program must have ended too.
	parentEnds = `("$@" & sleep 0.5); sleep 0.5; kill -0 $(cat pid) 2>/dev/null && echo it runs || echo it has ended`
	interrupts = `"$@" & sleep 0.5; kill -TERM $!; wait $!; echo status $?`
)

// migrations are the programs by the first cell of a line in docs/migration.md.
var migrations = map[string]struct {
	program string // run by sh, if the command ends in --
	outer   string // what runs the init
}{
	"tini --":                           {exits7, ""},
	"tini -g --":                        {groupGetsUsr1, ""},
	"tini -s --":                        {orphansParent, asChild},
	"tini -p SIGTERM --":                {"echo $$ >pid; exec sleep 100", parentEnds},
	"tini -e 143 --":                    {"kill -TERM $$", ""},
	"tini -w --":                        {"(true &); sleep 0.3", ""},
	"tini -v --":                        {"exit 3", ""},
	"tini -- no-such-program":           {},
	"TINI_SUBREAPER= tini --":           {orphansParent, asChild},
	"TINI_KILL_PROCESS_GROUP=1 tini --": {groupGetsUsr1, ""},
	"TINI_VERBOSITY=0 tini --":          {"kill -KILL $$", ""},
	"dumb-init --":                      {isLeader, ""},
	"dumb-init -c --":                   {isLeader, ""},
	"dumb-init -r 15:2 --":              {gets15, ""},
	"dumb-init -r 15:0 --":              {gets15, ""},
	"dumb-init -v --":                   {exits7, ""},
	"DUMB_INIT_SETSID=0 dumb-init --":   {isLeader, ""},
	"dumb-init -- no-such-program":      {},
	"catatonit --":                      {exits7, ""},
	"catatonit -g --":                   {groupGetsUsr1, ""},
	"catatonit -P":                      {"", interrupts},
	"catatonit -- no-such-program":      {},
}

// section returns a section of a page.
func section(t *testing.T, page, title string) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/" + page)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(text), "\n## "+title+"\n")
	if !found {
		t.Fatalf("docs/%s has no section %q", page, title)
	}
	rest, _, _ = strings.Cut(rest, "\n## ")
	return rest
}

var codeRow = regexp.MustCompile("(?m)^\\| `([^`]+)` \\| `([^`]+)` \\| (.+) \\|$")

// TestMigration runs each line of the tables in docs/migration.md with both inits.
func TestMigration(t *testing.T) {
	requireNamespaces(t)
	ran := map[string]bool{}
	for name, title := range map[string]string{"tini": "tini, and `docker run --init`", "dumb-init": "dumb-init", "catatonit": "catatonit, and `podman run --init`"} {
		program(t, name, name)
		for _, row := range codeRow.FindAllStringSubmatch(section(t, "migration.md", title), -1) {
			m, known := migrations[row[1]]
			if !known {
				t.Errorf("docs/migration.md: no test runs %s", row[1])
				continue
			}
			ran[row[1]] = true
			t.Run(row[1], func(t *testing.T) {
				t.Parallel()
				before, after := migrated(t, row[1], m.program, m.outer), migrated(t, row[2], m.program, m.outer)
				if (before == after) != (row[3] == "the same") {
					t.Errorf("%s gives\n%s%s gives\n%sand docs/migration.md says: %s", row[1], before, row[2], after, row[3])
				}
			})
		}
	}
	for command := range migrations {
		if !ran[command] {
			t.Errorf("docs/migration.md does not have %s", command)
		}
	}
}

// migrated runs a command of the table, and returns what can be seen of it.
func migrated(t *testing.T, command, script, outer string) string {
	t.Helper()
	args := strings.Fields(command)
	var env []string
	for strings.Contains(args[0], "=") {
		env, args = append(env, args[0]), args[1:]
	}
	if args[0] == "yinit" {
		args[0] = binary
	}
	if args[len(args)-1] == "--" {
		args = append(args, "sh", "-c", script)
	}
	if outer != "" {
		args = append([]string{"sh", "-c", outer, "sh"}, args...)
	}
	cmd := namespacedIn(t.TempDir(), args...)
	cmd.Env = append(cmd.Env, env...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	status := exitStatus(cmd.Run())
	seen := fmt.Sprintf("%sstatus %d\n", sortedLines(out.String()), status)
	if logs.MatchString(command) {
		seen += fmt.Sprintf("logged: %v\n", errs.Len() > 0)
	}
	return seen
}

func sortedLines(s string) string {
	lines := slices.Sorted(strings.Lines(s))
	return strings.Join(lines, "")
}

// supervised are the lines of the table about supervisord that are about an option: a script
// that makes the file ready when it may be stopped, what it prints, and the exit status of yinit
// if that is not 0.
var supervised = map[string]struct {
	script, want string
	status       int
}{
	"directory=/tmp":           {"pwd; >\"$READY\"; exec sleep 100", "/tmp\n", 0},
	`environment=QUEUE="mail"`: {"echo $QUEUE; >\"$READY\"; exec sleep 100", "mail\n", 0},
	"user=nobody":              {"id -un; >\"$READY\"; exec sleep 100", "nobody\n", 0},
	"stopsignal=QUIT":          {"trap 'echo QUIT; exit' QUIT; trap 'echo TERM; exit' TERM; >\"$READY\"; while :; do sleep 0.1; done", "QUIT\n", 0},
	"autorestart=true":         {"echo run; sleep 1.2; [ -e once ] && >\"$READY\"; >once; exit 0", "run\nrun\n", 0},
	"autorestart=false":        {"echo run; sleep 1.2; (sleep 2; >\"$READY\") & exit 0", "run\n", 0},
	"stopwaitsecs=1":           {"trap '' TERM; echo stubborn; >\"$READY\"; while :; do sleep 0.1; done", "stubborn\n", 137},
}

// TestMigrationSupervisord runs a program with each option of the table under both.
func TestMigrationSupervisord(t *testing.T) {
	requireNamespaces(t)
	program(t, "supervisord", "supervisor")
	if os.Getuid() != 0 {
		t.Skip("user= needs root")
	}
	ran := 0
	for _, row := range codeRow.FindAllStringSubmatch(strings.ReplaceAll(section(t, "migration.md", "supervisord"), "`, at the top of the file", "`"), -1) {
		s, known := supervised[row[1]]
		if !known {
			continue // a line about the syntax
		}
		if ran++; (row[3] == "the same") != (s.status == 0) {
			t.Errorf("%s: docs/migration.md says %s", row[1], row[3])
		}
		t.Run(row[1], func(t *testing.T) {
			t.Parallel()
			for supervisor, status := range map[string]int{"supervisord": 0, "yinit": s.status} {
				out, got := runSupervised(t, supervisor, row[1], row[2], s.script)
				if row[1] == "autorestart=true" { // it may have begun once more
					out = strings.Replace(out, "run\nrun\nrun\n", "run\nrun\n", 1)
				}
				if out != s.want || got != status {
					t.Errorf("under %s it prints %q, want %q; exit status %d, want %d", supervisor, out, s.want, got, status)
				}
			}
		})
	}
	if ran != len(supervised) {
		t.Errorf("docs/migration.md has %d of %d options", ran, len(supervised))
	}
}

// runSupervised runs a script under supervisord or yinit as PID 1, with the option in the
// syntax of each, and stops it with SIGTERM when it is ready.
func runSupervised(t *testing.T, supervisor, theirs, ours, script string) (string, int) {
	t.Helper()
	dir := t.TempDir()
	for _, d := range []string{dir, filepath.Dir(dir)} { // nobody must reach it
		if err := os.Chmod(d, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	path, ready := filepath.Join(dir, "program"), filepath.Join(dir, "ready")
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	top, own := "", ours
	if strings.HasPrefix(ours, "kill_after") {
		top, own = ours, ""
	}
	write("program", "#!/bin/sh\nREADY="+ready+"\n"+script+"\n")
	// supervisord logs to stdout as well: the output of the program goes through descriptor 3.
	write("supervisord.conf", "[supervisord]\nnodaemon=true\nuser=root\nlogfile=/dev/null\nlogfile_maxbytes=0\npidfile="+dir+"/pid\n"+
		"[program:x]\ncommand="+path+"\nstdout_logfile=/dev/fd/3\nstdout_logfile_maxbytes=0\n"+theirs+"\n")
	write("yinit.toml", top+"\n[[program]]\ncommand = [\""+path+"\"]\n"+own+"\n[[program]]\ncommand = [\"sleep\", \"100\"]\n")
	command := "exec supervisord -c supervisord.conf 3>&1 >/dev/null"
	if supervisor == "yinit" {
		command = "exec " + binary + " -q --config yinit.toml"
	}
	cmd := namespacedIn(dir, "sh", "-c", command)
	var out bytes.Buffer
	cmd.Stdout = &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Process.Kill() }() // it has ended, unless the test fails
	eventuallyIn(t, 2*time.Minute, "the program is ready", func() bool { _, err := os.Stat(ready); return err == nil })
	if err := cmd.Process.Signal(unix.SIGTERM); err != nil {
		t.Fatal(err)
	}
	status := exitStatus(cmd.Wait())
	return out.String(), status
}
