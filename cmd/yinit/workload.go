package main

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"yinit/procfs"
)

// A role is what a process of the demo's workload does.
type role struct {
	name  string // the name that ps shows
	title string // the command line
	play  func(start func(role string) (*exec.Cmd, error))
}

func roles() map[string]role {
	return map[string]role{
		// A server whose master never waits for the git processes it starts.
		"master": {"gunicorn: mast", "gunicorn: master [app:app]", func(start func(string) (*exec.Cmd, error)) {
			for range 2 {
				start("worker")
			}
			start("stubborn")
			start("git")
			for i := 0; ; i++ {
				time.Sleep(5 * time.Second)
				if i%4 == 0 {
					start("git")
				}
			}
		}},
		"worker": {"gunicorn: work", "gunicorn: worker [app:app]", func(func(string) (*exec.Cmd, error)) {
			for {
				for end := time.Now().Add(20 * time.Millisecond); time.Now().Before(end); {
				}
				time.Sleep(180 * time.Millisecond)
			}
		}},
		"git":      {"git", "git gc --auto", func(func(string) (*exec.Cmd, error)) { time.Sleep(100 * time.Millisecond); os.Exit(1) }},
		"stubborn": {"stubborn", "stubborn --ignore TERM", func(func(string) (*exec.Cmd, error)) { setDisposition(unix.SIGTERM, sigIgnore); forever() }},
		// A scheduler that waits for its jobs: one job leaves an orphan, another crashes.
		"cron": {"cron", "/usr/sbin/cron -f", func(start func(string) (*exec.Cmd, error)) {
			for i := 0; ; i++ {
				job := "backup"
				if i%3 == 2 {
					job = "crash"
				}
				if cmd, err := start(job); err == nil {
					_ = cmd.Wait() // the history has its exit status
				}
				time.Sleep(4 * time.Second)
			}
		}},
		"backup":       {"backup", "backup /srv /mnt", func(start func(string) (*exec.Cmd, error)) { start("upload"); time.Sleep(300 * time.Millisecond) }},
		"upload":       {"upload", "upload --retry 3 /mnt", func(func(string) (*exec.Cmd, error)) { time.Sleep(3 * time.Second); os.Exit(3) }},
		roleSupervisor: {roleSupervisor, roleSupervisor, supervise},
		roleWorker:     {roleWorker, roleWorker, func(func(string) (*exec.Cmd, error)) { forever() }},
		"crash": {"report", "report --monthly", func(func(string) (*exec.Cmd, error)) {
			time.Sleep(time.Second)
			setDisposition(unix.SIGSEGV, sigDefault)
			_ = unix.Kill(os.Getpid(), unix.SIGSEGV)
			forever()
		}},
	}
}

// The roles of the scene stranger.
const (
	roleSupervisor = "supervisor"
	roleWorker     = "worker-1"
)

// supervise waits for all its children, as many servers do, and takes a failure of any of
// them for one of its worker.
func supervise(start func(string) (*exec.Cmd, error)) {
	for {
		worker, err := start(roleWorker)
		if err != nil {
			fmt.Println("supervisor: cannot start the worker:", err)
			return
		}
		pid := worker.Process.Pid
		fmt.Printf("supervisor: worker %d started\n", pid)
		for failed := false; !failed; {
			var ws unix.WaitStatus
			child, err := unix.Wait4(-1, &ws, 0, nil)
			if err != nil {
				continue // EINTR
			}
			if failed = ws != 0; failed {
				fmt.Printf("supervisor: child %d %s: a crash; restarting the worker\n", child, procfs.WaitStatus(ws))
			}
			if child != pid && failed {
				_ = unix.Kill(pid, unix.SIGKILL)
				_, _ = unix.Wait4(pid, nil, 0, nil) // how it ended is known
			}
		}
	}
}

// startWorkload starts the processes that the demo shows. An intermediate process
// starts each and exits at once, so that they become children of the init.
func startWorkload(self string) error {
	for _, name := range []string{"master", "cron"} {
		cmd := exec.Command(self, "demo", stageMisbehave, "launch-"+name)
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("starting the workload: %w: %s", err, out)
		}
	}
	return nil
}

// misbehave runs a role.
func misbehave(name string) (int, error) {
	self, err := os.Executable()
	if err != nil {
		return failure, err
	}
	start := func(name string) (*exec.Cmd, error) {
		cmd := exec.Command(self, "demo", stageMisbehave, name)
		cmd.Args[0] = roles()[name].name
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: name == "master" || name == "cron"}
		return cmd, cmd.Start()
	}
	if launched := len("launch-"); len(name) > launched && name[:launched] == "launch-" {
		_, err := start(name[launched:])
		return 0, err
	}
	r, ok := roles()[name]
	if !ok {
		return failure, fmt.Errorf("demo: unknown role %q", name)
	}
	setName(r.name)
	setTitle(r.title)
	// A Go program catches every signal; the programs in these roles do not.
	for sig := unix.Signal(1); sig < 32; sig++ {
		if sig != unix.SIGKILL && sig != unix.SIGSTOP && sig != unix.SIGURG && sig != unix.SIGCHLD && sig != unix.SIGSEGV {
			setDisposition(sig, sigDefault)
		}
	}
	r.play(start)
	return 0, nil
}

func forever() {
	for {
		time.Sleep(time.Hour)
	}
}

// setName sets the name of this process in /proc/[pid]/comm.
func setName(name string) {
	b := append([]byte(name), 0)
	if err := os.WriteFile("/proc/self/comm", b[:len(b)-1], 0); err != nil {
		_ = unix.Prctl(unix.PR_SET_NAME, uintptr(unsafe.Pointer(&b[0])), 0, 0, 0)
	}
}

// setTitle replaces the command line of this process, as setproctitle(3) of BSD does: it
// overwrites the arguments, which follow each other in memory. It cuts a title that does
// not fit.
func setTitle(title string) {
	size := len(os.Args) - 1 // the zero bytes between the arguments
	for _, arg := range os.Args {
		size += len(arg)
	}
	area := unsafe.Slice(unsafe.StringData(os.Args[0]), size)
	clear(area[copy(area, title):])
}

// SIG_DFL and SIG_IGN of rt_sigaction(2).
const (
	sigDefault = 0
	sigIgnore  = 1
)

// setDisposition replaces the Go runtime's handler for a signal.
func setDisposition(sig unix.Signal, handler uintptr) {
	action := [4]uintptr{handler}
	unix.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(sig), uintptr(unsafe.Pointer(&action)), 0, 8, 0, 0)
}
