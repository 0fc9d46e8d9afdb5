package main

import (
	"bytes"
	"context"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"yinit/procfs"
)

const (
	// statusQuery asks the terminal for its status, which no terminal leaves out that
	// answers queries at all; statusOK is the answer. See DSR in ctlseqs of xterm.
	statusQuery = "\x1b[5n"
	statusOK    = "\x1b[0n"
)

// A client is the terminal on stdin and stdout, and what is known of the person or the
// program at its other end, such as the client of docker exec. Its Write is to be used for
// all output, so that a query never comes between the bytes of a frame.
type client struct {
	*os.File // stdout

	mu      sync.Mutex // held for writing
	writing atomic.Bool
	taken   atomic.Int64 // bytes written
	heard   atomic.Int64 // reads
	answers atomic.Int64 // answers to the query
	asked   atomic.Int64 // queries
	askedAt atomic.Int64 // when the last one was written, as by time.Time.UnixNano

	once  sync.Once
	begun chan struct{} // closed when the terminal is ready for queries

	returns bool // another client may come back to this terminal
	pseudo  bool // it is a pseudoterminal, see pty(7)
}

// newClient returns the client of the terminal. A terminal that is that of PID 1 too is the
// one that docker attach attaches to: others may come back to it.
func newClient(fs procfs.FS) *client {
	c := &client{File: os.Stdout, begun: make(chan struct{})}
	self, err := fs.Stat(os.Getpid())
	first, err1 := fs.Stat(1)
	c.returns = err == nil && err1 == nil && self.TTY != 0 && self.TTY == first.TTY
	var st unix.Stat_t
	if unix.Fstat(1, &st) == nil {
		major := unix.Major(st.Rdev)
		c.pseudo = major >= 136 && major < 144 // UNIX98_PTY_SLAVE_MAJOR, see the kernel's major.h
	}
	return c
}

// Write writes all of b before anything else is written.
func (c *client) Write(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	defer c.begin()
	return c.write(b)
}

// begin says that the terminal is in a mode in which it may be asked, as it is when the
// first frame is drawn.
func (c *client) begin() { c.once.Do(func() { close(c.begun) }) }

func (c *client) write(b []byte) (int, error) {
	c.writing.Store(true)
	defer c.writing.Store(false)
	n, err := c.File.Write(b)
	c.taken.Add(int64(n))
	return n, err
}

// hear notes that something came from the terminal, and with it a number of answers.
func (c *client) hear(answers int) {
	c.answers.Add(int64(answers))
	c.heard.Add(1)
}

// foreground reports whether this process may read from the terminal. In the background it
// would be stopped, and the answer to a query would go to the shell.
func foreground() bool {
	group, err := unix.IoctlGetInt(0, unix.TIOCGPGRP)
	return err == nil && group == unix.Getpgrp()
}

// leave calls gone once nobody is at the other end of the terminal any more.
func (c *client) leave(ctx context.Context, gone func()) {
	go c.listen(ctx, gone, 0, 1)
	if !c.returns {
		go c.attend(ctx, gone)
	}
}

// listen waits until one of the descriptors has no other end: the terminal has hung up, or
// the reader of a pipe has closed it. A hangup sends SIGHUP only to the leader of the session
// and to the foreground.
func (c *client) listen(ctx context.Context, gone func(), fds ...int32) {
	poll := make([]unix.PollFd, len(fds))
	for i, fd := range fds {
		poll[i].Fd = fd
	}
	for ctx.Err() == nil {
		if _, err := unix.Poll(poll, -1); err == nil {
			gone()
			return
		}
	}
}

// attend asks the terminal from time to time.
func (c *client) attend(ctx context.Context, gone func()) {
	select {
	case <-c.begun:
	case <-ctx.Done():
		return
	}
	var p presence
	var heard, answers int64
	tick := time.NewTicker(presenceTick)
	defer tick.Stop()
	for last := time.Now(); ; {
		now := time.Now()
		s := sight{
			elapsed: now.Sub(last), away: !foreground(), writing: c.writing.Load(), taken: c.taken.Load(),
			heard: c.heard.Load() != heard, answered: c.answers.Load() != answers,
		}
		last, heard, answers = now, c.heard.Load(), c.answers.Load()
		switch p.tick(s) {
		case doAsk:
			c.ask()
		case doFill:
			go c.fill(ctx, deepFill, heard)
		case doFillUp:
			if c.pseudo { // A serial line would take long for it.
				go c.fill(ctx, shallowFill, heard)
			}
		case doLeave:
			gone()
			return
		case doWait:
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// ask writes the query, unless a write is in progress.
func (c *client) ask() {
	if !c.mu.TryLock() {
		return
	}
	defer c.mu.Unlock()
	c.asked.Add(1)
	c.askedAt.Store(time.Now().UnixNano())
	_, _ = c.write([]byte(statusQuery)) // listen sees what makes it fail
}

// fill writes n bytes of NUL, which terminals ignore, until something comes.
func (c *client) fill(ctx context.Context, n int, heard int64) {
	block := make([]byte, 4096)
	for ; n > 0 && ctx.Err() == nil && c.heard.Load() == heard; n -= len(block) {
		if _, err := c.Write(block); err != nil {
			return
		}
	}
}

// finish waits for the answer to a query that was written a moment ago, which would else
// arrive in the user's shell. It is called when nobody else reads from the terminal.
func (c *client) finish() {
	const soon = 250 * time.Millisecond
	asked := time.Unix(0, c.askedAt.Load())
	if c.asked.Load() == 0 || c.answers.Load() >= c.asked.Load() || time.Since(asked) > time.Second || !foreground() {
		return
	}
	restore := quiet()
	defer restore()
	var got []byte
	for deadline := time.Now().Add(soon); time.Now().Before(deadline) && !bytes.Contains(got, []byte(statusOK)); {
		poll := []unix.PollFd{{Fd: 0, Events: unix.POLLIN}}
		if n, err := unix.Poll(poll, int(soon.Milliseconds())); err != nil || n == 0 || poll[0].Revents != unix.POLLIN {
			return
		}
		b := make([]byte, 64)
		n, err := unix.Read(0, b)
		if err != nil || n == 0 {
			return
		}
		got = append(got, b[:n]...)
	}
}

// quiet makes the terminal neither echo what comes nor keep it until the end of a line. The
// keys for signals still work. It returns a function that undoes this.
func quiet() (restore func()) {
	old, err := unix.IoctlGetTermios(0, unix.TCGETS)
	if err != nil {
		return func() {}
	}
	silent := *old
	silent.Lflag &^= unix.ICANON | unix.ECHO
	silent.Cc[unix.VMIN], silent.Cc[unix.VTIME] = 1, 0
	_ = unix.IoctlSetTermios(0, unix.TCSETS, &silent)
	return func() { _ = unix.IoctlSetTermios(0, unix.TCSETS, old) }
}
