package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"yinit/initcore/early"
)

// judge blocks SIGUSR2 in all threads, which takes an exec, since the threads of
// a Go program are there before its main function. Then it waits for the signal
// in one way or another, and prints what yinit signals says about it.
func judge(how string) {
	set := uint64(1) << (unix.SIGUSR2 - 1)
	const again = "ACTOR_AGAIN"
	if os.Getenv(again) == "" {
		os.Setenv(again, "1")
		must(sigmask(set))
		must(unix.Exec("/proc/self/exe", os.Args, os.Environ()))
	}
	early.Release()
	switch how {
	case "signalfd":
		_, err := unix.Signalfd(-1, &unix.Sigset_t{Val: [16]uint64{set}}, unix.SFD_CLOEXEC)
		must(err)
	case "sigwait":
		go func() {
			must(sigmask(set))
			_, _, _ = unix.Syscall6(unix.SYS_RT_SIGTIMEDWAIT, uintptr(unsafe.Pointer(&set)), 0, 0, 8, 0, 0)
		}()
	}
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(2 * time.Millisecond) {
		verdict, reason := ask()
		if verdict == map[string]string{"blocked": "pending"}[how] || verdict == "read" || time.Now().After(deadline) {
			fmt.Printf("USR2 %s: %s\n", verdict, reason)
			return
		}
	}
}

func ask() (verdict, reason string) {
	out, err := exec.Command("yinit", "signals", "--json", strconv.Itoa(os.Getpid())).Output()
	must(err)
	var target struct {
		Verdicts []struct{ Signal, Verdict, Reason string }
	}
	must(json.Unmarshal(out, &target))
	for _, v := range target.Verdicts {
		if v.Signal == "SIGUSR2" {
			return v.Verdict, v.Reason
		}
	}
	return "", ""
}

func sigmask(set uint64) error {
	_, _, errno := unix.RawSyscall6(unix.SYS_RT_SIGPROCMASK, unix.SIG_BLOCK, uintptr(unsafe.Pointer(&set)), 0, 8, 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "actor:", err)
		os.Exit(102)
	}
}
