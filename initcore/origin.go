package initcore

import (
	"errors"
	"unsafe"

	"golang.org/x/sys/unix"

	"yinit/initcore/early"
)

// Negative values of si_code with which siginfo_t has no pid, see sigaction(2). A process
// that writes its own siginfo_t can send these to the init. The kernel sends the second one
// for an event on a descriptor, if F_SETSIG has chosen a signal that has codes of its own.
const (
	siTimer = -2 // the id of a timer is in its place
	siSigIO = -5 // and here the band of SIGIO
)

// attributed returns info with the pid -1 if the sender is unknown, and with the pid 0 if
// siginfo_t has other data in its place.
//
// Where no more signals can be queued (RLIMIT_SIGPENDING, which all processes of a user
// share), the kernel delivers the signals of tkill(2) and sigqueue(3), and those of kill(2)
// that are real-time signals, without siginfo_t. They then look as if root had sent them
// from outside the PID namespace. A signal that kill(2) really sent from there looks the
// same.
func (m *machine) attributed(info early.Info) early.Info {
	switch {
	case info.Code > 0:
		info.PID, info.UID = 0, 0
	case info.Code == siTimer, info.Code == siSigIO:
		info.PID, info.UID = -1, 0
	case info.Code == 0 && info.PID == 0 && info.UID == 0 && m.facts.queueFull():
		info.PID = -1
	}
	return info
}

// ownInterrupt reports whether the signal may be one with which the Go runtime interrupts
// a thread of the init. The kernel delivers it without siginfo_t where no more signals can
// be queued; see package early for its usual form.
func ownInterrupt(info early.Info) bool {
	return info.Signal == int32(unix.SIGURG) && info.Code == 0 && info.PID == -1
}

// queueFull implements facts. It tries to create a timer, because the kernel reserves the
// queue entry of its signal in advance, see timer_create(2), EAGAIN.
func (k *kernel) queueFull() bool {
	if k.forbidden&featureTimer != 0 {
		return false
	}
	var id int32
	_, _, errno := unix.RawSyscall(unix.SYS_TIMER_CREATE, unix.CLOCK_MONOTONIC, 0, uintptr(unsafe.Pointer(&id)))
	if errno == 0 {
		_, _, _ = unix.RawSyscall(unix.SYS_TIMER_DELETE, uintptr(id), 0, 0)
	}
	return errors.Is(errno, unix.EAGAIN)
}
