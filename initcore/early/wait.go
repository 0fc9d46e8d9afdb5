package early

import "golang.org/x/sys/unix"

// A Wait is one place where the init sleeps, with all that its return brings.
type Wait struct {
	// Quick says which signals Sleep may forward, and as what, by the number of the
	// one that came; 0: the caller has to decide.
	Quick [65]uint8
	// Calm is a descriptor of /proc/loadavg, -1: none. As long as its last pid is
	// LastPID, a timeout is no reason to return: Sleep sleeps on.
	Calm    int
	LastPID int
	Events  []unix.EpollEvent // what became ready, see epoll_wait(2)
	Infos   []Info            // the signals that came, oldest first
	passed  uint64            // bit i: Infos[i] was forwarded

	events [64]unix.EpollEvent
	load   [64]byte
	infos  [64]Info
}

// Passed reports whether Sleep has forwarded Infos[i].
func (w *Wait) Passed(i int) bool { return w.passed>>i&1 != 0 }

// done makes what the kernel returned the result. read is what read(2) returned.
func (w *Wait) done(ready, read int) {
	w.Events = w.events[:max(ready, 0)]
	w.Infos = w.infos[:max(read, 0)/infoSize] // writes of up to PIPE_BUF bytes are never torn
	heard(w.Infos)
}
