package early

import "golang.org/x/sys/unix"

// A Wait holds the arguments and the results of [Feed.Sleep].
type Wait struct {
	// Quick maps the number of a received signal to the signal that Sleep forwards in
	// its place; 0: Sleep does not forward it, the caller decides.
	Quick [65]uint8
	// Calm is a descriptor of a file that ends in the last pid that was allocated, such
	// as /proc/loadavg; -1: none. If that is still LastPID when the timeout expires,
	// Sleep does not return, but waits again.
	Calm    int
	LastPID int
	Events  []unix.EpollEvent // result: the ready descriptors, see epoll_wait(2)
	Infos   []Info            // result: the signals that arrived, oldest first
	passed  uint64            // bit i: Infos[i] was forwarded

	events [64]unix.EpollEvent
	load   [64]byte
	infos  [64]Info
}

// Passed reports whether Sleep has forwarded Infos[i].
func (w *Wait) Passed(i int) bool { return w.passed>>i&1 != 0 }

// done sets the results from the return value of epoll_wait(2) and the number of signals.
func (w *Wait) done(ready, read int) {
	w.Events = w.events[:max(ready, 0)]
	w.Infos = w.infos[:read]
	heard(w.Infos)
}
