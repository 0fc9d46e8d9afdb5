package early

import (
	"runtime"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The initialisers run on the main thread, before those of all other packages of yinit.
func init() {
	if entered == 0 {
		recordLate()
		ignoreVariables()
	}
	if narrowed != 0 { // the runtime has not called hook
		narrowed = 0
		unix.RawSyscall6(unix.SYS_PRLIMIT64, 0, unix.RLIMIT_NOFILE, uintptr(unsafe.Pointer(&nofile)), 0, 0, 0)
	}
	found, ok := install()
	if hookAt != nil {
		*hookAt = hookWas // the runtime has installed all its handlers
	}
	switch {
	case !ok:
		return // layer is OSSignal
	case entered != 0 && found:
		layer = Entry
	default:
		layer = Initialiser
	}
	// A signal may arrive from here on. If there is no descriptor, Take tries again to
	// open one.
	_ = new(Feed).open()
}

// recordLate records the part of the inherited state that the runtime has not changed,
// if entry did not run.
func recordLate() {
	pid = int32(unix.Getpid())
	unix.RawSyscall6(unix.SYS_RT_SIGPROCMASK, unix.SIG_SETMASK, 0, uintptr(unsafe.Pointer(&mask)), 8, 0, 0)
	var limit unix.Rlimit
	_ = unix.Getrlimit(unix.RLIMIT_NOFILE, &limit) // after an error it is zero, and is not applied
	nofile = [2]uint64{limit.Cur, limit.Max}
}

// install makes sure that each signal has our handler. found reports whether all signals
// had it before, ok whether all have it now.
func install() (found, ok bool) {
	if !assembled {
		return false, false
	}
	found = true
	for sig := 1; sig <= 64; sig++ {
		if sig == int(unix.SIGKILL) || sig == int(unix.SIGSTOP) {
			continue
		}
		had, ok := installOne(sig)
		if !ok {
			uninstall()
			return false, false
		}
		found = found && had
	}
	return found, true
}

// installOne is install for one signal.
func installOne(sig int) (had, ok bool) {
	var old sigaction
	if !sigactionCall(sig, nil, &old) {
		return false, false
	}
	handler, fault, restorer := addresses()
	act := old
	if taken>>(sig-1)&1 != 0 {
		act = sigaction{handler: handler, flags: ourFlags, restorer: restorer, mask: ^uint64(0)}
	} else if old.handler > sigIgn {
		act.handler = fault
	} else {
		return true, true // the runtime has no handler for it
	}
	installed |= 1 << (sig - 1)
	if old.handler == act.handler {
		return true, true
	}
	previous[sig] = old
	if entered == 0 && old.handler == sigIgn {
		ignored |= 1 << (sig - 1)
	}
	return false, sigactionCall(sig, &act, nil)
}

// uninstall restores the handlers that the signals had before install.
func uninstall() {
	for sig := 1; sig <= 64; sig++ {
		if installed>>(sig-1)&1 != 0 {
			sigactionCall(sig, &previous[sig], nil)
		}
	}
	installed = 0
}

// sigactionCall is rt_sigaction(2).
func sigactionCall(sig int, act, old *sigaction) bool {
	_, _, errno := unix.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(sig), uintptr(unsafe.Pointer(act)), uintptr(unsafe.Pointer(old)), 8, 0, 0)
	return errno == 0
}

// setMask sets the signal mask of this thread.
func setMask(set *uint64) {
	// It cannot fail with these arguments, see rt_sigprocmask(2).
	unix.RawSyscall6(unix.SYS_RT_SIGPROCMASK, unix.SIG_SETMASK, uintptr(unsafe.Pointer(set)), 0, 8, 0, 0)
}

// Release returns the signals to the Go runtime, as if this package did not exist, and
// sends to the process again those that have arrived meanwhile. It is for the roles of
// the program that are not an init. The main goroutine must call it, and is unlocked
// from the main thread.
func Release() {
	defer runtime.UnlockOSThread()
	if layer == OSSignal {
		setMask(&mask)
		return
	}
	atomic.StoreUint64(&released, 1)
	uninstall()
	f := Feed{fd: int(bell)}
	var buf [8]Info
	for n := f.Read(buf[:]); n > 0; n = f.Read(buf[:]) {
		for _, info := range buf[:n] {
			if info.Signal != int32(unix.SIGCHLD) {
				_ = unix.Kill(int(pid), unix.Signal(info.Signal)) // to ourselves, which is always permitted
			}
		}
	}
	setMask(&mask) // what entry blocked is delivered now, to the runtime's handlers
}
