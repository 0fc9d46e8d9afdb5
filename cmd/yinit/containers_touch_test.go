package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"yinit/procfs"
)

// vforkPID returns the process below pid, or pid itself, that runs actor vfork and is in
// uninterruptible sleep; 0: there is none yet.
func vforkPID(pid int) int {
	for _, p := range append(childrenOf(pid), pid) {
		if s, err := procfs.New("/proc").Stat(p); err == nil && s.Comm == "actor" && s.State == procfs.StateDisk {
			return p
		}
	}
	return 0
}

// TestContainersTouchNobody runs yinit containers under strace beside two containers. The command
// sends no signal, traces no process, enters no namespace, starts no process and writes no file.
// Each container has a process in uninterruptible sleep, one of them as PID 1. Of the files of
// such a process that take its memory lock, the command reads at most the command line, with a
// deadline.
func TestContainersTouchNobody(t *testing.T) {
	requireNamespaces(t)
	strace := program(t, "strace", "strace")
	wants, stuck := map[int]string{}, map[string]int{}
	for name, words := range map[string][]string{
		"a child": {"sh", "-c", "actor vfork & exec sleep 1000"},
		"PID 1":   {"actor", "vfork"},
	} {
		cmd := namespaced(words...)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		})
		eventually(t, "it is in uninterruptible sleep", func() bool {
			stuck[name] = vforkPID(cmd.Process.Pid)
			return stuck[name] != 0
		})
		wants[cmd.Process.Pid] = name
	}
	trace := filepath.Join(t.TempDir(), "trace")
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, strace, "-f", "-o", trace, "-e",
		"trace=%signal,ptrace,process_vm_readv,process_vm_writev,setns,unshare,clone,?clone3,?fork,?vfork,execve,execveat,openat,mount,umount2,pidfd_send_signal,process_madvise,prlimit64",
		binary, "containers", "--json").Output()
	if err != nil {
		t.Fatalf("containers: %v\n%s", err, out)
	}
	for line := range strings.Lines(string(out)) {
		var row jsonContainer
		if err := json.Unmarshal([]byte(line), &row); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		if wants[row.PID] != "" && row.First == nil {
			t.Errorf("%s: %+v", wants[row.PID], row)
		}
		delete(wants, row.PID)
	}
	if len(wants) > 0 {
		t.Errorf("no row for %v", wants)
	}
	text, err := os.ReadFile(trace)
	if err != nil {
		t.Fatal(err)
	}
	checkHarmless(t, string(text))
	for name, pid := range stuck {
		memory := regexp.MustCompile(fmt.Sprintf(`"(/proc/)?%d/(task/\d+/)?(maps|smaps|smaps_rollup|numa_maps|environ|mem|auxv|pagemap|map_files)"`, pid))
		if line := memory.FindString(string(text)); line != "" {
			t.Errorf("%s: %s was opened", name, line)
		}
		if !strings.Contains(string(text), fmt.Sprintf("/%d/", pid)) && !strings.Contains(string(text), fmt.Sprintf(`"%d/`, pid)) {
			t.Errorf("%s: nothing of it was read", name)
		}
	}
}

// checkHarmless reports each system call in what strace has written that could touch another
// process, or change a file.
func checkHarmless(t *testing.T, trace string) {
	t.Helper()
	call := regexp.MustCompile(`^(\d+) +([a-z0-9_]+)\((.*)$`)
	own := regexp.MustCompile(`\bCLONE_THREAD\b`)
	writes := regexp.MustCompile(`\b(O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_APPEND)\b`)
	self, calls := "", 0
	for line := range strings.Lines(trace) {
		m := call.FindStringSubmatch(strings.TrimSpace(line))
		if m == nil {
			continue // a signal, an end, or the rest of a call
		}
		if calls++; calls == 1 {
			self = m[1]
		}
		harmless := true
		switch name, args := m[2], m[3]; name {
		case "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigaltstack", "rt_sigtimedwait", "rt_sigpending", "signalfd4":
		case "kill": // with 0 it sends nothing: is the process there?
			harmless = strings.Contains(args, ", 0)") || strings.HasSuffix(args, ", 0 <unfinished ...>")
		case "tgkill":
			harmless = strings.HasPrefix(args, self+", ")
		case "execve":
			harmless = calls == 1
		case "clone", "clone3":
			harmless = own.MatchString(args)
		case "openat":
			harmless = !writes.MatchString(args)
		case "prlimit64":
			harmless = strings.HasPrefix(args, "0, ")
		default:
			harmless = false
		}
		if !harmless {
			t.Errorf("%s", strings.TrimSpace(line))
		}
	}
	if calls < 50 {
		t.Errorf("only %d system calls were seen", calls)
	}
}
