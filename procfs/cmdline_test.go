package procfs_test

import (
	"errors"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"

	"yinit/procfs"
	"yinit/procfs/proctest"
)

func TestParseCmdline(t *testing.T) {
	for name, test := range map[string]struct {
		text string
		want []string
	}{
		"kernel thread or zombie":    {"", nil},
		"one word":                   {"init\x00", []string{"init"}},
		"several":                    {"sh\x00-c\x00a b\x00", []string{"sh", "-c", "a b"}},
		"empty argument at the end":  {"sh\x00-c\x00\x00", []string{"sh", "-c", ""}},
		"only an empty argument":     {"sh\x00\x00", []string{"sh", ""}},
		"empty name":                 {"\x00", nil},
		"empty name and argument":    {"\x00\x00", nil},
		"empty title":                {" \x00\x00\x00", nil},
		"empty name with argument":   {"\x00x\x00", []string{"", "x"}},
		"title without NUL":          {"nginx: worker process", []string{"nginx: worker process"}},
		"title filled up":            {"nginx: worker process\x00\x00\x00", []string{"nginx: worker process"}},
		"title filled up by one":     {"nginx: worker process\x00\x00", []string{"nginx: worker process"}},
		"title in a word, filled up": {"title\x00\x00\x00\x00", []string{"title"}},
		"NULs alone":                 {"\x00\x00\x00", nil},
		"newline, escape, not UTF-8": {"a\n\x1b[2J\x00\xff\x00", []string{"a\n\x1b[2J", "\xff"}},
	} {
		if got := procfs.ParseCmdline([]byte(test.text)); !slices.Equal(got, test.want) || (got == nil) != (test.want == nil) {
			t.Errorf("%s: ParseCmdline(%q) = %q, want %q", name, test.text, got, test.want)
		}
	}
}

func TestCmdlineIsBounded(t *testing.T) {
	tree := proctest.New(t)
	long := []string{"x", strings.Repeat("y", 70_000)}
	tree.Process(proctest.Process{PID: 7, Cmdline: long, Environ: long})
	got, err := tree.FS().Cmdline(7)
	if err != nil || len(got) != 2 || len(got[1]) != 64<<10-2 {
		t.Errorf("Cmdline(7) = %d arguments, %v, want 2 in 64 KiB", len(got), err)
	}
	if got, err := tree.FS().Environ(7); err != nil || !slices.Equal(got, long) {
		t.Errorf("Environ(7) = %d variables, %v, want all of it", len(got), err)
	}
}

func TestTextsOfAFake(t *testing.T) {
	tree := proctest.New(t)
	fs := tree.FS()
	tree.Process(proctest.Process{
		PID: 7, Comm: "a\n", Cmdline: []string{"a", ""}, Environ: []string{"A=1", "B="}, Exe: "/bin/a (deleted)", Cwd: "/srv",
	})
	if got, err := fs.Comm(7); err != nil || got != "a\n" {
		t.Errorf("Comm(7) = %q, %v, want %q", got, err, "a\n")
	}
	if got, err := fs.Cmdline(7); err != nil || !slices.Equal(got, []string{"a", ""}) {
		t.Errorf("Cmdline(7) = %q, %v", got, err)
	}
	if got, err := fs.Environ(7); err != nil || !slices.Equal(got, []string{"A=1", "B="}) {
		t.Errorf("Environ(7) = %q, %v", got, err)
	}
	if got, err := fs.Exe(7); err != nil || got != "/bin/a (deleted)" {
		t.Errorf("Exe(7) = %q, %v", got, err)
	}
	if got, err := fs.Cwd(7); err != nil || got != "/srv" {
		t.Errorf("Cwd(7) = %q, %v", got, err)
	}
}

func TestProcessWithoutTexts(t *testing.T) {
	tree := proctest.New(t)
	tree.Process(proctest.Process{PID: 2, Comm: "kthreadd", Flags: 0x00200000})
	wantNoTexts(t, tree.FS(), 2)
	if stat, err := tree.FS().Stat(2); err != nil || !stat.KernelThread() {
		t.Errorf("Stat(2).KernelThread() = %t, %v, want true", stat.KernelThread(), err)
	}
}

// wantNoTexts checks that a kernel thread or zombie has no texts and is not reported
// as gone.
func wantNoTexts(t *testing.T, fs procfs.FS, pid int) {
	t.Helper()
	if got, err := fs.Cmdline(pid); err != nil || got != nil {
		t.Errorf("Cmdline(%d) = %q, %v, want nil, nil", pid, got, err)
	}
	if got, err := fs.Environ(pid); err != nil || got != nil {
		t.Errorf("Environ(%d) = %q, %v, want nil, nil", pid, got, err)
	}
	if got, err := fs.Exe(pid); err != nil || got != "" {
		t.Errorf("Exe(%d) = %q, %v, want nothing", pid, got, err)
	}
	if got, err := fs.Cwd(pid); err != nil || got != "" {
		t.Errorf("Cwd(%d) = %q, %v, want nothing", pid, got, err)
	}
}

