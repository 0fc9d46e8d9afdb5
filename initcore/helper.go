package initcore

import (
	"log/slog"
	"time"
)

// A helper makes the calls that may block for ever, so that the loop need not: a
// file of a network file system whose server is gone blocks whoever touches it. It
// makes one call at a time, on a thread that [threads] has reserved. As long as one
// does not return, the helper is stuck, and nobody waits for it again.
type helper struct {
	log    *slog.Logger
	inline bool          // there is no thread for it, see [roomForThreads]: the caller makes the call
	done   chan struct{} // closed when the last call has returned; nil: there was none
	stuck  bool          // the last call had not returned in time
	warned bool          // that it is stuck was logged
}

// call calls f, waits for it no longer than limit, and reports whether it returned.
// If not, f may still write to whatever it writes to. A panic in f is passed on.
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

// idle reports whether the helper has nothing to do. It waits for the last call, but
// not if that has had its time.
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

// start calls f and does not wait for it.
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
		h.log.Warn("a file system does not answer; until it does, failed programs are explained by their error number only")
	}
}
