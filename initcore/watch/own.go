package watch

import (
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"yinit/initcore/history"
	"yinit/procfs"
)

// ownEvery is the time between two looks of a watcher of one's own.
const ownEvery = time.Second

// An Own is the watcher of a process that is no init, for where no init keeps a history:
// it watches from now on, and keeps what it sees in a ring that nobody else finds.
type Own struct {
	// Reader reads the ring. The caller closes it; it may be used after Close.
	Reader *history.Reader

	ring   *history.Writer
	w      *Watcher
	stop   int // eventfd: readable when the goroutine is to end
	ended  chan struct{}
	closed sync.Once
}

// StartOwn begins to watch the processes of fs in a goroutine. The program is that which
// the header of the ring names, with its version. It costs 1.5 MiB and a descriptor for
// each process, so it is for those who stay, not for one look.
func StartOwn(fs procfs.FS, program string) (*Own, error) {
	self := os.Getpid()
	o := &Own{ended: make(chan struct{})}
	var err error
	if o.ring, err = history.CreateOwn(history.Origin{Program: program, PID: self, Watch: ownEvery}, time.Now()); err != nil {
		return nil, err
	}
	if o.Reader, err = o.ring.Reader(); err != nil {
		o.ring.Close()
		return nil, err
	}
	if o.w, err = New(Options{FS: fs, Self: self, Init: 1, Every: ownEvery}, o.ring); err == nil {
		if o.stop, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK); err == nil {
			go o.run()
			return o, nil
		}
		o.w.Close()
	}
	_ = o.Reader.Close()
	o.ring.Close()
	return nil, err
}

// run watches until Close.
func (o *Own) run() {
	defer close(o.ended)
	poll := []unix.PollFd{{Fd: int32(o.w.FD()), Events: unix.POLLIN}, {Fd: int32(o.stop), Events: unix.POLLIN}}
	for {
		left := max(time.Until(o.w.Next()), 0)
		if _, err := unix.Poll(poll, int(left/time.Millisecond)+1); err != nil && err != unix.EINTR {
			time.Sleep(ownEvery) // it cannot fail, but if it does it must not spin
		}
		if poll[1].Revents != 0 {
			return
		}
		now := time.Now()
		o.w.Ready(now)
		if !now.Before(o.w.Next()) {
			o.w.Tick(now)
		}
	}
}

// Close ends the watching. What was seen can still be read.
func (o *Own) Close() {
	o.closed.Do(func() {
		wakeUp(o.stop)
		<-o.ended
		o.w.Close()
		o.ring.Close()
		_ = unix.Close(o.stop)
	})
}
