package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"yinit/initcore/early"
	"yinit/procfs"
)

// The commands that play something on containers of their own are a chain of processes,
// each of which is this program:
//
//	yinit rehearse              makes a PID namespace, the stage
//	  yinit rehearse @engine    PID 1 there: it plays the engine, see box.go
//	    yinit rehearse @pid1    PID 1 of a container on the stage: becomes the program by exec
//
// If the first of them is killed, the second is, and with it the kernel ends everything on
// the stage. A signal that is sent from the stage comes from outside the container.
const (
	stageEngine = "@engine"
	stagePID1   = "@pid1"
)

// stageCaps are what the engine may do in its user namespace: make containers, enter them,
// look at their processes and end them.
var stageCaps = []uintptr{unix.CAP_SYS_ADMIN, unix.CAP_SYS_CHROOT, unix.CAP_SYS_PTRACE, unix.CAP_KILL}

// namespaceError is that namespaces cannot be created or set up.
type namespaceError struct {
	err    error
	advice string
}

func (e *namespaceError) Error() string { return e.err.Error() + "; " + e.advice }
func (e *namespaceError) Unwrap() error { return e.err }

// enterStage runs this program with args on a new stage, and returns its status. docker says
// how to run the same in Docker.
func enterStage(docker string, stdin *os.File, args ...string) (int, error) {
	alive, end, err := os.Pipe() // the engine reads the end of this process
	if err != nil {
		return failure, err
	}
	defer end.Close()
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, unix.SIGTERM, unix.SIGINT, unix.SIGHUP, unix.SIGQUIT)
	// The thread stays, because its end is the death of the parent for Pdeathsig.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd, err := startStage(stdin, alive, os.Getuid() != 0, args)
	if errors.Is(err, unix.EPERM) && os.Getuid() == 0 {
		cmd, err = startStage(stdin, alive, true, args)
	}
	_ = alive.Close() // the engine has it
	if err != nil {
		return failure, &namespaceError{fmt.Errorf("cannot create namespaces: %w", err), namespaceAdvice(procfs.FS{}, docker)}
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case err = <-ended:
	case s := <-signals:
		_ = cmd.Process.Kill() // the kernel ends everything on the stage with it
		<-ended
		return 128 + int(s.(syscall.Signal)), fmt.Errorf("ended by %s; nothing is left running", procfs.SignalName(int(s.(syscall.Signal))))
	}
	return statusOfCommand(err)
}

// statusOfCommand returns the exit status of a command as a shell does.
func statusOfCommand(err error) (int, error) {
	if state, ok := errors.AsType[*exec.ExitError](err); ok {
		return shellStatus(state.ProcessState), nil
	}
	return 0, err
}

func shellStatus(state *os.ProcessState) int { return waitStatusOf(state).Shell() }

func waitStatusOf(state *os.ProcessState) procfs.WaitStatus {
	ws, _ := state.Sys().(syscall.WaitStatus) // always, on Linux
	return procfs.WaitStatus(ws)
}

// startStage starts this program as PID 1 of new namespaces.
func startStage(stdin, alive *os.File, rootless bool, args []string) (*exec.Cmd, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(self, args...)
	cmd.Env = early.Environ()
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, os.Stdout, os.Stderr
	cmd.ExtraFiles = []*os.File{alive}
	// In a session of its own it gets no signals from the terminal.
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: unix.CLONE_NEWPID | unix.CLONE_NEWNS | unix.CLONE_NEWIPC,
		Pdeathsig:  unix.SIGKILL, Setsid: true,
	}
	if rootless {
		uid, gid := os.Getuid(), os.Getgid()
		cmd.SysProcAttr.Cloneflags |= unix.CLONE_NEWUSER
		// The programs keep their user, as in the container.
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: uid, HostID: uid, Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: gid, HostID: gid, Size: 1}}
		cmd.SysProcAttr.AmbientCaps = stageCaps
	}
	return cmd, cmd.Start()
}

// namespaceAdvice says which setting forbids namespaces, and what to do about it. docker
// says how to run the same in Docker.
func namespaceAdvice(fs procfs.FS, docker string) string {
	for _, setting := range []struct{ file, forbids string }{
		{"sys/kernel/unprivileged_userns_clone", "0"},
		{"sys/user/max_user_namespaces", "0"},
		{"sys/user/max_pid_namespaces", "0"},
		{"sys/kernel/apparmor_restrict_unprivileged_userns", "1"},
	} {
		b, err := os.ReadFile(fs.Root() + "/" + setting.file)
		if err == nil && strings.TrimSpace(string(b)) == setting.forbids {
			name := strings.ReplaceAll(strings.TrimPrefix(setting.file, "sys/"), "/", ".")
			return fmt.Sprintf("the setting %s is %s; change it as root with sysctl, %s", name, setting.forbids, docker)
		}
	}
	return "the seccomp profile of a container or a security module forbids it; " + strings.TrimPrefix(docker, "or ")
}

// dockerOptions are what a container needs in which namespaces are made.
const dockerOptions = "--security-opt seccomp=unconfined --security-opt systempaths=unconfined"

// setUpStage prepares the namespaces of the engine. When the first process of the chain has
// ended, it ends this one.
func setUpStage() error {
	unix.CloseOnExec(3)
	// PID 1 is shielded from SIGPIPE, too: a write fails instead. The programs get the default.
	signal.Notify(make(chan os.Signal, 1), unix.SIGPIPE)
	go func() {
		var b [1]byte
		_, _ = os.NewFile(3, "alive").Read(b[:]) // nothing is ever written
		os.Exit(failure)
	}()
	return mountProc()
}

// unreadStatus is the status of a command whose output nobody reads any more.
const unreadStatus = 128 + int(unix.SIGPIPE)

// mountProc mounts the /proc of this PID namespace.
func mountProc() error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return &namespaceError{fmt.Errorf("making the mounts private: %w", err), "run it as root, or without the seccomp profile of the container: " + dockerOptions}
	}
	if err := unix.Mount("proc", "/proc", "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""); err != nil {
		return &namespaceError{fmt.Errorf("mounting /proc: %w", err), "in a container, the runtime may have masked parts of /proc: start the container with --security-opt systempaths=unconfined"}
	}
	return nil
}
