package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pelletier/go-toml/v2"
	"golang.org/x/sys/unix"

	"yinit/initcore"
)

func readLine(line string, env ...string) (*Settings, error) {
	return Read(ParseLine(strings.Fields(line)), env)
}

// TestRead checks the environment and the options, and which takes precedence.
func TestRead(t *testing.T) {
	for _, c := range []struct {
		line string
		env  []string
		want func(s *Settings) bool
	}{
		{"x", nil, func(s *Settings) bool { return s.Grace == 3*time.Second && s.Watch == time.Second && s.KillAfter == 0 }},
		{"--grace 1 x", []string{"YINIT_GRACE=9"}, func(s *Settings) bool { return s.Grace == time.Second }},
		{"x", []string{"YINIT_GRACE=9"}, func(s *Settings) bool { return s.Grace == 9*time.Second }},
		{"x", []string{"YINIT_GRACE=9", "YINIT_GRACE=8"}, func(s *Settings) bool { return s.Grace == 9*time.Second }},
		{"x", []string{"YINIT_GRACE="}, func(s *Settings) bool { return s.Grace == 3*time.Second }},
		{"x", []string{"YINIT_GROUP=0"}, func(s *Settings) bool { return !s.Group }},
		{"x", []string{"YINIT_GROUP="}, func(s *Settings) bool { return s.Group }},
		{"-c x", []string{"YINIT_GROUP=1"}, func(s *Settings) bool { return !s.Group }},
		{"x", []string{"YINIT_REWRITE=HUP:USR1,INT:0"}, func(s *Settings) bool {
			return s.Rewrite[unix.SIGHUP] == int8(unix.SIGUSR1) && s.Rewrite[unix.SIGINT] == initcore.Drop
		}},
		{"-e 3 --expect=143 x", nil, func(s *Settings) bool { return s.Expect.Has(3) && s.Expect.Has(143) && !s.Expect.Has(4) }},
		{"-vv x", nil, func(s *Settings) bool { return s.verbose == 2 }},
		{"-v x", []string{"YINIT_VERBOSE=2"}, func(s *Settings) bool { return s.verbose == 3 }},
		{"--report= x", nil, func(s *Settings) bool { return s.Report == "" && s.OwnReport() }},
		{"x", []string{"YINIT_REPORT=r"}, func(s *Settings) bool { return s.Report == "r" && !s.OwnReport() }},
		{"x", nil, func(s *Settings) bool { return !s.OwnReport() }},
		// tini and dumb-init.
		{"x", []string{"TINI_SUBREAPER=", "TINI_KILL_PROCESS_GROUP=0"}, func(s *Settings) bool { return s.Subreaper && s.Group }},
		{"x", []string{"TINI_VERBOSITY=3"}, func(s *Settings) bool { return s.verbose == 2 && !s.quiet }},
		{"x", []string{"TINI_VERBOSITY=x"}, func(s *Settings) bool { return s.quiet }},
		{"x", []string{"TINI_VERBOSITY=-1"}, func(s *Settings) bool { return s.quiet }},
		{"x", []string{"DUMB_INIT_SETSID=0"}, func(s *Settings) bool { return !s.Session }},
		{"x", []string{"DUMB_INIT_SETSID=1"}, func(s *Settings) bool { return s.Session }},
		{"-c x", []string{"DUMB_INIT_SETSID=1"}, func(s *Settings) bool { return !s.Session }},
		{"x", []string{"DUMB_INIT_SETSID=1", "YINIT_SESSION=0"}, func(s *Settings) bool { return !s.Session }},
		{"x", []string{"DUMB_INIT_DEBUG=1"}, func(s *Settings) bool { return s.verbose == 1 }},
		{"x", []string{"DUMB_INIT_DEBUG=0"}, func(s *Settings) bool { return s.verbose == 0 }},
		// The environment of the programs, and the warnings.
		{"x", []string{"A=1", "YINIT_GRACE=1", "YINIT_PORT=1", "YINIT_GRAVE=2"}, func(s *Settings) bool {
			return strings.Join(s.Env, " ") == "A=1 YINIT_PORT=1 YINIT_GRAVE=2" && len(s.Warnings()) == 1
		}},
	} {
		s, err := readLine(c.line, c.env...)
		if err != nil || !c.want(s) {
			t.Errorf("%v yinit %s: %v, %+v", c.env, c.line, err, s)
		}
	}
}

