package initcore

import (
	"bytes"
	"errors"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// An outlet is a descriptor of ours to which the output of programs is copied line
// by line, with the name of the program before each line. A goroutine of its own does
// the copying. It blocks while no process reads our output: then the programs block,
// too, as they would without us.
type outlet struct {
	fd     int
	epoll  int           // epoll descriptor on which the goroutine waits for all inlets
	ending int           // an eventfd that becomes readable when the init exits
	done   chan struct{} // closed when all is copied; nil: the goroutine was not started

	mu     sync.Mutex
	inlets map[int32]*inlet // by descriptor

	chunk, out []byte
}

// An inlet is the pipe that a program writes to.
type inlet struct {
	fd      int
	prefix  []byte
	pending []byte // the start of a line whose newline has not been read yet
}

// relays are the outlets of the init.
type relays struct{ outlets [3]*outlet } // by descriptor

func newRelays() *relays {
	r := &relays{outlets: [3]*outlet{1: {fd: 1}, 2: {fd: 2}}}
	var out, err unix.Stat_t
	if unix.Fstat(1, &out) == nil && unix.Fstat(2, &err) == nil && out.Dev == err.Dev && out.Ino == err.Ino {
		r.outlets[2] = r.outlets[1] // the same file: lines of both must not be mixed
	}
	return r
}

// pipe returns a descriptor for a program to write to, which the caller closes after
// the fork. The output is copied to fd, which is 1 or 2.
func (r *relays) pipe(name string, fd int) (int, error) {
	var p [2]int
	if err := unix.Pipe2(p[:], unix.O_CLOEXEC); err != nil {
		return -1, os.NewSyscallError("pipe2", err)
	}
	// O_NONBLOCK on our end does not affect the program's end, which stays blocking.
	err := unix.SetNonblock(p[0], true)
	if err == nil {
		err = r.outlets[fd].add(name, p[0])
	}
	if err != nil {
		_, _ = unix.Close(p[0]), unix.Close(p[1])
		return -1, err
	}
	return p[1], nil
}

// drainLimit is how long the init waits at exit for the last output to be written, if
// no process reads it.
const drainLimit = 2 * time.Second

// drain waits, for each descriptor up to drainLimit, until all that the programs wrote
// before they ended is written.
func (r *relays) drain() error {
	for _, o := range r.outlets {
		if o != nil && o.done != nil {
			one := [8]byte{1} // whatever the byte order, it is not zero
			_, _ = unix.Write(o.ending, one[:])
		}
	}
	for _, o := range r.outlets {
		if o != nil && o.done != nil && !waitFor(o.done, drainLimit) {
			return errors.New("no process reads our output: the last lines of the programs may be lost")
		}
	}
	return nil
}

// add begins to copy from in, a non-blocking descriptor.
func (o *outlet) add(name string, in int) error {
	if o.done == nil {
		if err := o.startCopying(); err != nil {
			return err
		}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if err := o.await(in); err != nil {
		return err
	}
	o.inlets[int32(in)] = &inlet{fd: in, prefix: []byte(name + " | ")}
	return nil
}

// startCopying starts the goroutine.
func (o *outlet) startCopying() (err error) {
	if o.epoll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return os.NewSyscallError("epoll_create1", err)
	}
	if o.ending, err = unix.Eventfd(0, unix.EFD_CLOEXEC); err != nil {
		_ = unix.Close(o.epoll)
		return os.NewSyscallError("eventfd", err)
	}
	if err = o.await(o.ending); err != nil {
		_, _ = unix.Close(o.epoll), unix.Close(o.ending)
		return err
	}
	o.inlets, o.done, o.chunk = map[int32]*inlet{}, make(chan struct{}), make([]byte, 16<<10)
	go o.run()
	return nil
}

func (o *outlet) await(fd int) error {
	event := unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(fd)}
	return os.NewSyscallError("epoll_ctl", unix.EpollCtl(o.epoll, unix.EPOLL_CTL_ADD, fd, &event))
}

// run copies until the init exits. Then it copies only what is in the pipes already: a
// process that outlives the programs may keep a pipe open and write for ever.
func (o *outlet) run() {
	defer close(o.done)
	var events [16]unix.EpollEvent
	for {
		n, err := unix.EpollWait(o.epoll, events[:], -1)
		if err != nil && err != unix.EINTR {
			nap(idleNap) // an error is not expected, but must not make the loop spin
		}
		ended := false
		for _, e := range events[:max(n, 0)] {
			if int(e.Fd) == o.ending {
				ended = true
			} else if in := o.inlet(e.Fd); in != nil && !o.copy(in, len(o.chunk)) {
				o.drop(in)
			}
		}
		if ended {
			break
		}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, in := range o.inlets {
		left, err := unix.IoctlGetInt(in.fd, unix.TIOCINQ)
		for err == nil && left > 0 && o.copy(in, left) {
			left -= min(left, len(o.chunk))
		}
		o.finish(in)
	}
}

func (o *outlet) inlet(fd int32) *inlet {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.inlets[fd]
}

// drop closes a pipe that no process can write to any more.
func (o *outlet) drop(in *inlet) {
	o.finish(in)
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.inlets, int32(in.fd))
	_ = unix.Close(in.fd) // this removes it from the epoll set: there is no duplicate
}

// longestLine is the maximum length of a line in bytes. A longer line is split.
const longestLine = 64 << 10

// copy reads once, at most n bytes, and reports whether more output may follow.
func (o *outlet) copy(in *inlet, n int) bool {
	n, err := unix.Read(in.fd, o.chunk[:min(n, len(o.chunk))])
	if err == unix.EINTR || err == unix.EAGAIN {
		return true
	}
	if n <= 0 {
		return false
	}
	in.pending = append(in.pending, o.chunk[:n]...)
	end := bytes.LastIndexByte(in.pending, '\n') + 1
	o.write(in.prefix, in.pending[:end])
	in.pending = append(in.pending[:0], in.pending[end:]...)
	for len(in.pending) > longestLine {
		o.write(in.prefix, append(bytes.Clone(in.pending[:longestLine]), '\n'))
		in.pending = append(in.pending[:0], in.pending[longestLine:]...)
	}
	return true
}

// finish writes a last line that has no newline.
func (o *outlet) finish(in *inlet) {
	if len(in.pending) > 0 {
		o.write(in.prefix, append(in.pending, '\n'))
	}
	in.pending = nil
}

// write puts the prefix before each line and writes all lines in one call. Up to
// PIPE_BUF bytes that is atomic on a pipe, even if other processes write to the same
// pipe, see pipe(7).
func (o *outlet) write(prefix, lines []byte) {
	o.out = o.out[:0]
	for line := range bytes.Lines(lines) {
		o.out = append(append(o.out, prefix...), line...)
	}
	writeAll(o.fd, o.out)
}
