package procfs

import (
	"bytes"
	"fmt"
	"syscall"
)

// Syscall is the content of /proc/[pid]/task/[tid]/syscall, see
// proc_pid_syscall(5).
type Syscall struct {
	Running bool      // the thread is running or runnable; nothing else is known
	Number  int       // system call in which it waits; -1: it waits outside a system call
	Args    [6]uint64 // arguments of the call
}

// Syscall reads the system call in which a thread waits. It requires the right to
// trace the thread (PTRACE_MODE_ATTACH of ptrace(2)); without it the error matches
// [io/fs.ErrPermission].
func (f FS) Syscall(pid, tid int) (Syscall, error) {
	at := place{pid: pid, tid: tid, name: "syscall"}
	b, err := f.read(at, make([]byte, 0, 256), smallFile)
	if err != nil {
		return Syscall{}, err
	}
	s, err := ParseSyscall(b)
	if err != nil {
		return Syscall{}, f.wrap(at, err)
	}
	return s, nil
}

// ParseSyscall parses the content of /proc/[pid]/syscall: "running", or the number
// of the call, its six arguments, the stack pointer and the program counter; after
// -1 only the last two. The error matches [ErrFormat].
func ParseSyscall(b []byte) (Syscall, error) {
	line, whole := bytes.CutSuffix(b, []byte{'\n'})
	if string(line) == "running" {
		return Syscall{Running: true}, nil
	}
	c := cursor{rest: line}
	s := Syscall{Number: c.int()}
	for i := 0; s.Number >= 0 && i < len(s.Args); i++ {
		s.Args[i] = c.hex()
	}
	c.hex()
	c.hex()
	if c.bad || !whole || len(c.rest) > 0 {
		return Syscall{}, fmt.Errorf("syscall: %w", ErrFormat)
	}
	return s, nil
}

// hex consumes a number such as 0x7ffd.
func (c *cursor) hex() uint64 {
	digits, prefix := bytes.CutPrefix(c.word(), []byte("0x"))
	v, ok := parseHex(digits)
	c.bad = c.bad || !prefix || !ok
	return v
}

// The numbers of rt_sigtimedwait in a 32-bit program on a 64-bit kernel: the first on
// i386 and arm, the second with 64-bit times, since Linux 5.1. No 64-bit program
// waits in a call with one of these numbers.
const (
	sigTimedWait32       = 177
	sigTimedWait32Time64 = 421
)

// WaitsForSignal reports whether the thread waits in rt_sigtimedwait(2), which also
// implements sigwait(3) and sigwaitinfo(2).
func (s Syscall) WaitsForSignal() bool {
	if s.Running {
		return false
	}
	return s.Number == syscall.SYS_RT_SIGTIMEDWAIT || s.Number == sigTimedWait32 || s.Number == sigTimedWait32Time64
}
