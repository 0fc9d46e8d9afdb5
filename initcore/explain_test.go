package initcore

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"yinit/procfs"
)

// copyOf copies a program of the machine and lets change spoil the copy.
func copyOf(t *testing.T, dir, name, program string, change func([]byte) []byte) string {
	t.Helper()
	b, err := os.ReadFile(program)
	check(t, err)
	return file(t, dir, name, string(change(b)), 0o755)
}

// dynamic is a program of this machine that needs a loader.
func dynamic(t *testing.T) string {
	t.Helper()
	for _, path := range []string{"/bin/true", "/bin/sh", "/usr/bin/env"} {
		if elfLoader(path) != "" {
			return path
		}
	}
	t.Skip("no program on this machine needs a loader, so none can miss it")
	return ""
}

// setLoader puts another loader of at most the same length into a program.
func setLoader(loader string) func([]byte) []byte {
	return func(b []byte) []byte {
		f, err := elf.NewFile(bytes.NewReader(b))
		if err != nil {
			panic(err)
		}
		for _, p := range f.Progs {
			if p.Type == elf.PT_INTERP {
				field := b[p.Off : p.Off+p.Filesz]
				clear(field)
				copy(field[:len(field)-1], loader)
			}
		}
		return b
	}
}

func setMachine(m elf.Machine) func([]byte) []byte {
	return func(b []byte) []byte {
		binary.LittleEndian.PutUint16(b[18:], uint16(m)) // e_machine, see elf(5)
		return b
	}
}

func link(t *testing.T, dir, name, target string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	check(t, os.Symlink(target, path))
	return path
}

// TestExplain execs for real and checks the words, the advice and the code.
func TestExplain(t *testing.T) {
	dir := t.TempDir()
	self, err := os.Executable()
	check(t, err)
	other := elf.EM_AARCH64
	if runtime.GOARCH == "arm64" {
		other = elf.EM_X86_64
	}
	script := "#!/bin/sh\nexit 0\n"
	for name, tt := range map[string]struct {
		path string
		err  unix.Errno
		code int
		says []string
	}{
		"missing":                 {dir + "/missing", unix.ENOENT, 127, []string{"there is no such file"}},
		"dangling link":           {link(t, dir, "dangling", "/no/such/target"), unix.ENOENT, 127, []string{"symbolic link to /no/such/target", "does not exist"}},
		"directory":               {dir, unix.EACCES, 126, []string{"it is a directory"}},
		"not executable":          {file(t, dir, "plain", script, 0o644), unix.EACCES, 126, []string{"not executable", "chmod +x", "--chmod=755"}},
		"CR":                      {file(t, dir, "cr", "#!/bin/sh\r\nexit 0\r\n", 0o755), unix.ENOENT, 126, []string{"CR", "dos2unix"}},
		"missing interpreter":     {file(t, dir, "interp", "#! /no/such/python -u\n", 0o755), unix.ENOENT, 126, []string{"its interpreter /no/such/python is not in this image"}},
		"tab after interpreter":   {file(t, dir, "tab", "#!/no/such/perl\t-w\n", 0o755), unix.ENOENT, 126, []string{"its interpreter /no/such/perl is not"}},
		"interpreter in a file":   {file(t, dir, "infile", "#!/etc/passwd/sh\n", 0o755), unix.ENOTDIR, 126, []string{"its interpreter /etc/passwd/sh is not"}},
		"denied interpreter":      {file(t, dir, "denied", "#!/etc/passwd\n", 0o755), unix.EACCES, 126, []string{"interpreter /etc/passwd", "may not be executed"}},
		"musl's loader":           {copyOf(t, dir, "musl", dynamic(t), setLoader("/lib/ld-musl-xx.so.1")), unix.ENOENT, 126, []string{"needs the loader /lib/ld-musl-xx.so.1", "not in this image", "Alpine", "statically"}},
		"another loader":          {copyOf(t, dir, "glibc", dynamic(t), setLoader("/lib/ld-none.so.2")), unix.ENOENT, 126, []string{"needs the loader /lib/ld-none.so.2", "CGO_ENABLED=0"}},
		"loader that is none":     {copyOf(t, dir, "badld", dynamic(t), setLoader("/etc/passwd")), unix.EACCES, 126, []string{"the loader"}},
		"wrong architecture":      {copyOf(t, dir, "arch", self, setMachine(other)), unix.ENOEXEC, 126, []string{"it was built for " + machineName(other), "linux/" + runtime.GOARCH}},
		"truncated":               {copyOf(t, dir, "short", self, func(b []byte) []byte { return b[:64] }), unix.ENOEXEC, 126, []string{"damaged", "copied in whole"}},
		"nothing but the magic":   {file(t, dir, "magic", elf.ELFMAG, 0o755), unix.ENOEXEC, 126, []string{"damaged"}},
		"a part is no directory":  {file(t, dir, "file", script, 0o755) + "/app", unix.ENOTDIR, 127, []string{"a part of its path is no directory"}},
		"links in a circle":       {link(t, dir, "circle", "circle"), unix.ELOOP, 126, []string{"too many symbolic links"}},
		"device":                  {"/dev/null", unix.EACCES, 126, []string{"no regular file"}},
		"name not in PATH":        {"no-such-program-here", unix.ENOENT, 127, []string{"no such program in PATH", "give its path"}},
		"relative, from its dir":  {"./missing", unix.ENOENT, 127, []string{"there is no such file"}},
		"relative, interpreter":   {"./interp", unix.ENOENT, 126, []string{"its interpreter"}},
		"circle of interpreters":  {file(t, dir, "self", "#!"+dir+"/self\n", 0o755), unix.ELOOP, 126, []string{"#! interpreters"}},
		"interpreter is a folder": {file(t, dir, "folder", "#!"+dir+"\n", 0o755), unix.EACCES, 126, []string{"interpreter " + dir}},
	} {
		t.Run(name, func(t *testing.T) {
			got := run(t, []string{tt.path}, []string{"PATH=/usr/bin:/bin"}, plain(), dir)
			explained(t, got.failure, tt.path, dir, tt.err, tt.code, tt.says)
			if got.status != 125<<8 {
				t.Errorf("the child %v, want exited 125", got.status)
			}
		})
	}
}

