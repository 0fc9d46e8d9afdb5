package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// comesFromYasinit are the lines of the table about yasinit in docs/migration.md: a program, beside
// which another one tells that it got SIGTERM, or a command line of one program only.
var comesFromYasinit = map[string]struct {
	script string
	words  []string
	input  string
}{
	"a program exits with 7":                    {script: "sleep 1; exit 7"},
	"a program is killed by SIGKILL":            {script: "sleep 1; kill -KILL $$"},
	"a program ignores SIGTERM":                 {script: "trap '' TERM; sleep 1; kill -TERM $PPID; while :; do sleep 1; done"},
	"PID 1 gets SIGUSR1":                        {script: "trap 'echo USR1; exit 3' USR1; sleep 1; kill -USR1 $PPID; sleep 2 & wait; exit 0"},
	"PID 1 gets SIGINT":                         {script: "trap 'echo INT; exit 3' INT; trap 'exit 0' TERM; sleep 1; kill -INT $PPID; sleep 2 & wait; exit 0"},
	"`PROGRAM` is `cat`, with `text` at stdin":  {words: []string{"cat"}, input: "text\n"},
	"`PROGRAM` is `no-such-program`":            {words: []string{"no-such-program"}},
	"`PROGRAM` is `sh -c 'kill -HUP $PPID; …'`": {words: []string{"sh", "-c", "trap 'echo HUP; exit 3' HUP; sleep 1; kill -HUP $PPID; sleep 2 & wait"}},
}

// TestMigrationYasinit runs each of these lines with yasinit and with yinit. yasinit is in no package
// of Debian: YINIT_YASINIT is the path of the program of github.com/aknrdureegaesr/yasinit.
func TestMigrationYasinit(t *testing.T) {
	requireNamespaces(t)
	yasinit := os.Getenv("YINIT_YASINIT")
	rows := regexp.MustCompile(`(?m)^\| (.+) \| (.+) \| (.+) \|$`).FindAllStringSubmatch(section(t, "migration.md", "yasinit"), -1)
	ran := 0
	for _, row := range rows {
		c, known := comesFromYasinit[row[1]]
		if !known {
			continue // of the table of command lines
		}
		ran++
		theirs, ours := row[2], row[3]
		if ours == "the same" {
			ours = theirs
		}
		t.Run(row[1], func(t *testing.T) {
			t.Parallel()
			own := append([]string{binary, "-q"}, "--run-dir", "/etc/yasinit")
			if c.words != nil {
				own = append([]string{binary, "-q", "--"}, c.words...)
			}
			if got := ranFromEtc(t, c.script, c.input, own); got != ours {
				t.Errorf("under yinit: %s; docs/migration.md: %s", got, ours)
			}
			if yasinit == "" {
				t.Skip("YINIT_YASINIT is the path of yasinit, which Debian does not have; yinit was tried")
			}
			if got := ranFromEtc(t, c.script, c.input, append([]string{yasinit}, c.words...)); got != theirs {
				t.Errorf("under yasinit: %s; docs/migration.md: %s", got, theirs)
			}
		})
	}
	if ran != len(comesFromYasinit) {
		t.Errorf("docs/migration.md has %d of %d lines", ran, len(comesFromYasinit))
	}
}

// ranFromEtc runs an init in a mount namespace in which /etc has nothing but two programs in
// yasinit/, and returns what docs/migration.md says of it.
func ranFromEtc(t *testing.T, script, input string, init []string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"a.run": script, "b.run": "trap '' USR1; trap 'echo TERM; exit 0' TERM; sleep 100 & wait"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+text+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	const enter = `mount -t tmpfs none /etc && mkdir /etc/yasinit && cp a.run b.run /etc/yasinit && exec "$@"`
	cmd := namespacedIn(dir, append([]string{"sh", "-c", enter, "sh"}, init...)...)
	var out bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.WaitDelay = strings.NewReader(input), &out, time.Minute
	end := time.AfterFunc(2*time.Minute, func() { _ = cmd.Process.Kill() })
	defer end.Stop()
	status, _ := statusOf(cmd)
	words := []string{}
	for line := range strings.Lines(sortedLines(out.String())) {
		words = append(words, "`"+strings.TrimSpace(line)+"`")
	}
	return strings.Join(append(words, fmt.Sprintf("exit status %d", status)), ", ")
}
