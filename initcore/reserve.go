package initcore

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// descriptors is how many the init may have open at once, beside those that it
// was started with.
const descriptors = 12

// ample is so far below the limit that nobody need try.
const ample = 1000

// Reserve makes sure that there are enough descriptors, before anything starts.
// The Go runtime opens two when it first needs a timer or a file, and ends the
// process if it gets none: so it is made to need them now.
func Reserve() error {
	if !plenty() {
		if err := try(); err != nil {
			return err
		}
	}
	time.AfterFunc(time.Hour, func() {}).Stop()
	return nil
}

// plenty reports whether the lowest free number is far below the limit.
func plenty() bool {
	fd, err := unix.Eventfd(0, unix.EFD_CLOEXEC)
	if err != nil {
		return false
	}
	_ = unix.Close(fd)
	var limit unix.Rlimit
	return unix.Getrlimit(unix.RLIMIT_NOFILE, &limit) == nil && uint64(fd)+ample < limit.Cur
}

func try() error {
	var fds [descriptors]int
	for i := range fds {
		fd, err := unix.Eventfd(0, unix.EFD_CLOEXEC)
		if err != nil {
			closeAll(fds[:i])
			return fmt.Errorf("only %d more files can be opened (%w), and the init needs %d; raise the limit: ulimit -n, docker run --ulimit nofile", i, err, descriptors)
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

// ampleThreads is how many processes and threads must be possible for the init to have
// more than it needs to start: 8 with the program, see early.
const ampleThreads = 16

// roomForThreads reports whether there may be some more threads than the init must
// have. Where it cannot be found out there may be: this is about a limit that
// somebody has set to a very small number.
func roomForThreads() bool {
	const ampleLimit = 100 // of the user, whose other processes are not counted here
	var limit unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NPROC, &limit) == nil && limit.Cur < ampleLimit {
		return false
	}
	// A container sees its control group here, version 2 or 1.
	for _, dir := range []string{"/sys/fs/cgroup/", "/sys/fs/cgroup/pids/"} {
		most, err := readNumber(dir + "pids.max")
		if err != nil {
			continue // there is none, or it is "max"
		}
		now, err := readNumber(dir + "pids.current")
		return err == nil && now+ampleThreads <= most
	}
	return true
}

// readNumber reads a number from a file of a control group. There is no need for
// [os.ReadFile], which a start would have to wait for.
func readNumber(path string) (int, error) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return 0, err
	}
	defer unix.Close(fd)
	var b [24]byte
	n, err := unix.Read(fd, b[:])
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(strings.TrimSpace(string(b[:n])))
}
