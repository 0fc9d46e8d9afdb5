// Package asuser runs a function with the file system identity of another user, for
// reading /proc. Root in a container lacks CAP_SYS_PTRACE and may not inspect the
// processes of other users, but it may take on their identity, so that this grants
// no additional rights. The package owns the change of identity and its undoing.
package asuser

import (
	"runtime"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"yinit/procfs"
)

// forbidden is set by [Forbid].
var forbidden atomic.Bool

// Forbid makes [Do] call f with the identity of the caller from now on, because a seccomp
// filter would end the process that changes it; with false no longer.
func Forbid(yes bool) { forbidden.Store(yes) }

// Do calls f with the file system identity of a user. The kernel compares this
// identity when one process inspects another, see ptrace(2), "Ptrace access mode
// checking", and setfsuid(2). Without the right to change it, f runs with the identity
// of the caller. f runs in another goroutine that is locked to its thread, and Do
// waits for it. If the identity cannot be restored, the thread ends.
//
// A change of the identity makes the whole process not dumpable, see PR_SET_DUMPABLE(2const),
// so that nobody may read the history of PID 1 any more. Do restores that, too. While f
// runs, others may not inspect this process.
func Do(uid, gid uint32, f func()) {
	if forbidden.Load() {
		f()
		return
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		// Change the group first: without root's identity that would fail. Both
		// calls return the previous identity and never an error, see setfsuid(2).
		dumpable, err := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0)
		oldGID := set(unix.SYS_SETFSGID, gid)
		oldUID := set(unix.SYS_SETFSUID, uid)
		f()
		set(unix.SYS_SETFSUID, oldUID)
		set(unix.SYS_SETFSGID, oldGID)
		if set(unix.SYS_SETFSUID, oldUID) == oldUID && set(unix.SYS_SETFSGID, oldGID) == oldGID {
			runtime.UnlockOSThread() // Otherwise the thread ends with this goroutine.
		}
		if err == nil && dumpable == 1 {
			_ = unix.Prctl(unix.PR_SET_DUMPABLE, 1, 0, 0, 0)
		}
	}()
	<-done
}

// Owner calls f with the identity of the real user and group of the process pid, see
// [Do]. It returns an error, and does not call f, if they cannot be read.
func Owner(fs procfs.FS, pid int, f func()) error {
	status, err := fs.Status(pid)
	if err != nil {
		return err
	}
	Do(status.UID[procfs.Real], status.GID[procfs.Real], f)
	return nil
}

// set changes the identity of this thread only; package syscall would change that of
// all threads. It returns the previous identity.
func set(call uintptr, id uint32) uint32 {
	before, _, _ := unix.RawSyscall(call, uintptr(id), 0, 0)
	return uint32(before)
}
