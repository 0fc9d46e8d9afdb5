package initcore

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestTextLines(t *testing.T) {
	for name, tt := range map[string]struct {
		level slog.Level
		msg   string
		args  []any
		want  string
	}{
		"error":      {slog.LevelError, "cannot start web", []any{"error", errors.New("EAGAIN")}, "yinit: cannot start web (error EAGAIN)\n"},
		"warning":    {slog.LevelWarn, "killing web", []any{"pid", 7, "why", "late"}, "yinit: warning: killing web (pid 7, why late)\n"},
		"info":       {slog.LevelInfo, "started", nil, "yinit: started\n"},
		"debug":      {slog.LevelDebug, "waitid", []any{"in", 2 * time.Second}, "yinit: debug: waitid (in 2s)\n"},
		"newline":    {slog.LevelError, "internal error", []any{"stack", "a\nb\n"}, "yinit: internal error (stack a\\nb\\n)\n"},
		"too low":    {slog.LevelDebug - 1, "not logged", nil, ""},
		"list value": {slog.LevelInfo, "received", []any{"to", []int{1, 2}}, "yinit: received (to [1 2])\n"},
	} {
		var b bytes.Buffer
		log := slog.New(&textHandler{w: &b, level: slog.LevelDebug})
		log.Log(context.Background(), tt.level, tt.msg, tt.args...)
		if b.String() != tt.want {
			t.Errorf("%s: Log(%v, %q, %v) wrote %q, want %q", name, tt.level, tt.msg, tt.args, b.String(), tt.want)
		}
	}
}

func TestLogLevel(t *testing.T) {
	var b bytes.Buffer
	log := slog.New(&textHandler{w: &b, level: slog.LevelWarn})
	log.Info("quiet")
	log.With("ignored", 1).WithGroup("too").Warn("loud")
	if want := "yinit: warning: loud\n"; b.String() != want {
		t.Errorf("wrote %q, want %q", b.String(), want)
	}
}

// onStderr calls f with a pipe in the place of descriptor 2, and returns what
// came through it.
func onStderr(t *testing.T, f func()) string {
	t.Helper()
	r, w := pipe(t)
	saved, err := unix.FcntlInt(2, unix.F_DUPFD_CLOEXEC, 3)
	check(t, err)
	check(t, unix.Dup3(int(w.Fd()), 2, 0))
	f()
	check(t, unix.Dup3(saved, 2, 0))
	_, _ = unix.Close(saved), w.Close()
	out, err := io.ReadAll(r)
	check(t, err)
	return string(out)
}

func TestLoggerOnStderr(t *testing.T) {
	text := onStderr(t, func() {
		log, flush := newLogger(Logging{Level: slog.LevelWarn})
		log.Info("quiet")
		log.Warn("loud", "pid", 7)
		flush()
	})
	if want := "yinit: warning: loud (pid 7)\n"; text != want {
		t.Errorf("text: %q, want %q", text, want)
	}
	line := onStderr(t, func() {
		log, flush := newLogger(Logging{Level: slog.LevelWarn, JSON: true})
		log.Info("quiet")
		log.Warn("loud\n", "pid", 7)
		flush()
	})
	var got map[string]any
	if err := json.Unmarshal([]byte(line), &got); err != nil {
		t.Fatalf("json: %q: %v", line, err)
	}
	delete(got, "time")
	if want := fmt.Sprint(map[string]any{"level": "WARN", "msg": "loud\n", "pid": 7}); fmt.Sprint(got) != want || strings.Count(line, "\n") != 1 {
		t.Errorf("json: %q, want %v on one line", line, want)
	}
}

func TestFlushWithoutLines(t *testing.T) {
	returns(t, "flush", newAsyncWriter(-1).flush)
}

// full returns both ends of a pipe that has no room left, and how much is in it.
func full(t *testing.T) (r *os.File, w int, size int) {
	t.Helper()
	rfd, wfd := rawPipe(t)
	check(t, unix.SetNonblock(wfd, true))
	for {
		n, err := unix.Write(wfd, make([]byte, 4096))
		if err != nil {
			break
		}
		size += n
	}
	check(t, unix.SetNonblock(wfd, false))
	r = os.NewFile(uintptr(rfd), "full pipe")
	t.Cleanup(func() { _ = r.Close() })
	return r, wfd, size
}

// TestLogNeverBlocks: stderr is full and not being read. Lines are dropped, and flush
// waits for a moment only. Once stderr is read, the log says how many were dropped.
func TestLogNeverBlocks(t *testing.T) {
	r, w, size := full(t)
	p := newAsyncWriter(w)
	const lines = 1000
	returns(t, "Write on a full pipe", func() {
		for i := range lines {
			if n, err := fmt.Fprintf(p, "line %d\n", i); n == 0 || err != nil {
				t.Errorf("Write = %d, %v", n, err)
			}
		}
	})
	begin := time.Now()
	p.flush()
	if took := time.Since(begin); took < flushTime || took > time.Minute {
		t.Errorf("flush took %v, want about %v", took, flushTime)
	}
	var out []byte
	returns(t, "reading the rest", func() {
		go func() {
			<-p.done
			_ = unix.Close(w)
		}()
		out, _ = io.ReadAll(r)
	})
	text := string(out[size:])
	written, dropped := 0, 0
	for line := range strings.Lines(text) {
		var n int
		if _, err := fmt.Sscanf(line, "yinit: %d log lines were dropped: stderr was full\n", &n); err == nil {
			dropped += n
		} else if strings.HasPrefix(line, "line ") {
			written++
		}
	}
	if dropped == 0 || written < cap(p.lines) || written+dropped != lines {
		t.Errorf("%d lines written, %d reported as dropped; want %d together, and at least %d written", written, dropped, lines, cap(p.lines))
	}
}

func TestLogToBrokenPipe(t *testing.T) {
	for name, fd := range map[string]func() int{
		"closed": func() int { return 1 << 20 },
		"no reader": func() int {
			r, w := rawPipe(t)
			_ = unix.Close(r)
			t.Cleanup(func() { _ = unix.Close(w) })
			return w
		},
	} {
		p := newAsyncWriter(fd())
		returns(t, name, func() {
			for range 1000 {
				fmt.Fprintln(p, "line")
			}
			p.flush()
			<-p.done
		})
	}
}

// TestNonBlockingDescriptor: a process that shares our stderr may have made it
// non-blocking, as Node does. No line is lost.
func TestNonBlockingDescriptor(t *testing.T) {
	rfd, w := rawPipe(t)
	check(t, unix.SetNonblock(w, true))
	r := os.NewFile(uintptr(rfd), "pipe")
	defer r.Close()
	text := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
	go func() {
		writeAll(w, text)
		_ = unix.Close(w)
	}()
	var got []byte
	returns(t, "reading", func() { got, _ = io.ReadAll(r) })
	if !bytes.Equal(got, text) {
		t.Errorf("%d bytes came through a non-blocking pipe, want %d", len(got), len(text))
	}
}
