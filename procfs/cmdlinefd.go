package procfs

import (
	"bytes"
	"syscall"
)

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
