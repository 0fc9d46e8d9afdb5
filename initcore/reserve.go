package initcore

import (
	"fmt"
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