func explained(t *testing.T, e *StartError, path, dir string, err unix.Errno, code int, says []string) {
	t.Helper()
	if e == nil {
		t.Fatalf("%s: it ran, want %v", path, err)
	}
	if e.Err != err || e.Code() != code {
		t.Errorf("%s: %v, code %d; want %v, code %d", path, e.Err, e.Code(), err, code)
	}
	text := explain(e, &Program{Name: "app", Args: []string{path}}, dir)
	for _, part := range append(says, "cannot run "+path) {
		if !strings.Contains(text, part) {
			t.Errorf("explain: %q, want it to say %q", text, part)
		}
	}
}

func TestEmptyFileIsAScript(t *testing.T) {
	path := file(t, t.TempDir(), "empty", "", 0o755)
	if got := run(t, []string{path}, nil, plain(), ""); got.failure != nil || got.status != 0 {
		t.Errorf("an empty file: %v, %v; want exited 0, no failure", got.status, got.failure)
	}
}

func TestOpenForWriting(t *testing.T) {
	dir := t.TempDir()
	path := copyOf(t, dir, "busy", dynamic(t), func(b []byte) []byte { return b })
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	check(t, err)
	defer f.Close()
	got := run(t, []string{path}, nil, plain(), "")
	if got.failure == nil {
		t.Skip("this kernel runs files that are open for writing (Linux 6.11 only)")
	}
	explained(t, got.failure, path, dir, unix.ETXTBSY, 126, []string{"open for writing"})
}

func TestTooLarge(t *testing.T) {
	// One word may have 32 pages, see execve(2), "Limits on size of arguments".
	got := run(t, []string{"/bin/true", strings.Repeat("x", 64*os.Getpagesize())}, nil, plain(), "")
	explained(t, got.failure, "/bin/true", "/", unix.E2BIG, 126, []string{"too large", "ulimit -s"})
}

