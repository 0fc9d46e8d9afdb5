package early

import (
	"os"
	"os/signal"
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
	if err := f.pipe(); err != nil {
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
			info := Info{Signal: int32(sig), PID: senderUnknown}
			bytes := unsafe.Slice((*byte)(unsafe.Pointer(&info)), infoSize)
			for {
				// A full pipe means 2,000 unread signals; the loop has been woken up.
				if _, err := unix.Write(int(pipeFD[1]), bytes); err != unix.EINTR {
					break
				}
			}
		}
	}()
	return nil
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
