package initcore

import (
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// fork creates a process from the image. The child has a copy of the memory (no
// CLONE_VM), so it may change any of it, but this thread is the only thread of the Go
// runtime that exists there. So between fork and exec the child makes raw system calls
// only: no allocation, no lock, no pointer store that needs a write barrier, no call of
// a function that could grow the stack. That is also why this is one long function:
// read it as the specification of a clean child.
//
//go:norace
//go:noinline
func fork(img *image) (pid int, errno unix.Errno) {
	const all = ^uint64(1 << (unix.SIGSYS - 1)) // a seccomp filter may send that one to the child
	var (
		before  uint64
		dfl     kernelSigaction
		ign     = kernelSigaction{handler: 1}
		group   uint32
		step    step
		best    = unix.ENOENT
		bestIdx uintptr
		err     unix.Errno
		set     = all
		self    uintptr
		i       uintptr
	)
	// A signal that arrives now stays pending: in the init until the mask is restored,
	// in the child until the child restores the program's mask.
	unix.RawSyscall6(unix.SYS_RT_SIGPROCMASK, unix.SIG_SETMASK, uintptr(unsafe.Pointer(&set)), uintptr(unsafe.Pointer(&before)), 8, 0, 0)
	self, _, err = unix.RawSyscall6(unix.SYS_CLONE, uintptr(unix.SIGCHLD), 0, 0, 0, 0, 0)
	if err != 0 || self != 0 {
		unix.RawSyscall6(unix.SYS_RT_SIGPROCMASK, unix.SIG_SETMASK, uintptr(unsafe.Pointer(&before)), 0, 8, 0, 0)
		runtime.KeepAlive(img)
		return int(self), err
	}

	// The child.
	self, _, _ = unix.RawSyscall6(unix.SYS_GETPID, 0, 0, 0, 0, 0, 0)

	if img.session {
		if _, _, err = unix.RawSyscall6(unix.SYS_SETSID, 0, 0, 0, 0, 0, 0); err != 0 {
			step = stepSession
			goto fail
		}
		if img.takeTTY {
			// An error is ignored: the program can run without a controlling terminal.
			unix.RawSyscall6(unix.SYS_IOCTL, uintptr(img.tty), unix.TIOCSCTTY, 0, 0, 0, 0)
		}
	} else {
		unix.RawSyscall6(unix.SYS_SETPGID, 0, 0, 0, 0, 0, 0)
		if img.tty >= 0 {
			group = uint32(self)
			unix.RawSyscall6(unix.SYS_IOCTL, uintptr(img.tty), unix.TIOCSPGRP, uintptr(unsafe.Pointer(&group)), 0, 0, 0)
		}
	}

	for i = 0; i < 3; i++ {
		if img.stdio[i] >= 0 {
			if _, _, err = unix.RawSyscall6(unix.SYS_DUP3, uintptr(img.stdio[i]), i, 0, 0, 0, 0); err != 0 {
				step = stepStdio
				goto fail
			}
		} else if img.closed[i] {
			unix.RawSyscall6(unix.SYS_CLOSE, i, 0, 0, 0, 0, 0)
		}
	}

	if img.cwd >= 0 {
		if _, _, err = unix.RawSyscall6(unix.SYS_FCHDIR, uintptr(img.cwd), 0, 0, 0, 0, 0); err != 0 {
			step = stepDir
			goto fail
		}
	}
	if img.dirPath != 0 {
		if _, _, err = unix.RawSyscall6(unix.SYS_CHDIR, img.dirPath, 0, 0, 0, 0, 0); err != 0 {
			step = stepDir
			goto fail
		}
	}

	if img.oomFile != 0 {
		// An error is ignored: without /proc the program runs with the value of the init.
		const atCWD = ^uintptr(99) // AT_FDCWD
		if i, _, err = unix.RawSyscall6(unix.SYS_OPENAT, atCWD, img.oomFile, unix.O_WRONLY|unix.O_CLOEXEC, 0, 0, 0); err == 0 {
			unix.RawSyscall6(unix.SYS_WRITE, i, img.oomText, uintptr(len(img.oom)), 0, 0, 0)
			unix.RawSyscall6(unix.SYS_CLOSE, i, 0, 0, 0, 0, 0)
		}
	}

	// Nothing below needs a descriptor, of which the program's limit may leave none, apart
	// from isText, which execve must have refused first.
	for i = 0; i < uintptr(len(img.limits)); i++ {
		unix.RawSyscall6(unix.SYS_PRLIMIT64, 0, img.limits[i].Resource, uintptr(unsafe.Pointer(&img.limits[i].Rlimit)), 0, 0, 0)
	}

	if img.user != nil {
		step = stepUser
		if len(img.groups) > 0 {
			i = uintptr(unsafe.Pointer(&img.groups[0]))
		} else {
			i = 0
		}
		_, _, err = unix.RawSyscall6(unix.SYS_SETGROUPS, uintptr(len(img.groups)), i, 0, 0, 0, 0)
		if err == 0 {
			i = uintptr(img.user.GID)
			if _, _, err = unix.RawSyscall6(unix.SYS_SETRESGID, i, i, i, 0, 0, 0); err != 0 {
				goto fail
			}
			i = uintptr(img.user.UID)
			_, _, err = unix.RawSyscall6(unix.SYS_SETRESUID, i, i, i, 0, 0, 0)
		}
		if err != 0 && !img.same {
			goto fail
		}
	}

	if img.listen != nil {
		// Decimal, from the last digit: there is room for ten.
		for i = 9; ; i-- {
			*(*byte)(unsafe.Add(unsafe.Pointer(img.listen), i)) = byte('0' + self%10)
			self /= 10
			if i == 0 {
				break
			}
		}
		for *img.listen == '0' { // sd_listen_fds(3) refuses leading zeros
			for i = 0; i < 10; i++ {
				*(*byte)(unsafe.Add(unsafe.Pointer(img.listen), i)) = *(*byte)(unsafe.Add(unsafe.Pointer(img.listen), i+1))
			}
		}
	}

	// Reset the handlers before the mask: our handler must not run here, because it
	// would wake the init.
	for i = 1; i <= 64; i++ {
		if img.ignored>>(i-1)&1 != 0 {
			unix.RawSyscall6(unix.SYS_RT_SIGACTION, i, uintptr(unsafe.Pointer(&ign)), 0, 8, 0, 0)
		} else {
			unix.RawSyscall6(unix.SYS_RT_SIGACTION, i, uintptr(unsafe.Pointer(&dfl)), 0, 8, 0, 0)
		}
	}
	unix.RawSyscall6(unix.SYS_RT_SIGPROCMASK, unix.SIG_SETMASK, uintptr(unsafe.Pointer(&img.mask)), 0, 8, 0, 0)

	// As execvp(3) does: skip a directory that lacks the file, remember EACCES but go
	// on, and run a text file without a #! line by the shell.
	step = stepExec
	for i = 0; i < uintptr(len(img.candidates)); i++ {
		_, _, err = unix.RawSyscall6(unix.SYS_EXECVE, img.candidates[i], uintptr(unsafe.Pointer(&img.argv[0])), uintptr(unsafe.Pointer(&img.envp[0])), 0, 0, 0)
		if err == unix.ENOEXEC && isText(img.candidates[i]) {
			img.shell[1] = img.candidates[i]
			unix.RawSyscall6(unix.SYS_EXECVE, img.sh, uintptr(unsafe.Pointer(&img.shell[0])), uintptr(unsafe.Pointer(&img.envp[0])), 0, 0, 0)
		}
		if best == unix.ENOENT && (err != unix.ENOTDIR || len(img.candidates) == 1) {
			best, bestIdx = err, i
		}
		if err != unix.ENOENT && err != unix.ENOTDIR && err != unix.EACCES && err != unix.ESTALE && err != unix.ENODEV && err != unix.ETIMEDOUT {
			best, bestIdx = err, i
			break
		}
	}
	err = best

fail:
	img.report.errno, img.report.path, img.report.step = err, bestIdx, step
	for {
		unix.RawSyscall6(unix.SYS_EXIT_GROUP, 125, 0, 0, 0, 0, 0)
	}
}

// isText reports whether a shell may run the file, see [kindOf], or its #! line names no
// interpreter. The child calls it between fork and exec, so it obeys the same rules
// as fork. The limit on descriptors is that of the program already, because it must be set
// before execve(2): where it leaves none, the file goes to the shell, as in execvp(3).
//
//go:nosplit
//go:norace
func isText(path uintptr) bool {
	const atCWD = ^uintptr(99) // AT_FDCWD
	var (
		head [headSize]byte
		i    = 2
		n    uintptr
	)
	fd, _, err := unix.RawSyscall6(unix.SYS_OPENAT, atCWD, path, unix.O_RDONLY|unix.O_CLOEXEC, 0, 0, 0)
	if err != 0 {
		return true
	}
	n, _, err = unix.RawSyscall6(unix.SYS_READ, fd, uintptr(unsafe.Pointer(&head)), unsafe.Sizeof(head), 0, 0, 0)
	unix.RawSyscall6(unix.SYS_CLOSE, fd, 0, 0, 0, 0, 0)
	if err != 0 {
		return true
	}
	if kind := kindOf(&head, n); kind != kindScript {
		return kind == kindText
	}
	for i < len(head)-1 && (head[i] == ' ' || head[i] == '\t') {
		i++
	}
	return head[i] == '\n' || head[i] == 0 // a #! alone names no interpreter
}

// kernelSigaction is struct sigaction of rt_sigaction(2).
type kernelSigaction struct {
	handler  uintptr
	flags    uint64
	restorer uintptr
	mask     uint64
}
