package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"unsafe"

	"golang.org/x/sys/unix"
)

// spawn starts count processes that sleep until stop is called.
func spawn(count int) (stop func()) {
	if count <= 0 {
		return func() {}
	}
	self, err := os.Executable()
	check(err)
	cmd := exec.Command(self, "sleepers", strconv.Itoa(count))
	cmd.Stderr = os.Stderr
	trigger, err := cmd.StdinPipe()
	check(err)
	out, err := cmd.StdoutPipe()
	check(err)
	check(cmd.Start())
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
		check(fmt.Errorf("sleepers printed %q: %w", line, err))
	}
	return func() {
		check(trigger.Close())
		check(cmd.Wait())
	}
}

// sleepers starts children that sleep until the end of stdin, and reaps them.
func sleepers(arg string) {
	count, err := strconv.Atoi(arg)
	check(err)
	for range count - 1 {
		forkReader()
	}
	fmt.Println("ready")
	var b [1]byte
	_, _ = os.Stdin.Read(b[:])
	for {
		if _, err := unix.Wait4(-1, nil, 0, nil); errors.Is(err, unix.ECHILD) {
			return
		}
	}
}

// forkReader forks a process that exits at the end of stdin. It uses raw system calls
// only, as initcore's fork does. The child shares our memory (copy-on-write), so 10,000 of
// them are cheap.
//
//go:norace
//go:noinline
func forkReader() {
	var b [8]byte
	var set, old uint64
	set = ^uint64(0)
	unix.RawSyscall6(unix.SYS_RT_SIGPROCMASK, unix.SIG_SETMASK, uintptr(unsafe.Pointer(&set)), uintptr(unsafe.Pointer(&old)), 8, 0, 0)
	pid, _, errno := unix.RawSyscall6(unix.SYS_CLONE, uintptr(unix.SIGCHLD), 0, 0, 0, 0, 0)
	if errno == 0 && pid == 0 {
		unix.RawSyscall6(unix.SYS_RT_SIGPROCMASK, unix.SIG_SETMASK, uintptr(unsafe.Pointer(&old)), 0, 8, 0, 0)
		unix.RawSyscall6(unix.SYS_READ, 0, uintptr(unsafe.Pointer(&b)), 1, 0, 0, 0)
		for {
			unix.RawSyscall6(unix.SYS_EXIT_GROUP, 0, 0, 0, 0, 0, 0)
		}
	}
	unix.RawSyscall6(unix.SYS_RT_SIGPROCMASK, unix.SIG_SETMASK, uintptr(unsafe.Pointer(&old)), 0, 8, 0, 0)
	if errno != 0 {
		check(errno)
	}
}
