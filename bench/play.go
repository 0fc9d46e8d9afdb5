package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"yinit/initcore/early"
)

// isolated returns a command that runs as PID 1 of a new PID namespace, but with our
// /proc.
func isolated(args ...string) *exec.Cmd {
	cmd := exec.Command(args[0], args[1:]...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWPID}
	if os.Getuid() != 0 {
		cmd.SysProcAttr.Cloneflags |= unix.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	}
	return cmd
}

// contained is isolated with the /proc of the namespace, as in a container: what an init
// does when a process ends depends on it.
func contained(args ...string) *exec.Cmd {
	self, err := os.Executable()
	if err != nil {
		panic(err)
	}
	cmd := isolated(append([]string{self, "play", "contain"}, args...)...)
	cmd.SysProcAttr.Cloneflags |= unix.CLONE_NEWNS
	return cmd
}

// playContain mounts /proc and executes the program.
func playContain(args []string) {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		panic(err)
	}
	if err := unix.Mount("proc", "/proc", "proc", 0, ""); err != nil {
		panic(err)
	}
	path, err := exec.LookPath(args[0])
	if err != nil {
		panic(err)
	}
	early.Release()
	panic(unix.Exec(path, args, os.Environ()))
}

// run starts an init with this program as its child in the given role. It returns the
// command, the child's stdout and the write end of its stdin.
func run(s subject, part ...string) (*exec.Cmd, *bufio.Reader, *os.File) {
	self, err := os.Executable()
	if err != nil {
		fatal(s, err)
	}
	args := append(append([]string{}, s.command...), "--", self, "play")
	cmd := contained(append(args, part...)...)
	cmd.Stderr = os.Stderr
	in, out, err := os.Pipe()
	if err != nil {
		fatal(s, err)
	}
	cmd.Stdin = in
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		fatal(s, err)
	}
	if err := cmd.Start(); err != nil {
		fatal(s, err)
	}
	in.Close()
	return cmd, bufio.NewReader(stdout), out
}

// play runs this program in a role, as the child of an init.
func play(part []string) {
	switch part[0] {
	case "contain":
		playContain(part[1:])
	case "echo":
		playEcho()
	case "orphans":
		count, _ := strconv.Atoi(part[1])
		playOrphans(count)
	case "reaps":
		playReaps()
	}
}

// An echo is an init with a program that answers each signal.
type echo struct {
	cmd           *exec.Cmd
	answers       *bufio.Reader
	init, program int
}

func newEcho(s subject) *echo {
	cmd, answers, _ := run(s, "echo")
	e := &echo{cmd: cmd, answers: answers, init: cmd.Process.Pid}
	if _, err := answers.ReadByte(); err != nil {
		fatal(s, err)
	}
	e.program = childOf(e.init)
	return e
}

// ping sends a signal to pid and returns the time until the answer, in µs.
func (e *echo) ping(pid int, rest time.Duration) float64 {
	time.Sleep(rest) // let all processes go to sleep
	began := time.Now()
	_ = unix.Kill(pid, unix.SIGUSR1)
	_, _ = e.answers.ReadByte()
	return float64(time.Since(began).Nanoseconds()) / 1000
}

func (e *echo) stop() {
	_ = e.cmd.Process.Kill()
	_ = e.cmd.Wait()
}

// playEcho writes a byte to stdout for each SIGUSR1.
func playEcho() {
	feed, err := early.Take()
	if err != nil {
		panic(err)
	}
	_, _ = unix.Write(1, []byte("r"))
	poll := []unix.PollFd{{Fd: int32(feed.FD()), Events: unix.POLLIN}}
	var buf [16]early.Info
	for {
		_, _ = unix.Poll(poll, -1)
		for n := feed.Read(buf[:]); n > 0; n = feed.Read(buf[:]) {
			for _, info := range buf[:n] {
				if info.Signal == int32(unix.SIGUSR1) {
					_, _ = unix.Write(1, []byte("a"))
				}
			}
		}
	}
}

// forkReader forks a process that exits, after the end of stdin if wait is true. It
// uses raw system calls only, as initcore's fork does.
//
//go:norace
//go:noinline
func forkReader(wait bool) int {
	var b [8]byte
	var set, old uint64
	set = ^uint64(0)
	unix.RawSyscall6(unix.SYS_RT_SIGPROCMASK, unix.SIG_SETMASK, uintptr(unsafe.Pointer(&set)), uintptr(unsafe.Pointer(&old)), 8, 0, 0)
	pid, _, errno := unix.RawSyscall6(unix.SYS_CLONE, uintptr(unix.SIGCHLD), 0, 0, 0, 0, 0)
	if errno == 0 && pid == 0 {
		if wait {
			unix.RawSyscall6(unix.SYS_READ, 0, uintptr(unsafe.Pointer(&b)), 1, 0, 0, 0)
		}
		for {
			unix.RawSyscall6(unix.SYS_EXIT_GROUP, 0, 0, 0, 0, 0, 0)
		}
	}
	unix.RawSyscall6(unix.SYS_RT_SIGPROCMASK, unix.SIG_SETMASK, uintptr(unsafe.Pointer(&old)), 0, 8, 0, 0)
	if errno != 0 {
		panic(errno)
	}
	return int(pid)
}

