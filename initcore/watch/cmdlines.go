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
	// cmdlinesMost is how many command lines may be waited for at once. Each takes a
	// descriptor until it was read.
	cmdlinesMost = 32
	// cmdlineBatch is how many are asked for before the reader gets the CPU: few enough
	// for processes that end soon, and enough for the switch to cost little.
	cmdlineBatch = 8
	// cmdlinePatience is how long one may take before no more are asked for.
	cmdlinePatience = 2 * time.Second
	// closePatience is how long Close waits for the goroutine that reads.
	closePatience = 100 * time.Millisecond
)

// A cmdlineReader reads the command lines of other processes in a goroutine of its own,
// because that may block for as long as such a process wants: the read takes its mmap
// lock, which it holds while it maps, unmaps or forks (and mapping a file of NFS may ask
// the server), and may wait for a page that a disk has. To look before (the state, wchan)
// does not help, since the lock may be taken between the look and the read.
//
// The owner never waits for it. It opens the file, which takes no such lock. It sends
// only as long as there is room in requests, and takes from answers what is there. The
// reader never waits to answer: no more requests are on their way than answers has room
// for. So there is one goroutine, which blocks in one read at most, however many
// processes come. It needs one thread, which the init has made beforehand (early.Spare),
// and at most [cmdlinesMost] descriptors. While nothing is asked it sleeps.
type cmdlineReader struct {
	requests chan cmdlineRequest
	answers  chan cmdlineAnswer
	done     chan struct{} // closed when the goroutine has ended
	waiting  int           // requests that the owner has got no answer to
	wake     int           // eventfd: readable when there are answers that the owner waits for, -1: none
	patience time.Duration // [cmdlinePatience], but for tests
	began    time.Time
	since    atomic.Int64 // when the read that is under way began, after began; 0: none is
	pid      atomic.Int64 // whose command line it is
	// read is [procfs.ReadCommandLine], but for tests.
	read func(fd int, buf []byte) (string, error)
}

type cmdlineRequest struct {
	pid    int
	serial uint64 // of the process, see process.serial
	fd     int    // its cmdline; the reader closes it
	wake   bool   // the owner is to be woken up by the answer
}

type cmdlineAnswer struct {
	pid    int
	serial uint64
	line   string // "" if it has none, or has ended
}

// newCmdlineReader starts a reader for at most most requests at once. With 0 it has
// no goroutine, and must not be asked.
func newCmdlineReader(most int, read func(fd int, buf []byte) (string, error)) *cmdlineReader {
	r := &cmdlineReader{
		requests: make(chan cmdlineRequest, most), answers: make(chan cmdlineAnswer, most),
		done: make(chan struct{}), patience: cmdlinePatience, began: time.Now(), read: read,
	}
	var err error
	if r.wake, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK); err != nil {
		r.wake = -1 // the owner takes the answers when it wakes up for something else
	}
	if most == 0 {
		close(r.done)
		return r
	}
	go r.run()
	return r
}

// run answers requests until there will be none.
func (r *cmdlineReader) run() {
	defer close(r.done)
	// A panic in a goroutine would end PID 1. Without this one it goes on: since is set,
	// so it looks as if the read took for ever.
	defer func() { _ = recover() }()
	var buf [history.MaxText]byte
	wake := false
	for q := range r.requests {
		r.pid.Store(int64(q.pid))
		r.since.Store(max(int64(time.Since(r.began)), 1))
		line, err := r.read(q.fd, buf[:])
		_ = unix.Close(q.fd)
		if err != nil {
			line = "" // it has ended
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

// stuck reports whether the read that is under way takes so long that it may never end.
func (r *cmdlineReader) stuck() bool {
	since := r.since.Load()
	return since != 0 && time.Since(r.began)-time.Duration(since) > r.patience
}

// close ends the goroutine, at once unless a read blocks. Then the descriptors are left
// to it: if it ever comes back it will close those that it holds, but not wake.
func (r *cmdlineReader) close() {
	close(r.requests)
	const step = time.Millisecond
	for range closePatience / step {
		select {
		case <-r.done:
			if r.wake >= 0 {
				_ = unix.Close(r.wake)
			}
			return
		default:
			// Without the runtime's timers, which need an epoll of their own.
			ts := unix.NsecToTimespec(int64(step))
			_ = unix.Nanosleep(&ts, nil)
		}
	}
}

// startCmdlines makes the reader, whose answers wake the owner of the watcher.
func (w *Watcher) startCmdlines(most int, read func(int, []byte) (string, error)) {
	w.cmdlines = newCmdlineReader(most, read)
	// Edge-triggered, so that it need not be read: a read that fails would leave it
	// readable for ever. The pid of its event is 0.
	event := unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLET, Fd: int32(w.cmdlines.wake)}
	_ = unix.EpollCtl(w.epoll, unix.EPOLL_CTL_ADD, w.cmdlines.wake, &event) // or else Tick takes the answers
}

// askCmdline asks for the command line of a process, if its state allows that, and
// reports whether there will be an answer. It comes when Ready or Tick is called.
func (w *Watcher) askCmdline(p *process, state procfs.State) bool {
	if w.opt.NamesOnly {
		return false
	}
	p.unread = true
	// In uninterruptible sleep it often holds its mmap lock.
	if state == procfs.StateDisk || !w.roomForCmdline() {
		return false
	}
	fd, err := w.scanner.OpenCommandLine(p.ID.PID)
	if err != nil {
		p.unread = outOfDescriptors(err)
		return false
	}
	w.cmdlines.requests <- cmdlineRequest{p.ID.PID, p.serial, fd, p.adopting} // there is room
	w.cmdlines.waiting++
	p.unread = false
	if w.cmdlines.waiting >= cmdlineBatch {
		w.letReaderRun()
	}
	return true
}

// roomForCmdline reports whether another command line can be asked for.
func (w *Watcher) roomForCmdline() bool {
	r := w.cmdlines
	if r.stuck() {
		return false
	}
	if r.waiting < cap(r.requests) {
		return true
	}
	if w.takeCmdlines(); r.waiting == cap(r.requests) {
		w.letReaderRun()
	}
	return r.waiting < cap(r.requests)
}

// letReaderRun lets the reader have the CPU, of which the init uses only one. The Go
// runtime gives it back when the reader sleeps or blocks. If the reader got nothing done
// this does nothing until the next look.
func (w *Watcher) letReaderRun() {
	r := w.cmdlines
	if w.noYield || r.waiting == 0 || r.stuck() {
		return
	}
	before := r.waiting
	runtime.Gosched()
	w.takeCmdlines()
	w.noYield = r.waiting == before
}

// takeCmdlines takes the answers that are there.
func (w *Watcher) takeCmdlines() {
	for r := w.cmdlines; r.waiting > 0; {
		select {
		case a := <-r.answers:
			r.waiting--
			p := w.procs[a.pid]
			if p == nil || p.serial != a.serial {
				continue // it has ended, or has become another program since
			}
			if a.line != "" { // it has none for a moment while it becomes its program
				p.Cmdline = a.line
			}
			w.recordAdoption(p)
		default:
			return
		}
	}
}

// noteUnread notes in the history, once in a while, whose command lines nobody could
// read.
func (w *Watcher) noteUnread(now time.Time) {
	if w.unread == 0 || now.Sub(w.notedUnread) < noteEvery {
		return
	}
	r := w.cmdlines
	text := unreadText(w.unread)
	if pid := int(r.pid.Load()); r.stuck() {
		text += fmt.Sprintf(": reading that of %d (%s) does not end", pid, w.name(pid))
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
