package procfs_test

import (
	"errors"
	"io/fs"
	"os"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"

	"yinit/procfs"
)

func TestSelf(t *testing.T) {
	var proc procfs.FS
	stat, err := proc.Stat(os.Getpid())
	check(t, err)
	status, err := proc.Status(os.Getpid())
	check(t, err)
	if stat.PID != os.Getpid() || stat.PPID != os.Getppid() || stat.Threads < 1 || stat.RSS < 1 || stat.Start == 0 {
		t.Errorf("Stat of itself = %+v", stat)
	}
	if status.PID != os.Getpid() || status.Name != stat.Comm || status.UID[procfs.Real] != uint32(os.Getuid()) ||
		status.GID[procfs.Effective] != uint32(os.Getegid()) || !status.Sigs.Known || status.Peak < status.RSS {
		t.Errorf("Status of itself = %+v", status)
	}
	if comm, err := proc.Comm(os.Getpid()); err != nil || comm != stat.Comm {
		t.Errorf("Comm of itself = %q, %v, want %q", comm, err, stat.Comm)
	}
	if got, err := proc.Cmdline(os.Getpid()); err != nil || !slices.Equal(got, os.Args) {
		t.Errorf("Cmdline of itself = %q, %v, want %q", got, err, os.Args)
	}
	exe, err := os.Executable()
	check(t, err)
	if got, err := proc.Exe(os.Getpid()); err != nil || got != exe {
		t.Errorf("Exe of itself = %q, %v, want %q", got, err, exe)
	}
	dir, err := os.Getwd()
	check(t, err)
	if got, err := proc.Cwd(os.Getpid()); err != nil || got != dir {
		t.Errorf("Cwd of itself = %q, %v, want %q", got, err, dir)
	}
}

func TestMetersOfTheMachine(t *testing.T) {
	var proc procfs.FS
	stat, err := proc.Stat(os.Getpid())
	check(t, err)
	uptime, err := proc.Uptime()
	check(t, err)
	if age := procfs.Age(uptime, stat.Start); age > time.Hour {
		t.Errorf("Age of itself = %v, want that of a test", age)
	}
	if got, err := proc.Loadavg(); err != nil || got.LastPID < 1 || got.Tasks < 1 {
		t.Errorf("Loadavg = %+v, %v", got, err)
	}
}

func TestScanFindsItself(t *testing.T) {
	s := newScanner(t, procfs.FS{})
	stats, err := s.Scan(nil)
	check(t, err)
	if !slices.ContainsFunc(stats, func(s procfs.Stat) bool { return s.PID == os.Getpid() }) {
		t.Errorf("Scan found %d processes, none of them itself", len(stats))
	}
}

func TestChildBecomesZombieAndIsReaped(t *testing.T) {
	var proc procfs.FS
	cmd := helper(t, "exit 7", false)
	pid := cmd.Process.Pid
	waitUntil(t, pid, syscall.WEXITED)
	stat, err := proc.Stat(pid)
	if err != nil || !stat.Zombie() || stat.ExitCode.String() != "exited 7" || stat.PPID != os.Getpid() {
		t.Errorf("Stat of a zombie = %+v, %v, want exited 7", stat, err)
	}
	if status, err := proc.Status(pid); err != nil || !status.State.Zombie() || status.RSS != 0 {
		t.Errorf("Status of a zombie = %+v, %v", status, err)
	}
	if threads, err := proc.Threads(pid); err != nil || !slices.Equal(threads, []int{pid}) {
		t.Errorf("Threads of a zombie = %v, %v, want itself", threads, err)
	}
	if _, err := proc.Signals(pid); err != nil {
		t.Errorf("Signals of a zombie = %v, want what it was", err)
	}
	wantNoTexts(t, proc, pid)
	_ = cmd.Wait() // It ends with 7, which is an error to Wait.
	wantGone(t, proc, pid)
}

func TestKilledChild(t *testing.T) {
	cmd := helper(t, "wait", true)
	check(t, cmd.Process.Kill())
	waitUntil(t, cmd.Process.Pid, syscall.WEXITED)
	stat, err := procfs.FS{}.Stat(cmd.Process.Pid)
	if err != nil || stat.ExitCode.String() != "killed by SIGKILL" {
		t.Errorf("Stat of a killed child = %v, %v, want killed by SIGKILL", stat.ExitCode, err)
	}
}

