package main

import (
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"

	"yinit/initcore/early"
)

// flood sends count real-time signals with a value to a process, as sigqueue(3), as fast as
// the kernel takes them; with a count of 0 it never ends. It waits while the queue is full.
func flood(pid, count int) {
	for n := 0; count == 0 || n < count; n++ {
		sig := 34 + n%31
		si := [4]early.Info{{Signal: int32(sig), Code: -1, PID: int32(os.Getpid()), UID: uint32(os.Getuid()), Value: uint64(n)}}
		for {
			_, _, errno := unix.RawSyscall(unix.SYS_RT_SIGQUEUEINFO, uintptr(pid), uintptr(sig), uintptr(unsafe.Pointer(&si)))
			if errno == 0 {
				break
			}
			if errno != unix.EAGAIN {
				fmt.Fprintln(os.Stderr, "actor: rt_sigqueueinfo:", errno)
				os.Exit(102)
			}
			unix.RawSyscall(unix.SYS_SCHED_YIELD, 0, 0, 0)
		}
	}
}
