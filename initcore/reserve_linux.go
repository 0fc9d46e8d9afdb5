package initcore

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// descriptors is how many the init may have open at once, beside those that it
// was started with.
const descriptors = 12

// Reserve makes sure that there are enough descriptors, before anything starts.
// The Go runtime opens two when it first needs a timer or a file, and ends the
// process if it gets none: so it is made to need them now.
func Reserve() error {
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
	time.AfterFunc(time.Hour, func() {}).Stop()
	return nil
}

func closeAll(fds []int) {
	for _, fd := range fds {
		_ = unix.Close(fd)
	}
}
