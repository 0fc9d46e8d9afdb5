package main

import (
	"os"
	"os/exec"
	"runtime"
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
	runtime.LockOSThread() // it alone has the filter
	install(filterActions["kill"], unix.SYS_GETPGID)
	_, _ = unix.Getpgid(0)
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
