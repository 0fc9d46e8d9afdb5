package early

import (
	"os"
	"os/signal"
	"unsafe"

	"golang.org/x/sys/unix"
)

// senderUnknown is [Info.PID] where the kernel was not asked.
const senderUnknown = -1

// notify fills the feed through os/signal, where there is no hook: all signals
// arrive, but nobody knows from whom.
func (f *Feed) notify() error {
	if err := f.pipe(); err != nil {
		return err
	}
	f.inheritLate()
	signals := make(chan os.Signal, 64)
	signal.Notify(signals)
	go func() {
		for s := range signals {
			sig, ok := s.(unix.Signal)
			if !ok || sig == unix.SIGURG { // the runtime's own, most of the time
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

// inheritLate notes what can still be found out after the runtime's start.
func (f *Feed) inheritLate() {
	for _, sig := range []unix.Signal{unix.SIGHUP, unix.SIGINT} { // the only ones the runtime leaves ignored
		if signal.Ignored(sig) {
			f.Inherit.Ignored |= 1 << (sig - 1)
		}
	}
	_ = unix.Getrlimit(unix.RLIMIT_NOFILE, &f.Inherit.Nofile) // keeps zero, which nobody applies
}
