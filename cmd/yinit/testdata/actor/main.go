// Command actor plays the programs that the tests need under an init.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"yinit/initcore/early"
	"yinit/procfs"
)

func main() {
	switch act := strings.Join(os.Args[1:2], ""); act {
	case "listen": // actor listen: prints the number and the value of each signal it gets
		listen()
	case "regroup": // actor regroup: leaves its process group for another one, then listens
		regroup()
	case "queue": // actor queue PID SIGNAL VALUE [SENDER]: as sigqueue(3), or with a forged sender
		sender := os.Getpid()
		if len(os.Args) > 5 {
			sender = number(os.Args[5])
		}
		queue(number(os.Args[2]), number(os.Args[3]), number(os.Args[4]), sender)
	case "flood": // actor flood PID COUNT: queues that many signals, 0 without end
		early.Release()
		flood(number(os.Args[2]), number(os.Args[3]))
	case "await": // actor await FILE: waits until the file is there
		early.Release()
		await(os.Args[2])
	case "judge": // actor judge HOW: blocks SIGUSR2, and prints what yinit signals says
		judge(os.Args[2])
	case "zombies": // actor zombies: prints how many zombies there are, and their names
		zombies()
	case "settle": // actor settle N: waits until there are N zombies, for 10 s
		early.Release()
		settle(os.Args[2])
	case "wait": // actor wait: has a dead child, and waits for another one that lives
		early.Release()
		waitForOther()
	case "late": // actor late PROGRAM [ARG...]: runs it, and reaps it late
		early.Release()
		reapLate(os.Args[2:])
	case "illegal": // actor illegal: executes an undefined instruction
		early.Release()
		signalDefault(syscall.SIGILL)
		undefined()
	case "forbid": // actor forbid: makes a system call that its seccomp filter forbids
		early.Release()
		forbid()
	case "filter": // actor filter HOW CALL[,CALL] PROGRAM [ARG...]: executes it with a seccomp filter
		early.Release()
		filter(os.Args[2], os.Args[3], os.Args[4:])
	case "calls": // actor calls: prints the calls that filter knows
		for name := range calls {
			fmt.Println(name)
		}
	case "map": // actor map FILE SIZE: writes to all pages of a new file that it maps
		early.Release()
		signalDefault(syscall.SIGBUS)
		mapFile(os.Args[2], number(os.Args[3]))
	case "memlock": // actor memlock FILE reads|writes: starts a process that holds its memory lock, and prints its pid
		early.Release()
		holdMemory(os.Args[2], os.Args[3])
	case "memheld": // actor memheld FILE reads|writes: is that process
		heldMemory(os.Args[2], os.Args[3])
	case "timer": // actor timer MS PROGRAM [ARG...]: executes it; it gets SIGALRM from an inherited timer
		early.Release()
		execWithTimer(os.Args[2], os.Args[3:])
	case "event": // actor event PID SIGNAL: the kernel sends the signal, for an event on a pipe
		ownEvent(number(os.Args[2]), os.Args[3])
	case "descriptors": // actor descriptors PID FIRST: tries to open, read and write its descriptors
		early.Release()
		tryDescriptors(os.Args[2], os.Args[3])
	case "pipe": // actor pipe: writes to a pipe that has no reader
		early.Release()
		signalDefault(syscall.SIGPIPE)
		brokenPipe()
	case "runc": // actor runc RUNC ARG...: runs it without what needs CAP_SYS_RESOURCE
		early.Release()
		plainRunc(os.Args[2:])
	case "vfork": // actor vfork: is in uninterruptible sleep for ever
		early.Release()
		sleepInVfork()
	case "fakering": // actor fakering KIND FILE: claims to be yinit with a history, and creates FILE
		early.Release()
		fakeRing(os.Args[2], os.Args[3])
	default:
		fmt.Fprintf(os.Stderr, "actor: there is no act %q\n", act)
		os.Exit(100)
	}
}

func listen() {
	feed, err := early.Take()
	if err != nil {
		panic(err)
	}
	fmt.Println("ready")
	poll := []unix.PollFd{{Fd: int32(feed.FD()), Events: unix.POLLIN}}
	var buf [16]early.Info
	for {
		_, _ = unix.Poll(poll, -1)
		for n := feed.Read(buf[:]); n > 0; n = feed.Read(buf[:]) {
			for _, info := range buf[:n] {
				fmt.Println(info.Signal, info.Value)
			}
		}
	}
}

func regroup() {
	path, err := exec.LookPath("sleep")
	must(err)
	p, err := os.StartProcess(path, []string{"sleep", "1000"}, &os.ProcAttr{Sys: &syscall.SysProcAttr{Setpgid: true}})
	must(err)
	must(unix.Setpgid(0, p.Pid))
	listen()
}

func queue(pid, sig, value, sender int) {
	si := [4]early.Info{{Signal: int32(sig), Code: -1, PID: int32(sender), Value: uint64(value)}} // siginfo_t is 128 bytes
	_, _, errno := unix.RawSyscall(unix.SYS_RT_SIGQUEUEINFO, uintptr(pid), uintptr(sig), uintptr(unsafe.Pointer(&si)))
	if errno != 0 {
		fmt.Fprintln(os.Stderr, "actor: rt_sigqueueinfo:", errno)
		os.Exit(102)
	}
}

func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		panic(err)
	}
	return n
}

func await(file string) {
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(2 * time.Millisecond) {
		if _, err := os.Stat(file); err == nil {
			return
		}
	}
	fmt.Fprintln(os.Stderr, "actor: it never came:", file)
	os.Exit(101)
}

func zombies() {
	names := zombieNames()
	fmt.Println(len(names), strings.Join(names, " "))
}

func zombieNames() (names []string) {
	stats, err := procfs.NewScanner(procfs.FS{}).Scan(nil)
	if err != nil {
		panic(err)
	}
	for _, s := range stats {
		if s.Zombie() {
			names = append(names, s.Comm)
		}
	}
	return names
}

func settle(count string) {
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(2 * time.Millisecond) {
		if fmt.Sprint(len(zombieNames())) == count {
			return
		}
	}
	fmt.Fprintln(os.Stderr, "actor: not", count, "zombies but", zombieNames())
	os.Exit(101)
}

func waitForOther() {
	for _, program := range []string{"true", "sleep"} {
		path, err := exec.LookPath(program)
		if err != nil {
			panic(err)
		}
		p, err := os.StartProcess(path, []string{program, "100"}, &os.ProcAttr{})
		if err != nil {
			panic(err)
		}
		if program == "sleep" {
			_, _ = p.Wait()
		}
	}
}