func TestRewrittenName(t *testing.T) {
	var proc procfs.FS
	pid := helper(t, "a hostile name", true).Process.Pid
	const want = "a) S 2 (\n\\n\x1b[2"
	if stat, err := proc.Stat(pid); err != nil || stat.Comm != want || stat.PPID != os.Getpid() {
		t.Errorf("Stat = %q, ppid %d, %v, want %q, %d", stat.Comm, stat.PPID, err, want, os.Getpid())
	}
	if status, err := proc.Status(pid); err != nil || status.Name != want {
		t.Errorf("Status = %q, %v, want %q", status.Name, err, want)
	}
	if comm, err := proc.Comm(pid); err != nil || comm != want {
		t.Errorf("Comm = %q, %v, want %q", comm, err, want)
	}
}

// becomeNobody drops the rights of root from the calling thread. It drops the groups,
// too, because hidepid does not apply to group 0. It has nothing to do if the tests do
// not run as root.
func becomeNobody(t *testing.T) (undo func()) {
	t.Helper()
	if os.Geteuid() != 0 {
		return func() {}
	}
	set := func(call, effective uintptr) {
		const keep = ^uintptr(0)
		if _, _, errno := syscall.RawSyscall(call, keep, effective, keep); errno != 0 {
			t.Errorf("system call %d(-1, %d, -1) = %v", call, effective, errno)
		}
	}
	if _, _, errno := syscall.RawSyscall(syscall.SYS_SETGROUPS, 0, 0, 0); errno != 0 {
		t.Errorf("setgroups() = %v", errno)
	}
	const nobody = 65534
	set(syscall.SYS_SETRESGID, nobody)
	set(syscall.SYS_SETRESUID, nobody)
	return func() {
		set(syscall.SYS_SETRESUID, 0)
		set(syscall.SYS_SETRESGID, 0)
	}
}

func TestPermissionDenied(t *testing.T) {
	runtime.LockOSThread() // and never unlocked, so that the thread ends with the test
	defer becomeNobody(t)()
	var proc procfs.FS
	for name, read := range map[string]func(int) error{
		"Environ": func(pid int) error { _, err := proc.Environ(pid); return err },
		"Exe":     func(pid int) error { _, err := proc.Exe(pid); return err },
		"Cwd":     func(pid int) error { _, err := proc.Cwd(pid); return err },
	} {
		if err := read(1); !errors.Is(err, fs.ErrPermission) || errors.Is(err, procfs.ErrGone) {
			t.Errorf("%s(1) as nobody = %v, want ErrPermission", name, err)
		}
	}
}

func TestExitCodeIsZeroWithoutPermission(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give its rights up")
	}
	runtime.LockOSThread() // and never unlocked, so that the thread ends with the test
	pid := helper(t, "exit 7", false).Process.Pid
	waitUntil(t, pid, syscall.WEXITED)
	if !(procfs.FS{}).MayTrace(pid) {
		t.Error("MayTrace of a zombie as root = false")
	}
	defer becomeNobody(t)()
	if (procfs.FS{}).MayTrace(pid) {
		t.Error("MayTrace of a zombie as nobody = true")
	}
	if stat, err := (procfs.FS{}).Stat(pid); err != nil || !stat.Zombie() || stat.ExitCode != 0 {
		t.Errorf("Stat as nobody = %+v, %v, want a zombie with exit code 0", stat, err)
	}
}

func TestHidepid(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can mount")
	}
	runtime.LockOSThread() // and never unlocked, so that the thread ends with the test
	root := t.TempDir()
	if err := mountHiding(root); err != nil {
		t.Skipf("cannot mount a second proc with hidepid=noaccess, which takes CAP_SYS_ADMIN and Linux 5.8: %v", err)
	}
	defer func() { check(t, syscall.Unmount(root, syscall.MNT_DETACH)) }()
	proc := procfs.New(root)
	s := newScanner(t, proc)
	before, err := s.Scan(nil)
	if err != nil || s.Hidden() != 0 {
		t.Errorf("Scan as root = %d, %v, %d hidden, want none", len(before), err, s.Hidden())
	}
	undo := becomeNobody(t)
	after, err := s.Scan(nil)
	undo()
	if err != nil || s.Hidden() == 0 || len(after) >= len(before) {
		t.Errorf("Scan as nobody = %d of %d, %v, %d hidden, want some hidden", len(after), len(before), err, s.Hidden())
	}
	var status procfs.Status
	undo = becomeNobody(t)
	err = s.Status(1, &status)
	undo()
	if !errors.Is(err, fs.ErrPermission) || errors.Is(err, procfs.ErrGone) {
		t.Errorf("Status(1) as nobody = %v, want ErrPermission", err)
	}
}

// mountHiding mounts proc with hidepid at root, for the calling thread only.
func mountHiding(root string) error {
	if err := syscall.Unshare(syscall.CLONE_NEWNS); err != nil {
		return err
	}
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		return err
	}
	return syscall.Mount("proc", root, "proc", 0, "hidepid=noaccess")
}
