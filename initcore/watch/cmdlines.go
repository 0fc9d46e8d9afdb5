package watch

import (
	"encoding/binary"
	"fmt"
	"runtime"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"yinit/initcore/history"
	"yinit/procfs"
)

const (
	// maxCmdlines is the maximum number of outstanding requests for command lines.
	// Each holds a descriptor until the line is read.
	maxCmdlines = 32
	// cmdlineBatch is the number of requests after which the watcher yields to the
	// reader: small, so that short-lived processes are read in time, and large enough
	// to make the cost of the switch small.
	cmdlineBatch = 8
	// cmdlineTimeout is the time after which a read counts as stuck. The watcher makes
	// no requests then.
	cmdlineTimeout = 2 * time.Second
	// closeTimeout is how long Close waits for the goroutine of the reader.
	closeTimeout = 100 * time.Millisecond
)

// A cmdlineReader reads the command lines of other processes in a goroutine of its own,
// because such a read may block for as long as the other process likes: the read takes
// the mmap lock of that process, which the process holds while it maps, unmaps or forks
// (mapping a file on NFS may ask the server), and the read may wait for a page on disk.
// Checking the state or wchan first does not help, since the process may take the lock
// between the check and the read.
//
// The owner never waits for the reader. It opens the file, which does not take that
// lock. It sends only if there is room in requests, and receives only what is in answers.
// The reader never blocks on answers either, which has room for all outstanding requests.
// So there is one goroutine, which blocks in one read at most, however many processes
// are started. It needs one thread, which the init has created beforehand (early.Spare),
// and at most [maxCmdlines] descriptors. It sleeps while there are no requests.
type cmdlineReader struct {
	requests chan cmdlineRequest
	answers  chan cmdlineAnswer
	done     chan struct{} // closed when the goroutine has ended
	waiting  int           // requests whose answers the owner has not received
	wake     int           // eventfd, readable when there are answers that the owner waits for; -1: none
	timeout  time.Duration // [cmdlineTimeout], except in tests
	began    time.Time     // origin of since
	since    atomic.Int64  // when the current read began, in nanoseconds after began; 0: there is none
	pid      atomic.Int64  // the process that the current read is about
	// read is [procfs.ReadCommandLine], except in tests.
	read func(fd int, buf []byte) (string, error)
}

type cmdlineRequest struct {
	pid    int
	serial uint64 // see process.serial
	fd     int    // the open file cmdline of the process; the reader closes it
	wake   bool   // make the eventfd readable after the answer
}

type cmdlineAnswer struct {
	pid    int
	serial uint64 // of the request
	line   string // "" if the process has none, or has ended
}

// newCmdlineReader starts a reader for up to most requests at once. With 0 it has no
// goroutine and accepts no requests.
func newCmdlineReader(most int, read func(fd int, buf []byte) (string, error)) *cmdlineReader {
	r := &cmdlineReader{
		requests: make(chan cmdlineRequest, most), answers: make(chan cmdlineAnswer, most),
		done: make(chan struct{}), timeout: cmdlineTimeout, began: time.Now(), read: read,
	}
	var err error
	if r.wake, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK); err != nil {
		r.wake = -1 // the owner receives the answers when it wakes up for another reason
	}
	if most == 0 {
		close(r.done)
		return r
	}
	go r.run()
	return r
}

// run answers requests until the channel is closed.
func (r *cmdlineReader) run() {
	defer close(r.done)
	// A panic in a goroutine would end PID 1. After a recovered one since stays set, so
	// the reader counts as stuck.
	defer func() { _ = recover() }()
	var buf [history.MaxText]byte
	wake := false
	for q := range r.requests {
		r.pid.Store(int64(q.pid))
		r.since.Store(max(int64(time.Since(r.began)), 1))
		line, err := r.read(q.fd, buf[:])
		_ = unix.Close(q.fd)
		if err != nil {
			line = "" // the process has ended
		}
		r.answers <- cmdlineAnswer{q.pid, q.serial, line}
		r.since.Store(0)
		if wake = wake || q.wake && r.wake >= 0; wake && len(r.requests) == 0 {
			wakeUp(r.wake)
			wake = false
		}
	}
}

// wakeUp makes an eventfd readable. It does not block, see eventfd(2), EFD_NONBLOCK.
func wakeUp(fd int) { _, _ = unix.Write(fd, binary.NativeEndian.AppendUint64(nil, 1)) }

