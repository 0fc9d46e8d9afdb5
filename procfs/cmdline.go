package procfs

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"
	"unicode/utf8"
)

const (
	maxCmdline = 64 << 10  // half the limit of one argument on Linux, MAX_ARG_STRLEN
	maxEnviron = 256 << 10 // enough for any usual environment
)

// Cmdline reads the arguments of pid from /proc/[pid]/cmdline, see
// proc_pid_cmdline(5), at most 64 KiB of them. It returns nil for kernel threads
// and zombies, and if there is no text in them. The errors are those of [FS.Stat].
func (f FS) Cmdline(pid int) ([]string, error) {
	buf := buffers.Get().(*buffer)
	defer buffers.Put(buf)
	b, err := f.read(place{pid: pid, name: "cmdline"}, buf[:0], maxCmdline)
	if err != nil {
		return nil, err
	}
	return ParseCmdline(b), nil
}

// ParseCmdline splits the content of /proc/[pid]/cmdline into arguments. A
// process may have overwritten them with a title, as in "nginx: worker process".
// A title becomes one argument, without the NULs that fill the remaining space.
// Since Linux 5.18 a program started without arguments gets one empty argument; the
// result is then nil, as for kernel threads.
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
		return args[:1] // A single empty argument after a plain word is more likely a real argument.
	}
	return args
}

// splitNUL splits b, which is not empty, into NUL-terminated strings; the last one
// may lack its NUL.
func splitNUL(b []byte) []string {
	return strings.Split(string(bytes.TrimSuffix(b, []byte{0})), "\x00")
}

// Environ reads the initial environment of pid from /proc/[pid]/environ, see
// proc_pid_environ(5), at most 256 KiB of it. It does not include later changes,
// and a title may have overwritten it. Environ returns nil for kernel threads and
// zombies. The error matches [io/fs.ErrPermission] if the caller may not trace the
// process, and [ErrGone] as for [FS.Stat].
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

// Exe returns the path of the program that pid runs, from the link /proc/[pid]/exe,
// see proc_pid_exe(5). The kernel appends " (deleted)" if the file was deleted. The
// path is empty for kernel threads and zombies. The errors are those of [FS.Environ].
func (f FS) Exe(pid int) (string, error) { return f.readlink(pid, "exe") }

// Cwd returns the working directory of pid, from the link /proc/[pid]/cwd, see
// proc_pid_cwd(5). It is empty for zombies. The errors are those of
// [FS.Environ].
func (f FS) Cwd(pid int) (string, error) { return f.readlink(pid, "cwd") }

func (f FS) readlink(pid int, name string) (string, error) {
	at := place{pid: pid, name: name}
	path, buf := f.path(at), make([]byte, smallFile) // The kernel returns one page at most.
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

// goneOrEmpty returns an error if the process is gone, and nil if it exists but has
// no such file. For both the kernel reports ENOENT, or ESRCH for the environment of
// a zombie.
func (f FS) goneOrEmpty(at place) error {
	if _, err := f.Stat(at.pid); err != nil {
		return fmt.Errorf("%s: %w", at.name, err)
	}
	return nil
}

// MayTrace reports whether the caller passes the check PTRACE_MODE_READ_FSCREDS of
// ptrace(2) for pid. The kernel shows [Stat.ExitCode] only if the check passes, else
// 0. MayTrace reads the link exe, which requires the same check; that of a zombie
// then gives ENOENT.
func (f FS) MayTrace(pid int) bool {
	_, err := f.Exe(pid)
	return err == nil || !errors.Is(err, fs.ErrPermission) && !errors.Is(err, ErrGone)
}

// OpenCommandLine opens the cmdline of pid for [ReadCommandLine]. The descriptor
// refers to this process even after its pid has been reused. Opening does not block:
// it looks up a name, and does not take the lock of the process's memory.
func (s *Scanner) OpenCommandLine(pid int) (fd int, err error) {
	if s.dir < 0 {
		if err := s.rewind(); err != nil {
			return -1, s.fs.wrap(place{}, err)
		}
	}
	at := place{pid: pid, name: "cmdline"}
	s.path = append(s.fs.outside(at).appendTo(s.path[:0]), 0)
	fd, err = openAt(s.dir, s.path, syscall.O_RDONLY)
	if err != nil {
		return -1, s.fs.wrap(at, err)
	}
	return fd, nil
}

// ReadCommandLine reads the arguments as [FS.Cmdline] does and joins them with
// spaces. It reads no more than buf holds. fd is that of [Scanner.OpenCommandLine].
// The kernel takes the lock of the process's memory (mmap_lock) and may read a page
// from disk. ReadCommandLine blocks meanwhile, and a process can make it block for
// ever.
func ReadCommandLine(fd int, buf []byte) (string, error) {
	n, err := readOnce(fd, buf)
	if err != nil {
		return "", err
	}
	b := buf[:n]
	if n == len(buf) {
		b = b[:len(WholeRunes(string(b)))]
	}
	b = bytes.TrimRight(b, "\x00") // a title may have overwritten it
	for i, c := range b {
		if c == 0 {
			b[i] = ' '
		}
	}
	return string(b), nil
}

// WholeRunes returns s without the first bytes of a character at its end, which are there
// if a text was cut after a number of bytes.
func WholeRunes(s string) string {
	for n := len(s) - 1; n >= 0 && n >= len(s)-utf8.UTFMax; n-- {
		if utf8.RuneStart(s[n]) {
			if !utf8.FullRuneInString(s[n:]) {
				return s[:n]
			}
			break
		}
	}
	return s
}
