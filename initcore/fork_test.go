package initcore

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"yinit/procfs"
)

// plain are attributes that change nothing.
func plain() attributes {
	return attributes{stdio: [3]int{-1, -1, -1}, cwd: -1, tty: -1, initPID: os.Getpid()}
}

// ran is how a spawned program ended.
type ran struct {
	pid     int
	status  procfs.WaitStatus
	out     string
	failure *StartError
}

// run spawns a program for real, waits for it and reads what it wrote.
func run(t *testing.T, args, env []string, a attributes, dir string) ran {
	t.Helper()
	r, w := pipe(t)
	a.stdio[1], a.stdio[2] = int(w.Fd()), int(w.Fd())
	if dir != "" {
		a.dir = dir
	}
	img := newImage(args, env, a)
	pid, report, err := img.spawn()
	check(t, err)
	check(t, w.Close())
	out, err := io.ReadAll(r)
	check(t, err)
	var ws unix.WaitStatus
	for {
		if _, err = unix.Wait4(pid, &ws, 0, nil); err != unix.EINTR {
			break
		}
	}
	check(t, err)
	e := failure(launch{report: report, paths: candidates(args[0], env)})
	if e != nil {
		e.findAmong(dir)
	}
	return ran{pid: pid, status: procfs.WaitStatus(ws), out: string(out), failure: e}
}

// file writes a file into dir and returns its path.
func file(t *testing.T, dir, name, text string, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(dir, name)
	check(t, os.MkdirAll(filepath.Dir(path), 0o755))
	check(t, os.WriteFile(path, []byte(text), mode))
	check(t, os.Chmod(path, mode))
	return path
}

func TestSpawn(t *testing.T) {
	dir := t.TempDir()
	got := run(t, []string{"/bin/sh", "-c", "echo $X $0 $1; pwd; exit 7", "zero", "one"}, []string{"X=y", "PATH=/bin"}, plain(), dir)
	real, err := filepath.EvalSymlinks(dir)
	check(t, err)
	if want := "y zero one\n" + real + "\n"; got.out != want || got.status != 7<<8 || got.failure != nil {
		t.Errorf("sh = %q, %v, %v; want %q, exited 7, no failure", got.out, got.status, got.failure, want)
	}
}

func TestSpawnSignals(t *testing.T) {
	a := plain()
	a.mask, a.ignored = 1<<(unix.SIGUSR1-1), 1<<(unix.SIGHUP-1)|1<<(unix.SIGPIPE-1)
	got := run(t, []string{"/bin/cat", "/proc/self/status"}, nil, a, "")
	for _, want := range []string{"SigBlk:\t0000000000000200", "SigIgn:\t0000000000001001", "SigCgt:\t0000000000000000"} {
		if !strings.Contains(got.out, want) {
			t.Errorf("the status of the child lacks %q:\n%s", want, got.out)
		}
	}
}

func TestSpawnDescriptors(t *testing.T) {
	a := plain()
	a.closed[0] = true
	got := run(t, []string{"/bin/sh", "-c", "[ -e /proc/$$/fd/0 ] || echo closed"}, []string{"PATH=/bin"}, a, "")
	if got.out != "closed\n" {
		t.Errorf("the child has a descriptor 0, want it closed: %q", got.out)
	}
}

func TestListenPID(t *testing.T) {
	own := strconv.Itoa(os.Getpid())
	for name, tt := range map[string]struct {
		env  string
		want func(pid int) string
	}{
		"ours becomes the program's": {"LISTEN_PID=" + own, strconv.Itoa},
		"another's stays":            {"LISTEN_PID=1" + own, func(int) string { return "1" + own }},
		"text stays":                 {"LISTEN_PID=" + own + "x", func(int) string { return own + "x" }},
		"empty stays":                {"LISTEN_PID=", func(int) string { return "" }},
	} {
		t.Run(name, func(t *testing.T) {
			got := run(t, []string{"/bin/sh", "-c", `printf '[%s][%s]' "$LISTEN_PID" "$$"`}, []string{"LISTEN_FDS=1", tt.env, "Z=1"}, plain(), "")
			if want := fmt.Sprintf("[%s][%d]", tt.want(got.pid), got.pid); got.out != want {
				t.Errorf("the child prints %q, want %q", got.out, want)
			}
		})
	}
}

func TestMerge(t *testing.T) {
	for name, tt := range map[string]struct{ env, extra, want []string }{
		"nothing to add":     {[]string{"A=1", "B"}, nil, []string{"A=1", "B"}},
		"replaced":           {[]string{"A=1", "B=2"}, []string{"A=3"}, []string{"B=2", "A=3"}},
		"all of one name":    {[]string{"A=1", "A=2"}, []string{"A=3"}, []string{"A=3"}},
		"a longer name":      {[]string{"AB=1", "A=1"}, []string{"A=3"}, []string{"AB=1", "A=3"}},
		"a shorter name":     {[]string{"A=1"}, []string{"AB=3"}, []string{"A=1", "AB=3"}},
		"emptied":            {[]string{"A=1"}, []string{"A="}, []string{"A="}},
		"value with = signs": {[]string{"A=1=2"}, []string{"A=3=4"}, []string{"A=3=4"}},
		"no environment":     {nil, []string{"A=1"}, []string{"A=1"}},
	} {
		if got := merge(tt.env, tt.extra); !slices.Equal(got, tt.want) {
			t.Errorf("%s: merge(%q, %q) = %q, want %q", name, tt.env, tt.extra, got, tt.want)
		}
	}
}

