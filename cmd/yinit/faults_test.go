package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// faults has the errors in the ERRORS section of each manual page, and which call is the
// first to fail: the one after the start, during which the Go runtime itself needs some
// of these calls.
var faults = []struct {
	call   string
	first  int
	errnos string
}{
	{epollWait(), 1, "EBADF EFAULT EINTR EINVAL ENOMEM"},
	{"read", 7, "EAGAIN EBADF EFAULT EINTR EINVAL EIO EISDIR"},
	{"waitid", 1, "ECHILD EINTR EINVAL ENOSYS EPERM"},
	{"kill", 1, "EINVAL EPERM ESRCH"},
	{"rt_sigqueueinfo", 1, "EAGAIN EINVAL EPERM ESRCH"},
	{"openat", 8, "EACCES EINTR EIO ELOOP EMFILE ENFILE ENOENT ENOMEM ENOTDIR EPERM"},
	{"write", 1, "EAGAIN EBADF EFAULT EINTR EINVAL EIO ENOSPC EPERM EPIPE"},
	{"madvise", 1, "EACCES EAGAIN EINVAL ENOMEM"},
	{"close", 8, "EBADF EINTR EIO"},
	{"chdir", 1, "EACCES EIO ENOENT ENOMEM ENOTDIR"},
	{"setpgid", 1, "EACCES EINVAL EPERM ESRCH"},
	{"prctl", 1, "EINVAL EPERM ENOSYS"},
	{"memfd_create", 1, "EINVAL EMFILE ENOMEM ENOSYS EPERM"},
	{"getdents64", 1, "EBADF EINVAL ENOENT"},
	{"sched_yield", 1, "ENOSYS EPERM"},
}

// faultPlay is a program that makes the init receive and forward signals, reap orphans,
// log, and end leftover processes.
const faultPlay = `exec 2>/dev/null; trap : USR1 RTMIN; (sleep 0.1 &); for i in 1 2 3 4 5; do kill -USR1 $PPID; actor queue $PPID 34 7; (sleep 0.02 &); sleep 0.05; done; (sleep 1 &); exit 3`

// TestSyscallFaults makes every system call of the loop fail permanently with each error
// that it may return. The init must neither die nor spin. Unless its exit depends on the
// call, it must exit with the program's status.
func TestSyscallFaults(t *testing.T) {
	strace := program(t, "strace", "strace")
	var all sync.WaitGroup
	atOnce := make(chan bool, 6)
	cases := 0
	for _, f := range faults {
		for errno := range strings.FieldsSeq(f.errnos) {
			cases++
			all.Add(1)
			atOnce <- true
			go func() {
				defer func() { <-atOnce; all.Done() }()
				faulty(t, strace, f.call, errno, f.first)
			}()
		}
	}
	all.Wait()
	t.Logf("%d faults were played", cases)
}

// epollWait returns the name of the call in which the loop sleeps.
func epollWait() string {
	if runtime.GOARCH == "amd64" {
		return "epoll_wait"
	}
	return "epoll_pwait"
}

func faulty(t *testing.T, strace, call, errno string, first int) {
	const seconds = 8
	when := strconv.Itoa(first) + "+"
	if errno == "EINTR" && first > 1 { // package os retries for ever, rightly: no kernel does this
		when = fmt.Sprintf("%d..%d", first, first+30)
	}
	name, trace := call+" "+errno, filepath.Join(t.TempDir(), "trace")
	var calls string
	var out []byte
	var took float64
	for range 3 { // strace sometimes starts without the injection
		// strace does not follow children, so only the init gets the faults. In a new
		// namespace there are few processes to scan at shutdown.
		cmd := namespaced("timeout", "-s", "KILL", strconv.Itoa(seconds), strace, "-o", trace, "-e", "inject="+call+":error="+errno+":when="+when,
			binary, "-v", "--grace", "300ms", "sh", "-c", faultPlay)
		began := time.Now()
		out, _ = cmd.CombinedOutput()
		took = time.Since(began).Seconds()
		b, err := os.ReadFile(trace)
		if err != nil {
			t.Error(err)
			return
		}
		if calls = string(b); strings.Contains(calls, "(INJECTED)") {
			break
		}
	}
	if !strings.Contains(calls, "(INJECTED)") {
		t.Errorf("%s: the call was never made\n%s\n%s", name, out, calls)
	}
	if n := strings.Count(calls, epollWait()+"("); float64(n) > 12*took+80 { // ten per second, plus those with a cause
		t.Errorf("%s: %d waits in %.1f s: it spins", name, n, took)
	}
	if died := regexp.MustCompile(`killed by SIG(SEGV|ABRT|BUS|ILL|SYS)|exited with 2 `).FindString(calls); died != "" {
		t.Errorf("%s: it died: %s\n%s", name, died, calls[max(0, len(calls)-2000):])
	}
	if call != "waitid" && !strings.Contains(calls, "exited with 3 ") {
		t.Errorf("%s: it did not end with the program's status\n%s", name, calls[max(0, len(calls)-1500):])
	}
}

// TestGroupFilesAgain: a read of a file of a control group returns EAGAIN each time. Package
// os would wait then until the file is ready, which it never tells, and the loop with it.
func TestGroupFilesAgain(t *testing.T) {
	requireNamespaces(t)
	trace := filepath.Join(t.TempDir(), "trace")
	args := []string{"-o", trace, "-e", "trace=read", "-e", "inject=read:error=EAGAIN"}
	groups, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(groups)) {
		f := strings.SplitN(strings.TrimSpace(line), ":", 3)
		for _, name := range []string{"memory.oom_control", "memory.events", "memory.limit_in_bytes", "memory.max", "pids.events", "pids.max", "pids.current"} {
			file := filepath.Join("/sys/fs/cgroup", f[1], f[2], name)
			if _, err := os.Stat(file); err == nil {
				args = append(args, "-P", file)
			}
		}
	}
	cmd := namespaced(append(append([]string{"timeout", "-s", "KILL", "60", program(t, "strace", "strace")}, args...),
		binary, "--grace", "300ms", "sh", "-c", "(sh -c 'kill -KILL $$' &); sleep 1.5; exit 3")...)
	out, err := cmd.CombinedOutput()
	calls, _ := os.ReadFile(trace)
	if !strings.Contains(string(calls), "EAGAIN (Resource temporarily unavailable) (INJECTED)") {
		t.Fatalf("no file of a control group was read: %s\n%s", out, calls)
	}
	if status := exitStatus(err); status != 3 {
		t.Errorf("status %d, want 3\n%s\n%s", status, out, calls[max(0, len(calls)-1500):])
	}
}