// drain makes count orphans end at once, and returns the time until the init has reaped
// all of them.
func drain(s subject, count int) time.Duration {
	cmd, lines, trigger := run(s, "orphans", strconv.Itoa(count))
	if line, err := lines.ReadString('\n'); err != nil || line != "ready\n" {
		fatal(s, fmt.Errorf("%q, %w", line, err))
	}
	pids := childrenOf(cmd.Process.Pid)
	if len(pids) < count {
		fatal(s, fmt.Errorf("%d children, want %d", len(pids), count))
	}
	began := time.Now()
	trigger.Close()
	for _, pid := range pids[1:] { // the first one is the program
		for unix.Kill(pid, 0) == nil {
			time.Sleep(200 * time.Microsecond)
		}
	}
	took := time.Since(began)
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	return took
}

// playOrphans creates orphans that wait for the end of stdin, and keeps running.
func playOrphans(count int) {
	self, _ := os.Executable()
	if count > 0 {
		// Their parent ends at once.
		cmd := exec.Command(self, "play", "orphans", strconv.Itoa(-count))
		cmd.Stdin, cmd.Stderr = os.Stdin, os.Stderr
		if err := cmd.Run(); err != nil {
			panic(err)
		}
		fmt.Println("ready")
		time.Sleep(time.Hour)
	}
	for range -count {
		forkReader(true)
	}
}

// use is the memory use of a process, in KiB.
type use struct {
	rss   float64 // resident set size
	dirty float64 // anonymous part of it
}

// reapMany makes an init reap 2×half orphans, and measures its memory after each half.
func reapMany(s subject, half int) (first, second use) {
	cmd, lines, orders := run(s, "reaps")
	for _, u := range []*use{&first, &second} {
		fmt.Fprintln(orders, half)
		if _, err := lines.ReadString('\n'); err != nil {
			fatal(s, err)
		}
		for len(childrenOf(cmd.Process.Pid)) > 1 {
			time.Sleep(10 * time.Millisecond)
		}
		time.Sleep(2 * time.Second) // Measure what the init keeps, not the peak.
		*u = use{rss: statusField(cmd.Process.Pid, "VmRSS"), dirty: statusField(cmd.Process.Pid, "RssAnon")}
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	return first, second
}

// playReaps reads numbers from stdin, a line each, and creates as many orphans, which end
// at once.
func playReaps() {
	self, _ := os.Executable()
	if len(os.Args) > 3 {
		count, _ := strconv.Atoi(os.Args[3])
		for range count {
			forkReader(false)
		}
		return
	}
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		const batch = 500
		total, _ := strconv.Atoi(lines.Text())
		for n := 0; n < total; n += batch {
			if err := exec.Command(self, "play", "reaps", strconv.Itoa(batch)).Run(); err != nil {
				panic(err)
			}
		}
		fmt.Println("done")
	}
}

// childOf returns the first child of a process, 0 if there is none.
func childOf(pid int) int {
	if list := childrenOf(pid); len(list) > 0 {
		return list[0]
	}
	return 0
}

func childrenOf(pid int) (list []int) {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	for _, f := range strings.Fields(string(b)) {
		n, _ := strconv.Atoi(f)
		list = append(list, n)
	}
	return list
}

// statusField returns a number from /proc/[pid]/status, 0 if it is not there.
func statusField(pid int, name string) float64 {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	for line := range strings.Lines(string(b)) {
		if v, ok := strings.CutPrefix(line, name+":"); ok {
			n, _ := strconv.ParseFloat(strings.Fields(v)[0], 64)
			return n
		}
	}
	return 0
}

// switchesWhileIdle returns the context switches of an idle init in d.
func switchesWhileIdle(s subject, d time.Duration) int {
	cmd := isolated(append(append([]string{}, s.command...), "--", "sleep", "1000")...)
	if err := cmd.Start(); err != nil {
		fatal(s, err)
	}
	time.Sleep(2 * time.Second) // do not count the start
	before := switches(cmd.Process.Pid)
	time.Sleep(d)
	n := switches(cmd.Process.Pid) - before
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	return n
}

// switches returns the context switches of all threads of a process so far.
func switches(pid int) (total int) {
	tasks, _ := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	for _, t := range tasks {
		b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%s/status", pid, t.Name()))
		for line := range strings.Lines(string(b)) {
			if k, v, ok := strings.Cut(line, ":"); ok && strings.HasSuffix(k, "ctxt_switches") {
				n, _ := strconv.Atoi(strings.TrimSpace(v))
				total += n
			}
		}
	}
	return total
}
