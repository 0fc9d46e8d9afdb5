package main

import "golang.org/x/sys/unix"

// sleepInVfork waits in uninterruptible sleep for a child that sleeps for ever, as vfork(2) does.
func sleepInVfork() {
	child, _, errno := unix.RawSyscall6(unix.SYS_CLONE, unix.CLONE_VFORK|uintptr(unix.SIGCHLD), 0, 0, 0, 0, 0)
	if errno != 0 {
		must(errno)
	}
	for child == 0 {
		_, _, _ = unix.RawSyscall6(unix.SYS_PPOLL, 0, 0, 0, 0, 0, 0)
	}
}
