//go:build (!amd64 && !arm64) || race || msan || asan || early_osignal

package early

import "golang.org/x/sys/unix"

// Sleep waits until a descriptor of epoll is ready, a signal arrives, or timeout
// milliseconds have passed; -1 is no timeout. It forwards no signals itself.
func (f *Feed) Sleep(w *Wait, epoll, timeout, _ int) {
	w.passed = 0
	ready, _ := unix.EpollWait(epoll, w.events[:], timeout) // EINTR means a signal; any other error counts as a wake-up
	w.done(ready, f.take(w.infos[:]))
}
