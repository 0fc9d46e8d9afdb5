package initcore

import (
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"yinit/initcore/early"
	"yinit/procfs/cgroup"
)

// descriptors is the maximum number of descriptors that the init opens at once, beside
// those that it was started with.
const descriptors = 14

// ample is how many descriptors must be free for Reserve to skip its trial.
const ample = 1000

// Reserve makes sure that there are enough descriptors, before any program starts. The
// Go runtime opens two when it first needs a timer or a file, and ends the process if
// that fails. Reserve makes the runtime open them now. It also makes sure that the init
// may wait for its children.
func Reserve() error {
	if err := mayReap(); err != nil {
		return fmt.Errorf("cannot reap processes (waitid: %w); allow waitid in the seccomp profile", err)
	}
	fd, err := tryPoller()
	if err != nil && !tooMany(err) {
		return fmt.Errorf("%w; yinit needs this system call: allow it in the seccomp profile (docker run --security-opt seccomp=FILE)", err)
	}
	if err != nil || !plenty(fd) {
		if err := tryDescriptors(); err != nil {
			return err
		}
	}
	time.AfterFunc(time.Hour, func() {}).Stop()
	return nil
}

// tryPoller makes the system calls with which the runtime prepares to wait for files and
// timers. It returns a descriptor that is free.
func tryPoller() (fd int, err error) {
	epoll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return 0, os.NewSyscallError("epoll_create1(2)", err)
	}
	defer unix.Close(epoll)
	event, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		return 0, os.NewSyscallError("eventfd2(2)", err)
	}
	defer unix.Close(event)
	err = unix.EpollCtl(epoll, unix.EPOLL_CTL_ADD, event, &unix.EpollEvent{Events: unix.EPOLLIN})
	return event, os.NewSyscallError("epoll_ctl(2)", err)
}

// tooMany reports whether err is that of a limit on descriptors or memory.
func tooMany(err error) bool {
	return errors.Is(err, unix.EMFILE) || errors.Is(err, unix.ENFILE) || errors.Is(err, unix.ENOMEM)
}

// plenty reports whether the descriptor is far below the limit.
func plenty(fd int) bool {
	var limit unix.Rlimit
	return unix.Getrlimit(unix.RLIMIT_NOFILE, &limit) == nil && uint64(fd)+ample < limit.Cur
}

// tryDescriptors returns an error if it cannot open the descriptors that the init needs.
// It closes them again.
func tryDescriptors() error {
	var fds [descriptors]int
	for i := range fds {
		fd, err := unix.Eventfd(0, unix.EFD_CLOEXEC)
		if err != nil {
			closeAll(fds[:i])
			advice := "raise the limit: ulimit -n, docker run --ulimit nofile"
			if !errors.Is(err, unix.EMFILE) {
				advice = "that is a limit of the machine, not of this container: raise it on the host, or free memory there"
			}
			return fmt.Errorf("only %d more files can be opened (%w), and the init needs %d; %s", i, err, descriptors, advice)
		}
		fds[i] = fd
	}
	closeAll(fds[:])
	return nil
}

func closeAll(fds []int) {
	for _, fd := range fds {
		_ = unix.Close(fd)
	}
}

// ampleThreads is the number of further processes and threads that the limits must
// permit for the init to use more threads than it needs to start. It needs 8 with the
// program, see package early.
const ampleThreads = 16

// ampleTried is the number of threads that [early.Tried] must return for the same, if it
// has tried. There they are counted beside the first one, and without the program.
const ampleTried = 12

// roomForThreads reports whether the limits permit some more threads than the init
// needs. It returns true if the limits are unknown: the check is for limits that were
// set to a very small number.
func roomForThreads(c cgroup.Container) bool {
	if made := early.Tried(); made > 0 && made < ampleTried {
		return false
	}
	now, limit := c.Pids()
	return limit == 0 || now != 0 && now+ampleThreads <= limit
}
