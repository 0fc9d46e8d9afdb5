package initcore

import (
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"yinit/procfs"
	"yinit/procfs/pacct"
)

// inNamespace runs the test again as PID 1 of a new PID namespace, and reports whether
// this is that run. Accounting must not be switched on for the whole machine.
func inNamespace(t *testing.T) bool {
	t.Helper()
	const inside = "ACCOUNTING_TEST_INSIDE"
	if os.Getenv(inside) != "" {
		return true
	}
	if os.Geteuid() != 0 || !pacct.Allowed() {
		t.Skip("process accounting needs CAP_SYS_PACCT")
	}
	cmd := exec.Command("/proc/self/exe", "-test.run=^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), inside+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWPID | unix.CLONE_NEWNS}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v:\n%s", err, out)
	}
	return false
}

// accountingFiles returns how many accounting files are open.
func accountingFiles(t *testing.T) (n int) {
	t.Helper()
	fds, err := os.ReadDir("/proc/self/fd")
	check(t, err)
	for _, fd := range fds {
		if to, err := os.Readlink("/proc/self/fd/" + fd.Name()); err == nil && strings.HasPrefix(to, "/dev/shm/#") {
			n++
		}
	}
	return n
}

// TestAccountingNeedsWatcher: without a watcher nobody reads the accounting file, which
// would grow. So accounting is switched off.
func TestAccountingNeedsWatcher(t *testing.T) {
	if !inNamespace(t) {
		return
	}
	check(t, unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""))
	check(t, unix.Mount("proc", "/proc", "proc", 0, ""))
	for _, failure := range []string{"the watcher does not start", "the watcher panics"} {
		f, err := pacct.Start("/dev/shm")
		check(t, err)
		w := newWorld(t, Config{Programs: []Program{{Name: "app", Args: []string{"app"}}}, Watch: time.Second})
		m := w.machine
		o := m.others
		o.accounting = f
		if o.epoll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
			t.Fatal(err)
		}
		k := &kernel{cfg: &m.cfg, pid: os.Getpid(), isFirst: true, helper: &helper{}}
		panics := failure == "the watcher panics"
		if !panics {
			k.fs = procfs.New("/none") // as without pidfd_open(2)
		}
		o.startWatching(m, k)
		if panics {
			if o.w == nil || accountingFiles(t) != 1 {
				t.Fatalf("the watcher has started: %v; %d accounting files, want 1", o.w != nil, accountingFiles(t))
			}
			o.ticked = func(time.Time) { panic("test") }
			o.observe(time.Now().Add(time.Hour), false)
		}
		if n := accountingFiles(t); n != 0 || o.accounting != nil || o.w != nil {
			t.Errorf("%s: %d accounting files are open, want none; watching: %v", failure, n, o.w != nil)
		}
		check(t, unix.Close(o.epoll))
	}
}
