package main

import (
	"os"
	"time"

	"golang.org/x/sys/unix"

	"yinit/initcore/history"
	"yinit/initcore/watch"
)

// watchMyself keeps a history where no init does: in a ring of our own, from now
// on, with the watcher of the init. It ends with the process.
func (p *pastOf) watchMyself() (*history.Reader, error) {
	const every = time.Second
	self := os.Getpid()
	ring, err := history.CreateOwn(history.Origin{Program: "yinit " + version(), PID: self, Watch: every}, time.Now())
	if err != nil {
		return nil, err
	}
	r, err := ring.Reader()
	if err != nil {
		ring.Close()
		return nil, err
	}
	w, err := watch.New(watch.Options{FS: p.fs, Self: self, Init: 1, Every: every}, ring)
	if err != nil {
		_ = r.Close()
		ring.Close()
		return nil, err
	}
	p.own = true
	go keepWatching(w)
	return r, nil
}

func keepWatching(w *watch.Watcher) {
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
