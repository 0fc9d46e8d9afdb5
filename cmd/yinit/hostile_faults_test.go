package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// hostile skips a test that `make hostile` runs: it takes minutes.
func hostile(t *testing.T) {
	t.Helper()
	if os.Getenv("YINIT_HOSTILE") == "" {
		t.Skip("run it by make hostile")
	}
	requireNamespaces(t)
}

// vital are the calls without which the Go runtime cannot live, or no process end: the
// init may end with a dump, or hang.
const vital = " exit_group clone mmap fcntl futex epoll_create1 epoll_ctl epoll_wait epoll_pwait rt_sigaction rt_sigprocmask rt_sigreturn sigaltstack arch_prctl "

// A sweep counts what became of the init, by call.
type sweep struct {
	sync.Mutex
	rows  map[string]map[string]int
	began time.Time
}

// The ways in which a run may end. The first three are faults, but for vital calls.
const (
	hung    = "hung"
	spun    = "spun"
	dumped  = "dumped"
	refused = "125"
	right   = "its status"
	other   = "another status"
)

func (s *sweep) add(t *testing.T, call, errno, how, detail string) {
	s.Lock()
	defer s.Unlock()
	if s.rows[call] == nil {
		s.rows[call] = map[string]int{}
	}
	s.rows[call][how]++
	isVital := strings.Contains(vital, " "+call+" ")
	if (how == hung || how == spun || how == dumped) && !isVital {
		t.Errorf("%s %s: %s\n%s", call, errno, how, detail)
	}
}

// table returns the counts.
func (s *sweep) table() string {
	var b strings.Builder
	columns := []string{right, other, refused, dumped, hung, spun}
	fmt.Fprintf(&b, "%-20s", "call")
	for _, c := range columns {
		fmt.Fprintf(&b, "%16s", c)
	}
	total := map[string]int{}
	var calls []string
	for call := range s.rows {
		calls = append(calls, call)
	}
	sort.Strings(calls)
	for _, call := range append(calls, "all") {
		row := s.rows[call]
		if call == "all" {
			row = total
		}
		fmt.Fprintf(&b, "\n%-20s", call)
		for _, c := range columns {
			fmt.Fprintf(&b, "%16d", row[c])
			if call != "all" {
				total[c] += row[c]
			}
		}
	}
	fmt.Fprintf(&b, "\nin %s", time.Since(s.began).Round(time.Second))
	return b.String()
}

// each plays all pairs of a call and an error, some at once.
func (s *sweep) each(calls, errnos string, play func(call, errno string)) {
	s.rows, s.began = map[string]map[string]int{}, time.Now()
	var all sync.WaitGroup
	atOnce := make(chan bool, 8)
	for call := range strings.FieldsSeq(calls) {
		for errno := range strings.FieldsSeq(errnos) {
			atOnce <- true
			all.Go(func() {
				defer func() { <-atOnce }()
				play(call, errno)
			})
		}
	}
	all.Wait()
}

// The calls of a running init, and the errors that each returns from some moment on.
const (
	loopCalls  = "read write close openat newfstatat fstat pread64 getdents64 readlinkat ioctl kill rt_sigqueueinfo waitid pidfd_open pidfd_send_signal epoll_ctl madvise sched_yield nanosleep setpgid chdir clock_gettime prlimit64 getrusage statfs acct prctl fcntl futex mmap munmap clone pipe2 eventfd2"
	loopErrnos = "EPERM ENOENT EINTR EIO EBADF EAGAIN ENOMEM EACCES EFAULT EINVAL EMFILE ENOSPC EPIPE ENOSYS"
)

// hostilePlay is faultPlay, after strace has attached.
const hostilePlay = `exec 2>/dev/null; trap : USR1 RTMIN; while [ ! -e "$0" ]; do sleep 0.05; done; ` +
	`for i in 1 2 3 4 5; do kill -USR1 $PPID; actor queue $PPID 34 7; (sleep 0.02 &); sleep 0.05; done; (sleep 1 &); exit 3`

