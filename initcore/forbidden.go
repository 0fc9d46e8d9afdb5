package initcore

import (
	"errors"
	"runtime"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"yinit/initcore/history"
	"yinit/procfs"
	"yinit/procfs/asuser"
)

// A seccomp filter may end the process that makes a forbidden system call, instead of
// refusing the call (SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_TRAP of seccomp(2)). Such a
// profile must not end the init over a call that it can do without. So where there is a
// filter, a child makes these calls first, and the init makes only those that did not end
// the child. The calls that the program needs, or that any program makes, are not tried.

// features are what the init does by calls that it can do without.
type features uint8

const (
	featurePidfd      features = 1 << iota // watching processes, signalling through a pidfd
	featureQueue                           // forwarding the value of a signal
	featureAccounting                      // process accounting
	featureOwner                           // reading as the owner of a process
	featureTimer                           // whether more signals can be queued

	allFeatures = featureTimer<<1 - 1
)

// featureTexts say what a forbidden call costs.
var featureTexts = []struct {
	features
	text string
}{
	{featurePidfd, "exits of processes that the init does not reap are not recorded"},
	{featureQueue, "signals are forwarded without their values"},
	{featureAccounting, "process accounting is off"},
	{featureOwner, "some reasons are unknown"},
}

// optionalCalls are the calls that are tried, in order. With these arguments they have no
// effect. The child itself needs the first ones, so that it leaves no core dump.
var optionalCalls = [...]struct {
	number uintptr
	args   [4]uintptr
	features
}{
	{unix.SYS_PRCTL, [4]uintptr{unix.PR_SET_DUMPABLE}, 0},
	{unix.SYS_PIDFD_OPEN, [4]uintptr{none}, featurePidfd},
	{unix.SYS_PIDFD_SEND_SIGNAL, [4]uintptr{none}, featurePidfd},
	{unix.SYS_IOCTL, [4]uintptr{none, pidfdGetInfo}, featurePidfd},
	{unix.SYS_RT_SIGQUEUEINFO, [4]uintptr{maxPID, 0, 0}, featureQueue},
	{unix.SYS_CAPGET, [4]uintptr{}, featureAccounting},
	{unix.SYS_STATFS, [4]uintptr{}, featureAccounting},
	{unix.SYS_ACCT, [4]uintptr{badAddress}, featureAccounting}, // 0 would switch accounting off
	{unix.SYS_SETFSGID, [4]uintptr{none}, featureOwner},
	{unix.SYS_SETFSUID, [4]uintptr{none}, featureOwner},
	{unix.SYS_TIMER_CREATE, [4]uintptr{none}, featureTimer},
	{unix.SYS_TIMER_DELETE, [4]uintptr{none}, featureTimer},
}

const (
	none         = ^uintptr(0)
	badAddress   = 1
	maxPID       = 1<<31 - 1
	pidfdGetInfo = 0xC040FF0B // PIDFD_GET_INFO, see package pidfd

	// tryLimit is how long the init waits for a child that makes the calls, which takes
	// some 0.1 ms. A supervisor may decide about a call (seccomp_unotify(2)), and hang.
	tryLimit = 100 * time.Millisecond
)

// tryCalls finds out which features the seccomp filter forbids, and notes what that costs.
func (k *kernel) tryCalls(m *machine) {
	status, err := k.fs.Status(k.pid)
	if err != nil || status.Seccomp <= 0 {
		return // there is no filter, or no /proc that tells
	}
	k.forbidden = k.findForbidden(func(pid int) { m.others.noteReaped(procfs.ID{PID: pid}) })
	if k.forbidden&featureOwner != 0 {
		asuser.Forbid()
	}
	for _, f := range featureTexts {
		if k.forbidden&f.features != 0 {
			text := f.text + ": the seccomp profile ends processes that make a call which that needs"
			m.log.Info(text)
			m.now = time.Now()
			m.note(history.KindNote, text)
		}
	}
}

// findForbidden makes the calls in children, and calls reaped with the pid of each.
func (k *kernel) findForbidden(reaped func(pid int)) (forbidden features) {
	page, err := unix.Mmap(-1, 0, unix.Getpagesize(), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED|unix.MAP_ANONYMOUS)
	if err != nil {
		return allFeatures
	}
	defer func() { _ = unix.Munmap(page) }()
	at := (*uint32)(unsafe.Pointer(&page[0])) // the call that the child is making
	for from := 0; from < len(optionalCalls); from = int(atomic.LoadUint32(at)) + 1 {
		atomic.StoreUint32(at, uint32(from))
		pid, errno := forkTrial(at)
		if errno != 0 {
			return allFeatures
		}
		killed, ended := k.awaitTrial(pid)
		if !ended {
			return allFeatures // the loop reaps the child
		}
		reaped(pid)
		if !killed {
			return forbidden
		}
		if i := int(atomic.LoadUint32(at)); i < len(optionalCalls) {
			forbidden |= optionalCalls[i].features
		}
	}
	return forbidden
}

// awaitTrial waits up to tryLimit for a child of forkTrial, and reaps it. killed reports
// whether a signal ended it.
func (k *kernel) awaitTrial(pid int) (killed, ended bool) {
	for begun := time.Now(); ; nap(50 * time.Microsecond) {
		var info childInfo
		err := waitid(unix.P_PID, pid, &info, unix.WEXITED|unix.WNOHANG, nil)
		switch {
		case errors.Is(err, unix.ECHILD):
			return false, true
		case err == nil && info.pid != 0:
			return info.code != cldExited, true
		case time.Since(begun) > tryLimit:
			_ = unix.Kill(pid, unix.SIGKILL)
			return false, false
		}
	}
}

// forkTrial creates a child that makes the calls from *at on, and counts *at up. What
// applies to fork applies here: raw system calls only. All signals stay blocked in the
// child, so that our handler does not wake the init, and SIGSYS ends it.
//
//go:norace
//go:noinline
func forkTrial(at *uint32) (pid int, errno unix.Errno) {
	var (
		set    = ^uint64(0)
		before uint64
		self   uintptr
		err    unix.Errno
	)
	unix.RawSyscall6(unix.SYS_RT_SIGPROCMASK, unix.SIG_SETMASK, uintptr(unsafe.Pointer(&set)), uintptr(unsafe.Pointer(&before)), 8, 0, 0)
	self, _, err = unix.RawSyscall6(unix.SYS_CLONE, uintptr(unix.SIGCHLD), 0, 0, 0, 0, 0)
	if err != 0 || self != 0 {
		unix.RawSyscall6(unix.SYS_RT_SIGPROCMASK, unix.SIG_SETMASK, uintptr(unsafe.Pointer(&before)), 0, 8, 0, 0)
		runtime.KeepAlive(at)
		return int(self), err
	}
	for ; *at < uint32(len(optionalCalls)); *at++ {
		call := &optionalCalls[*at]
		unix.RawSyscall6(call.number, call.args[0], call.args[1], call.args[2], call.args[3], 0, 0)
	}
	for {
		unix.RawSyscall6(unix.SYS_EXIT_GROUP, 0, 0, 0, 0, 0, 0)
	}
}
