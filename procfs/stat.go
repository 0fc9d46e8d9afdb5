package procfs

import (
	"bytes"
	"fmt"
)

// Stat is the content of /proc/[pid]/stat, see proc_pid_stat(5). The CPU times and
// fault counts are sums over all threads of the process, including those that have
// ended.
type Stat struct {
	PID     int    // process ID
	Comm    string // name: up to 15 bytes of any value, 63 for a kernel thread
	PPID    int    // pid of the parent, 0 if it is outside the PID namespace
	PGRP    int    // process group ID, 0 if the leader was outside the PID namespace
	Session int    // session ID, 0 as for PGRP
	TTY     int    // device number of the controlling terminal, 0: none
	TPGID   int    // foreground process group of that terminal, -1: none

	MinorFaults, MajorFaults uint64 // page faults served without and with I/O
	CMinorFaults             uint64 // MinorFaults of the children that it has waited for
	UTime, STime             Ticks  // CPU time in user and in kernel mode
	CUTime, CSTime           Ticks  // the same of the children that it has waited for

	Priority, Nice int   // of the main thread, see sched(7)
	Threads        int   // number of threads, including a main thread that has ended
	Start          Ticks // start time since boot, including the time that the machine slept
	VSize          Bytes // virtual memory
	RSS            Pages // resident memory; inexact, see proc_pid_stat(5)
	ExitSignal     int   // signal that the parent gets when it ends; SIGCHLD unless set by clone(2)
	Processor      int   // CPU on which the main thread last ran

	Flags uint32 // PF_* bits of the kernel's sched.h
	State State  // of the main thread, see [Stat.Zombie]

	// ExitCode is how a zombie ended. The kernel shows it to the same user and with
	// CAP_SYS_PTRACE, see [FS.MayTrace]. To other readers it shows 0, which is also
	// an exit with code 0.
	ExitCode WaitStatus
}

// ID returns the pid and start time, which identify the process.
func (s Stat) ID() ID { return ID{PID: s.PID, Start: s.Start} }

// Zombie reports whether the process has ended and waits to be reaped. The state
// alone does not decide: a main thread that ended before the other threads has the
// same state, and such a process cannot be reaped yet.
func (s Stat) Zombie() bool { return s.State.Zombie() && s.Threads <= 1 }

// Dead reports whether the process has ended: it is a zombie, or is just being
// reaped.
func (s Stat) Dead() bool { return s.State.Dead(s.Threads) }

// KernelThread reports whether the process is a kernel thread. It then has no
// executable and no command line, and ignores nearly all signals.
func (s Stat) KernelThread() bool {
	const kthread = 0x00200000 // PF_KTHREAD of sched.h
	return s.Flags&kthread != 0
}

// Stat reads /proc/[pid]/stat. The error matches [ErrGone] if pid ended before
// or during the read, and [io/fs.ErrPermission] if the mount option hidepid
// hides it, see proc(5).
func (f FS) Stat(pid int) (Stat, error) {
	return f.stat(place{pid: pid, name: "stat"})
}

// ThreadStat reads /proc/[pid]/task/[tid]/stat, which has the state and the flags of
// the thread. The errors are those of [FS.Stat].
func (f FS) ThreadStat(pid, tid int) (Stat, error) {
	return f.stat(place{pid: pid, tid: tid, name: "stat"})
}

func (f FS) stat(at place) (Stat, error) {
	buf := buffers.Get().(*buffer)
	defer buffers.Put(buf)
	b, err := f.read(at, buf[:0], maxFile)
	if err != nil {
		return Stat{}, err
	}
	s, err := ParseStat(b)
	if err == nil && f.space != nil {
		err = f.space.translateAt(at, &s)
	}
	if err != nil {
		return Stat{}, f.wrap(at, err)
	}
	return s, nil
}

// ParseStat parses the content of /proc/[pid]/stat. The error matches
// [ErrFormat]; it does so for a line that is truncated at any place.
func ParseStat(b []byte) (Stat, error) {
	var s Stat
	if err := s.Parse(b); err != nil {
		return Stat{}, err
	}
	return s, nil
}

// Parse is [ParseStat] into s. It allocates nothing unless the name of the process
// differs. After an error s must not be used.
func (s *Stat) Parse(b []byte) error {
	comm, err := s.parse(b)
	if err == nil && s.Comm != string(comm) {
		s.Comm = string(comm)
	}
	return err
}

// parseOf is parse for the stat of the process pid. Another pid in it is an error.
func (s *Stat) parseOf(pid int, b []byte) (comm []byte, err error) {
	comm, err = s.parse(b)
	if err == nil && s.PID != pid {
		return nil, fmt.Errorf("stat of pid %d: %w", s.PID, ErrFormat)
	}
	return comm, err
}

// parse sets all fields of s but the name, which it returns.
func (s *Stat) parse(b []byte) (comm []byte, err error) {
	// The name may contain parentheses, spaces and newlines. The rest of the line
	// contains no parenthesis, so that the last one ends the name.
	open, end := bytes.IndexByte(b, '('), lastParenthesis(b)
	if open < 1 || end < open {
		return nil, fmt.Errorf("stat: no name in parentheses: %w", ErrFormat)
	}
	line, whole := bytes.CutSuffix(b[end+1:], []byte{'\n'})
	if !whole { // The last number may lack digits.
		return nil, fmt.Errorf("stat: truncated line: %w", ErrFormat)
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

// lastParenthesis returns the index of the last ), -1 if there is none. Searching
// forwards is faster than bytes.LastIndexByte, which examines one byte at a time.
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

// parseFields parses fields 4 to 52. Later kernels may append more.
func (s *Stat) parseFields(c *cursor) {
	s.PPID = c.int()
	s.PGRP = c.int()
	s.Session = c.int()
	s.TTY = c.int()
	s.TPGID = c.int()
	s.Flags = uint32(c.uint())
	s.MinorFaults = c.uint()
	s.CMinorFaults = c.uint()
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
