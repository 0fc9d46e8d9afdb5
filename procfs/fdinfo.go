package procfs

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
)

// signalFDLink is the text of the link to a signalfd(2) in /proc/[pid]/fd.
const signalFDLink = "anon_inode:[signalfd]"

// SignalFDs returns the signals that pid can read from its signalfd(2) descriptors,
// from /proc/[pid]/task/[tid]/fdinfo, see proc_pid_fdinfo(5). tid is a thread of pid;
// 0 stands for the main thread. If the main thread has ended, only the other threads
// show the descriptors. Inherited descriptors count, too: a signalfd returns the
// signals of the process that reads it. The error matches [ErrGone] if the process
// has ended, and [io/fs.ErrPermission] if the caller may not read its descriptors
// (PTRACE_MODE_READ of ptrace(2)).
func (f FS) SignalFDs(pid, tid int) (SignalSet, error) {
	at := place{pid: pid, tid: tid, name: "fd"}
	d, err := Open(f.path(at))
	if err != nil {
		return 0, f.wrap(at, err)
	}
	defer d.Close()
	names, err := d.Readdirnames(-1)
	if err != nil {
		return 0, f.wrap(at, err)
	}
	var all SignalSet
	for _, name := range names {
		if _, err := strconv.ParseUint(name, 10, 31); err != nil {
			continue
		}
		link, err := os.Readlink(d.Name() + "/" + name)
		if errors.Is(err, os.ErrPermission) {
			return 0, f.wrap(at, err) // Root may list descriptors whose links it may not read.
		}
		if err != nil || link != signalFDLink {
			continue // It has been closed, or is of another kind.
		}
		set, err := f.signalFD(place{pid: pid, tid: tid, name: "fdinfo/" + name})
		switch {
		case errors.Is(err, ErrGone):
		case err != nil:
			return 0, err
		default:
			all |= set
		}
	}
	return all, nil
}

func (f FS) signalFD(at place) (SignalSet, error) {
	b, err := f.read(at, make([]byte, 0, 256), smallFile)
	if err != nil {
		return 0, err
	}
	set, err := ParseSignalFD(b)
	if err != nil {
		return 0, f.wrap(at, err)
	}
	return set, nil
}

// ParseSignalFD parses the content of /proc/[pid]/fdinfo/[fd] of a signalfd: the
// line "sigmask:" with 16 hexadecimal digits, since Linux 3.8. The error matches
// [ErrFormat], also for a descriptor of another kind.
func ParseSignalFD(b []byte) (SignalSet, error) {
	for len(b) > 0 {
		line, rest, whole := bytes.Cut(b, []byte{'\n'})
		b = rest
		value, ok := bytes.CutPrefix(line, []byte("sigmask:"))
		if !ok {
			continue
		}
		var set SignalSet
		word, tail := nextField(value)
		if !whole || len(tail) > 0 || !setSignals(&set, word) {
			break
		}
		return set, nil
	}
	return 0, fmt.Errorf("fdinfo: no sigmask: %w", ErrFormat)
}

// PIDOfPidfd returns the process that fd, a pidfd of pid, refers to, from
// /proc/[pid]/fdinfo, see pidfd_open(2). It returns 0 if that is not known.
func (f FS) PIDOfPidfd(pid, fd int) int {
	b, err := f.read(place{pid: pid, name: "fdinfo/" + strconv.Itoa(fd)}, make([]byte, 0, 512), smallFile)
	if err != nil {
		return 0
	}
	for line := range bytes.Lines(b) {
		if v, ok := bytes.CutPrefix(line, []byte("Pid:")); ok {
			n, _ := parseInt(bytes.TrimSpace(v))
			if f.space != nil {
				n = f.space.innerThread(n)
			}
			return max(n, 0)
		}
	}
	return 0
}

// FDs lists the open file descriptors of pid, in no particular order, see
// proc_pid_fd(5). The error matches [ErrGone] if it has ended, and
// [io/fs.ErrPermission] if the caller may not list them.
func (f FS) FDs(pid int) ([]int, error) {
	p := place{pid: pid, name: "fd"}
	d, err := Open(f.path(p))
	if err != nil {
		return nil, f.wrap(p, err)
	}
	defer d.Close()
	names, err := d.Readdirnames(-1)
	if err != nil {
		return nil, f.wrap(p, err)
	}
	fds := make([]int, 0, len(names))
	for _, name := range names {
		if fd, err := strconv.Atoi(name); err == nil {
			fds = append(fds, fd)
		}
	}
	return fds, nil
}