// stuck reports whether the current read has taken longer than the timeout.
func (r *cmdlineReader) stuck() bool {
	since := r.since.Load()
	return since != 0 && time.Since(r.began)-time.Duration(since) > r.timeout
}

// close ends the goroutine, and waits for that up to closeTimeout. If a read blocks,
// the goroutine keeps its descriptors: it closes those of its requests if the read ever
// returns, but wake stays open.
func (r *cmdlineReader) close() {
	close(r.requests)
	const step = time.Millisecond
	for range closeTimeout / step {
		select {
		case <-r.done:
			if r.wake >= 0 {
				_ = unix.Close(r.wake)
			}
			return
		default:
			// Do not use the runtime's timers: they need an epoll of their own.
			ts := unix.NsecToTimespec(int64(step))
			_ = unix.Nanosleep(&ts, nil)
		}
	}
}

// startCmdlines starts the reader and adds its eventfd to the epoll set of the watcher.
func (w *Watcher) startCmdlines(most int, read func(int, []byte) (string, error)) {
	w.cmdlines = newCmdlineReader(most, read)
	// Edge-triggered, so that it need not be read: a read that fails would leave it
	// readable for ever. Pad 0: not a pid.
	event := unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLET, Fd: int32(w.cmdlines.wake)}
	_ = unix.EpollCtl(w.epoll, unix.EPOLL_CTL_ADD, w.cmdlines.wake, &event) // on error Tick receives the answers
}

// askCmdline requests the command line of a process if its state allows that, and
// reports whether it did. Ready or Tick receives the answer.
func (w *Watcher) askCmdline(p *process, state procfs.State) bool {
	if w.opt.NamesOnly {
		return false
	}
	p.unread = true
	// A process in uninterruptible sleep often holds its mmap lock.
	if state == procfs.StateDisk || !w.roomForCmdline() {
		return false
	}
	fd, err := w.scanner.OpenCommandLine(p.ID.PID)
	if err != nil {
		p.unread = outOfDescriptors(err)
		return false
	}
	w.cmdlines.requests <- cmdlineRequest{p.ID.PID, p.serial, fd, p.adopting} // does not block: there is room
	w.cmdlines.waiting++
	p.unread = false
	if w.cmdlines.waiting >= cmdlineBatch {
		w.yieldToReader()
	}
	return true
}

// roomForCmdline reports whether another command line can be requested.
func (w *Watcher) roomForCmdline() bool {
	r := w.cmdlines
	if r.stuck() {
		return false
	}
	if r.waiting < cap(r.requests) {
		return true
	}
	if w.takeCmdlines(); r.waiting == cap(r.requests) {
		w.yieldToReader()
	}
	return r.waiting < cap(r.requests)
}

// yieldToReader lets the reader run, since the init uses only one CPU. The Go runtime
// resumes the caller when the reader sleeps or blocks. If the reader has made no
// progress, yieldToReader does nothing until the next scan.
func (w *Watcher) yieldToReader() {
	r := w.cmdlines
	if w.noYield || r.waiting == 0 || r.stuck() {
		return
	}
	before := r.waiting
	runtime.Gosched()
	w.takeCmdlines()
	w.noYield = r.waiting == before
}

// takeCmdlines receives the answers that are available.
func (w *Watcher) takeCmdlines() {
	for r := w.cmdlines; r.waiting > 0; {
		select {
		case a := <-r.answers:
			r.waiting--
			p := w.procs[a.pid]
			if p == nil || p.serial != a.serial {
				continue // it has ended, or has executed another program since
			}
			if a.line != "" { // it has none for a moment during execve
				p.Cmdline = a.line
			}
			w.recordAdoption(p)
		default:
			return
		}
	}
}

// noteUnread records how many command lines could not be read in time, at most once
// per noteInterval.
func (w *Watcher) noteUnread(now time.Time) {
	if w.unread == 0 || now.Sub(w.notedUnread) < noteInterval {
		return
	}
	r := w.cmdlines
	text := unreadText(w.unread)
	if pid := int(r.pid.Load()); r.stuck() {
		text += fmt.Sprintf(": the read of that of %d (%s) blocks", pid, w.name(pid))
	}
	w.note(now, text)
	w.unread, w.notedUnread = 0, now
}

func unreadText(n uint64) string {
	if n == 1 {
		return "the command line of 1 process could not be read in time"
	}
	return fmt.Sprintf("the command lines of %d processes could not be read in time", n)
}
