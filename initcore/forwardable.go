package initcore

import "golang.org/x/sys/unix"

// Forwardable reports whether the init forwards sig to its programs. It does so
// with every signal but KILL and STOP, which it does not get, CHLD, which tells
// of its own children, and those that the kernel raises for a fault of the
// process itself, see signal(7).
func Forwardable(sig unix.Signal) bool {
	switch sig {
	case unix.SIGKILL, unix.SIGSTOP, unix.SIGCHLD,
		unix.SIGSEGV, unix.SIGBUS, unix.SIGFPE, unix.SIGILL, unix.SIGTRAP, unix.SIGABRT, unix.SIGSYS:
		return false
	}
	return sig >= 1 && sig <= 64
}
