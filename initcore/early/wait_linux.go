//go:build (amd64 || arm64) && !race && !msan && !asan && !early_osignal

package early

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// The Go runtime's own marks of the beginning and the end of a system call. They
// are open to this use, see runtime/proc.go.
//
//go:linkname entersyscall runtime.entersyscall
func entersyscall()

//go:linkname exitsyscall runtime.exitsyscall
func exitsyscall()

// Sleep waits until a descriptor of epoll is ready, a signal comes, or timeout
// milliseconds are over; -1 is no timeout. A signal that is in w.Quick goes to
// target at once, see kill(2); 0 is nobody.
//
// To the Go runtime all this is one system call. Coming back from one after a
// long sleep takes longer than all the rest: the runtime has given our processor
// away by then, and wakes another thread to look after it. So the program gets
// its signal first.
//
// The same is true of a wake-up that finds nothing new: see [Wait.Calm].
//
// Between the marks nothing may allocate, write a pointer or grow the stack: the
// collector may be at work. The reaper is this same thread, so target cannot have
// become somebody else.
//
//go:nosplit
//go:norace
func (f *Feed) Sleep(w *Wait, epoll, timeout, target int) {
	entersyscall()
	ready, errno := w.sleep(epoll, timeout)
	read := uintptr(0)
	w.passed = 0
	if ready != 0 { // also -1: EINTR is a signal that came to this thread
		n, _, failed := unix.RawSyscall(unix.SYS_READ, uintptr(f.fd), uintptr(unsafe.Pointer(&w.infos)), unsafe.Sizeof(w.infos))
		if failed == 0 {
			read = n
		}
		for i := uintptr(0); i < read/uintptr(infoSize) && target != 0; i++ {
			info := &w.infos[i]
			if info.Signal == int32(unix.SIGCHLD) {
				continue
			}
			// A signal of our own is not for the program, and one whose contents the sender
			// made up may only look so, or bring a value: the caller decides.
			if uint32(info.Signal) >= uint32(len(w.Quick)) || w.Quick[info.Signal] == 0 || info.Claimed() || info.PID == pid {
				break // it and the later ones keep their order
			}
			if _, _, failed = unix.RawSyscall(unix.SYS_KILL, uintptr(target), uintptr(w.Quick[info.Signal]), 0); failed != 0 {
				break // the rules know what to do
			}
			w.passed |= 1 << i
		}
		if w.passed != 0 {
			// It may have been put behind us on this processor, and what follows here
			// is not urgent.
			unix.RawSyscall(unix.SYS_SCHED_YIELD, 0, 0, 0)
		}
	}
	exitsyscall()
	if errno != 0 {
		ready = 0
	}
	w.done(int(ready), int(read))
}

// sleep waits, and goes on waiting as long as all is calm.
//
//go:nosplit
//go:norace
func (w *Wait) sleep(epoll, timeout int) (ready uintptr, errno unix.Errno) {
	for {
		ready, _, errno = unix.RawSyscall6(sysEpollWait, uintptr(epoll),
			uintptr(unsafe.Pointer(&w.events)), uintptr(len(w.events)), uintptr(timeout), 0, 0)
		if ready != 0 || w.Calm < 0 || timeout <= 0 || !w.calm() {
			return ready, errno
		}
	}
}

// calm reports whether no process was made since. It runs between the marks, too.
//
//go:nosplit
//go:norace
func (w *Wait) calm() bool {
	n, _, errno := unix.RawSyscall6(unix.SYS_PREAD64, uintptr(w.Calm), uintptr(unsafe.Pointer(&w.load)), unsafe.Sizeof(w.load), 0, 0, 0)
	if errno != 0 || n < 2 || n > unsafe.Sizeof(w.load) {
		return false
	}
	pid, digit := 0, 1
	for i := n - 2; i > 0 && w.load[i] != ' '; i-- { // before the newline
		pid += int(w.load[i]-'0') * digit
		digit *= 10
	}
	return pid == w.LastPID
}
