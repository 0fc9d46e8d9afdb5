package early

import (
	"os"
	"os/signal"
	"unsafe"

	"golang.org/x/sys/unix"
)

// senderUnknown is [Info.PID] where os/signal brings a signal without its sender.
const senderUnknown = -1

// notify fills the feed through os/signal, where our handler is not installed. It
// does not know the senders. It leaves out SIGURG, by which the runtime interrupts
// its own threads all the time, and SIGPIPE, which the kernel sends for our own
// writes to a broken stderr: forwarded, these would reach the program.
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
				// A full pipe means 2,000 unread signals; the loop is on its way.
				if _, err := unix.Write(int(pipeFD[1]), bytes); err != unix.EINTR {
					break
				}
			}
		}
	}()
	return nil
}

// inheritLate notes which signals were ignored, of those that the runtime leaves so.
func (f *Feed) inheritLate() {
	for _, sig := range []unix.Signal{unix.SIGHUP, unix.SIGINT} {
		if signal.Ignored(sig) {
			f.Inherit.Ignored |= 1 << (sig - 1)
		}
	}
}
