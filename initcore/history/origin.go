package history

import "fmt"

// SignalOrigin says where a signal came from, and how far that can be trusted.
type SignalOrigin uint8

// The origins. They follow from si_code and si_pid, so no record holds them.
const (
	OriginUnknown SignalOrigin = iota // the init did not see siginfo_t: os/signal hides it
	OriginKernel                      // the kernel raised it: a terminal, a timer, an event on a descriptor
	OriginOutside                     // a process outside of the init's PID namespace sent it
	OriginProcess                     // the process with this pid sent it: the kernel says so
	OriginClaimed                     // a process sent it that could write any pid and uid into it
)

var originNames = [...]string{
	OriginUnknown: "unknown", OriginKernel: "kernel", OriginOutside: "outside", OriginProcess: "process",
	OriginClaimed: "claimed",
}

// String returns the origin's word.
func (o SignalOrigin) String() string {
	if int(o) < len(originNames) {
		return originNames[o]
	}
	return fmt.Sprintf("origin%d", uint8(o))
}

// Values of si_code, see sigaction(2). They are the same on every CPU.
const (
	siUser  = 0  // kill(2)
	siTkill = -6 // tkill(2), tgkill(2)
)

// OriginOf judges si_code and si_pid of a signal that the init received. A pid of
// -1 is one that nobody told us.
//
// The kernel refuses a code that is not negative, and SI_TKILL, to whoever sends
// siginfo_t of its own to another process, see rt_sigqueueinfo(2) and
// pidfd_send_signal(2). So a positive code is the kernel's, and with SI_USER and
// SI_TKILL the kernel has filled in the pid; it is 0 where the sender has none in
// the receiver's PID namespace. With any other code the sender may have written
// whatever it liked: sigqueue(3) writes the truth into SI_QUEUE, but nobody checks
// it. SI_TIMER and SI_MESGQ are the kernel's in a process that has made a
// timer_create(2) timer or an mq_notify(3) request; the init makes neither, and
// execve(2) leaves it none. An inherited setitimer(2) timer sends SI_KERNEL.
func OriginOf(code, pid int) SignalOrigin {
	switch {
	case code > 0:
		return OriginKernel
	case pid < 0:
		return OriginUnknown
	case code != siUser && code != siTkill:
		return OriginClaimed
	case pid == 0:
		return OriginOutside
	default:
		return OriginProcess
	}
}

// Origin is where the signal of a [KindSignal] record came from.
func (r Record) Origin() SignalOrigin { return OriginOf(r.Code, r.PID) }
