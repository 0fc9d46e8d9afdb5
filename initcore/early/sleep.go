//go:build (amd64 || arm64) && !race && !msan && !asan && !early_osignal

package early

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// The functions that the Go runtime calls before and after a system call. It permits
// this use of linkname, see runtime/proc.go.
//
//go:linkname entersyscall runtime.entersyscall
func entersyscall()

//go:linkname exitsyscall runtime.exitsyscall
func exitsyscall()

// Sleep waits until a descriptor of epoll is ready, a signal arrives, or timeout
// milliseconds have passed; -1 is no timeout. Sleep forwards a signal that is in w.Quick
// to target, the pid argument of kill(2), at once; with target 0 it forwards none.
//
// To the Go runtime all this is one system call. Returning from a system call after a
// long sleep takes longer than all the rest: the runtime has handed off our P by then,
// and wakes another thread. So Sleep forwards the signal first.
//
// For the same reason it does not return for a timeout after which nothing is new, see
// [Wait.Calm].
//
// Between entersyscall and exitsyscall nothing may allocate, write a pointer or grow
// the stack: the garbage collector may be running. The children are reaped on this same
// thread, so the pid in target cannot have been reused.
//
//go:nosplit
//go:norace
func (f *Feed) Sleep(w *Wait, epoll, timeout, target int) {
	entersyscall()
	ready, errno := w.sleep(epoll, timeout)
	read := 0
	w.passed = 0
	if ready != 0 { // also -1: EINTR is a signal that came to this thread
		read = f.take(w.infos[:])
		for i := 0; i < read && target != 0; i++ {
			info := &w.infos[i]
			if info.Signal == int32(unix.SIGCHLD) {
				continue
			}
			// A signal from ourselves is not for the program. If the sender supplied the
			// siginfo_t, the pid may be forged, or there may be a value: the caller decides.
			if uint32(info.Signal) >= uint32(len(w.Quick)) || w.Quick[info.Signal] == 0 || info.Claimed() || info.PID == pid || info.mayInterrupt() {
				break // the caller handles this and all later signals, in order
			}
			if _, _, failed := unix.RawSyscall(unix.SYS_KILL, uintptr(target), uintptr(w.Quick[info.Signal]), 0); failed != 0 {
				break // the caller handles the error
			}
			w.passed |= 1 << i
		}
		if w.passed != 0 {
			// The program may be queued behind us on this CPU, and what follows here is not
			// urgent.
			unix.RawSyscall(unix.SYS_SCHED_YIELD, 0, 0, 0)
		}
	}
	exitsyscall()
	if errno != 0 {
		ready = 0
	}
	w.done(int(ready), read)
}

// sleep waits on epoll. If the timeout expires and calm reports true, it waits again.
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

// calm reports whether no process was created since LastPID was read. The pid is the
// last field of the file. It runs between
// entersyscall and exitsyscall, too.
//
//go:nosplit
//go:norace
func (w *Wait) calm() bool {
	n, _, errno := unix.RawSyscall6(unix.SYS_PREAD64, uintptr(w.Calm), uintptr(unsafe.Pointer(&w.load)), unsafe.Sizeof(w.load), 0, 0, 0)
	if errno != 0 || n < 2 || n > unsafe.Sizeof(w.load) {
		return false
	}
	pid, digit := 0, 1
	for i := int(n) - 2; i >= 0 && w.load[i] != ' '; i-- { // before the newline
		pid += int(w.load[i]-'0') * digit
		digit *= 10
	}
	return pid == w.LastPID
}
