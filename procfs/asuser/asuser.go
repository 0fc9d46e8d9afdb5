// Package asuser acts as another user for as long as it takes to look at files:
// root in a container lacks CAP_SYS_PTRACE and may not look into the processes of
// other users, but it may take on their identity, so this gives away nothing.
package asuser

import (
	"runtime"

	"golang.org/x/sys/unix"

	"yinit/procfs"
)

// Do calls f with the file system identity of a user, which is what the kernel
// compares when a process is looked into, see ptrace(2), "Ptrace access mode
// checking", and setfsuid(2). Without the right to change it f is called with the
// identity of the caller. f runs in another goroutine, locked to its thread, while
// Do waits. If the identity cannot be changed back, the thread ends.
func Do(uid, gid uint32, f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		// The group first: without root's identity it could not be changed. Both
		// calls return the identity before, and no error, see setfsuid(2).
		oldGID := set(unix.SYS_SETFSGID, gid)
		oldUID := set(unix.SYS_SETFSUID, uid)
		f()
		set(unix.SYS_SETFSUID, oldUID)
		set(unix.SYS_SETFSGID, oldGID)
		if set(unix.SYS_SETFSUID, oldUID) == oldUID && set(unix.SYS_SETFSGID, oldGID) == oldGID {
			runtime.UnlockOSThread() // Otherwise the thread ends with this goroutine.
		}
	}()
	<-done
}

// Owner calls f with the identity of the user that the process pid runs as, see
// [Do]. After an error f was not called: the user of pid is not known.
func Owner(fs procfs.FS, pid int, f func()) error {
	status, err := fs.Status(pid)
	if err != nil {
		return err
	}
	Do(status.UID[procfs.Real], status.GID[procfs.Real], f)
	return nil
}

// set changes the identity of this thread alone; package syscall would change that
// of all threads. It returns the identity before.
func set(call uintptr, id uint32) uint32 {
	before, _, _ := unix.RawSyscall(call, uintptr(id), 0, 0)
	return uint32(before)
}
