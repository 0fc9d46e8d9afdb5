package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"yinit/initcore/early"
)

// oddEnvironment has variables that occur twice, empty strings, and strings that are no
// assignments.
var oddEnvironment = []string{"A=1", "", "GOGC=off", "PATH=" + os.Getenv("PATH"), "A=2", "=x", "noequals", "GO", "G", "GOGC=50", "A=1", "PATH=/nowhere", "", "GOTRACEBACK=all"}

// harmful are variables with which a Go runtime does not start, or writes into the log.
var harmful = []string{
	"GOMEMLIMIT=512MB", "GOMAXPROCS=1000000", "GOMAXPROCS=2", "GODEBUG=cgocheck=2", "GODEBUG=",
	"GODEBUG=sbrk=1,inittrace=1,schedtrace=1,gctrace=1", "GOMEMLIMIT=1MiB", "GOGC=nonsense",
}

// TestEnvironmentUnchanged checks in each layer that a program gets the environment of
// the init to the byte, and that the variables of the Go runtime do not act on the init.
func TestEnvironmentUnchanged(t *testing.T) {
	for _, l := range []early.Layer{early.Entry, early.Initialiser, early.OSSignal} {
		t.Run(strings.ReplaceAll(l.String(), "/", "-"), func(t *testing.T) {
			path, env := binary, append(harmful, oddEnvironment...)
			if l != early.Entry { // nothing precedes the runtime
				path, env = filepath.Join(t.TempDir(), "yinit"), oddEnvironment
				build := exec.Command("go", buildFlags(l, path, ".")...)
				build.Env = append(os.Environ(), "CGO_ENABLED=0")
				if out, err := build.CombinedOutput(); err != nil {
					t.Fatalf("%v\n%s", err, out)
				}
			}
			// All numbers of arguments and variables, odd and even, for the alignment of the stack.
			for n := range len(env) + 1 {
				want := strings.Join(append(env[:n:n], ""), "\x00")
				args := []string{path, "/bin/cat", "/proc/self/environ", "/dev/null", "/dev/null"}[:3+n%3]
				if out, errs := startedWith(t, path, args, env[:n]); out != want || errs != "" {
					t.Fatalf("the program has the environment %q, want %q; stderr: %s", out, want, errs)
				}
			}
		})
	}
}

// TestEnvironmentLarge checks that an environment near the limit of execve(2) passes.
func TestEnvironmentLarge(t *testing.T) {
	env := []string{"GOMEMLIMIT=x"}
	for range 40_000 {
		env = append(env, "GOX=1", "B=")
	}
	want := strings.Join(append(env, ""), "\x00")
	if out, errs := startedWith(t, binary, []string{"yinit", "/bin/cat", "/proc/self/environ"}, env); out != want || errs != "" {
		t.Errorf("the program has an environment of %d bytes, want %d; stderr: %s", len(out), len(want), errs)
	}
}

// TestEnvironmentOnSmallStack: an environment that takes most of the stack passes.
func TestEnvironmentOnSmallStack(t *testing.T) {
	prlimit := program(t, "prlimit", "util-linux")
	var env []string
	for range 6000 {
		env = append(env, "GOX=1")
	}
	want := strings.Join(append(env, ""), "\x00")
	if out, errs := startedWith(t, prlimit, []string{"prlimit", "--stack=131072", binary, "/bin/cat", "/proc/self/environ"}, env); out != want || errs != "" {
		t.Errorf("the program has an environment of %d bytes, want %d; stderr: %s", len(out), len(want), errs)
	}
}

// startedWith runs a program with exactly this environment, which os/exec would change,
// and returns what it wrote to stdout and stderr.
func startedWith(t *testing.T, path string, args, env []string) (stdout, stderr string) {
	t.Helper()
	files := []*os.File{nil}
	for _, name := range []string{"stdout", "stderr"} {
		f, err := os.CreateTemp(t.TempDir(), name)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		files = append(files, f)
	}
	p, err := os.StartProcess(path, args, &os.ProcAttr{Env: env, Files: files})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Wait(); err != nil {
		t.Fatal(err)
	}
	read := func(f *os.File) string {
		b, err := os.ReadFile(f.Name())
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	return read(files[1]), read(files[2])
}
