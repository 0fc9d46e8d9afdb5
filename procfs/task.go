package procfs

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"syscall"
)

// Threads lists the thread IDs of pid, lowest first, from the entries of
// /proc/[pid]/task, see proc_pid_task(5). The error matches
// [ErrGone] if pid has ended and been reaped.
func (f FS) Threads(pid int) ([]int, error) {
	at := place{pid: pid, name: "task"}
	if f.space != nil {
		tids, err := f.space.threads(pid)
		if err != nil {
			return nil, f.wrap(at, err)
		}
		return tids, nil
	}
	var onStack [96]byte
	fd, err := openAt(atCWD, appendPath(onStack[:0], f.Root(), f.outside(at)), syscall.O_RDONLY|syscall.O_DIRECTORY)
	if err != nil {
		return nil, f.wrap(at, err)
	}
	defer func() { _ = syscall.Close(fd) }() // Nothing was written, so no data can be lost.
	threads, err := appendNumericNames(nil, fd, make([]byte, smallFile))
	if err != nil {
		return nil, f.wrap(at, err)
	}
	if len(threads) == 0 {
		return nil, f.wrap(at, ErrGone)
	}
	return threads, nil
}

// Signals reads the signal state of the process pid, from /proc/[pid]/task/*/status,
// see proc_pid_status(5). Blocked has the signals that every thread blocks, Pending
// those that are pending for any single thread; /proc/[pid]/status has both for the
// main thread only. Threads that have ended do not count, unless all have. The errors
// are those of [FS.Threads].
func (f FS) Signals(pid int) (Signals, error) {
	threads, err := f.Threads(pid)
	if err != nil {
		return Signals{}, err
	}
	var alive, dead threadSum
	var s Status
	for _, tid := range threads {
		err := f.ThreadStatus(pid, tid, &s)
		switch {
		case errors.Is(err, ErrGone):
		case err != nil:
			return Signals{}, err
		case s.State.Ended():
			dead.add(s.Sigs)
		default:
			alive.add(s.Sigs)
		}
	}
	switch {
	case alive.threads > 0:
		return alive.sum, nil
	case dead.threads > 0:
		return dead.sum, nil
	default:
		return Signals{}, fmt.Errorf("%s: %w", f.path(place{pid: pid, name: "task"}), ErrGone)
	}
}

// WithThread returns the combined state of the threads in s and one more thread:
// Blocked is what all of them block. If either is not known, the result is not.
func (s Signals) WithThread(thread Signals) Signals {
	if !s.Known || !thread.Known {
		return Signals{}
	}
	return Signals{
		Known:         true,
		Pending:       s.Pending | thread.Pending,
		SharedPending: s.SharedPending | thread.SharedPending,
		Blocked:       s.Blocked & thread.Blocked,
		Ignored:       thread.Ignored, // The last one read is the newest.
		Caught:        thread.Caught,
	}
}

// threadSum combines the signal states of threads.
type threadSum struct {
	threads int
	sum     Signals
}

func (s *threadSum) add(thread Signals) {
	if s.threads++; s.threads == 1 {
		s.sum = thread
		return
	}
	s.sum = s.sum.WithThread(thread)
}

// Children lists the children of the thread tid of pid, including zombies and those
// that it adopted, from /proc/[pid]/task/[tid]/children, see proc_tid_children(5).
// Not every kernel has the file.
func (f FS) Children(pid, tid int) ([]int, error) {
	b, err := f.read(place{pid: pid, tid: tid, name: "children"}, make([]byte, 0, 256), maxFile)
	if err != nil {
		return nil, err
	}
	var children []int
	for _, word := range bytes.Fields(b) {
		n, ok := parseInt(word)
		if ok && f.space != nil {
			n = f.space.innerThread(n)
		}
		if ok && n != 0 {
			children = append(children, n)
		}
	}
	return children, nil
}

// appendNumericNames appends the names in the directory fd that are positive numbers,
// lowest first. It uses buf for the entries.
func appendNumericNames(dst []int, fd int, buf []byte) ([]int, error) {
	start := len(dst)
	for {
		n, err := readEntries(fd, buf)
		if err != nil {
			return dst[:start], err
		}
		if n == 0 {
			break
		}
		dst = appendNumericEntries(dst, buf[:n])
	}
	if !slices.IsSorted(dst[start:]) { // The kernel sorts them; other filesystems do not.
		slices.Sort(dst[start:])
	}
	return dst, nil
}
