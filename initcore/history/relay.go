package history

import (
	"syscall"

	"yinit/procfs"
)

// A Relay is what yinit as PID 1 forwards to its program for each signal that it
// gets, by the number of that; 0: nothing. It is in the header of the ring, see
// [Header].
type Relay [65]uint8

// PlainRelay is what yinit forwards if it was not told otherwise.
func PlainRelay() *Relay {
	var r Relay
	for n := range r {
		if Forwarded(n) {
			r[n] = uint8(n)
		}
	}
	return &r
}

// Forwards is the signal that the program gets when yinit gets n: n itself, the one
// that --rewrite puts in its place, or 0 for none.
func (r *Relay) Forwards(n int) int {
	if n < 0 || n >= len(r) {
		return 0
	}
	return int(r[n])
}

// Drops reports whether --rewrite keeps n from the program.
func (r *Relay) Drops(n int) bool { return r.Forwards(n) == 0 && Forwarded(n) }

// Reason says in words what yinit does with n.
func (r *Relay) Reason(n int) string {
	switch to := r.Forwards(n); {
	case to == n:
		return "yinit forwards it to its program"
	case to != 0:
		return "yinit forwards it as " + procfs.SignalName(to) + " (--rewrite)"
	case r.Drops(n):
		return "yinit drops it (--rewrite)"
	default:
		return "yinit takes it, and forwards it to nobody"
	}
}

// Forwarded reports whether yinit forwards signal n to its program if it was not
// told otherwise: all but CHLD, which is about its own children, and those by which
// the kernel tells a process of its own faults. KILL and STOP never arrive.
func Forwarded(n int) bool { return n >= 1 && n <= 64 && !notForwarded.Has(n) }

var notForwarded = procfs.NewSignalSet(int(syscall.SIGKILL), int(syscall.SIGSTOP), int(syscall.SIGCHLD),
	int(syscall.SIGSEGV), int(syscall.SIGBUS), int(syscall.SIGFPE), int(syscall.SIGILL), int(syscall.SIGTRAP),
	int(syscall.SIGABRT), int(syscall.SIGSYS))
