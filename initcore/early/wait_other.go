//go:build (!amd64 && !arm64) || race || msan || asan || early_osignal

package early

import "golang.org/x/sys/unix"

// Sleep waits until a descriptor of epoll is ready, a signal comes, or timeout
// milliseconds are over; -1 is no timeout. It forwards nothing itself.
func (f *Feed) Sleep(w *Wait, epoll, timeout, _ int) {
	w.passed = 0
	ready, _ := unix.EpollWait(epoll, w.events[:], timeout) // EINTR is a signal, others are as good as a wake-up
	w.done(ready, f.readPipe(w.infos[:])*infoSize)
}
