package procfs

import (
	"bytes"
	"fmt"
)

// Stat is what /proc/[pid]/stat tells of a process, see proc_pid_stat(5). All
// times of the process are sums over its threads, dead ones too.
type Stat struct {
	PID     int
	Comm    string // any bytes; up to 15 of them, 63 for a kernel thread
	State   State  // of the main thread, see [Stat.Zombie]
	PPID    int    // 0 if the parent is outside the PID namespace
	PGRP    int    // 0 if the group's leader was outside the PID namespace
	Session int    // like PGRP
	TTY     int    // device number of the controlling terminal, 0: none
	TPGID   int    // foreground process group of that terminal, -1: none
	Flags   uint32 // PF_* of the kernel's sched.h

	MinorFaults, MajorFaults uint64
	UTime, STime             Ticks // in user and in kernel mode
	CUTime, CSTime           Ticks // those of the children that it has waited for

	Priority, Nice int
	Threads        int
	Start          Ticks // since boot, including the time that the machine slept
	VSize          Bytes
	RSS            Pages // inexact, see proc_pid_stat(5)
	ExitSignal     int   // what the parent gets when it ends: SIGCHLD but for odd uses of clone(2)
	Processor      int   // where the main thread ran last

	// ExitCode is how a zombie ended. It reads 0 where the kernel denies it,
	// which cannot be told from an exit with code 0: it takes the same user as
	// the process, or CAP_SYS_PTRACE. Without either it is unknown.
	ExitCode WaitStatus
}

// ID is what identifies the process.
func (s Stat) ID() ID { return ID{PID: s.PID, Start: s.Start} }

// Zombie reports whether the process has ended and waits to be reaped. The
// state alone does not tell: it is also that of a main thread which ended
// before the other threads did, and nobody can reap such a process.
func (s Stat) Zombie() bool { return s.State.Zombie() && s.Threads <= 1 }

// Dead reports whether the process has ended: it is a zombie, or being reaped at
// this moment.
func (s Stat) Dead() bool { return s.State.Dead(s.Threads) }

// KernelThread reports whether it is a kernel thread, which has no
// program, no command line and no use for signals.
func (s Stat) KernelThread() bool {
	const kthread = 0x00200000 // PF_KTHREAD of sched.h
	return s.Flags&kthread != 0
}

// Stat reads /proc/[pid]/stat. The error matches [ErrGone] if pid ended before
// or during the read, and [io/fs.ErrPermission] if the mount option hidepid
// hides it, see proc(5).
func (f FS) Stat(pid int) (Stat, error) {
	at := place{pid: pid, name: "stat"}
	b, err := f.read(at, make([]byte, 0, 1024), maxFile)
	if err != nil {
		return Stat{}, err
	}
	s, err := ParseStat(b)
	if err != nil {
		return Stat{}, f.wrap(at, err)
	}
	return s, nil
}

// ParseStat parses the content of /proc/[pid]/stat. The error matches
// [ErrFormat]; a line that was cut off anywhere gives one.
func ParseStat(b []byte) (Stat, error) {
	var s Stat
	if err := s.Parse(b); err != nil {
		return Stat{}, err
	}
	return s, nil
}

// Parse is [ParseStat] into s. It allocates nothing unless the name of the
// process changed. After an error s is not to be used.
func (s *Stat) Parse(b []byte) error {
	comm, err := s.parse(b)
	if err == nil && s.Comm != string(comm) {
		s.Comm = string(comm)
	}
	return err
}

// parseOf is parse for the stat of this pid: the kernel shows no other number there.
func (s *Stat) parseOf(pid int, b []byte) (comm []byte, err error) {
	comm, err = s.parse(b)
	if err == nil && s.PID != pid {
		return nil, fmt.Errorf("stat: it is that of %d: %w", s.PID, ErrFormat)
	}
	return comm, err
}

// parse sets all of s but the name, which it returns.
func (s *Stat) parse(b []byte) (comm []byte, err error) {
	// The name may hold parentheses, spaces and newlines; what follows may not,
	// so that the last parenthesis is the one that ends it.
	open, end := bytes.IndexByte(b, '('), lastParenthesis(b)
	if open < 1 || end < open {
		return nil, fmt.Errorf("stat: no name in parentheses: %w", ErrFormat)
	}
	line, whole := bytes.CutSuffix(b[end+1:], []byte{'\n'})
	if !whole { // or the last number may have lost its last digits
		return nil, fmt.Errorf("stat: cut off: %w", ErrFormat)
	}
	head := cursor{rest: b[:open]}
	s.PID = head.int()
	if head.bad || len(head.rest) > 0 {
		return nil, fmt.Errorf("stat: pid: %w", ErrFormat)
	}
	if len(line) < 3 || line[0] != ' ' || line[2] != ' ' {
		return nil, fmt.Errorf("stat: state: %w", ErrFormat)
	}
	s.State = State(line[1])
	fields := cursor{rest: line[3:]}
	if s.parseFields(&fields); fields.bad {
		return nil, fmt.Errorf("stat: fields 4 to 52: %w", ErrFormat)
	}
	return b[open+1 : end], nil
}

// lastParenthesis is where the last ) is, -1 if there is none. Forwards is faster
// than bytes.LastIndexByte, which looks at one byte after the other.
func lastParenthesis(b []byte) int {
	last := -1
	for {
		next := bytes.IndexByte(b[last+1:], ')')
		if next < 0 {
			return last
		}
		last += 1 + next
	}
}

// parseFields takes fields 4 to 52. Later kernels may add more.
func (s *Stat) parseFields(c *cursor) {
	s.PPID = c.int()
	s.PGRP = c.int()
	s.Session = c.int()
	s.TTY = c.int()
	s.TPGID = c.int()
	s.Flags = uint32(c.uint())
	s.MinorFaults = c.uint()
	c.skip(1) // cminflt
	s.MajorFaults = c.uint()
	c.skip(1) // cmajflt
	s.UTime = Ticks(c.uint())
	s.STime = Ticks(c.uint())
	s.CUTime = Ticks(c.uint())
	s.CSTime = Ticks(c.uint())
	s.Priority = c.int()
	s.Nice = c.int()
	s.Threads = c.int()
	c.skip(1) // itrealvalue
	s.Start = Ticks(c.uint())
	s.VSize = Bytes(c.uint())
	s.RSS = Pages(c.int())
	c.skip(13) // rsslim to cnswap
	s.ExitSignal = c.int()
	s.Processor = c.int()
	c.skip(12) // rt_priority to env_end
	s.ExitCode = WaitStatus(c.int())
}