// TestHostileFaults makes each call of a running init fail with each error, on all its
// threads, until it ends.
func TestHostileFaults(t *testing.T) {
	hostile(t)
	strace := program(t, "strace", "strace")
	var s sweep
	calls := strings.Replace(loopCalls, "epoll_ctl", "epoll_ctl "+epollWait(), 1)
	s.each(calls, loopErrnos, func(call, errno string) {
		dir := t.TempDir()
		attached, trace := filepath.Join(dir, "go"), filepath.Join(dir, "trace")
		cmd := namespaced(binary, "-v", "--grace", "300ms", "sh", "-c", hostilePlay, attached)
		run := startHostile(t, cmd)
		time.Sleep(200 * time.Millisecond) // not to be there at once: the init has begun to rest
		when := ""
		if errno == "EINTR" { // package os retries for ever, rightly: no kernel does this
			when = ":when=1..30"
		}
		tracer := exec.Command(strace, "-f", "-o", trace, "-e", "trace="+call+","+epollWait(), "-e", "inject="+call+":error="+errno+when,
			"-p", strconv.Itoa(cmd.Process.Pid))
		if err := tracer.Start(); err != nil {
			t.Error(err)
		}
		for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline) && fieldOf(cmd.Process.Pid, "TracerPid") == 0; {
			time.Sleep(20 * time.Millisecond)
		}
		began := time.Now()
		if err := os.WriteFile(attached, nil, 0o600); err != nil {
			t.Error(err)
		}
		how := run.end(t, call == "waitid", 3)
		_ = tracer.Process.Kill()
		_ = tracer.Wait()
		b, _ := os.ReadFile(trace)
		if n := bytes.Count(b, []byte(epollWait()+"(")); float64(n) > 12*time.Since(began).Seconds()+80 {
			how = spun
		}
		s.add(t, call, errno, how, run.text())
	})
	t.Logf("each call of the running init fails:\n%s", s.table())
}

// TestHostileFilter starts the init with a seccomp filter that refuses one call, which the
// program inherits.
func TestHostileFilter(t *testing.T) {
	hostile(t)
	list, err := exec.Command("actor", "calls").Output()
	if err != nil {
		t.Fatal(err)
	}
	var s sweep
	s.each(string(list), "EPERM ENOSYS EINVAL EACCES ENOMEM EAGAIN EFAULT EBADF", func(call, errno string) {
		cmd := namespaced("actor", "filter", errno, call, binary, "-v", "--grace", "300ms", "--kill-after", "1s", "sh", "-c", faultPlay)
		run := startHostile(t, cmd)
		s.add(t, call, errno, run.end(t, false, 3), run.text())
	})
	t.Logf("each call is refused from the start:\n%s", s.table())
}

// A hostileRun is an init under attack.
type hostileRun struct {
	cmd  *exec.Cmd
	out  bytes.Buffer
	done chan error
}

func startHostile(t *testing.T, cmd *exec.Cmd) *hostileRun {
	r := &hostileRun{cmd: cmd, done: make(chan error, 1)}
	cmd.Stdout, cmd.Stderr = &r.out, &r.out
	cmd.WaitDelay = 10 * time.Second
	if err := cmd.Start(); err != nil {
		t.Error(err)
		r.done <- err
		return r
	}
	go func() { r.done <- cmd.Wait() }()
	return r
}

func (r *hostileRun) text() string { return r.out.String()[max(0, r.out.Len()-1500):] }

// end returns how the init ended. It is sent SIGTERM after some seconds: its program may
// not work either. If it mayStay, it need not end.
func (r *hostileRun) end(t *testing.T, mayStay bool, want int) string {
	t.Helper()
	var err error
	select {
	case err = <-r.done:
	case <-time.After(10 * time.Second):
		_ = r.cmd.Process.Signal(syscall.SIGTERM)
		select {
		case err = <-r.done:
		case <-time.After(20 * time.Second):
			_ = r.cmd.Process.Kill()
			<-r.done
			if mayStay {
				return other
			}
			return hung
		}
	}
	status := exitStatus(err)
	switch {
	case regexp.MustCompile(`goroutine \d|fatal error|^SIG[A-Z]+: `).MatchString(r.out.String()):
		return dumped
	case status == want:
		return right
	case status == 125:
		return refused
	}
	return other
}

// fieldOf returns a number from /proc/[pid]/status, 0 if there is none.
func fieldOf(pid int, name string) int {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	for line := range strings.SplitSeq(string(b), "\n") {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			n, _ := strconv.Atoi(strings.TrimSpace(value))
			return n
		}
	}
	return 0
}