func TestWithUser(t *testing.T) {
	env := []string{"HOME=/root", "HOMER=x", "A=1"}
	for name, tt := range map[string]struct {
		user *Credential
		want []string
	}{
		"no user":   {nil, env},
		"no home":   {&Credential{UID: 5}, env},
		"with home": {&Credential{UID: 5, Home: "/srv"}, []string{"HOMER=x", "A=1", "HOME=/srv"}},
	} {
		if got := withUser(env, tt.user); !slices.Equal(got, tt.want) {
			t.Errorf("%s: withUser(%q) = %q, want %q", name, env, got, tt.want)
		}
	}
}

func TestCandidates(t *testing.T) {
	for name, tt := range map[string]struct {
		file string
		env  []string
		want []string
	}{
		"a path":             {"./app", []string{"PATH=/bin"}, []string{"./app"}},
		"two directories":    {"app", []string{"PATH=/a:/b"}, []string{"/a/app", "/b/app"}},
		"empty at the front": {"app", []string{"PATH=:/b"}, []string{"app", "/b/app"}},
		"empty in between":   {"app", []string{"PATH=/a::/b"}, []string{"/a/app", "app", "/b/app"}},
		"empty at the end":   {"app", []string{"PATH=/a:"}, []string{"/a/app", "app"}},
		"two PATHs":          {"app", []string{"PATH=/a", "PATH=/b"}, []string{"/a/app"}},
		"PATH is empty":      {"app", []string{"PATH="}, []string{"app"}},
		"no PATH":            {"app", []string{"XPATH=/x"}, []string{"/usr/local/bin/app", "/bin/app", "/usr/bin/app"}},
	} {
		if got := candidates(tt.file, tt.env); !slices.Equal(got, tt.want) {
			t.Errorf("%s: candidates(%q, %q) = %q, want %q", name, tt.file, tt.env, got, tt.want)
		}
	}
}

// TestSearch execs for real: PATH is searched as by execvp(3).
func TestSearch(t *testing.T) {
	dir := t.TempDir()
	script := "#!/bin/sh\necho $0\n"
	for path, mode := range map[string]os.FileMode{
		"good/app": 0o755, "other/app": 0o755, "noexec/app": 0o644, "here": 0o755,
	} {
		file(t, dir, path, script, mode)
	}
	file(t, dir, "plain/app", "echo plain $1\n", 0o755)
	file(t, dir, "broken/app", "#!/no/such/interpreter\n", 0o755)
	check(t, os.Mkdir(filepath.Join(dir, "empty"), 0o755))
	for name, tt := range map[string]struct {
		path string // colon-separated names below dir
		file string
		out  string
		err  unix.Errno
		bad  string // the path that is blamed
		code int
	}{
		"first hit":                           {path: "empty:good:other", file: "app", out: dir + "/good/app\n"},
		"not executable is passed over":       {path: "noexec:other", file: "app", out: dir + "/other/app\n"},
		"missing interpreter is passed over":  {path: "broken:other", file: "app", out: dir + "/other/app\n"},
		"not executable is remembered":        {path: "empty:noexec:empty", file: "app", err: unix.EACCES, bad: dir + "/noexec/app", code: 126},
		"missing interpreter is remembered":   {path: "empty:broken:empty", file: "app", err: unix.ENOENT, bad: dir + "/broken/app", code: 126},
		"nowhere":                             {path: "empty:missing", file: "app", err: unix.ENOENT, bad: dir + "/missing/app", code: 127},
		"a file in PATH":                      {path: "here", file: "app", err: unix.ENOENT, bad: dir + "/here/app", code: 127},
		"no #! line: the shell":               {path: "plain", file: "app", out: "plain arg\n"},
		"empty element: the directory it has": {path: "", file: "here", out: "here\n"},
	} {
		t.Run(name, func(t *testing.T) {
			var list []string
			for d := range strings.SplitSeq(tt.path, ":") {
				if d != "" {
					d = filepath.Join(dir, d)
				}
				list = append(list, d)
			}
			got := run(t, []string{tt.file, "arg"}, []string{"PATH=" + strings.Join(list, ":")}, plain(), dir)
			if tt.err == 0 {
				if got.out != tt.out || got.failure != nil {
					t.Errorf("printed %q, failure %v; want %q", got.out, got.failure, tt.out)
				}
				return
			}
			if got.failure == nil {
				t.Fatalf("printed %q, want it to fail with %v", got.out, tt.err)
			}
			if e := got.failure; e.Err != tt.err && !(missing(e.Err) && missing(tt.err)) || e.Code() != tt.code || tt.err == unix.EACCES && e.Path != tt.bad || tt.code == 126 && e.Path != tt.bad {
				t.Errorf("failure of %s: %v, code %d; want %v of %s, code %d", e.Path, e.Err, e.Code(), tt.err, tt.bad, tt.code)
			}
		})
	}
}

func TestSpawnSteps(t *testing.T) {
	missingDir := filepath.Join(t.TempDir(), "missing")
	a := plain()
	a.dir = missingDir
	got := run(t, []string{"/bin/true"}, nil, a, "")
	if e := got.failure; e == nil || e.step != stepDir || e.Err != unix.ENOENT || e.Code() != 125 {
		t.Errorf("in a missing directory: %+v, want step %d, ENOENT, 125", e, stepDir)
	}
	a = plain()
	a.stdio[0] = 9999
	got = run(t, []string{"/bin/true"}, nil, a, "")
	if e := got.failure; e == nil || e.step != stepStdio || e.Err != unix.EBADF || e.Code() != 125 {
		t.Errorf("with a descriptor that is not open: %+v, want step %d, EBADF, 125", e, stepStdio)
	}
}