// wantGone checks that every method returns ErrGone for a process that does not exist.
func wantGone(t *testing.T, fs procfs.FS, pid int) {
	t.Helper()
	for name, read := range map[string]func(int) error{
		"Stat":    func(pid int) error { _, err := fs.Stat(pid); return err },
		"Status":  func(pid int) error { _, err := fs.Status(pid); return err },
		"Threads": func(pid int) error { _, err := fs.Threads(pid); return err },
		"Signals": func(pid int) error { _, err := fs.Signals(pid); return err },
		"Cmdline": func(pid int) error { _, err := fs.Cmdline(pid); return err },
		"Environ": func(pid int) error { _, err := fs.Environ(pid); return err },
		"Comm":    func(pid int) error { _, err := fs.Comm(pid); return err },
		"Exe":     func(pid int) error { _, err := fs.Exe(pid); return err },
		"Cwd":     func(pid int) error { _, err := fs.Cwd(pid); return err },
	} {
		if err := read(pid); !errors.Is(err, procfs.ErrGone) {
			t.Errorf("%s(%d) = %v, want ErrGone", name, pid, err)
		}
	}
}

func TestTextsOfMissingProcess(t *testing.T) { wantGone(t, proctest.New(t).FS(), 7) }

func FuzzCmdline(f *testing.F) {
	f.Add([]byte("sh\x00-c\x00\x00"))
	f.Add([]byte("nginx: worker process\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		args := procfs.ParseCmdline(b)
		blank := strings.TrimSpace(strings.TrimRight(string(b), "\x00")) == ""
		if (len(args) == 0) != blank {
			t.Errorf("ParseCmdline(%q) = %q", b, args)
		}
		if blank {
			return
		}
		if text := strings.Join(args, "\x00"); !strings.HasPrefix(string(b), text) || strings.Trim(string(b[len(text):]), "\x00") != "" {
			t.Errorf("ParseCmdline(%q) = %q, which has lost something", b, args)
		}
	})
}

func TestReadCommandLine(t *testing.T) {
	tree := proctest.New(t)
	for i, tt := range []struct {
		words []string
		most  int
		want  string
	}{
		{nil, 64, ""},
		{[]string{"sleep", "1000"}, 64, "sleep 1000"},
		{[]string{"sleep", "1000"}, 7, "sleep 1"},
		{[]string{"a", "", "b"}, 64, "a  b"},
		{[]string{"nginx: worker process", "", ""}, 64, "nginx: worker process"},
		{[]string{strings.Repeat("x", 5000), "y"}, 10, "xxxxxxxxxx"},
	} {
		pid := i + 1
		tree.Process(proctest.Process{PID: pid, Cmdline: tt.words})
		fd, err := newScanner(t, tree.FS()).OpenCommandLine(pid)
		check(t, err)
		got, err := procfs.ReadCommandLine(fd, make([]byte, tt.most))
		check(t, syscall.Close(fd))
		if err != nil || got != tt.want {
			t.Errorf("%q, at most %d bytes: %q, %v; want %q", tt.words, tt.most, got, err, tt.want)
		}
	}
	if _, err := newScanner(t, tree.FS()).OpenCommandLine(99); !errors.Is(err, procfs.ErrGone) {
		t.Errorf("of a process that is not there: %v, want ErrGone", err)
	}
}

// TestCommandLineOfEndedProcess checks that a descriptor that was opened while the
// process lived gives nothing after its end, and nothing of another process.
func TestCommandLineOfEndedProcess(t *testing.T) {
	cmd := exec.Command("sleep", "1000")
	check(t, cmd.Start())
	fd, err := newScanner(t, procfs.FS{}).OpenCommandLine(cmd.Process.Pid)
	check(t, err)
	defer syscall.Close(fd)
	check(t, cmd.Process.Kill())
	_ = cmd.Wait()
	if got, err := procfs.ReadCommandLine(fd, make([]byte, 64)); got != "" || !errors.Is(err, syscall.ESRCH) {
		t.Errorf("after it was reaped: %q, %v; want ESRCH", got, err)
	}
}

// TestWholeRunes checks that a text that was cut does not end within a character.
func TestWholeRunes(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "ab": "ab", "für": "für", "f\xc3": "f", "世\xe7": "世", "世\xe7\x95": "世", "世界": "世界",
		"\U0001f600": "\U0001f600", "x\xf0\x9f\x98": "x", "\xf0": "", "\xff": "\xff", "a\x80": "a\x80", "\x80\x80\x80\x80\x80": "\x80\x80\x80\x80\x80",
	} {
		if got := procfs.WholeRunes(in); got != want {
			t.Errorf("WholeRunes(%q) = %q, want %q", in, got, want)
		}
	}
}
