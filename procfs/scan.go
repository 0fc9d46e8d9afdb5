package procfs

import (
	"errors"
	"io/fs"
	"syscall"
)

const (
	entriesSize = 32 << 10 // some 1,300 processes in one getdents64(2)
	maxNames    = 4096     // names that a Scanner keeps to give them out again
)

// A Scanner lists all processes again and again. It keeps the descriptor of
// /proc, its buffers and the names it met, so that a scan allocates nothing
// once it is warm, and with [Scanner.Keep] descriptors of processes, too. It
// must not be used by several goroutines at once.
type Scanner struct {
	fs      FS
	dir     int   // descriptor of the root, -1: not open
	hidden  int   // how many the last scan was not allowed to read
	bad     int   // how many it could not read for another reason
	badErr  error // why it could not read the first of these
	entries []byte
	pids    []int
	path    []byte
	file    []byte
	names   map[string]string
	kept    keeper
}

// NewScanner returns a Scanner of fs. It opens nothing before it is used.
func NewScanner(fs FS) *Scanner {
	return &Scanner{fs: fs, dir: -1, kept: keeper{arrivals: arrivals{fd: -1}}}
}

// Close closes what the Scanner keeps open. A Scanner may be used again after.
func (s *Scanner) Close() error {
	s.kept.drop()
	if s.dir < 0 {
		return nil
	}
	err := syscall.Close(s.dir)
	s.dir = -1
	return err
}

// PIDs appends the pids of all processes to dst, lowest first. A process that
// starts or ends meanwhile may be missing or not.
func (s *Scanner) PIDs(dst []int) ([]int, error) {
	if err := s.rewind(); err != nil {
		return dst, s.fs.wrap(place{}, err)
	}
	all, err := appendNumericNames(dst, s.dir, s.entries)
	if err != nil {
		return dst, s.fs.wrap(place{}, err)
	}
	return all, nil
}

// rewind makes the descriptor of the root ready for reading its entries.
func (s *Scanner) rewind() error {
	if s.dir >= 0 {
		_, err := syscall.Seek(s.dir, 0, 0)
		return err
	}
	if s.entries == nil {
		s.entries = make([]byte, entriesSize)
		s.file = make([]byte, 0, smallFile)
		s.names = make(map[string]string)
	}
	s.path = s.fs.appendPath(s.path[:0], place{})
	dir, err := openAt(atCWD, s.path, syscall.O_RDONLY|syscall.O_DIRECTORY)
	if err == nil {
		s.dir = dir
	}
	return err
}

// Scan appends what [FS.Stat] tells of each process to dst, lowest pid first.
// Processes that end meanwhile are left out, and so are those that cannot be
// read, which [Scanner.Hidden] and [Scanner.Unreadable] count. It is an error if no
// process could be read because of what its stat holds.
func (s *Scanner) Scan(dst []Stat) ([]Stat, error) {
	s.hidden, s.bad, s.badErr = 0, 0, nil
	if s.kept.limit > 0 {
		return s.scanKept(dst)
	}
	pids, err := s.PIDs(s.pids[:0])
	if err != nil {
		return dst, err
	}
	s.pids = pids
	start := len(dst)
	for _, pid := range pids {
		dst = append(dst, Stat{})
		err := s.stat(pid, &dst[len(dst)-1])
		if err == nil {
			continue
		}
		dst = dst[:len(dst)-1]
		if err := s.leaveOut(err); err != nil {
			return dst[:start], err
		}
	}
	return dst, s.allBad(len(dst) - start)
}

// leaveOut decides about a process that could not be read: nil means that the
// scan goes on without it. Only what every process would meet ends the scan.
func (s *Scanner) leaveOut(err error) error {
	switch {
	case errors.Is(err, ErrGone):
	case errors.Is(err, fs.ErrPermission):
		s.hidden++
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE), errors.Is(err, syscall.ENOMEM):
		return err
	default:
		if s.bad++; s.bad == 1 {
			s.badErr = err
		}
	}
	return nil
}

// allBad is the error of a scan that found processes and could read none of them, not
// even one of those that it may read: then it is not the processes that are odd.
func (s *Scanner) allBad(read int) error {
	if read > 0 {
		return nil
	}
	return s.badErr
}

// Unreadable is how many processes the last [Scanner.Scan] met and left out because
// their stat was not what proc_pid_stat(5) describes, or could not be read at all.
func (s *Scanner) Unreadable() int { return s.bad }

// Hidden is how many processes the last [Scanner.Scan] met and was not allowed
// to read. Those that are not even listed (mount option hidepid=invisible, see
// proc(5)) are not in it.
func (s *Scanner) Hidden() int { return s.hidden }

// Status is [FS.Status] into st with the buffers of s.
func (s *Scanner) Status(pid int, st *Status) error {
	if s.dir < 0 {
		if err := s.rewind(); err != nil {
			return s.fs.wrap(place{}, err)
		}
	}
	at := place{pid: pid, name: "status"}
	b, err := s.read(at)
	if err == nil {
		err = st.Parse(b)
	}
	if err != nil {
		return s.fs.wrap(at, err)
	}
	return nil
}

// Stat is [FS.Stat] into st with the buffers of s: it allocates nothing once s is
// warm.
func (s *Scanner) Stat(pid int, st *Stat) error {
	if s.dir < 0 {
		if err := s.rewind(); err != nil {
			return s.fs.wrap(place{}, err)
		}
	}
	return s.stat(pid, st)
}

func (s *Scanner) stat(pid int, st *Stat) error {
	b, err := s.read(place{pid: pid, name: "stat"})
	if err != nil {
		return s.bare(pid, err)
	}
	comm, err := st.parseOf(pid, b)
	if err != nil {
		return s.fs.wrap(place{pid: pid, name: "stat"}, err)
	}
	st.Comm = s.name(comm)
	return nil
}

// bare spares the error for a process that a scan leaves out its text, which
// nobody would see.
func (s *Scanner) bare(pid int, err error) error {
	switch {
	case errors.Is(err, syscall.ENOENT), errors.Is(err, syscall.ESRCH):
		return ErrGone
	case errors.Is(err, fs.ErrPermission):
		return fs.ErrPermission
	default:
		return s.fs.wrap(place{pid: pid, name: "stat"}, err)
	}
}

// read reads the file at p into the buffer of s, until the next read.
func (s *Scanner) read(p place) ([]byte, error) {
	s.path = append(p.appendTo(s.path[:0]), 0)
	b, err := readFileAt(s.dir, s.path, s.file, maxFile)
	if err == nil {
		s.file = b[:0] // It may have grown.
	}
	return b, err
}

// name is b as a string, the same one each time as long as it is kept.
func (s *Scanner) name(b []byte) string {
	if kept, ok := s.names[string(b)]; ok {
		return kept
	}
	if len(s.names) >= maxNames {
		clear(s.names) // Programs that rename themselves all the time.
	}
	name := string(b)
	s.names[name] = name
	return name
}