// TestReadRefuses checks that the error for a bad value names where it was set.
func TestReadRefuses(t *testing.T) {
	for _, c := range []struct{ line, env, want string }{
		{"--grace soon x", "", `--grace: "soon" is not a duration; write a number with a unit, like 500ms, 5s or 1m30s`},
		{"x", "YINIT_GRACE=soon", `environment variable YINIT_GRACE: "soon" is not`},
		{"-r KILL:TERM x", "", "-r: SIGKILL is never forwarded, so it cannot be rewritten"},
		{"-r TERM x", "", `-r: "TERM" is not a rule; write FROM:TO, like TERM:QUIT`},
		{"-e 256 x", "", `-e: "256" is not an exit code; write a number from 0 to 255`},
		{"--log-format xml x", "", `--log-format: "xml" is neither text nor json`},
		{"--graze x", "", "unknown option --graze; did you mean --grace?"},
		// The options before a wrong one are applied: one may name the report.
		{"--report r --graze x", "YINIT_GRACE=1", "unknown option --graze"},
	} {
		s, err := readLine(c.line, c.env)
		if err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s yinit %s: %v, want %s", c.env, c.line, err, c.want)
		}
		if strings.Contains(c.line, "--report r") && s.Report != "r" {
			t.Errorf("%s: the report goes to %q", c.line, s.Report)
		}
	}
}

// TestRole checks that the role is found even if an option is wrong.
func TestRole(t *testing.T) {
	for _, c := range []struct {
		line, command, asks string
		empty, err          bool
	}{
		{line: "", empty: true},
		{line: "-v", empty: true},
		{line: "--pause"},
		{line: "--config x"},
		{line: "top", command: "top"},
		{line: "-v top --bad", command: "top"},
		{line: "-- top"},
		{line: "program top"},
		{line: "--grace abc top", command: "top"},
		{line: "--graze top", command: "top", err: true},
		{line: "--graze -v top", command: "top", err: true},
		{line: "--graze -- top", err: true},
		{line: "--graze", err: true},
		{line: "--version", asks: "version", empty: true},
		{line: "-V x", asks: "version"},
		{line: "-lh", asks: "help", empty: true},
		{line: "--hel", asks: "help", empty: true},
	} {
		l := ParseLine(strings.Fields(c.line))
		command, err := l.Command()
		name := ""
		if command != nil {
			name = command.Name
		}
		if name != c.command || (err != nil) != (c.err && c.command != "") || l.Asks() != c.asks || l.Empty() != c.empty || (l.err != nil) != c.err {
			t.Errorf("%q: command %q, %v, asks %q, empty %v, error %v", c.line, name, err, l.Asks(), l.Empty(), l.err)
		}
	}
}

// TestLoadRunDir checks that each executable *.run is a program, and that skipped files
// cause a warning.
func TestLoadRunDir(t *testing.T) {
	dir := t.TempDir()
	for name, mode := range map[string]os.FileMode{"b.run": 0o755, "a.run": 0o755, "c.run": 0o644, "d": 0o755} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, mode); err != nil {
			t.Fatal(err)
		}
	}
	s, err := readLine("--run-dir " + dir)
	if err == nil {
		err = s.Load()
	}
	if err != nil || s.Idle() || len(s.Programs) != 2 || s.Programs[0].Name != "a" || len(s.Warnings()) != 1 {
		t.Errorf("Load: %v, %+v, %q", err, s.Programs, s.Warnings())
	}
	if s.KillAfter != severalKillAfter {
		t.Errorf("two programs have %v before SIGKILL, want %v", s.KillAfter, severalKillAfter)
	}
	empty, err := readLine("--run-dir " + t.TempDir())
	if err == nil {
		err = empty.Load()
	}
	if err != nil || !empty.Idle() {
		t.Errorf("an empty directory: %v, idle %v", err, empty.Idle())
	}
}

