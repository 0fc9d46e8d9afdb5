package history

import (
	"syscall"

	"yinit/procfs"
)

// A Relay maps each signal that yinit receives as PID 1 to the signal that it
// forwards to its program; 0: none. The index is the number of the signal received.
// The [Header] of the ring holds it. With --pause there is no program, so nothing is
// forwarded: see [IdleRelay].
type Relay [65]uint8

// PlainRelay returns the relay of yinit without --rewrite.
func PlainRelay() *Relay {
	var r Relay
	for n := range r {
		if Forwarded(n) {
			r[n] = uint8(n)
		}
	}
	return &r
}

// IdleRelay returns the relay of yinit --pause. halt is another signal that ends it as
// SIGTERM does; 0: none.
func IdleRelay(halt int) (r Relay) {
	if halt > 0 && halt < len(r) {
		r[halt] = uint8(syscall.SIGTERM)
	}
	return r
}

// idle reports whether the relay is that of yinit --pause.
func (r *Relay) idle() bool {
	for n, to := range r {
		if to != 0 && n != sigHalt {
			return false
		}
	}
	return true
}

// ends reports whether n ends yinit --pause.
func (r *Relay) ends(n int) bool {
	return n == int(syscall.SIGTERM) || n == int(syscall.SIGINT) || r[n] == uint8(syscall.SIGTERM)
}

// Forwards returns the signal that yinit forwards when it receives n: n itself, its
// replacement by --rewrite, or 0 for none.
func (r *Relay) Forwards(n int) int {
	if n < 0 || n >= len(r) || r.idle() {
		return 0
	}
	return int(r[n])
}

// sigHalt is SIGRTMIN+3, which container engines send to stop systemd.
const sigHalt = 37

// Drops reports whether yinit drops n, because of --rewrite or --pause.
func (r *Relay) Drops(n int) bool {
	return r.Forwards(n) == 0 && Forwarded(n) && !(r.idle() && r.ends(n))
}

// Reason describes what yinit does with n.
func (r *Relay) Reason(n int) string {
	switch to := r.Forwards(n); {
	case r.idle() && Forwarded(n) && r.ends(n):
		return "yinit ends (--pause)"
	case r.idle() && Forwarded(n):
		return "yinit drops it: it has no program (--pause)"
	case to == n:
		return "yinit forwards it to its program"
	case n == sigHalt && to == int(syscall.SIGTERM): // by its name, see initcore.Config.Halt, or by --rewrite
		return "yinit forwards it as SIGTERM"
	case to != 0:
		return "yinit forwards it as " + procfs.SignalName(to) + " (--rewrite)"
	case r.Drops(n):
		return "yinit drops it (--rewrite)"
	default:
		return "yinit handles it and does not forward it"
	}
}

// Forwarded reports whether yinit forwards signal n to its program by default, if a
// process sent it. It forwards all signals except SIGCHLD, which reports its own
// children; SIGKILL and SIGSTOP cannot be caught. A signal such as SIGSEGV that the
// kernel raises for an error of yinit itself is not sent, and never forwarded.
func Forwarded(n int) bool { return n >= 1 && n <= 64 && !notForwarded.Has(n) }

var notForwarded = procfs.NewSignalSet(int(syscall.SIGKILL), int(syscall.SIGSTOP), int(syscall.SIGCHLD))
