package initcore

import (
	"fmt"
	"os"
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
	featureKill                            // sending signals by kill(2)
	featureSend                            // sending signals through a pidfd

	allFeatures    = featureSend<<1 - 1
	signalFeatures = featureKill | featureSend
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
// effect. The child itself needs the first one, so that it leaves no core dump. Signals can
// be sent in two ways, and the errors tell, too, whether a call is forbidden.
var optionalCalls = [...]struct {
	number uintptr
	args   [4]uintptr
	features
	want unix.Errno // 0: any
}{
	{unix.SYS_PRCTL, [4]uintptr{unix.PR_SET_DUMPABLE}, 0, 0},
	{unix.SYS_KILL, [4]uintptr{maxPID}, featureKill, unix.ESRCH},
	{unix.SYS_PIDFD_OPEN, [4]uintptr{none}, featurePidfd | featureSend, unix.EINVAL},
	{unix.SYS_PIDFD_SEND_SIGNAL, [4]uintptr{none}, featurePidfd | featureSend, unix.EBADF},
	{unix.SYS_IOCTL, [4]uintptr{none, pidfdGetInfo}, featurePidfd, 0},
	{unix.SYS_RT_SIGQUEUEINFO, [4]uintptr{maxPID, 0, 0}, featureQueue, 0},
	{unix.SYS_CAPGET, [4]uintptr{}, featureAccounting, 0},
	{unix.SYS_STATFS, [4]uintptr{}, featureAccounting, 0},
	{unix.SYS_ACCT, [4]uintptr{badAddress}, featureAccounting, 0}, // 0 would switch accounting off
	{unix.SYS_SETFSGID, [4]uintptr{none}, featureOwner, 0},
	{unix.SYS_SETFSUID, [4]uintptr{none}, featureOwner, 0},
	{unix.SYS_TIMER_CREATE, [4]uintptr{none}, featureTimer, 0},
	{unix.SYS_TIMER_DELETE, [4]uintptr{none}, featureTimer, 0},
}

const (
	none         = ^uintptr(0)
	badAddress   = 1
	maxPID       = 1<<31 - 1
	pidfdGetInfo = 0xC040FF0B // PIDFD_GET_INFO, see package pidfd

	// tryLimit is how long the calls may take: some 0.1 ms, but where the container has
	// little CPU time, or with a supervisor that decides about each call
	// (seccomp_unotify(2)), much longer. The loop goes on meanwhile.
	tryLimit = 10 * time.Second

	// signalCalls is how many of optionalCalls tell how signals can be sent, and signalLimit
	// how long the loop waits for that before it begins; normally 0.2 ms.
	signalCalls = 4
	signalLimit = time.Second

	// triesMost is how often a call is tried if the child is killed, as when memory runs out.
	triesMost = 3

	// trialEnd is how long the shutdown waits for the end of a child that it has killed.
	trialEnd = time.Second
)

// A trial is the search for the features that the seccomp filter forbids. It runs beside
// the loop: until it is over, the init does without any of them, but kill(2).
type trial struct {
	pid    int           // of the child that makes the calls; 0: there is none
	until  time.Time     // when the init gives up
	shared *trialState   // in memory that the init and the child share
	found  features      // that are forbidden, because their calls end the child
	tries  int           // children that were killed at the same call
	err    error         // why there is no answer, and there will be none; nil: there may be one
	reaped func(pid int) // called after each child
	page   []byte        // the memory of shared
}

// A trialState is what the child tells.
type trialState struct {
	at      uint32 // the call that it is making
	refused uint32 // bit n: call n returned another error than the one it wants
}

// tryCalls begins to find out which features the seccomp filter forbids. It returns when it
// is known how signals can be sent.
func (k *kernel) tryCalls(m *machine) {
	status, err := k.fs.Status(k.pid)
	if err != nil || status.Seccomp <= 0 {
		return // there is no filter, or no /proc that tells
	}
	k.forbid(allFeatures &^ featureKill)
	t := &k.trial
	t.until = time.Now().Add(tryLimit)
	t.reaped = func(pid int) { m.others.noteReaped(procfs.ID{PID: pid}) }
	t.page, err = unix.Mmap(-1, 0, unix.Getpagesize(), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED|unix.MAP_ANONYMOUS)
	if err != nil {
		t.err = os.NewSyscallError("mmap", err)
		return
	}
	t.shared = (*trialState)(unsafe.Pointer(&t.page[0]))
	t.next(0)
	for begun := time.Now(); t.running() && time.Since(begun) < signalLimit; nap(100 * time.Microsecond) {
		if atomic.LoadUint32(&t.shared.at) >= signalCalls && t.forbids()&signalFeatures == 0 {
			return
		}
		var info childInfo
		if waitid(unix.P_PID, t.pid, &info, unix.WEXITED|unix.WNOHANG, nil) == nil && info.pid != 0 {
			t.ended(waitStatus(info))
		}
	}
	if t.running() || t.err != nil {
		return // the loop begins to send signals by kill(2)
	}
	k.forbid(t.forbids())
	m.killForbidden = k.forbidden&featureKill != 0
}

// running reports whether a child makes calls, and its answer will be used.
func (t *trial) running() bool { return t.pid != 0 && t.err == nil }

// forbids returns the features that are forbidden, as far as it is known.
func (t *trial) forbids() features {
	f, refused := t.found, atomic.LoadUint32(&t.shared.refused)
	for i := range optionalCalls {
		if refused>>i&1 != 0 {
			f |= optionalCalls[i].features & signalFeatures
		}
	}
	return f
}

// forbid makes the init do without the features.
func (k *kernel) forbid(f features) {
	k.forbidden = f
	asuser.Forbid(f&featureOwner != 0)
}

// next starts a child that makes the calls from the given one on.
func (t *trial) next(from uint32) {
	t.pid = 0
	if from >= uint32(len(optionalCalls)) {
		return
	}
	atomic.StoreUint32(&t.shared.at, from)
	pid, errno := forkTrial(t.shared)
	if t.pid = pid; errno != 0 {
		t.pid, t.err = 0, os.NewSyscallError("clone", errno)
	}
}

// ended handles the end of the child, which the caller has reaped.
func (t *trial) ended(how procfs.WaitStatus) {
	t.reaped(t.pid)
	if t.err != nil || !how.Signaled() {
		t.pid = 0
		return
	}
	at := atomic.LoadUint32(&t.shared.at)
	if how.Signal() == int(unix.SIGSYS) {
		if at < uint32(len(optionalCalls)) {
			t.found |= optionalCalls[at].features
		}
		t.tries = 0
		t.next(at + 1)
		return
	}
	if t.tries++; t.tries < triesMost {
		t.next(at)
		return
	}
	t.pid, t.err = 0, fmt.Errorf("the process that tried them was %v", how)
}

// reapTrial reaps the child of the trial, if the death is its.
func (k *kernel) reapTrial(info childInfo) bool {
	if k.trial.pid == 0 || int(info.pid) != k.trial.pid || info.code == cldStopped || info.code == cldContinued {
		return false
	}
	if err := waitid(unix.P_PID, int(info.pid), &info, unix.WEXITED|unix.WNOHANG, nil); err != nil {
		return false
	}
	k.trial.ended(waitStatus(info))
	return true
}

// tried reports whether the trial is over, at the latest at the time until.
func (k *kernel) tried() bool {
	t := &k.trial
	if t.running() && !time.Now().Before(t.until) {
		_ = k.send(t.pid, unix.SIGKILL) // the loop reaps it
		t.err = fmt.Errorf("no answer within %v", tryLimit)
	}
	return t.pid == 0 || t.err != nil
}

// endTrial implements leftovers.
func (k *kernel) endTrial() {
	t := &k.trial
	if t.pid == 0 {
		return
	}
	t.until, t.err = time.Time{}, unix.ECANCELED // nobody is told
	_ = k.send(t.pid, unix.SIGKILL)
	for begun := time.Now(); time.Since(begun) < trialEnd; nap(100 * time.Microsecond) {
		var info childInfo
		err := waitid(unix.P_PID, t.pid, &info, unix.WEXITED|unix.WNOHANG, nil)
		if err != nil || info.pid != 0 {
			t.ended(waitStatus(info))
			return
		}
	}
}

// tellForbidden notes which features are forbidden after all, and what that costs.
func (k *kernel) tellForbidden(m *machine) {
	t := &k.trial
	if t.until.IsZero() {
		return // there is no filter
	}
	why := ": the seccomp profile ends processes that make a call which that needs"
	if t.err != nil {
		why = ": it is unknown whether the seccomp profile allows the calls which that needs: " + t.err.Error()
	} else {
		k.forbid(t.forbids())
		_ = unix.Munmap(t.page)
		t.page, t.shared = nil, nil
	}
	if m.killForbidden = k.forbidden&featureKill != 0; k.mute() {
		const text = "no signal reaches any process: the seccomp profile forbids kill and pidfd_send_signal; allow one of them"
		m.log.Warn(text)
		m.noteWarning(text)
	}
	for _, f := range featureTexts {
		if k.forbidden&f.features != 0 {
			m.log.Info(f.text + why)
			m.now = time.Now()
			m.note(history.KindNote, f.text+why)
		}
	}
}

// forkTrial creates a child that makes the calls from s.at on, and counts s.at up. What
// applies to fork applies here: raw system calls only. All signals stay blocked in the
// child, so that our handler does not wake the init, and SIGSYS ends it.
//
//go:norace
//go:noinline
func forkTrial(s *trialState) (pid int, errno unix.Errno) {
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
		runtime.KeepAlive(s)
		return int(self), err
	}
	for ; s.at < uint32(len(optionalCalls)); s.at++ {
		call := &optionalCalls[s.at]
		_, _, err = unix.RawSyscall6(call.number, call.args[0], call.args[1], call.args[2], call.args[3], 0, 0)
		if call.want != 0 && err != call.want {
			s.refused |= 1 << s.at
		}
	}
	for {
		unix.RawSyscall6(unix.SYS_EXIT_GROUP, 0, 0, 0, 0, 0, 0)
	}
}
