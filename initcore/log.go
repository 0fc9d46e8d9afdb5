package initcore

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"yinit/procfs"
)

// Logging says what the init logs to stderr.
type Logging struct {
	// Level is the lowest level that is logged; errors are always logged.
	Level slog.Level
	// JSON writes each line as an object.
	JSON bool
}

// newLogger returns a logger that writes to stderr, and a function that waits up to
// flushTime until its lines are written.
func newLogger(l Logging) (*slog.Logger, func()) {
	w := newAsyncWriter(2)
	options := &slog.HandlerOptions{Level: l.Level}
	if l.JSON {
		return slog.New(slog.NewJSONHandler(w, options)), w.flush
	}
	return slog.New(&textHandler{w: w, level: l.Level}), w.flush
}

// An asyncWriter never blocks its caller: another goroutine writes the lines. While
// writing to stderr blocks, it drops and counts the lines that exceed its buffer.
type asyncWriter struct {
	fd      int
	lines   chan []byte
	done    chan struct{}
	started bool
	dropped atomic.Int64
}

func newAsyncWriter(fd int) *asyncWriter {
	return &asyncWriter{fd: fd, lines: make(chan []byte, 256), done: make(chan struct{})}
}

func (w *asyncWriter) Write(line []byte) (int, error) {
	if !w.started {
		w.started = true
		go w.drain()
	}
	select {
	case w.lines <- bytes.Clone(line):
	default:
		w.dropped.Add(1)
	}
	return len(line), nil
}

func (w *asyncWriter) drain() {
	defer close(w.done)
	for line := range w.lines {
		if n := w.dropped.Swap(0); n > 0 {
			writeAll(w.fd, fmt.Appendf(nil, "yinit: %d log lines were dropped: stderr was full\n", n))
		}
		writeAll(w.fd, line)
	}
}

// interruptedMost is the maximum number of consecutive EINTR errors that are retried;
// more than that is no coincidence.
const interruptedMost = 100

// writeAll blocks until all is written, even if another process that shares the
// descriptor made it non-blocking. It gives up on any other error: stderr may be
// closed or broken.
func writeAll(fd int, b []byte) {
	for interrupted := 0; len(b) > 0; {
		n, err := unix.Write(fd, b)
		if err == unix.EINTR {
			if interrupted++; interrupted < interruptedMost {
				continue
			}
		}
		if err == unix.EAGAIN {
			wait := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLOUT}}
			if _, err = unix.Poll(wait, -1); err == nil || err == unix.EINTR {
				continue
			}
		}
		if err != nil {
			return
		}
		b = b[n:]
	}
}

// flushTime is how long the init waits at exit for stderr.
const flushTime = 100 * time.Millisecond

func (w *asyncWriter) flush() {
	if !w.started {
		return
	}
	close(w.lines)
	waitFor(w.done, flushTime)
}

// textHandler formats lines as Unix programs do:
// "yinit: warning: message (key value, key value)".
type textHandler struct {
	w     io.Writer
	level slog.Level
}

func (h *textHandler) Enabled(_ context.Context, l slog.Level) bool { return l >= h.level }

func (h *textHandler) Handle(_ context.Context, r slog.Record) error {
	b := []byte("yinit: ")
	switch {
	case r.Level >= slog.LevelError:
	case r.Level >= slog.LevelWarn:
		b = append(b, "warning: "...)
	case r.Level < slog.LevelInfo:
		b = append(b, "debug: "...)
	}
	b = append(b, procfs.Printable(r.Message)...)
	sep, end := " (", ""
	r.Attrs(func(a slog.Attr) bool {
		b = append(b, sep...)
		b = append(b, a.Key...)
		b = append(b, ' ')
		b = append(b, procfs.Printable(a.Value.String())...)
		sep, end = ", ", ")"
		return true
	})
	_, err := h.w.Write(append(append(b, end...), '\n'))
	return err
}

func (h *textHandler) WithAttrs([]slog.Attr) slog.Handler { return h }
func (h *textHandler) WithGroup(string) slog.Handler      { return h }
