package procfs

import (
	"errors"
	"io/fs"
	"slices"
	"sort"
	"syscall"
)

const (
	entriesSize = 32 << 10 // about 1,300 processes in one getdents64(2)
	maxNames    = 4096     // names that a Scanner caches
)

// A Scanner reads all processes repeatedly. It keeps the descriptor of /proc, its
// buffers and the process names that it has read, so that after the first scans it
// allocates nothing. With [Scanner.Keep] it also keeps descriptors of processes. It
// must not be used by several goroutines at once.
type Scanner struct {
	fs      FS
	dir     int    // descriptor of the root, -1: not open
	hidden  int    // processes that the last scan was not permitted to read
	bad     int    // processes that it could not read for another reason
	badErr  error  // the error for the first of these
	entries []byte // buffer for directory entries
	pids    []int  // buffer for the listed pids
	path    []byte // buffer for a path
	file    []byte // buffer for the content of a file
	names   map[string]string
	kept    keeper
}

// NewScanner returns a Scanner of fs. It opens no file until it is used.
func NewScanner(fs FS) *Scanner {
	return &Scanner{fs: fs, dir: -1, kept: keeper{arrivals: arrivals{fd: -1}}}
}

// Close closes all descriptors of the Scanner. The Scanner may be used again.
func (s *Scanner) Close() error {
	s.kept.drop()
	if s.dir < 0 {
		return nil
	}
	err := syscall.Close(s.dir)
	s.dir = -1
	return err
}

// Trim releases the memory that only many processes, or [Scanner.PIDs], need. The Scanner
// allocates it again when it needs that.
func (s *Scanner) Trim() {
	s.entries, s.pids = nil, nil
	if s.names != nil {
		s.names = make(map[string]string)
	}
}

// PIDs appends the pids of all processes to dst, lowest first. It may or may not
// include a process that starts or ends during the call.
func (s *Scanner) PIDs(dst []int) ([]int, error) {
	if s.fs.space == nil {
		return s.list(dst)
	}
	all, err := s.list(nil)
	if err != nil {
		return dst, err
	}
	return s.fs.space.appendInner(dst, all), nil
}

// list is PIDs for all processes of the proc filesystem.
func (s *Scanner) list(dst []int) ([]int, error) {
	if err := s.rewind(); err != nil {
		return dst, s.fs.wrap(place{}, err)
	}
	if s.entries == nil {
		s.entries = make([]byte, entriesSize)
	}
	all, err := appendNumericNames(dst, s.dir, s.entries)
	if err != nil {
		return dst, s.fs.wrap(place{}, err)
	}
	return all, nil
}

// rewind opens the root, or seeks to the beginning of its entries.
func (s *Scanner) rewind() error {
	if s.dir >= 0 {
		_, err := syscall.Seek(s.dir, 0, 0)
		return err
	}
	if s.file == nil {
		s.file = make([]byte, 0, smallFile)
		s.names = make(map[string]string)
	}
	s.path = appendPath(s.path[:0], s.fs.Root(), place{})
	dir, err := openAt(atCWD, s.path, syscall.O_RDONLY|syscall.O_DIRECTORY)
	if err == nil {
		s.dir = dir
	}
	return err
}

// Scan appends the [Stat] of each process to dst, lowest pid first. It leaves out
// processes that end during the call, and those that cannot be read, which
// [Scanner.Hidden] and [Scanner.Unreadable] count. Scan returns an error if it could
// read no process and at least one was unreadable.
func (s *Scanner) Scan(dst []Stat) ([]Stat, error) {
	s.hidden, s.bad, s.badErr = 0, 0, nil
	if s.kept.limit > 0 {
		if err := s.scanKept(); err != nil {
			return dst, err
		}
		dst = slices.Grow(dst, len(s.kept.same))
		for st := range s.found {
			dst = append(dst, *st)
		}
		return dst, nil
	}
	return s.scanBut(nil, dst)
}

// ScanBut is [Scanner.Scan] without the processes for which skip returns true: it has read of
// them what it needs. It keeps no files. skip is called for each process, with the index of its
// pid in the list of all, lowest first.
func (s *Scanner) ScanBut(skip func(pids []int, i int) bool, dst []Stat) ([]Stat, error) {
	s.hidden, s.bad, s.badErr = 0, 0, nil
	return s.scanBut(skip, dst)
}

func (s *Scanner) scanBut(skip func(pids []int, i int) bool, dst []Stat) ([]Stat, error) {
	pids, err := s.members()
	if err != nil {
		return dst, err
	}
	start, skipped := len(dst), 0
	for i, pid := range pids {
		if skip != nil && skip(pids, i) {
			skipped++
			continue
		}
		dst = append(dst, Stat{})
		err := s.stat(pid, &dst[len(dst)-1])
		if err == nil && s.fs.space != nil && !s.fs.space.translate(&dst[len(dst)-1]) {
			err = ErrGone
		}
		if err == nil {
			continue
		}
		dst = dst[:len(dst)-1]
		if err := s.leaveOut(err); err != nil {
			return dst[:start], err
		}
	}
	if s.fs.space != nil {
		added := dst[start:]
		// With slices.SortFunc each type of large values adds some 20 kB to a program.
		sort.Slice(added, func(i, k int) bool { return added[i].PID < added[k].PID })
	}
	return dst, s.allBad(len(dst) - start + skipped)
}

// members returns the pids of all processes to read, in the proc filesystem. They are valid until
// the next call.
func (s *Scanner) members() ([]int, error) {
	pids, err := s.list(s.pids[:0])
	if err != nil {
		return nil, err
	}
	s.pids = pids
	if s.fs.space != nil {
		pids = s.fs.space.among(pids)
	}
	return pids, nil
}

