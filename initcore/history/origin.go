package history

import "fmt"

// SignalOrigin says where a signal came from, and how far that can be trusted.
type SignalOrigin uint8

// The origins. They follow from si_code and si_pid and are not stored in records.
const (
	OriginUnknown SignalOrigin = iota // the init did not get siginfo_t: os/signal hides it
	OriginKernel                      // the kernel sent it: for a terminal, a timer, an event on a descriptor
	OriginOutside                     // a process outside the init's PID namespace sent it
	OriginProcess                     // the process with this pid sent it; the kernel filled in the pid
	OriginClaimed                     // the sender filled in pid and uid itself, and may have forged them
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

// OriginOf derives the origin of a signal that the init received from its si_code
// and si_pid. A pid of -1 means unknown.
//
// A process that sends its own siginfo_t to another process may not use SI_TKILL or
// a code that is not negative: the kernel refuses them, see rt_sigqueueinfo(2) and
// pidfd_send_signal(2). So only the kernel sends a positive code, and with SI_USER
// and SI_TKILL the kernel has filled in the pid; it is 0 if the sender has none in
// the receiver's PID namespace. With any other code the sender may have written any
// pid: sigqueue(3) fills in the true one with SI_QUEUE, but the kernel does not check
// it. For SI_TIMER and SI_SIGIO, which have no pid, the caller passes -1, as it does if
// the kernel may have dropped siginfo_t because too many signals were queued. The
// kernel uses SI_TIMER and SI_MESGQ only for a process that has created a
// timer_create(2) timer or an mq_notify(3) request; the init creates neither that could
// expire, and inherits none across execve(2). An inherited setitimer(2) timer sends
// SI_KERNEL.
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

// Origin returns where the signal of a [KindSignal] record came from.
func (r Record) Origin() SignalOrigin { return OriginOf(r.Code, r.PID) }
