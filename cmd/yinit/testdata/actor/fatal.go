package main

import (
	"os"
	"os/exec"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// signalDefault resets a signal to its default action, in the kernel: the runtime would
// turn a synchronous one into a panic.
func signalDefault(sig syscall.Signal) {
	var action [4]uint64 // struct sigaction of rt_sigaction(2)
	_, _, errno := unix.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(sig), uintptr(unsafe.Pointer(&action)), 0, 8, 0, 0)
	if errno != 0 {
		panic(errno)
	}
}

// undefined executes memory that holds an undefined instruction.
func undefined() {
	code, err := unix.Mmap(-1, 0, 4096, unix.PROT_READ|unix.PROT_WRITE|unix.PROT_EXEC, unix.MAP_PRIVATE|unix.MAP_ANON)
	must(err)
	copy(code, []byte{0x0f, 0x0b, 0, 0}) // ud2 on amd64; udf #0xb0f on arm64
	entry := &code[0]
	f := &entry
	(*(*func())(unsafe.Pointer(&f)))()
}

// forbid installs a seccomp filter that kills the process at getpgid(2), and calls it.
func forbid() {
	filterCall(unix.SYS_GETPGID, 0x80000000) // SECCOMP_RET_KILL_PROCESS
	_, _ = unix.Getpgid(0)
}

// deniable are the system calls that deny can refuse, by name.
var deniable = map[string]uint32{
	"epoll_create1": unix.SYS_EPOLL_CREATE1, "epoll_ctl": unix.SYS_EPOLL_CTL, "eventfd2": unix.SYS_EVENTFD2,
	"prlimit64": unix.SYS_PRLIMIT64, "setgroups": unix.SYS_SETGROUPS, "statfs": unix.SYS_STATFS,
}

// deny executes a program for which a system call fails with EPERM.
func deny(call string, args []string) {
	number, ok := deniable[call]
	if !ok {
		panic(call)
	}
	path, err := exec.LookPath(args[0])
	must(err)
	filterCall(number, 0x00050000|uint32(unix.EPERM)) // SECCOMP_RET_ERRNO
	must(unix.Exec(path, args, os.Environ()))
}

// filterCall installs a seccomp filter with this action for one system call.
func filterCall(number, action uint32) {
	must(unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
	filter := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: 0}, // the number of the system call
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: number, Jf: 1},
		{Code: unix.BPF_RET | unix.BPF_K, K: action},
		{Code: unix.BPF_RET | unix.BPF_K, K: 0x7fff0000}, // SECCOMP_RET_ALLOW
	}
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	_, _, errno := unix.RawSyscall(unix.SYS_SECCOMP, 1, 1, uintptr(unsafe.Pointer(&program))) // on all threads
	if errno != 0 {
		panic(errno)
	}
}

func mapFile(path string, size int) {
	f, err := os.Create(path)
	must(err)
	must(f.Truncate(int64(size)))
	mem, err := unix.Mmap(int(f.Fd()), 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	must(err)
	for i := 0; i < size; i += 4096 {
		mem[i] = 1
	}
}

func brokenPipe() {
	var p [2]int
	must(unix.Pipe(p[:]))
	must(unix.Close(p[0]))
	_, err := unix.Write(p[1], []byte("x"))
	must(err)
}

// reapLate runs a program, and gives others time to look at it before it is reaped.
func reapLate(args []string) {
	path, err := exec.LookPath(args[0])
	must(err)
	p, err := os.StartProcess(path, args, &os.ProcAttr{})
	must(err)
	must(unix.Waitid(unix.P_PID, p.Pid, nil, unix.WEXITED|unix.WNOWAIT, nil))
	time.Sleep(500 * time.Millisecond)
	_, err = p.Wait()
	must(err)
}
