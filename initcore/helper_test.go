package initcore

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func newTestHelper() (*helper, *bytes.Buffer) {
	var log bytes.Buffer
	return &helper{log: slog.New(&textHandler{w: &log, level: slog.LevelWarn})}, &log
}

// TestHelper: the loop waits for a call that blocks only once. Later calls fail at once,
// and succeed again after the blocked call has returned.
func TestHelper(t *testing.T) {
	h, log := newTestHelper()
	n := 0
	for range 3 {
		if !h.call(time.Minute, func() { n++ }) {
			t.Fatal("a call that returns at once did not return")
		}
	}
	if n != 3 {
		t.Errorf("%d calls were made, want 3", n)
	}
	block := make(chan struct{})
	if h.call(10*time.Millisecond, func() { <-block }) {
		t.Error("a call that blocks has returned")
	}
	returns(t, "a call while another one blocks", func() {
		for range 100 {
			if h.call(time.Hour, func() { t.Error("two calls at a time") }) {
				t.Error("a call was made while another one blocks")
			}
		}
	})
	if got := strings.Count(log.String(), "\n"); got != 1 {
		t.Errorf("the log has %d lines, want 1: %s", got, log)
	}
	close(block)
	eventually(t, "the helper is idle again", func() bool { return h.idle(0) })
	if !h.call(time.Minute, func() { n++ }) || n != 4 {
		t.Error("the helper is lost for good")
	}
}

// TestHelperStarts checks that call waits until a function that start has begun returns.
func TestHelperStarts(t *testing.T) {
	h, log := newTestHelper()
	block, n := make(chan struct{}), 0
	h.start(func() { <-block; n++ })
	time.AfterFunc(5*time.Millisecond, func() { close(block) })
	if !h.call(time.Minute, func() { n++ }) || n != 2 || log.Len() > 0 {
		t.Errorf("%d calls were made, want 2; the log says %q", n, log)
	}
}

func TestHelperPanics(t *testing.T) {
	h, _ := newTestHelper()
	defer func() {
		if got := recover(); got != "on purpose" {
			t.Errorf("recovered %v, want the panic of the call", got)
		}
		if !h.call(time.Minute, func() {}) {
			t.Error("the helper is lost")
		}
	}()
	h.call(time.Minute, func() { panic("on purpose") })
}

// TestExplainBlocks: if access to the file of a failed program blocks, the loop goes on
// after a while and reports the errno only.
func TestExplainBlocks(t *testing.T) {
	block := make(chan struct{})
	defer close(block)
	h, _ := newTestHelper()
	k := &kernel{helper: h, examineLimit: 10 * time.Millisecond, examine: func(StartError, *Program, string) (StartError, string) {
		<-block
		return StartError{}, "too late"
	}}
	for range 2 {
		e := &StartError{step: stepExec, Path: "/mnt/app", Err: unix.ENOENT}
		got := k.explain(e, &Program{Name: "app", Args: []string{"/mnt/app"}})
		if want := "cannot run /mnt/app: no such file or directory; its file system does not respond, so no further details are known"; got != want {
			t.Errorf("explain = %q, want %q", got, want)
		}
		if e.Code() != 127 || e.Path != "/mnt/app" {
			t.Errorf("code %d, path %s; want 127, unchanged", e.Code(), e.Path)
		}
	}
}

// TestHelperInline: without a thread of its own the helper makes the call on the
// caller's.
func TestHelperInline(t *testing.T) {
	h, n := &helper{inline: true}, 0
	h.start(func() { n++ })
	if !h.call(0, func() { n++ }) || n != 2 || h.done != nil {
		t.Errorf("%d calls were made, want 2, on this goroutine", n)
	}
}
