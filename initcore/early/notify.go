package early

import (
	"os"
	"os/signal"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// senderUnknown is [Info.PID] of a signal from os/signal, which does not report senders.
const senderUnknown = -1

// notify fills the feed from os/signal, if our handler is not installed. The senders
// are unknown. It leaves out SIGURG, with which the runtime interrupts its own threads
// all the time, and SIGPIPE, which the kernel sends for our own writes to a broken
// stderr: the init would forward both to the program.
func (f *Feed) notify() error {
	if err := f.open(); err != nil {
		return err
	}
	if entered == 0 {
		f.inheritLate()
	}
	signals := make(chan os.Signal, 64)
	signal.Notify(signals)
	go func() {
		for s := range signals {
			sig, ok := s.(unix.Signal)
			if !ok || sig == unix.SIGURG || sig == unix.SIGPIPE {
				continue
			}
			f.put(Info{Signal: int32(sig), PID: senderUnknown})
		}
	}()
	return nil
}

// put does what handler does, except that it drops a signal if the ring is full: the loop
// has hundreds of others to read then. Only one goroutine may call it.
func (f *Feed) put(info Info) {
	at := atomic.LoadUint64(&tail)
	if at-atomic.LoadUint64(&head) >= ringSize {
		return
	}
	atomic.StoreUint64(&tail, at+1)
	place := &ring[at%ringSize]
	*place = info
	atomic.StoreUint32(&place.seq, uint32(at+1))
	b := unsafe.Slice((*byte)(unsafe.Pointer(&one)), unsafe.Sizeof(one))
	_, _ = unix.Write(f.fd, b) // it cannot block or fail before it was rung 2^64 times
}

// inheritLate records which signals were ignored, for those that the runtime leaves
// ignored.
func (f *Feed) inheritLate() {
	for _, sig := range []unix.Signal{unix.SIGHUP, unix.SIGINT} {
		if signal.Ignored(sig) {
			f.Inherit.Ignored |= 1 << (sig - 1)
		}
	}
}
