package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"yinit/initcore/early"
	"yinit/procfs"
)

// A box is a container on a stage: a PID and a mount namespace with a PID 1. The engine,
// which is this process, is outside.
type box struct {
	cmd   *exec.Cmd
	first procfs.ID     // its PID 1, as the engine sees it
	ended chan struct{} // closed when PID 1, and so all of the container, has ended
	at    time.Time     // when it has ended
	state *os.ProcessState

	mounts, pids, dir *os.File // its namespaces, and where its program starts
}

// A startError is that the program of a container could not be executed.
type startError struct {
	text   string
	status int // what an engine reports
}

func (e *startError) Error() string { return e.text }

// boxOptions say how to start a container.
type boxOptions struct {
	command string    // the command of yinit that becomes the program: it takes stagePID1
	init    string    // PID 1: "yinit", or "none" for the program itself
	out     io.Writer // takes stdout and stderr
	limit   int       // most processes and threads, 0: no limit
}

// startBox starts words as PID 1 of a new container. Stdin is /dev/null, as that of a
// container in the background.
func startBox(o boxOptions, words []string) (*box, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	fault, report, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer fault.Close()
	gate, open, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, report.Close())
	}
	b := &box{cmd: exec.Command(self, append([]string{o.command, stagePID1, o.init, strconv.Itoa(o.limit)}, words...)...), ended: make(chan struct{})}
	b.cmd.Env = early.Environ()
	b.cmd.Stdout, b.cmd.Stderr = o.out, o.out
	b.cmd.ExtraFiles = []*os.File{report, gate}
	b.cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWPID | unix.CLONE_NEWNS, Setsid: true, AmbientCaps: ambientCaps()}
	if o.limit > 0 {
		limitUser(b.cmd.SysProcAttr)
	}
	err = b.cmd.Start()
	_, _ = report.Close(), gate.Close() // the child has them
	if err != nil {
		_ = open.Close() // nobody waits
		return nil, fmt.Errorf("cannot create the namespaces of the container: %w", err)
	}
	go func() {
		_ = b.cmd.Wait() // the state says how it ended
		b.at, b.state = time.Now(), b.cmd.ProcessState
		close(b.ended)
	}()
	err = b.open()
	_ = open.Close() // now the program may run
	if err != nil {
		return nil, errors.Join(err, b.kill())
	}
	if text, err := io.ReadAll(fault); err != nil || len(text) > 0 { // it ends with exec
		if err = errors.Join(err, b.kill()); err != nil {
			return nil, err
		}
		return nil, &startError{string(text), shellStatus(b.state)}
	}
	return b, nil
}

// limitedUser is the user of a container with a limit, if the engine is root: the limit does
// not apply to root.
const limitedUser = 64999

// limitUser puts the container into a user namespace of its own, so that RLIMIT_NPROC counts
// its processes only, Linux 5.14.
func limitUser(attr *syscall.SysProcAttr) {
	uid, gid := os.Getuid(), os.Getgid()
	attr.Cloneflags |= unix.CLONE_NEWUSER
	if uid == 0 {
		attr.UidMappings = []syscall.SysProcIDMap{{ContainerID: limitedUser, HostID: limitedUser, Size: 1}}
		attr.GidMappings = []syscall.SysProcIDMap{{ContainerID: limitedUser, HostID: limitedUser, Size: 1}}
		attr.GidMappingsEnableSetgroups = true
		attr.Credential = &syscall.Credential{Uid: limitedUser, Gid: limitedUser}
		attr.AmbientCaps = stageCaps
		return
	}
	attr.UidMappings = []syscall.SysProcIDMap{{ContainerID: uid, HostID: uid, Size: 1}}
	attr.GidMappings = []syscall.SysProcIDMap{{ContainerID: gid, HostID: gid, Size: 1}}
}

// ambientCaps returns the capabilities that the children of a rootless engine need.
func ambientCaps() []uintptr {
	if os.Getuid() == 0 {
		return nil // root keeps its capabilities over exec
	}
	return stageCaps
}

// open opens the namespaces, and notes who PID 1 is.
func (b *box) open() (err error) {
	pid := b.cmd.Process.Pid
	stat, err := procfs.FS{}.Stat(pid)
	if err != nil {
		return err
	}
	b.first = stat.ID()
	if b.mounts, err = os.Open(fmt.Sprintf("/proc/%d/ns/mnt", pid)); err != nil {
		return err
	}
	if b.pids, err = os.Open(fmt.Sprintf("/proc/%d/ns/pid", pid)); err != nil {
		return err
	}
	b.dir, err = os.Open(fmt.Sprintf("/proc/%d/cwd", pid))
	return err
}

// signal sends a signal to PID 1 from outside, as an engine does.
func (b *box) signal(sig unix.Signal) { _ = b.cmd.Process.Signal(sig) } // it may have ended

// kill ends the container, and waits until it has ended.
func (b *box) kill() error {
	err := b.cmd.Process.Kill()
	<-b.ended
	if errors.Is(err, os.ErrProcessDone) {
		return nil
	}
	return err
}

