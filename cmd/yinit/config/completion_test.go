package config

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// shells complete a line with the real shell.
var shells = map[string]func(t *testing.T, script, line string) []string{
	"bash": func(t *testing.T, script, line string) []string {
		return offered(t, "bash", "--norc", "testdata/complete.bash", script, line)
	},
	"zsh": func(t *testing.T, script, line string) []string {
		out := filepath.Join(t.TempDir(), "offered")
		offered(t, "zsh", "-f", "testdata/complete.zsh", script, line, out)
		b, err := os.ReadFile(out)
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		return strings.Fields(string(b))
	},
	"fish": func(t *testing.T, script, line string) []string {
		words := []string{}
		out := offered(t, "fish", "--no-config", "-c", "source $argv[1]; complete -C $argv[2]", script, line)
		for _, line := range out {
			word, _, _ := strings.Cut(line, "\t")
			words = append(words, word)
		}
		return words
	},
}

func offered(t *testing.T, command string, args ...string) []string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, command, args...)
	cmd.Env = append(os.Environ(), "TERM=dumb")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil || stderr.Len() > 0 {
		t.Fatalf("%q: %v\n%s", cmd.Args, err, stderr.String())
	}
	return strings.FieldsFunc(string(out), func(r rune) bool { return r == '\n' })
}

// TestCompletion uses real shells. bash and zsh offer only the part after = or :, fish the
// whole word.
func TestCompletion(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"data.txt", "sub/file", "yinit"} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("#!/bin/sh\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	bin := t.TempDir() // with the program that tells the containers
	if err := os.WriteFile(filepath.Join(bin, "yinit"), []byte("#!/bin/sh\n[ \"$*\" = 'containers --names' ] && echo web-1\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	for shell, complete := range shells {
		t.Run(shell, func(t *testing.T) {
			requireShell(t, shell)
			text, err := Completion(shell)
			if err != nil {
				t.Fatal(err)
			}
			script := filepath.Join(t.TempDir(), "script")
			if err := os.WriteFile(script, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
			for _, c := range completionCases {
				line := strings.ReplaceAll(c.line, "DIR", dir)
				got := complete(t, script, line)
				for i := range got { // a directory may end with a slash
					got[i] = strings.TrimPrefix(strings.TrimSuffix(got[i], "/"), dir+"/")
					if _, value, ok := strings.Cut(got[i], "="); ok {
						got[i] = strings.TrimPrefix(value, dir+"/")
					}
					if _, value, ok := strings.Cut(got[i], "TERM:"); ok {
						got[i] = value
					}
				}
				for _, want := range strings.Fields(c.want) {
					if !slices.Contains(got, want) {
						t.Errorf("%q offers %q, not %q", c.line, got, want)
					}
				}
				for _, never := range strings.Fields(c.never) {
					if slices.Contains(got, never) {
						t.Errorf("%q offers %q, and %q among them", c.line, got, never)
					}
				}
				if c.want == "" && c.never == "" && len(got) > 0 {
					t.Errorf("%q offers %q, want nothing", c.line, got)
				}
			}
		})
	}
}

var completionCases = []struct{ line, want, never string }{
	{"yinit hist", "history", "zombies"},
	{"yinit --gr", "--grace --group", "--json"},
	{"yinit --grace 5s zom", "zombies", ""},
	{"yinit -e 3 zom", "zombies", ""},
	{"yinit top --on", "--once", "--json"},
	{"yinit ps --", "--tree --json --filter", "--once"},
	{"yinit kill -s TE", "TERM", "KILL"},
	{"yinit kill --", "--tree --escalate --dry-run", "--once"},
	{"yinit kill ", "1", "top --json"},
	{"yinit explain --", "--last", "--once"},
	{"yinit history --f", "--failed --file --filter --follow", "--grace"},
	{"yinit history --json --kind ", "start exit adopt signal zombie oom stop note", "SIGTERM"},
	{"yinit history --kind si", "signal", "stop"},
	{"yinit history --since ", "", ""},
	{"yinit history --file DIR/", "data.txt sub", ""},
	{"yinit zombies --proc DIR/", "sub", "data.txt"},
	{"yinit --log-format ", "text json", "top"},
	{"yinit --log-format=j", "json", "text"},
	{"yinit --dir DIR/", "sub", "data.txt"},
	{"yinit --config=DIR/d", "data.txt", ""},
	{"yinit -u ro", "root", ""},
	{"yinit -p SEG", "SEGV", "TERM"},
	{"yinit --parent-death US", "USR1 USR2", "TERM"},
	{"yinit --rewrite TER", "", "HUP"},
	{"yinit --rewrite TERM:U", "USR1 USR2 URG", "HUP"},
	{"yinit --rewrite=TERM:QU", "QUIT", "HUP"},
	{"yinit rehearse --", "--grace --stop-signal --pre-stop --init", "--kill-after"},
	{"yinit demo zo", "zombie", "pids"},
	{"yinit rehearse --init ", "none yinit", "top"},
	{"yinit rehearse --stop-signal TE", "TERM", "HUP"},
	{"yinit rehearse --junit DIR/d", "data.txt", ""},
	{"yinit rehearse --grace 3s gre", "grep", "--grace"},
	{"yinit signals ", "1", "top --json"},
	{"yinit signals --json --", "--proc", "--json.x"},
	{"yinit top --pid ", "1", "web-1"},
	{"yinit top --target ", "web-1", "--pid"},
	{"yinit ps --json --target ", "1", "--pid"},
	{"yinit history --target w", "web-1", "1"},
	{"yinit help comp", "completion", "top"},
	{"yinit completion ", "bash zsh fish", "top"},
	{"yinit version ", "", "top"},
	{"yinit -- to", "touch", "top_is_no_program"},
	{"yinit -- cat DIR/d", "data.txt", ""},
	{"yinit -v cat DIR/d", "data.txt", ""},
	{"yinit -- history --f", "", "--failed --follow"},
}

// requireShell skips the test if a shell is missing, unless all tests are required.
func requireShell(t *testing.T, shell string) {
	t.Helper()
	if _, err := exec.LookPath(shell); err != nil {
		if os.Getenv("YINIT_REQUIRE_DOCKER") == "1" || os.Getenv("CI") != "" {
			t.Fatalf("%v; install %s", err, shell)
		}
		t.Skip(err)
	}
}

// TestCompletionOfNothing checks that the error names the shells.
func TestCompletionOfNothing(t *testing.T) {
	for _, shell := range []string{"", "tcsh"} {
		if _, err := Completion(shell); err == nil || !strings.Contains(err.Error(), "bash, zsh") {
			t.Errorf("Completion(%q): %v", shell, err)
		}
	}
}
