package main

import (
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// execWithTimer executes a program that gets SIGALRM after some time, because a timer of
// setitimer(2) survives execve(2).
func execWithTimer(milliseconds string, args []string) {
	after, err := time.ParseDuration(milliseconds + "ms")
	check(err)
	_, err = unix.Setitimer(unix.ITIMER_REAL, unix.Itimerval{Value: unix.NsecToTimeval(after.Nanoseconds())})
	check(err)
	path, err := exec.LookPath(args[0])
	check(err)
	check(syscall.Exec(path, args, os.Environ()))
}

// ownEvent makes the kernel send a signal to a process, for an event on a pipe. Its
// siginfo_t has the band of the event where that of others has a pid.
func ownEvent(pid int, signal string) {
	n, err := strconv.Atoi(signal)
	check(err)
	var p [2]int
	check(unix.Pipe2(p[:], unix.O_NONBLOCK))
	for _, set := range [][2]int{{unix.F_SETOWN, pid}, {unix.F_SETSIG, n}, {unix.F_SETFL, unix.O_ASYNC | unix.O_NONBLOCK}} {
		_, err = unix.FcntlInt(uintptr(p[0]), set[0], set[1])
		check(err)
	}
	_, err = unix.Write(p[1], []byte("x"))
	check(err)
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
