package main

import (
	"bufio"
	"bytes"
	"context"
	"os"
	"os/signal"
	"time"

	"golang.org/x/sys/unix"

	"yinit/initcore/history"
	"yinit/procfs"
)

// unreadError says that nobody reads the output any more.
type unreadError struct{}

func (unreadError) Error() string { return "nobody reads the output any more" }

// follow prints the history until the init has ended, and returns why it stopped. The error
// is an unreadError once the reader of the output has gone, even while there is nothing to
// print.
func (p *printer) follow(src *history.Source) (why string, err error) {
	ctx, gone := context.WithCancel(context.Background())
	defer gone()
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, unix.SIGTERM)
	c := newClient(procfs.FS{})
	p.out = bufio.NewWriter(c)
	c.leaveUnread(ctx, gone)
	ended := make(chan error, 1)
	go func() {
		var err error
		first := true
		why, err = src.Follow(stop, func(records []history.Record) error {
			if ctx.Err() != nil {
				return unreadError{}
			}
			if first {
				records, first = p.newest(records), false
			}
			return p.print(records)
		})
		ended <- err
	}()
	select {
	case err := <-ended:
		return why, err
	case <-ctx.Done(): // it may be in a write that does not end
		return "", unreadError{}
	}
}

// leaveUnread calls gone when nobody reads stdout any more. It asks the terminal only if the
// parent is outside the container, as it is in docker exec: nobody else uses that terminal
// then, and it can stay as quiet as queries need it.
func (c *client) leaveUnread(ctx context.Context, gone func()) {
	go c.listen(ctx, gone, 1)
	if unix.Getppid() != 0 || c.returns || !isTerminal(0) || !isTerminal(1) || !foreground() {
		return
	}
	quiet()
	go c.readKeys(ctx)
	go c.attend(ctx, gone)
	c.begin()
}

// readKeys reads what comes from the terminal. An empty line is printed as one, as the
// terminal itself would.
func (c *client) readKeys(ctx context.Context) {
	b := make([]byte, 256)
	for ctx.Err() == nil {
		if !foreground() { // reading would stop this process
			<-time.After(presenceTick)
			continue
		}
		n, err := unix.Read(0, b)
		switch {
		case err == unix.EINTR:
			continue
		case err != nil || n == 0:
			return
		}
		c.hear(bytes.Count(b[:n], []byte(statusOK)))
		if bytes.IndexByte(b[:n], '\n') >= 0 {
			_, _ = c.Write([]byte("\n")) // listen sees what makes it fail
		}
	}
}
