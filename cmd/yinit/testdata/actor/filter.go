package main

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// calls are the system calls that filter knows by name: all that an init makes, and some.
var calls = map[string]uint32{
	"acct":              unix.SYS_ACCT,
	"brk":               unix.SYS_BRK,
	"capget":            unix.SYS_CAPGET,
	"chdir":             unix.SYS_CHDIR,
	"clock_gettime":     unix.SYS_CLOCK_GETTIME,
	"clone":             unix.SYS_CLONE,
	"close":             unix.SYS_CLOSE,
	"dup3":              unix.SYS_DUP3,
	"epoll_create1":     unix.SYS_EPOLL_CREATE1,
	"epoll_ctl":         unix.SYS_EPOLL_CTL,
	"epoll_pwait":       unix.SYS_EPOLL_PWAIT,
	"eventfd2":          unix.SYS_EVENTFD2,
	"execve":            unix.SYS_EXECVE,
	"exit_group":        unix.SYS_EXIT_GROUP,
	"faccessat":         unix.SYS_FACCESSAT,
	"fchdir":            unix.SYS_FCHDIR,
	"fcntl":             unix.SYS_FCNTL,
	"fstat":             unix.SYS_FSTAT,
	"ftruncate":         unix.SYS_FTRUNCATE,
	"futex":             unix.SYS_FUTEX,
	"getcwd":            unix.SYS_GETCWD,
	"getdents64":        unix.SYS_GETDENTS64,
	"getpgid":           unix.SYS_GETPGID,
	"getpid":            unix.SYS_GETPID,
	"getppid":           unix.SYS_GETPPID,
	"getrlimit":         unix.SYS_GETRLIMIT,
	"getrusage":         unix.SYS_GETRUSAGE,
	"gettid":            unix.SYS_GETTID,
	"getuid":            unix.SYS_GETUID,
	"ioctl":             unix.SYS_IOCTL,
	"kill":              unix.SYS_KILL,
	"lseek":             unix.SYS_LSEEK,
	"madvise":           unix.SYS_MADVISE,
	"memfd_create":      unix.SYS_MEMFD_CREATE,
	"mmap":              unix.SYS_MMAP,
	"mprotect":          unix.SYS_MPROTECT,
	"munmap":            unix.SYS_MUNMAP,
	"nanosleep":         unix.SYS_NANOSLEEP,
	"newfstatat":        fstatat,
	"openat":            unix.SYS_OPENAT,
	"pidfd_open":        unix.SYS_PIDFD_OPEN,
	"pidfd_send_signal": unix.SYS_PIDFD_SEND_SIGNAL,
	"pipe2":             unix.SYS_PIPE2,
	"prctl":             unix.SYS_PRCTL,
	"pread64":           unix.SYS_PREAD64,
	"prlimit64":         unix.SYS_PRLIMIT64,
	"read":              unix.SYS_READ,
	"readlinkat":        unix.SYS_READLINKAT,
	"rt_sigaction":      unix.SYS_RT_SIGACTION,
	"rt_sigprocmask":    unix.SYS_RT_SIGPROCMASK,
	"rt_sigqueueinfo":   unix.SYS_RT_SIGQUEUEINFO,
	"rt_sigreturn":      unix.SYS_RT_SIGRETURN,
	"sched_getaffinity": unix.SYS_SCHED_GETAFFINITY,
	"sched_yield":       unix.SYS_SCHED_YIELD,
	"setgroups":         unix.SYS_SETGROUPS,
	"setfsgid":          unix.SYS_SETFSGID,
	"setfsuid":          unix.SYS_SETFSUID,
	"setpgid":           unix.SYS_SETPGID,
	"setsid":            unix.SYS_SETSID,
	"sigaltstack":       unix.SYS_SIGALTSTACK,
	"statfs":            unix.SYS_STATFS,
	"statx":             unix.SYS_STATX,
	"sysinfo":           unix.SYS_SYSINFO,
	"tgkill":            unix.SYS_TGKILL,
	"timer_create":      unix.SYS_TIMER_CREATE,
	"timer_delete":      unix.SYS_TIMER_DELETE,
	"uname":             unix.SYS_UNAME,
	"waitid":            unix.SYS_WAITID,
	"write":             unix.SYS_WRITE,
}

// filterActions are SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_KILL_THREAD and SECCOMP_RET_TRAP
// of seccomp(2).
var filterActions = map[string]uint32{"kill": 0x80000000, "thread": 0, "trap": 0x00030000}

// filter executes a program with a seccomp filter for some calls, separated by commas. how
// is one of filterActions, or the name of the error that the calls return.
func filter(how, list string, args []string) {
	action, ok := filterActions[how]
	if !ok {
		action = 0x00050000 | uint32(errno(how)) // SECCOMP_RET_ERRNO
	}
	path, err := exec.LookPath(args[0])
	must(err)
	var numbers []uint32
	for name := range strings.SplitSeq(list, ",") {
		number, ok := calls[name]
		if !ok {
			fmt.Fprintln(os.Stderr, "actor: no call", name)
			os.Exit(100)
		}
		numbers = append(numbers, number)
	}
	argv, envp := pointers(args), pointers(os.Environ())
	name, err := unix.BytePtrFromString(path)
	must(err)
	// This thread alone has the filter, and executes the program at once.
	install(action, numbers...)
	_, _, _ = unix.RawSyscall(unix.SYS_EXECVE, uintptr(unsafe.Pointer(name)), uintptr(unsafe.Pointer(&argv[0])), uintptr(unsafe.Pointer(&envp[0])))
	unix.Exit(101)
}

// install installs a seccomp filter with this action for some system calls, on this thread.
func install(action uint32, numbers ...uint32) {
	code := []unix.SockFilter{{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: 0}} // the number of the system call
	for _, number := range numbers {
		code = append(code, unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: number, Jf: 1}, unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: action})
	}
	code = append(code, unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: 0x7fff0000}) // SECCOMP_RET_ALLOW
	program := unix.SockFprog{Len: uint16(len(code)), Filter: &code[0]}
	must(unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
	if _, _, errno := unix.RawSyscall(unix.SYS_SECCOMP, 1, 0, uintptr(unsafe.Pointer(&program))); errno != 0 {
		panic(errno)
	}
}

func pointers(list []string) []*byte {
	var out []*byte
	for _, s := range list {
		p, err := unix.BytePtrFromString(s)
		must(err)
		out = append(out, p)
	}
	return append(out, nil)
}

// errno returns the error with this name.
func errno(name string) syscall.Errno {
	for n := syscall.Errno(1); n < 200; n++ {
		if unix.ErrnoName(n) == name {
			return n
		}
	}
	panic("no error " + name)
}
