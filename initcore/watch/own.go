package watch

import (
	"os"
	"time"

	"golang.org/x/sys/unix"

	"yinit/initcore/history"
	"yinit/procfs"
)

// ownEvery is how often the watcher of one's own looks for new processes.
const ownEvery = time.Second

// Own keeps a history where no init does: in a ring of this process's own, from now
// on, with the watcher of the init. It ends with the process. Program is the name
// and version of the writer.
func Own(proc procfs.FS, program string) (*history.Reader, error) {
	self := os.Getpid()
	ring, err := history.CreateOwn(history.Origin{Program: program, PID: self, Watch: ownEvery}, time.Now())
	if err != nil {
		return nil, err
	}
	r, err := ring.Reader()
	if err != nil {
		ring.Close()
		return nil, err
	}
	w, err := New(Options{FS: proc, Self: self, Init: 1, Every: ownEvery}, ring)
	if err != nil {
		_ = r.Close()
		ring.Close()
		return nil, err
	}
	go w.keep()
	return r, nil
}

// keep watches for ever.
func (w *Watcher) keep() {
	poll := []unix.PollFd{{Fd: int32(w.FD()), Events: unix.POLLIN}}
	for {
		left := time.Until(w.Next())
		_, _ = unix.Poll(poll, int(max(left, 0)/time.Millisecond)+1) // an error is as good as the time being over
		now := time.Now()
		w.Ready(now)
		if !now.Before(w.Next()) {
			w.Tick(now)
		}
	}
}