// TestEnvironmentRuns checks whether the environment says what to run.
func TestEnvironmentRuns(t *testing.T) {
	for assignment, want := range map[string]bool{
		"YINIT_CONFIG=x": true, "YINIT_CONFIG=": false, "YINIT_RUN_DIR=/d": true, "YINIT_PAUSE=1": true, "YINIT_PAUSE=0": false,
		"YINIT_GRACE=abc": false, "YINIT_CONFIG_MAP=x": false,
	} {
		if got := EnvironmentRuns([]string{"A=1", assignment}); got != want {
			t.Errorf("EnvironmentRuns(%s) = %v", assignment, got)
		}
	}
}

// TestConfigFileInvalid checks what a file may not have by the rules of TOML.
func TestConfigFileInvalid(t *testing.T) {
	const program = "[[program]]\ncommand = [\"true\"]\n"
	for text, want := range map[string]string{
		"grace = \"1s\"\ngrace = \"2s\"\n" + program:                        "f.toml:2:1: grace is already defined",
		program + "command = [\"false\"]\n":                                 "f.toml:3:1: command is already defined",
		program + "env = { A = \"1\" }\nenv.B = \"2\"\n":                    "f.toml:4:1: B is already defined",
		program + "env.A = \"1\"\nenv = { B = \"2\" }\n":                    "f.toml:4:1: env is already defined",
		program + "env = { A = \"1\", A = \"2\" }\n":                        "f.toml:3:18: A is already defined",
		program + "env.A = \"1\"\nenv.A = \"2\"\n":                          "f.toml:4:1: A is already defined",
		program + "env.A = \"1\"\n[program.env]\nB = \"2\"\n":               "f.toml:4:2: env is already defined",
		program + "env = { A = \"1\" }\n[program.env]\n":                    "f.toml:4:2: env is already defined",
		program + "[program.env]\nA = \"1\"\n[program.env]\nB = \"2\"\n":    "f.toml:5:2: env is already defined",
		program + "[program.env]\nA = \"1\"\nA = \"2\"\n":                   "f.toml:5:1: A is already defined",
		program + "restart_limit = 010\n":                                   "f.toml:3:17: integers cannot have leading zeroes",
		"verbose = 02\n" + program:                                          "f.toml:1:11: integers cannot have leading zeroes",
		program + "name = \"x":                                              "f.toml:3:9: ",
		program + "name = \"x\"\nprefix = tru\n":                            "f.toml:4:10: ",
		program + "[program.env]\nA = \"1\" B = 2\n":                        "f.toml:4:9: ",
		program + "name = \"\xff\"\n":                                       "f.toml:3:",
		program + "name = \"x\"\n" + program + "name = \"y\"\nenv.A = \"\"": "",
	} {
		s := defaults()
		s.line = ParseLine(nil)
		s.config, s.from["config"] = "f.toml", "--config"
		err := parseConfig("f.toml", []byte(text), s)
		if want == "" && err != nil || want != "" && (err == nil || !strings.HasPrefix(err.Error(), want)) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

// FuzzConfigFile checks that any file is read, or refused on one line that names it, and that
// go-toml does not refuse what is read.
func FuzzConfigFile(f *testing.F) {
	f.Add("grace = \"1s\"\n[[program]]\ncommand = [\"true\"]\nenv = { A = \"b\" }\n")
	f.Add("[[program]]\ncommand = [\"a\", 1]\n[program.env]\nA = \"1\"\n")
	f.Add("\xef\xbb\xbfexpect = [1, [2]]\nrewrite = \"HUP:0\"\nverbose = 2\n[program]\n")
	f.Fuzz(func(t *testing.T, text string) {
		s := defaults()
		s.line = ParseLine(nil)
		s.config, s.from["config"] = "f.toml", "--config"
		err := parseConfig("f.toml", []byte(text), s)
		switch {
		case err == nil && toml.Unmarshal([]byte(strings.TrimPrefix(text, "\xef\xbb\xbf")), &map[string]any{}) != nil:
			t.Errorf("%q: go-toml refuses it", text)
		case err == nil && len(s.Programs) == 0:
			t.Errorf("%q: no program and no error", text)
		case err != nil && !strings.HasPrefix(err.Error(), "f.toml:"):
			t.Errorf("%q: %v", text, err)
		}
	})
}
