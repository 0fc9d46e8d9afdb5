package main

import (
	"runtime"

	"golang.org/x/sys/unix"
)

// asUser calls f with the file system identity of a user, which is what the
// kernel compares when a process is looked into, see ptrace(2), "Ptrace access
// mode checking". Without the right to change it f is called as we are. The
// thread is thrown away if it cannot be turned back.
func asUser(uid, gid uint32, f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		// The group first: without root's identity it could not be changed. Both
		// calls return the identity before, and no error, see setfsuid(2).
		oldGID := setfs(unix.SYS_SETFSGID, gid)
		oldUID := setfs(unix.SYS_SETFSUID, uid)
		f()
		setfs(unix.SYS_SETFSUID, oldUID)
		setfs(unix.SYS_SETFSGID, oldGID)
		if setfs(unix.SYS_SETFSUID, oldUID) == oldUID && setfs(unix.SYS_SETFSGID, oldGID) == oldGID {
			runtime.UnlockOSThread()
		}
	}()
	<-done
}

// setfs changes the identity of this thread alone.
func setfs(call uintptr, id uint32) uint32 {
	before, _, _ := unix.RawSyscall(call, uintptr(id), 0, 0)
	return uint32(before)
}
