package watch

import (
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"yinit/initcore/history"
	"yinit/procfs"
)

// ownInterval is the time between two scans of an Own.
const ownInterval = time.Second

// An Own is a watcher in a process that is not an init, for use if no init keeps a
// history. It records from its start on, into a ring that other processes do not find.
type Own struct {
	// Reader reads the ring. It can be used after Close, and the caller must close it.
	Reader *history.Reader

	ring   *history.Writer
	w      *Watcher
	stop   int           // eventfd: readable when the goroutine should end
	ended  chan struct{} // closed when the goroutine has ended
	closed sync.Once
}

// StartOwn starts watching the processes of fs in a goroutine. program is the name and
// version of the caller, for the header of the ring. It costs 1.5 MiB and a descriptor for
// each process, so use it only in a command that keeps running.
func StartOwn(fs procfs.FS, program string) (*Own, error) {
	self := os.Getpid()
	o := &Own{ended: make(chan struct{})}
	var err error
	if o.ring, err = history.CreateOwn(history.Origin{Program: program, PID: self, Watch: ownInterval}, time.Now()); err != nil {
		return nil, err
	}
	if o.Reader, err = o.ring.Reader(); err != nil {
		o.ring.Close()
		return nil, err
	}
	if o.w, err = New(Options{FS: fs, Self: self, Init: 1, Every: ownInterval}, o.ring); err == nil {
		if o.stop, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK); err == nil {
			o.ring.SetSources(o.w.Sources())
			go o.run()
			return o, nil
		}
		o.w.Close()
	}
	_ = o.Reader.Close()
	o.ring.Close()
	return nil, err
}

// run watches until Close is called.
func (o *Own) run() {
	defer close(o.ended)
	poll := []unix.PollFd{{Fd: int32(o.w.FD()), Events: unix.POLLIN}, {Fd: int32(o.stop), Events: unix.POLLIN}}
	for {
		left := max(time.Until(o.w.Next()), 0)
		if _, err := unix.Poll(poll, int(left/time.Millisecond)+1); err != nil && err != unix.EINTR {
			time.Sleep(ownInterval) // do not spin if poll fails, which it should not
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

// Close stops watching. The Reader can still read the records.
func (o *Own) Close() {
	o.closed.Do(func() {
		wakeUp(o.stop)
		<-o.ended
		o.w.Close()
		o.ring.Close()
		_ = unix.Close(o.stop)
	})
}