// runs reports whether PID 1 still runs.
func (b *box) runs() bool {
	select {
	case <-b.ended:
		return false
	default:
		return true
	}
}

// wait waits until the container has ended, but at most for d, and reports whether it has.
func (b *box) wait(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-b.ended:
		return true
	case <-t.C:
		return false
	}
}

// close releases the namespaces.
func (b *box) close() {
	for _, f := range []*os.File{b.mounts, b.pids, b.dir} {
		_ = f.Close() // read only
	}
}

// A launched is a command that was started.
type launched struct {
	cmd   *exec.Cmd
	began time.Time
	done  chan struct{} // closed when it has ended
	at    time.Time     // when it has ended
	err   error         // that it could not be started or, as of Wait, how it ended
}

// launch starts a command after it has called enter. If that changes the thread, nothing else
// runs on it.
func launch(cmd *exec.Cmd, enter func() error) *launched {
	r := &launched{cmd: cmd, began: time.Now(), done: make(chan struct{})}
	started := make(chan struct{})
	go func() {
		defer close(r.done)
		runtime.LockOSThread() // for ever: the thread ends with the goroutine
		if r.err = enter(); r.err == nil {
			r.err = cmd.Start()
		}
		close(started)
		if r.err == nil {
			r.err = cmd.Wait()
		}
		r.at = time.Now()
	}()
	<-started
	return r
}

// wait waits until the command has ended, but at most for limit, and kills it then. It
// reports whether that was necessary.
func (r *launched) wait(limit time.Duration) (killed bool) {
	t := time.NewTimer(limit)
	defer t.Stop()
	select {
	case <-r.done:
		return false
	case <-t.C:
	}
	killed = r.cmd.Process != nil && r.cmd.Process.Kill() == nil // else it has ended
	<-r.done
	return killed
}

// run starts a command in the container, as docker exec does. The caller sets the files of
// the command.
func (b *box) run(cmd *exec.Cmd) *launched {
	cmd.Env = early.Environ()
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	return launch(cmd, b.enter)
}

// enter moves this thread into the container. What it starts is in there.
func (b *box) enter() error {
	if err := unix.Unshare(unix.CLONE_FS); err != nil {
		return fmt.Errorf("unshare: %w", err)
	}
	if err := unix.Setns(int(b.mounts.Fd()), unix.CLONE_NEWNS); err != nil {
		return fmt.Errorf("entering the mount namespace: %w", err)
	}
	if err := unix.Setns(int(b.pids.Fd()), unix.CLONE_NEWPID); err != nil {
		return fmt.Errorf("entering the PID namespace: %w", err)
	}
	// The path of the directory may lead through others that this user cannot search.
	if err := unix.Fchdir(int(b.dir.Fd())); err != nil {
		return fmt.Errorf("entering the working directory: %w", err)
	}
	return dropAmbient()
}

// dropAmbient keeps the capabilities of the engine from the programs.
func dropAmbient() error {
	return unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
}

// becomePID1 turns the first process of a container into its program. words are the init,
// the limit, and the program. The descriptor 3 takes the reason if that fails; 4 ends when the engine
// is ready.
func becomePID1(words []string) (int, error) {
	unix.CloseOnExec(3)
	_, _ = io.ReadAll(os.NewFile(4, "gate")) // nothing comes, only the end
	unix.CloseOnExec(4)
	status, err := failure, error(nil)
	if len(words) < 3 {
		err = errors.New("there is no program")
	} else if limit, none := strconv.Atoi(words[1]); none != nil {
		err = none
	} else {
		status, err = execPID1(words[0], limit, words[2:])
	}
	_, _ = os.NewFile(3, "fault").WriteString(err.Error()) // the engine reports it
	return status, nil
}

func execPID1(init string, limit int, words []string) (int, error) {
	if err := mountProc(); err != nil {
		return failure, err
	}
	path := words[0]
	if init == "yinit" {
		self, err := os.Executable()
		if err != nil {
			return failure, err
		}
		path, words = self, append([]string{"yinit", "--"}, words...)
	} else {
		found, err := exec.LookPath(path)
		if err != nil {
			return 127, fmt.Errorf("cannot run %s: %w; check the name, or give its path", procfs.Printable(path), errors.Unwrap(err))
		}
		path = found
	}
	if err := dropAmbient(); err != nil {
		return failure, fmt.Errorf("dropping the capabilities: %w", err)
	}
	if limit > 0 {
		most := unix.Rlimit{Cur: uint64(limit), Max: uint64(limit)}
		if err := unix.Setrlimit(unix.RLIMIT_NPROC, &most); err != nil {
			return failure, fmt.Errorf("limiting the processes: %w", err)
		}
	}
	// A container starts with the default for every signal, and none blocked.
	runtime.LockOSThread()
	for sig := unix.Signal(1); sig <= 64; sig++ {
		setDisposition(sig, sigDefault)
	}
	_ = unix.PthreadSigmask(unix.SIG_SETMASK, &unix.Sigset_t{}, nil) // cannot fail
	return 126, fmt.Errorf("cannot run %s: %w", path, unix.Exec(path, words, early.Environ()))
}
