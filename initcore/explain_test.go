package initcore

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"yinit/procfs"
	"yinit/procfs/cgroup"
	"yinit/procfs/elffile"
)

// copyOf copies a program of the machine and damages the copy with change.
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
		if f, err := elffile.Open(path); err == nil {
			_, needed := elfLoader(f)
			if _ = f.Close(); needed {
				return path
			}
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
	short := "yinit" + strconv.Itoa(os.Getpid()) // there is little room for the path of a loader
	t.Cleanup(func() { _ = os.Remove("/tmp/" + short) })
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
		"denied interpreter":      {file(t, dir, "denied", "#!/etc/passwd\n", 0o755), unix.EACCES, 126, []string{"its interpreter /etc/passwd is not executable"}},
		"musl's loader":           {copyOf(t, dir, "musl", dynamic(t), setLoader("/lib/ld-musl-xx.so.1")), unix.ENOENT, 126, []string{"needs the loader /lib/ld-musl-xx.so.1", "not in this image", "Alpine", "statically"}},
		"another loader":          {copyOf(t, dir, "glibc", dynamic(t), setLoader("/lib/ld-none.so.2")), unix.ENOENT, 126, []string{"needs the loader /lib/ld-none.so.2", "CGO_ENABLED=0"}},
		"loader that is none":     {copyOf(t, dir, "badld", dynamic(t), setLoader("/etc/passwd")), unix.EACCES, 126, []string{"its loader /etc/passwd is not executable"}},
		"wrong architecture":      {copyOf(t, dir, "arch", self, setMachine(other)), unix.ENOEXEC, 126, []string{"it was built for " + elffile.Machine(other).String(), "linux/" + runtime.GOARCH}},
		"truncated":               {copyOf(t, dir, "short", self, func(b []byte) []byte { return b[:64] }), unix.ENOEXEC, 126, []string{"damaged", "copied completely"}},
		"nothing but the magic":   {file(t, dir, "magic", elf.ELFMAG, 0o755), unix.ENOEXEC, 126, []string{"damaged"}},
		"a part is no directory":  {file(t, dir, "file", script, 0o755) + "/app", unix.ENOTDIR, 127, []string{"a part of its path is not a directory"}},
		"links in a circle":       {link(t, dir, "circle", "circle"), unix.ELOOP, 126, []string{"too many symbolic links"}},
		"device":                  {"/dev/null", unix.EACCES, 126, []string{"not a regular file"}},
		"name not in PATH":        {"no-such-program-here", unix.ENOENT, 127, []string{"no such program in PATH", "give its path"}},
		"relative, from its dir":  {"./missing", unix.ENOENT, 127, []string{"there is no such file in " + dir + ", the working directory"}},
		"relative, interpreter":   {"./interp", unix.ENOENT, 126, []string{"its interpreter"}},
		"circle of interpreters":  {file(t, dir, "self", "#!"+dir+"/self\n", 0o755), unix.ELOOP, 126, []string{"#! interpreters"}},
		"interpreter is a folder": {file(t, dir, "folder", "#!"+dir+"\n", 0o755), unix.EACCES, 126, []string{"its interpreter " + dir + " is a directory"}},
		"CR one further":          {file(t, dir, "cr2", "#!"+dir+"/cr\n", 0o755), unix.ENOENT, 126, []string{"the #! line of " + dir + "/cr ends in CR"}},
		"CR after an option":      {file(t, dir, "cr3", "#!/no/such/perl -w\r\n", 0o755), unix.ENOENT, 126, []string{"its interpreter /no/such/perl is not"}},
		"interpreter's own":       {file(t, dir, "interp2", "#!"+dir+"/interp\n", 0o755), unix.ENOENT, 126, []string{"the interpreter /no/such/python of " + dir + "/interp is not in this image"}},
		"interpreter's loader":    {file(t, dir, "musl2", "#!"+dir+"/musl\n", 0o755), unix.ENOENT, 126, []string{"its interpreter " + dir + "/musl needs the loader /lib/ld-musl-xx.so.1, which is not in this image", "Alpine"}},
		"interpreter of another":  {file(t, dir, "arch2", "#!"+dir+"/arch\n", 0o755), unix.ENOEXEC, 126, []string{"its interpreter " + dir + "/arch was built for " + elffile.Machine(other).String()}},
		"macOS":                   {file(t, dir, "mach", "\xcf\xfa\xed\xfe\x07\x00\x00\x01", 0o755), unix.ENOEXEC, 126, []string{"it is a program for macOS", "GOOS=linux"}},
		"interpreter for macOS":   {file(t, dir, "mach2", "#!"+dir+"/mach\n", 0o755), unix.ENOEXEC, 126, []string{"its interpreter " + dir + "/mach is a program for macOS"}},
		"interpreter is a text":   {file(t, dir, "text2", "#!"+file(t, dir, "text", "exit 0\n", 0o755)+"\n", 0o755), unix.ENOEXEC, 126, []string{"its interpreter " + dir + "/text is neither"}},
		"long #! line":            {file(t, dir, "long", "#!/"+strings.Repeat("a", 300)+"\n", 0o755), unix.ENOEXEC, 126, []string{"longer than the 256 bytes"}},
		"#! and no more":          {file(t, dir, "bang", "#!", 0o755), unix.EACCES, 126, []string{"its #! line names no interpreter"}},
		"relative interpreter":    {file(t, dir, "rel", "#!nobody/home\n", 0o755), unix.ENOENT, 126, []string{"its interpreter nobody/home is not"}},
		"dangling interpreter":    {file(t, dir, "dang2", "#!"+dir+"/dangling\n", 0o755), unix.ENOENT, 126, []string{"its interpreter " + dir + "/dangling is a symbolic link to /no/such/target"}},
		"loader is a directory":   {copyOf(t, dir, "dirld", dynamic(t), setLoader("/etc")), unix.EACCES, 126, []string{"its loader /etc is a directory"}},
		"loader of another":       {copyOf(t, dir, "archld", dynamic(t), setLoader(link(t, "/tmp", short, dir+"/arch"))), unix.ELIBBAD, 126, []string{"its loader /tmp/" + short + " was built for " + elffile.Machine(other).String()}},
		"empty loader":            {copyOf(t, dir, "nold", dynamic(t), setLoader("")), unix.EACCES, 126, []string{"it is damaged", "loader is empty"}},
		"unknown machine":         {copyOf(t, dir, "odd", self, setMachine(9999)), unix.ENOEXEC, 126, []string{"an unknown machine (number 9999)"}},
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

// TestTextIsAScript: what names no interpreter is run by the shell, as execvp(3)
// does.
func TestTextIsAScript(t *testing.T) {
	for _, text := range []string{"", "exit 0\n", "#\n", "#!\n", "#! \t\n"} {
		path := file(t, t.TempDir(), "text", text, 0o755)
		if got := run(t, []string{path}, nil, plain(), ""); got.failure != nil || got.status != 0 {
			t.Errorf("the file %q: %v, %v; want exited 0, no failure", text, got.status, got.failure)
		}
	}
}

// TestLoaderIsAScript: the kernel may have either error.
func TestLoaderIsAScript(t *testing.T) {
	dir := t.TempDir()
	text := file(t, dir, "text", "#!/bin/sh\n", 0o755)
	for _, err := range []unix.Errno{unix.EIO, unix.ELIBBAD} {
		if got, want := (execution{err: err}).fault(piece{path: text, name: "its loader", needs: "x"}, 1), "its loader is not a program"; got != want {
			t.Errorf("%v: %q, want %q", err, got, want)
		}
	}
}

// TestFaultOfAFIFO: opening a FIFO would block the init until a process writes to it.
func TestFaultOfAFIFO(t *testing.T) {
	fifo := t.TempDir() + "/fifo"
	check(t, unix.Mkfifo(fifo, 0o755))
	returns(t, "looking for the fault of a FIFO", func() {
		for _, err := range []unix.Errno{unix.ENOEXEC, unix.ENOENT, unix.EACCES} {
			if got, want := (execution{err: err}).fault(piece{path: fifo, name: "it"}, 0), "it is not a regular file"; got != want {
				t.Errorf("%v: %q, want %q", err, got, want)
			}
		}
	})
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
	explained(t, got.failure, path, dir, unix.EACCES, 126, []string{"mounted noexec"})
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
	file(t, dir, "app", "#!/bin/sh\n", 0o700)
	file(t, dir, "script", "#!"+dir+"/app\n", 0o755)
	file(t, dir, "private/app", "#!/bin/sh\n", 0o755)
	check(t, os.Chmod(filepath.Join(dir, "private"), 0o700))
	check(t, os.Symlink("private/app", filepath.Join(dir, "link")))
	for name, want := range map[string]string{
		"app":         "it may not be executed by this user (its mode is 0700)",
		"script":      "its interpreter " + dir + "/app may not be executed by this user (its mode is 0700)",
		"private/app": "the directory " + dir + "/private on its path may not be searched by this user",
		"link":        "the directory " + dir + "/private on its path may not be searched by this user",
	} {
		for _, path := range []string{filepath.Join(dir, name), "./" + name} {
			got := run(t, []string{path}, nil, a, dir)
			if got.failure == nil || got.failure.Code() != 126 {
				t.Fatalf("%s: it ran, or has another code: %+v", path, got.failure)
			}
			if text := explain(got.failure, &Program{Args: []string{path}, User: a.user}, dir); text != "cannot run "+path+": "+want {
				t.Errorf("explain(%s) = %q, want %q", path, text, want)
			}
		}
	}
	if out := run(t, []string{"/usr/bin/id"}, nil, a, "").out; !strings.Contains(out, "uid=65534") || strings.Contains(out, "0(root)") {
		t.Errorf("id says %q, want 65534 and no group of root", out)
	}
}

func TestExplainSteps(t *testing.T) {
	p := &Program{Name: "web", Args: []string{"web"}, Dir: "/srv", User: &Credential{UID: 33}}
	for want, e := range map[string]*StartError{
		"cannot start web: its working directory /srv: no such file":    {step: stepDir, Err: unix.ENOENT},
		"cannot start web as user 33: operation not permitted; ":        {step: stepUser, Err: unix.EPERM},
		"cannot start web: cannot set up its standard input and output": {step: stepStdio, Err: unix.EBADF},
		"cannot start web: cannot start a session":                      {step: stepSession, Err: unix.EPERM},
	} {
		if got := explain(e, p, "/"); !strings.Contains(got, want) || e.Code() != 125 {
			t.Errorf("explain(%+v) = %q, code %d; want %q, 125", e, got, e.Code(), want)
		}
	}
}

func TestWhyNoProcess(t *testing.T) {
	if got := whyNoProcess(unix.EAGAIN, ""); !strings.Contains(got, "limit") {
		t.Errorf("whyNoProcess(EAGAIN) = %q, want it to name a limit", got)
	}
	if got := whyNoProcess(unix.ENOMEM, ""); !strings.Contains(got, "not enough memory") {
		t.Errorf("whyNoProcess(ENOMEM) = %q, want it to say that memory is short", got)
	}
}

// TestWhyFull checks that the numbers of a full control group are in the line, and which
// process leaks.
func TestWhyFull(t *testing.T) {
	const held = "22 by zombies of process 1 (python3)"
	for want, test := range map[string]struct {
		pids, most uint64
		held       string
	}{
		"30 of 30 processes and threads are taken, 22 by zombies of process 1 (python3); raise it": {30, 30, held},
		"30 of 30 processes and threads are taken; raise it":                                       {30, 30, ""},
		"of the machine is reached (22 by zombies of process 1 (python3))":                         {30, 900, held},
	} {
		if got := whyFull(cgroup.Usage{Pids: test.pids, PidsMax: test.most}, test.held); !strings.Contains(got, want) {
			t.Errorf("whyFull = %q, want %q", got, want)
		}
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
