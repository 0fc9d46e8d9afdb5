package initcore

import (
	"log/slog"
	"time"
)

// A helper makes the calls that may block for ever, so that they do not block the
// loop: access to a file on a network file system blocks while its server is down. The
// helper makes one call at a time, on a thread that [threads] has reserved. While a
// call has not returned in time, the helper is stuck and later calls fail at once.
type helper struct {
	log    *slog.Logger
	inline bool          // no thread is reserved, see [roomForThreads]: the loop makes the calls itself
	done   chan struct{} // closed when the last call has returned; nil: there was none
	stuck  bool          // the last call did not return in time
	warned bool          // the log says that the helper is stuck
}

// call calls f, waits up to limit for it, and reports whether it returned. If it did
// not, f is still running and may still write to its variables. A panic in f is
// re-raised.
func (h *helper) call(limit time.Duration, f func()) bool {
	if h.inline {
		f()
		return true
	}
	if !h.idle(limit) {
		return false
	}
	var failure any
	h.start(func() {
		defer func() { failure = recover() }()
		f()
	})
	if h.stuck = !waitFor(h.done, limit); h.stuck {
		h.warn()
		return false
	}
	if failure != nil {
		panic(failure)
	}
	return true
}

// idle reports whether the helper can make a call. It waits up to limit for the last
// call to return, but not at all if the helper is stuck.
func (h *helper) idle(limit time.Duration) bool {
	if h.done == nil {
		return true
	}
	if h.stuck {
		limit = 0
	}
	h.stuck = !waitFor(h.done, limit)
	if h.stuck {
		h.warn()
	}
	return !h.stuck
}

// free reports whether the last call has returned.
func (h *helper) free() bool {
	if h.done == nil {
		return true
	}
	select {
	case <-h.done:
		return true
	default:
		return false
	}
}

// start calls f and does not wait for it to return. A panic in f is ignored.
func (h *helper) start(f func()) {
	if h.inline {
		f()
		return
	}
	done := make(chan struct{})
	h.done = done
	go func() {
		defer close(done)
		defer func() { _ = recover() }()
		f()
	}()
}

// warn logs once that the helper is stuck.
func (h *helper) warn() {
	if !h.warned {
		h.warned = true
		h.log.Warn("a file system does not respond; until it does, failures to start and fatal signals are explained only in part")
	}
}