// TestNoexecMount mounts in a mount namespace of this thread, which ends with it.
func TestNoexecMount(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("mounting needs root")
	}
	runtime.LockOSThread() // and never back: the thread ends with this goroutine
	dir := t.TempDir()
	if err := unix.Unshare(unix.CLONE_NEWNS | unix.CLONE_FS); err != nil {
		t.Skipf("no mount namespace: %v", err)
	}
	check(t, unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""))
	if err := unix.Mount("tmpfs", dir, "tmpfs", unix.MS_NOEXEC, ""); err != nil {
		t.Skipf("no tmpfs: %v", err)
	}
	t.Cleanup(func() { check(t, unix.Unmount(dir, 0)) })
	path := file(t, dir, "app", "#!/bin/sh\n", 0o755)
	got := run(t, []string{path}, nil, plain(), "")
	explained(t, got.failure, path, dir, unix.EACCES, 126, []string{"mount with the option noexec"})
}

func TestDeniedToUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("becoming another user needs root")
	}
	dir, err := os.MkdirTemp("/tmp", "yinit")
	check(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	check(t, os.Chmod(dir, 0o755))
	a := plain()
	a.user = &Credential{UID: 65534, GID: 65534, Groups: []uint32{65534}}
	path := file(t, dir, "app", "#!/bin/sh\n", 0o700)
	got := run(t, []string{path}, nil, a, "")
	if got.failure == nil || got.failure.Code() != 126 {
		t.Fatalf("it ran, or has another code: %+v", got.failure)
	}
	for _, part := range []string{"this user", "interpreter /bin/sh"} {
		if text := whyNot(path, got.failure.Err); !strings.Contains(text, part) {
			t.Errorf("whyNot(%s) = %q, want it to say %q", path, text, part)
		}
	}
	if out := run(t, []string{"/usr/bin/id"}, nil, a, "").out; !strings.Contains(out, "uid=65534") || strings.Contains(out, "0(root)") {
		t.Errorf("id says %q, want 65534 and no group of root", out)
	}
}

func TestExplainSteps(t *testing.T) {
	p := &Program{Name: "web", Args: []string{"web"}, Dir: "/srv", User: &Credential{UID: 33}}
	for want, e := range map[string]*StartError{
		"cannot start web: its working directory /srv: no such file":       {step: stepDir, Err: unix.ENOENT},
		"cannot start web as user 33: operation not permitted; yinit must": {step: stepUser, Err: unix.EPERM},
		"cannot start web: cannot set up its standard input and output":    {step: stepStdio, Err: unix.EBADF},
		"cannot start web: cannot start a session":                         {step: stepSession, Err: unix.EPERM},
	} {
		if got := explain(e, p, "/"); !strings.Contains(got, want) || e.Code() != 125 {
			t.Errorf("explain(%+v) = %q, code %d; want %q, 125", e, got, e.Code(), want)
		}
	}
}

func TestWhyNoProcess(t *testing.T) {
	if got := whyNot("", unix.EAGAIN); !strings.Contains(got, "limit") {
		t.Errorf("whyNot(EAGAIN) = %q, want it to name a limit", got)
	}
	if got := whyNot("", unix.ENOMEM); !strings.Contains(got, "not enough memory") {
		t.Errorf("whyNot(ENOMEM) = %q, want it to say that memory is short", got)
	}
}

// TestDirOf: a relative directory of a program begins where yinit was started.
func TestDirOf(t *testing.T) {
	k := &kernel{workDir: "/start", fs: procfs.FS{}}
	for dir, want := range map[string]string{"": "/start", "sub": "/start/sub", "/abs": "/abs"} {
		if got := k.dirOf(&Program{Dir: dir}); got != want {
			t.Errorf("dirOf(%q) = %q, want %q", dir, got, want)
		}
	}
}
