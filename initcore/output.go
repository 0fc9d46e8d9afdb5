package initcore

import (
	"bytes"
	"errors"
	"math"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// A relay copies the output of a program line by line and puts its name before
// each line. It runs beside the loop, in goroutines that may block for as long
// as our own output is full: then the program waits, as it would without us.
type relay struct {
	prefix []byte
	to     *outlet
}

// outlet is a descriptor of ours that several relays write to.
type outlet struct {
	mu sync.Mutex // one line at a time
	fd int
}

// relays are all relays of the init.
type relays struct {
	outlets [3]*outlet // by descriptor
	some    bool       // there is one at least
	ending  int        // an eventfd that becomes readable at the end, -1: not open
	running sync.WaitGroup
}

func newRelays() *relays {
	r := &relays{ending: -1}
	r.outlets[1], r.outlets[2] = &outlet{fd: 1}, &outlet{fd: 2}
	var out, err unix.Stat_t
	if unix.Fstat(1, &out) == nil && unix.Fstat(2, &err) == nil && out.Dev == err.Dev && out.Ino == err.Ino {
		r.outlets[2] = r.outlets[1] // the same file: their lines must not mix either
	}
	return r
}

// pipe returns the descriptor for a program to write to, which the caller closes
// after the fork. What is written there comes out at fd.
func (r *relays) pipe(name string, fd int) (int, error) {
	var p [2]int
	if err := unix.Pipe2(p[:], unix.O_CLOEXEC); err != nil {
		return -1, os.NewSyscallError("pipe2", err)
	}
	if !r.some {
		r.some = true
		if fd, err := unix.Eventfd(0, unix.EFD_CLOEXEC); err == nil {
			r.ending = fd // without it the end waits for all writers
		}
	}
	one, ending := relay{prefix: []byte(name + " | "), to: r.outlets[fd]}, r.ending
	r.running.Add(1)
	go func() {
		defer r.running.Done()
		one.copy(p[0], ending)
	}()
	return p[1], nil
}

// lastWords is how long the end waits for output that is still on its way. This
// is about a reader that does not read: the relays themselves wait for nobody then.
const lastWords = 2 * time.Second

// drain waits until everything is written that the programs wrote before they
// ended, for a while.
func (r *relays) drain() error {
	if !r.some {
		return nil
	}
	if r.ending >= 0 {
		one := [8]byte{1} // whatever the byte order, it is not zero
		_, _ = unix.Write(r.ending, one[:])
	}
	done := make(chan struct{})
	go func() {
		r.running.Wait()
		close(done)
	}()
	if !waitFor(done, lastWords) {
		return errors.New("nobody reads our output: the last lines of the programs may be lost")
	}
	return nil
}

// longestLine is what is kept of a line that does not end; what is longer comes
// in several.
const longestLine = 64 << 10

// copy reads fd to its end. Once ending is readable it takes what is there already
// and stops: a process that outlives the programs may hold the pipe for ever.
func (r relay) copy(fd, ending int) {
	defer unix.Close(fd)
	var (
		pending = make([]byte, 0, 4096)
		chunk   = make([]byte, 16<<10)
		left    = -1 // how much is still to be read; -1: all that comes
	)
	for interrupted := 0; left != 0; {
		if left < 0 && ended(fd, ending) {
			left = waiting(fd)
			continue
		}
		part := chunk
		if left > 0 {
			part = chunk[:min(left, len(chunk))]
		}
		n, err := unix.Read(fd, part)
		if err == unix.EINTR && interrupted < interruptedMost {
			interrupted++
			continue
		}
		interrupted = 0
		if n <= 0 {
			break
		}
		if left > 0 {
			left -= n
		}
		pending = append(pending, part[:n]...)
		pending = r.lines(pending)
	}
	if len(pending) > 0 { // no newline at the end
		r.write(append(pending, '\n'))
	}
}

// ended waits until there is something to read, or the end has come, and reports
// whether it has.
func ended(fd, ending int) bool {
	wait := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}, {Fd: int32(ending), Events: unix.POLLIN}}
	for range interruptedMost {
		if _, err := unix.Poll(wait, -1); err != unix.EINTR {
			return err == nil && wait[1].Revents&unix.POLLIN != 0 // otherwise reading waits
		}
	}
	return false
}

// waiting is how many bytes are in the pipe. If that cannot be told, it is all
// that comes.
func waiting(fd int) int {
	n, err := unix.IoctlGetInt(fd, unix.TIOCINQ)
	if err != nil {
		return math.MaxInt
	}
	return n
}

// lines writes the whole lines of b and returns the rest.
func (r relay) lines(b []byte) []byte {
	end := bytes.LastIndexByte(b, '\n') + 1
	if end > 0 {
		r.write(b[:end])
	}
	rest := append(b[:0], b[end:]...)
	for len(rest) > longestLine {
		r.write(append(bytes.Clone(rest[:longestLine]), '\n'))
		rest = append(rest[:0], rest[longestLine:]...)
	}
	return rest
}

// write puts the prefix before each of the lines and writes them in one piece,
// so that not even another process on the same pipe comes between as long as it
// is short, see pipe(7), PIPE_BUF.
func (r relay) write(lines []byte) {
	out := make([]byte, 0, len(lines)+len(r.prefix)*8)
	for line := range bytes.Lines(lines) {
		out = append(append(out, r.prefix...), line...)
	}
	r.to.mu.Lock()
	defer r.to.mu.Unlock()
	writeAll(r.to.fd, out)
}