// ScanShared is [Scanner.Scan] for a Scanner that keeps files, and does not copy what it has kept:
// the next scan may change the values that it has appended.
func (s *Scanner) ScanShared(dst []*Stat) ([]*Stat, error) {
	if s.kept.limit <= 0 {
		stats, err := s.Scan(nil)
		return append(dst, pointers(stats)...), err
	}
	s.hidden, s.bad, s.badErr = 0, 0, nil
	if err := s.scanKept(); err != nil {
		return dst, err
	}
	return slices.AppendSeq(dst, s.found), nil
}

// pointers returns a pointer to each of the values.
func pointers(stats []Stat) []*Stat {
	all := make([]*Stat, len(stats))
	for i := range stats {
		all[i] = &stats[i]
	}
	return all
}

// leaveOut counts a process that could not be read and returns nil if the scan goes
// on without it. It returns an error only if reading every process would fail.
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

// allBad returns the error of a scan that could read no process, if at least one was
// unreadable: then the cause is not a single odd process.
func (s *Scanner) allBad(read int) error {
	if read > 0 {
		return nil
	}
	return s.badErr
}

// Unreadable returns the number of processes that the last [Scanner.Scan] left out
// because their stat did not have the format of proc_pid_stat(5), or could not be
// read for a reason other than permissions.
func (s *Scanner) Unreadable() int { return s.bad }

// Hidden returns the number of processes that the last [Scanner.Scan] was not
// permitted to read. It does not include processes that /proc does not list (mount
// option hidepid=invisible, see proc(5)).
func (s *Scanner) Hidden() int {
	if s.fs.space != nil {
		return s.hidden + s.fs.space.hiddenCount()
	}
	return s.hidden
}

// Status is [FS.Status] into st. It uses the buffers of s.
func (s *Scanner) Status(pid int, st *Status) error {
	if s.dir < 0 {
		if err := s.rewind(); err != nil {
			return s.fs.wrap(place{}, err)
		}
	}
	at := place{pid: pid, name: "status"}
	b, err := s.read(s.fs.outside(at))
	if err == nil {
		err = st.Parse(b)
	}
	if err == nil && s.fs.space != nil {
		err = s.fs.space.translateStatus(at, st)
	}
	if err != nil {
		return s.fs.wrap(at, err)
	}
	return nil
}

// Stat is [FS.Stat] into st. It uses the buffers of s, and allocates nothing unless
// the name of the process is new to s.
func (s *Scanner) Stat(pid int, st *Stat) error {
	if s.dir < 0 {
		if err := s.rewind(); err != nil {
			return s.fs.wrap(place{}, err)
		}
	}
	if s.fs.space != nil {
		stat, err := s.fs.Stat(pid)
		*st = stat
		return err
	}
	return s.stat(pid, st)
}

func (s *Scanner) stat(pid int, st *Stat) error {
	b, err := s.read(place{pid: pid, name: "stat"})
	if err != nil {
		return s.bareError(pid, err)
	}
	comm, err := st.parseOf(pid, b)
	if err != nil {
		return s.fs.wrap(place{pid: pid, name: "stat"}, err)
	}
	st.Comm = s.name(comm)
	return nil
}

// bareError returns an error without a path if a scan is going to discard it, to avoid
// formatting the text.
func (s *Scanner) bareError(pid int, err error) error {
	switch {
	case errors.Is(err, syscall.ENOENT), errors.Is(err, syscall.ESRCH):
		return ErrGone
	case errors.Is(err, fs.ErrPermission):
		return fs.ErrPermission
	default:
		return s.fs.wrap(place{pid: pid, name: "stat"}, err)
	}
}

// read reads the file at p into the buffer of s. The result is valid until the next
// read.
func (s *Scanner) read(p place) ([]byte, error) {
	s.path = append(p.appendTo(s.path[:0]), 0)
	b, err := s.fs.readAt(s.dir, p, s.path, s.file, maxFile)
	if err == nil {
		s.file = b[:0] // It may have grown.
	}
	return b, err
}

// name returns b as a string. It returns the cached one if there is one.
func (s *Scanner) name(b []byte) string {
	if kept, ok := s.names[string(b)]; ok {
		return kept
	}
	if len(s.names) >= maxNames {
		clear(s.names) // Some programs rename themselves all the time.
	}
	name := string(b)
	s.names[name] = name
	return name
}

// OpenStat opens the stat of pid for [Scanner.ReadStat]. The descriptor refers to this
// process even after its pid has been reused. Until it is read it takes about 1 KiB of
// kernel memory, and 4 KiB more then.
func (s *Scanner) OpenStat(pid int) (fd int, err error) {
	if s.dir < 0 {
		if err := s.rewind(); err != nil {
			return -1, s.fs.wrap(place{}, err)
		}
	}
	at := place{pid: pid, name: "stat"}
	s.path = append(at.appendTo(s.path[:0]), 0)
	fd, err = openAt(s.dir, s.path, syscall.O_RDONLY)
	if err != nil {
		return -1, s.bareError(pid, err)
	}
	return fd, nil
}

// ReadStat is [Scanner.Stat] with a descriptor of [Scanner.OpenStat], which takes a
// single system call. The error matches [ErrGone] if the process has been reaped.
func (s *Scanner) ReadStat(fd, pid int, st *Stat) error {
	n, err := preadOnce(fd, s.file[:cap(s.file)])
	if err != nil {
		return s.bareError(pid, err)
	}
	comm, err := st.parseOf(pid, s.file[:n])
	if err != nil {
		return s.fs.wrap(place{pid: pid, name: "stat"}, err)
	}
	st.Comm = s.name(comm)
	return nil
}
