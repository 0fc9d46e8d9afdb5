package procfs

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"
)

const (
	maxCmdline = 64 << 10  // half of what one argument may have on Linux
	maxEnviron = 256 << 10 // more than any environment that people read
)

// Cmdline reads the arguments of pid from /proc/[pid]/cmdline, see
// proc_pid_cmdline(5), at most 64 KiB of them. It gives nil for kernel threads,
// for zombies, and if all of it is empty. The errors are those of
// [FS.Stat].
func (f FS) Cmdline(pid int) ([]string, error) {
	b, err := f.read(place{pid: pid, name: "cmdline"}, make([]byte, 0, 1024), maxCmdline)
	if err != nil {
		return nil, err
	}
	return ParseCmdline(b), nil
}

// ParseCmdline splits the content of /proc/[pid]/cmdline into arguments. A
// process may have written a title over them, as in "nginx: worker process":
// it becomes one argument, without the NULs that fill the rest of its room. The
// empty name that Linux gives a program started without arguments, since 5.18, is
// none: the result is nil, as it is for kernel threads.
func ParseCmdline(b []byte) []string {
	if len(b) == 0 {
		return nil
	}
	args := splitNUL(b)
	filled := len(strings.Join(args[1:], "")) == 0
	switch {
	case filled && strings.TrimSpace(args[0]) == "":
		return nil
	case filled && (len(args) > 2 || strings.Contains(args[0], " ")):
		return args[:1] // One empty argument after a plain word is more likely a real one.
	}
	return args
}

// splitNUL splits b, which is not empty, into strings ended by NULs; the last
// one may lack its NUL.
func splitNUL(b []byte) []string {
	return strings.Split(string(bytes.TrimSuffix(b, []byte{0})), "\x00")
}

// Environ reads the environment that pid was started with from
// /proc/[pid]/environ, see proc_pid_environ(5), at most 256 KiB of it. Later
// changes do not show, and a title may have overwritten it. It gives nil for
// kernel threads and zombies. The error matches [io/fs.ErrPermission] if the
// caller may not trace the process, and [ErrGone] as for [FS.Stat].
func (f FS) Environ(pid int) ([]string, error) {
	at := place{pid: pid, name: "environ"}
	b, err := f.read(at, make([]byte, 0, smallFile), maxEnviron)
	if errors.Is(err, ErrGone) {
		return nil, f.goneOrEmpty(at)
	}
	if err != nil {
		return nil, err
	}
	if b = bytes.TrimRight(b, "\x00"); len(b) == 0 {
		return nil, nil
	}
	return splitNUL(b), nil
}

// Comm reads the name of pid's main thread from /proc/[pid]/comm, see
// proc_pid_comm(5). The errors are those of [FS.Stat].
func (f FS) Comm(pid int) (string, error) {
	b, err := f.read(place{pid: pid, name: "comm"}, make([]byte, 0, 128), smallFile)
	if err != nil {
		return "", err
	}
	return string(bytes.TrimSuffix(b, []byte{'\n'})), nil
}

// Exe is the path of the program that pid runs, as /proc/[pid]/exe links to it,
// see proc_pid_exe(5). The kernel adds " (deleted)" if the file is. It is empty
// for kernel threads and zombies. The errors are those of [FS.Environ].
func (f FS) Exe(pid int) (string, error) { return f.readlink(pid, "exe") }

// Cwd is the working directory of pid, as /proc/[pid]/cwd links to it, see
// proc_pid_cwd(5). It is empty for zombies. The errors are those of
// [FS.Environ].
func (f FS) Cwd(pid int) (string, error) { return f.readlink(pid, "cwd") }

func (f FS) readlink(pid int, name string) (string, error) {
	at := place{pid: pid, name: name}
	path, buf := f.path(at), make([]byte, smallFile) // The kernel gives a page at most.
	n, err := syscall.Readlink(path, buf)
	for errors.Is(err, syscall.EINTR) {
		n, err = syscall.Readlink(path, buf)
	}
	switch {
	case err == nil:
		return string(buf[:n]), nil
	case errors.Is(err, syscall.ENOENT):
		return "", f.goneOrEmpty(at)
	default:
		return "", f.wrap(at, err)
	}
}

// goneOrEmpty tells a process that has no such file from one that is gone: for
// both the kernel gives ENOENT or, since it does so for the environment of
// zombies, ESRCH.
func (f FS) goneOrEmpty(at place) error {
	if _, err := f.Stat(at.pid); err != nil {
		return fmt.Errorf("%s: %w", at.name, err)
	}
	return nil
}

// MayTrace reports whether the caller may look into pid by the rule for
// PTRACE_MODE_READ_FSCREDS of ptrace(2). It is the rule by which the kernel
// shows [Stat.ExitCode] or 0, and the one by which it lets the link exe be read:
// of a zombie that link leads nowhere, if one may look.
func (f FS) MayTrace(pid int) bool {
	_, err := f.Exe(pid)
	return err == nil || !errors.Is(err, fs.ErrPermission) && !errors.Is(err, ErrGone)
}

// OpenCommandLine opens the cmdline of pid for [ReadCommandLine]. The descriptor names
// this process for ever, so what is read later is not that of another one with the same
// pid. Opening waits for no other process: it looks up a name, and takes no lock of the
// process's memory.
func (s *Scanner) OpenCommandLine(pid int) (fd int, err error) {
	if s.dir < 0 {
		if err := s.rewind(); err != nil {
			return -1, s.fs.wrap(place{}, err)
		}
	}
	at := place{pid: pid, name: "cmdline"}
	s.path = append(at.appendTo(s.path[:0]), 0)
	fd, err = openAt(s.dir, s.path, syscall.O_RDONLY)
	if err != nil {
		return -1, s.fs.wrap(at, err)
	}
	return fd, nil
}

// ReadCommandLine is what [FS.Cmdline] tells, joined by spaces, and as much of it as
// buf holds. fd is that of [Scanner.OpenCommandLine]. Reading takes the lock of the
// process's memory (mmap_lock) and may bring a page back from the disk: it waits for as
// long as that takes, and a process may make it take for ever.
func ReadCommandLine(fd int, buf []byte) (string, error) {
	n, err := readOnce(fd, buf)
	if err != nil {
		return "", err
	}
	b := bytes.TrimRight(buf[:n], "\x00") // a title may have been written over it
	for i, c := range b {
		if c == 0 {
			b[i] = ' '
		}
	}
	return string(b), nil
}
